/* Compares a typed guess with the truth of a prediction, as course_utils/prediction.py does.
 *
 *   course.alike(typed, truth)        is the guess right? truth: {reading} or {error}, see below
 *   course.reveal(typed, prediction)  {kind: "note" | "good" | "wrong", headline, sentence}
 *   course.options(prediction)        what people guess, as texts that can be typed
 *   course.inline(text)               a text with `code`, as nodes of the page
 *
 * website/truths.py writes the predictions. A value is there as a reader takes it (a `reading`):
 * null, true, false, a text in small letters, {"int": "3"}, {"float": "0.5" | "nan" | "inf"}, a
 * list (also for a tuple, a tensor, a Size), {"dict": [[key, value], ...]}. An error as truth is
 * {"error": [names of its class and of those above it, in small letters]}.
 *
 * A guess is read as the notebook would read it: as an expression of Python, and where it is none,
 * as a text. Of expressions, this file knows values, arithmetic with them, names, and the calls
 * that a guess may need: tensor(...), Size(...), float("inf"), IndexError().
 * tests/website/test_guesses.py compares both on every value and belief of the course.
 */
"use strict";

window.course = window.course || {};

(() => {
  const TOLERANCE = 0.01; // relative: a guess of 0.33 for a third is right
  const ROUNDING = 1e-6; // relative: what a computed guess may be away from a whole number
  const LONGEST = 1000; // characters of a text that is read as a value
  const MOST_ITEMS = 20000; // of a list that a guess computes, as [0] * 100 does
  const LARGEST_POWER = 4000n;
  const ERROR_NAME = /^[\p{L}\p{N}_.]*(?:error|exception)$/u; // in small letters
  const RAISED = /^[A-Z]\w*(?:Error|Exception|Warning|Iteration|Interrupt|Exit)$|^Exception$/;
  const PRINTED_BY_TORCH = /^(?:torch\.)?(?:tensor|Size)\(([\s\S]*)\)$/;
  const DTYPE_NAMES = {
    float: "float32",
    double: "float64",
    half: "float16",
    long: "int64",
    int: "int32",
    short: "int16",
    cfloat: "complex64",
    cdouble: "complex128",
    chalf: "complex32",
  };
  const WORDS = new Map([
    ["none", null],
    ["true", true],
    ["false", false],
    ["nan", NaN],
    ["inf", Infinity],
    ["-inf", -Infinity],
  ]);

  // -- reading a text as Python ----------------------------------------------------------------

  /* A name that stands for itself: `error`, `float32`. */
  class Word {
    constructor(text) {
      this.text = text;
    }
  }

  class NotPython extends Error {}

  const TOKEN = new RegExp(
    [
      String.raw`(?<space>[ \t\n\f\r]+)`,
      String.raw`(?<number>0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+` +
        String.raw`|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)`,
      String.raw`(?<text>[bBrRuU]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))`,
      String.raw`(?<name>[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)`,
      String.raw`(?<sign>\*\*|//|[-+*/%()[\]{},:=])`,
    ].join("|"),
    "uy",
  );
  const ESCAPES = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"', "\n": "" };

  function tokens(text) {
    const found = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const match = TOKEN.exec(text);
      if (match === null) throw new NotPython(text);
      const [kind, part] = Object.entries(match.groups).find(([, part]) => part !== undefined);
      if (kind !== "space") found.push({ kind, part });
    }
    return found;
  }

  function number(part) {
    const digits = part.replace(/(?<=[\da-fA-F])_(?=[\da-fA-F])/g, "");
    if (digits.includes("_")) throw new NotPython(part);
    if (/^0[xXoObB]/.test(digits)) return BigInt(digits);
    if (!/^\d+$/.test(digits)) return Number(digits);
    if (/^0+[1-9]/.test(digits)) throw new NotPython(part);
    return BigInt(digits);
  }

  function textOf(part) {
    const begin = part.search(/["']/);
    const prefix = part.slice(0, begin).toLowerCase();
    if (prefix.includes("b")) throw new NotPython(part);
    const inner = part.slice(begin + 1, -1);
    if (prefix.includes("r")) return inner;
    return inner.replace(/\\([\s\S])/g, (both, sign) => ESCAPES[sign] ?? both);
  }

  /* The value of a text: null, booleans, BigInt, Number, text, Word, Array, Map.
   *
   * onlyLiterals: as ast.literal_eval, without names, calls and arithmetic. Throws NotPython.
   */
  class Parser {
    constructor(text, onlyLiterals) {
      this.tokens = tokens(text);
      this.place = 0;
      this.onlyLiterals = onlyLiterals;
    }

    whole() {
      const items = [this.sum()];
      let isTuple = false;
      while (this.skip(",")) {
        isTuple = true;
        if (this.place < this.tokens.length) items.push(this.sum());
      }
      if (this.place < this.tokens.length) throw new NotPython("more than one value");
      return isTuple ? items : items[0];
    }

    next(sign) {
      const token = this.tokens[this.place];
      return token !== undefined && token.kind === "sign" && token.part === sign;
    }

    skip(sign) {
      const there = this.next(sign);
      if (there) this.place += 1;
      return there;
    }

    expect(sign) {
      if (!this.skip(sign)) throw new NotPython(`no ${sign}`);
    }

    sum() {
      let value = this.product();
      for (;;) {
        if (this.skip("+")) value = this.combined("+", value, this.product());
        else if (this.skip("-")) value = this.combined("-", value, this.product());
        else return value;
      }
    }

    product() {
      let value = this.signed();
      for (;;) {
        const sign = ["*", "//", "/", "%"].find((sign) => this.skip(sign));
        if (sign === undefined) return value;
        value = this.combined(sign, value, this.signed());
      }
    }

    signed() {
      if (this.skip("-")) return negative(this.signed());
      if (this.skip("+")) return negative(negative(this.signed()));
      return this.power();
    }

    power() {
      const base = this.value();
      return this.skip("**") ? this.combined("**", base, this.signed()) : base;
    }

    combined(sign, one, other) {
      if (this.onlyLiterals) throw new NotPython("arithmetic");
      return compute(sign, one, other);
    }

    value() {
      if (this.skip("(")) return this.inBrackets();
      if (this.skip("[")) return this.items("]");
      if (this.skip("{")) return this.inBraces();
      const token = this.tokens[this.place];
      if (token === undefined || token.kind === "sign") throw new NotPython("no value");
      this.place += 1;
      if (token.kind === "number") return number(token.part);
      if (token.kind === "text") return this.joined(textOf(token.part));
      return this.named(token.part);
    }

    /* Texts that stand side by side are one. */
    joined(text) {
      while (this.tokens[this.place]?.kind === "text") {
        text += textOf(this.tokens[this.place].part);
        this.place += 1;
      }
      return text;
    }

    named(name) {
      if (name === "None") return null;
      if (name === "True" || name === "False") return name === "True";
      if (this.onlyLiterals) throw new NotPython(name);
      if (this.skip("(")) return called(name, this.callArguments());
      if (/^(?:(?:math|np|numpy|torch)\.)?(?:inf|nan)$/.test(name)) {
        return name.endsWith("inf") ? Infinity : NaN;
      }
      return new Word(name);
    }

    inBrackets() {
      if (this.skip(")")) return [];
      const first = this.sum();
      if (this.skip(")")) return first;
      this.expect(",");
      return [first, ...this.items(")")];
    }

    items(closing) {
      const found = [];
      while (!this.skip(closing)) {
        found.push(this.sum());
        if (!this.next(closing)) this.expect(",");
      }
      return found;
    }

    inBraces() {
      if (this.skip("}")) return new Map();
      const first = this.sum();
      if (!this.skip(":")) {
        if (!this.next("}")) this.expect(",");
        return setOf([first, ...this.items("}")]);
      }
      const pairs = new Map([[keyOf(first), this.sum()]]);
      while (!this.skip("}")) {
        this.expect(",");
        if (this.skip("}")) break;
        const key = keyOf(this.sum());
        this.expect(":");
        pairs.set(key, this.sum());
      }
      return pairs;
    }

    /* What stands in the brackets of a call; named arguments, as dtype=..., say no value. */
    callArguments() {
      const found = [];
      while (!this.skip(")")) {
        const value = this.sum();
        if (value instanceof Word && this.skip("=")) this.sum();
        else found.push(value);
        if (!this.next(")")) this.expect(",");
      }
      return found;
    }
  }

  function called(name, values) {
    const last = name.split(".").at(-1);
    if (RAISED.test(name)) return new Word(name);
    if (values.length !== 1) throw new NotPython(name);
    const [value] = values;
    if (["tensor", "Size", "array"].includes(last)) return value;
    if (name === "list" || name === "tuple") {
      if (Array.isArray(value)) return value;
    }
    if (name === "float") {
      const read = typeof value === "string" ? readingOfText(value) : value;
      if (typeof read === "bigint" || typeof read === "number") return Number(read);
    }
    throw new NotPython(name);
  }

  const isNumber = (value) => typeof value === "bigint" || typeof value === "number";
  const asNumber = (value) => (typeof value === "boolean" ? BigInt(value) : value);

  function negative(value) {
    const number = asNumber(value);
    if (!isNumber(number)) throw new NotPython("a sign before what is no number");
    return -number;
  }

  function compute(sign, one, other) {
    if (Array.isArray(one) || Array.isArray(other)) return computeList(sign, one, other);
    const [a, b] = [asNumber(one), asNumber(other)];
    if (!isNumber(a) || !isNumber(b)) throw new NotPython(sign);
    if (["/", "//", "%"].includes(sign) && Number(b) === 0) throw new NotPython("divided by zero");
    if (typeof a === "bigint" && typeof b === "bigint" && sign !== "/") {
      if (sign !== "**") return computeWhole(sign, a, b);
      if (b >= 0n) {
        if (b > LARGEST_POWER) throw new NotPython("too large");
        return a ** b;
      }
    }
    const [x, y] = [Number(a), Number(b)];
    if (sign === "+") return x + y;
    if (sign === "-") return x - y;
    if (sign === "*") return x * y;
    if (sign === "/") return x / y;
    if (sign === "**") return x ** y;
    const rounded = Math.floor(x / y);
    return sign === "//" ? rounded : x - rounded * y;
  }

  function computeWhole(sign, a, b) {
    if (sign === "+") return a + b;
    if (sign === "-") return a - b;
    if (sign === "*") return a * b;
    const below = a % b !== 0n && a < 0n !== b < 0n; // Python rounds down, BigInt to zero
    const rounded = a / b - (below ? 1n : 0n);
    return sign === "//" ? rounded : a - rounded * b;
  }

  function computeList(sign, one, other) {
    if (sign === "+" && Array.isArray(one) && Array.isArray(other)) return [...one, ...other];
    const [list, times] = Array.isArray(one) ? [one, other] : [other, one];
    if (sign !== "*" || typeof times !== "bigint" || BigInt(list.length) * times > MOST_ITEMS) {
      throw new NotPython(sign);
    }
    return Array.from({ length: Math.max(0, Number(times)) }, () => list).flat();
  }

  /* As plain.py writes a set: {"set": [items in the order of their texts]}. */
  function setOf(items) {
    const different = new Map(items.map((item) => [repr(item), item]));
    const sorted = [...different.keys()].sort();
    return new Map([[keyOf("set"), sorted.map((text) => different.get(text))]]);
  }

  /* A text that is the same for keys that Python takes for the same. */
  function keyOf(value) {
    if (value instanceof Word) return keyOf(value.text);
    if (Array.isArray(value)) return keyOf(repr(value));
    if (value instanceof Map) throw new NotPython("a dict as key");
    return typeof value === "string" ? `text ${value}` : `value ${asNumber(value)}`;
  }

  function repr(value) {
    if (Array.isArray(value)) {
      const inner = value.map(repr).join(", ");
      return value.length === 1 ? `(${inner},)` : `(${inner})`;
    }
    if (value === null) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (typeof value === "string") return `'${value}'`;
    return value instanceof Word ? `'${value.text}'` : String(value);
  }

  // -- what a reader takes a value for -----------------------------------------------------------

  /* null, boolean, BigInt, Number, text in small letters, Array, Map. */
  function readingOf(value) {
    if (value instanceof Word) {
      return value.text.includes(".") ? withoutModule(value.text) : readingOfText(value.text);
    }
    if (typeof value === "string") return readingOfText(value);
    if (Array.isArray(value)) return value.map(readingOf);
    if (value instanceof Map) {
      return new Map([...value].map(([key, item]) => [key, readingOf(item)]));
    }
    return value;
  }

  function readingOfText(text) {
    text = text.trim();
    const printed = PRINTED_BY_TORCH.exec(text);
    if (printed) text = printed[1];
    if (WORDS.has(text.toLowerCase())) return WORDS.get(text.toLowerCase());
    if (text.length > LONGEST) return text.toLowerCase();
    try {
      return readingOf(new Parser(text, true).whole());
    } catch (error) {
      if (!(error instanceof NotPython)) throw error;
      return withoutModule(text); // a word, not the text of a value
    }
  }

  /* 'float32' for 'torch.float32' and 'torch.float', which is another name for it. */
  function withoutModule(name) {
    if (!name.startsWith("torch.")) return name.toLowerCase();
    const short = name.slice("torch.".length);
    return (Object.hasOwn(DTYPE_NAMES, short) ? DTYPE_NAMES[short] : short).toLowerCase();
  }

  function readingOfTyped(typed) {
    const text = typed.trim();
    if (text.length > LONGEST) return text.toLowerCase();
    try {
      return readingOf(new Parser(text, false).whole());
    } catch (error) {
      if (!(error instanceof NotPython)) throw error;
      return readingOfText(text);
    }
  }

  function readingOfData(data) {
    if (Array.isArray(data)) return data.map(readingOfData);
    if (data === null || typeof data !== "object") return data;
    if ("int" in data) return BigInt(data.int);
    if ("float" in data) return WORDS.get(data.float) ?? Number(data.float);
    return new Map(
      data.dict.map(([key, item]) => [keyOf(readingOfData(key)), readingOfData(item)]),
    );
  }

  // -- comparing -----------------------------------------------------------------------------------

  function equal(guess, value) {
    if (isNumber(guess) && isNumber(value)) return near(guess, value);
    if (Array.isArray(guess) && Array.isArray(value)) {
      return guess.length === value.length && guess.every((item, i) => equal(item, value[i]));
    }
    if (guess instanceof Map && value instanceof Map) {
      return (
        guess.size === value.size &&
        [...guess].every(([key, item]) => value.has(key) && same(item, value.get(key)))
      );
    }
    return guess === value;
  }

  function near(guess, value) {
    if (guess == value || (guess !== guess && value !== value)) return true;
    if (typeof guess === "bigint" && typeof value === "bigint") return false;
    const center = Number(value);
    const room = Math.abs(center) * (typeof value === "number" ? TOLERANCE : ROUNDING);
    return center - room <= guess && guess <= center + room;
  }

  /* Equal in a dict: without tolerance. */
  function same(one, other) {
    if (Array.isArray(one) && Array.isArray(other)) {
      return one.length === other.length && one.every((item, i) => same(item, other[i]));
    }
    const [a, b] = [asNumber(one), asNumber(other)];
    return isNumber(a) && isNumber(b) ? a == b : equal(one, other);
  }

  function alike(typed, truth) {
    const guess = readingOfTyped(typed);
    if (truth.error === undefined) return equal(guess, readingOfData(truth.reading));
    return typeof guess === "string" && ["error", ...truth.error].includes(guess.split(".").at(-1));
  }

  /* Alike, or the belief is 'error' and the guess names any error. */
  function means(typed, belief) {
    if (alike(typed, belief)) return true;
    const guess = readingOfTyped(typed);
    return Boolean(belief.any_error) && typeof guess === "string" && ERROR_NAME.test(guess);
  }

  // -- for the page --------------------------------------------------------------------------------

  function reveal(typed, prediction) {
    const text = typed.trim();
    const choices = prediction.choices;
    if (text === "" || text === "...") return note("Make your guess first.");
    if (choices.length > 0 && !choices.some((choice) => means(text, choice))) {
      const names = choices.map((choice) => `\`${choice.shown}\``).join(" or ");
      return note(`Your guess should be ${names}; nothing is revealed yet.`);
    }
    if (alike(text, prediction.truth)) {
      return { kind: "good", headline: prediction.right, sentence: "" };
    }
    const shown = text.replaceAll("`", "'"); // what begins and ends code in a headline
    const headline = prediction.wrong.replace("{guess}", () => shown);
    const belief = prediction.beliefs.find((belief) => means(text, belief));
    return { kind: "wrong", headline, sentence: belief === undefined ? "" : belief.sentence };
  }

  const note = (headline) => ({ kind: "note", headline, sentence: "" });

  /* The choices; else the truth and what people believe, in an order that tells nothing. */
  function options(prediction) {
    if (prediction.choices.length > 0) return prediction.choices.map((choice) => choice.shown);
    const truth = prediction.truth.error === undefined ? prediction.truth.shown : "'error'";
    const texts = new Set([truth, ...prediction.beliefs.map((belief) => belief.shown)]);
    const placed = [...texts].map((text) => [scramble(`${prediction.id} ${text}`), text]);
    return placed.sort(([one], [other]) => one - other).map(([, text]) => text);
  }

  /* A number that is always the same for a text and has nothing to do with what it says (FNV-1a). */
  function scramble(text) {
    let number = 0x811c9dc5;
    for (const sign of text) {
      number = Math.imul(number ^ sign.codePointAt(0), 0x01000193) >>> 0;
    }
    return number;
  }

  function inline(text) {
    const nodes = document.createDocumentFragment();
    text.split(/`([^`]*)`/).forEach((part, place) => {
      if (part === "") return;
      if (place % 2 === 0) {
        nodes.append(part);
        return;
      }
      const code = document.createElement("code");
      code.textContent = part;
      nodes.append(code);
    });
    return nodes;
  }

  Object.assign(window.course, { alike, reveal, options, inline });
})();
