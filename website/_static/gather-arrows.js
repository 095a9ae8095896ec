/* Lesson 02: which element does each place of `x.gather(dim, index)` come from?
 *
 * The reader chooses a cell of the result and guesses its source in x. Then two arrows show the
 * way: from the number of the index to the element of x, and from there to the result.
 */
"use strict";

(() => {
  const { button, choice, colour, element, grid, mount, numberField } = window.course.figures;

  const ROWS = 3; // of x
  const COLUMNS = 4;
  // dim and index as the lesson uses them, and what people try.
  const EXAMPLES = [
    { name: "a column for each place", dim: 1, index: [[2, 0], [3, 3], [1, 2]] },
    { name: "a row for each place", dim: 0, index: [[2, 0, 1, 1]] },
    { name: "the same index, dim=1", dim: 1, index: [[2, 0, 1, 1]] },
    { name: "a short index", dim: 1, index: [[0, 3]] },
    { name: "one element of each row", dim: 1, index: [[2], [0], [3]] },
    { name: "-1 for the last place", dim: 1, index: [[-1], [0], [0]] },
    { name: "more rows than x", dim: 1, index: [[0], [1], [2], [3]] },
  ];

  const valueAt = (row, column) => (row * COLUMNS + column) * 10;
  const written = (cell) => `[${cell.join(", ")}]`;
  const nested = (index) => `[${index.map(written).join(", ")}]`;
  const source = (index, dim, row, column) =>
    dim === 0 ? [index[row][column], column] : [row, index[row][column]];

  /* What torch says to this index, in a sentence; "" where it gives a result. */
  function problem(dim, index) {
    const size = [ROWS, COLUMNS];
    const shape = [index.length, index[0].length];
    const other = 1 - dim;
    if (shape[other] > size[other]) {
      return (
        `RuntimeError: the index has size ${shape[other]} in dimension ${other}, and x has ` +
        `${size[other]}. Only in dimension ${dim}, which is read along, may it be larger.`
      );
    }
    const numbers = index.flat();
    if (!numbers.every(Number.isInteger)) return "Write a whole number into each cell of the index.";
    const outside = numbers.find((number) => number < 0 || number >= size[dim]);
    if (outside === undefined) return "";
    const why =
      outside < 0
        ? "gather counts from 0 only: -1 is not the last place, as it is in brackets."
        : `The places of dimension ${dim} are 0 to ${size[dim] - 1}.`;
    return (
      `RuntimeError: index ${outside} is out of bounds for dimension ${dim} ` +
      `with size ${size[dim]}. ${why}`
    );
  }

  /* Why somebody may have thought of this cell; "" where nothing is known. */
  function slip(index, dim, row, column, guess) {
    const number = index[row][column];
    const slips = [
      [
        source(index, 1 - dim, row, column),
        `So it would be with dim=${1 - dim}: dim says which of the two numbers is replaced.`,
      ],
      [[row, column], "That is the place in the result. The index changes one of its numbers."],
      [
        dim === 0 ? [number, 0] : [0, number],
        `Only the number of dimension ${dim} comes from the index. The other one stays.`,
      ],
    ];
    return slips.find(([cell]) => String(cell) === String(guess))?.[1] ?? "";
  }

  function build() {
    let dim = 0;
    let index = [[0]];
    let asked = null; // [row, column] of the result, while a guess is asked for
    let shown = null; // [row, column] of the result whose arrows are drawn
    let known = new Set(); // cells of the result that were guessed
    let result = null;
    let indexFields = [];

    const code = element("code", {});
    const answer = element("p", { class: "course-answer", role: "status" });
    const question = element("p", { class: "course-question" });
    const indexPlace = element("div", { class: "course-grid course-index" });
    const resultPlace = element("div", {});
    const arrows = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    arrows.setAttribute("class", "course-arrows");
    arrows.setAttribute("aria-hidden", "true");

    const x = grid({ label: "x", rows: ROWS, columns: COLUMNS, choose: judge });
    x.each((cell, row, column) => {
      cell.textContent = String(valueAt(row, column));
      cell.setAttribute("aria-label", `x[${row}, ${column}], holds ${valueAt(row, column)}`);
      cell.style.setProperty("--cell", colour(row * COLUMNS + column, ROWS * COLUMNS));
      cell.classList.add("course-coloured");
    });

    const examples = choice({
      label: "Example",
      options: EXAMPLES.map(({ name }) => name),
      change: (number) => start(EXAMPLES[number]),
    });
    const dims = choice({
      label: "dim",
      options: ["0", "1"],
      change: (number) => {
        dim = number;
        restart();
      },
    });
    const skip = button("Show without a guess", () => reveal(""));

    function start(example) {
      dim = example.dim;
      index = example.index.map((row) => [...row]);
      dims.select.selectedIndex = dim;
      indexPlace.style.setProperty("--columns", index[0].length);
      indexFields = index.map((row, i) =>
        row.map((number, j) => {
          const { root, input } = numberField({
            label: element("span", { class: "course-hidden" }, `index[${i}, ${j}]`),
            value: number,
            lowest: 0,
            highest: Math.max(ROWS, COLUMNS) - 1,
            change: (changed) => {
              index[i][j] = changed;
              restart();
            },
          });
          input.classList.add("course-cell");
          return root;
        }),
      );
      indexPlace.replaceChildren(...indexFields.flat());
      restart();
    }

    /* A new result, of which nothing is known yet. */
    function restart() {
      const rows = index.length;
      const columns = index[0].length;
      known = new Set();
      asked = null;
      shown = null;
      code.textContent = `x.gather(${dim}, torch.tensor(${nested(index)}))`;
      const wrong = problem(dim, index);
      result = null;
      resultPlace.replaceChildren();
      question.textContent = "";
      skip.hidden = true;
      answer.textContent = wrong;
      if (!wrong) {
        result = grid({ label: "result", rows, columns, choose: chooseResult });
        result.each((cell, row, column) => {
          cell.textContent = "?";
          cell.setAttribute("aria-label", `result[${row}, ${column}], hidden`);
        });
        resultPlace.append(result.root);
        question.textContent = `The result has shape (${rows}, ${columns}). Choose a cell of it.`;
      }
      draw();
    }

    function chooseResult(row, column) {
      asked = null;
      shown = null;
      skip.hidden = true;
      if (known.has(String([row, column]))) {
        shown = [row, column];
        answer.textContent = explanation(row, column);
      } else {
        asked = [row, column];
        skip.hidden = false;
        answer.textContent = "";
        question.textContent =
          `Which cell of x does result[${row}, ${column}] come from? Choose it in x.`;
      }
      draw();
    }

    function judge(row, column) {
      if (asked === null) {
        if (result !== null) answer.textContent = "First choose a cell of the result.";
        return;
      }
      const right = source(index, dim, ...asked);
      if (String(right) === String([row, column])) reveal("Yes.");
      else {
        const why = slip(index, dim, ...asked, [row, column]);
        reveal(`You chose x[${row}, ${column}]. ${why}`.trim());
      }
    }

    function reveal(opening) {
      const [row, column] = asked;
      const from = source(index, dim, row, column);
      const cell = result.at(row, column);
      known.add(String([row, column]));
      shown = asked;
      asked = null;
      skip.hidden = true;
      cell.textContent = String(valueAt(...from));
      cell.style.setProperty("--cell", colour(from[0] * COLUMNS + from[1], ROWS * COLUMNS));
      cell.classList.add("course-coloured");
      cell.setAttribute("aria-label", `result[${row}, ${column}], holds ${valueAt(...from)}`);
      question.textContent = "Choose another cell of the result.";
      answer.textContent = `${opening} ${explanation(row, column)}`.trim();
      draw();
      cell.focus({ preventScroll: true });
    }

    function explanation(row, column) {
      const from = source(index, dim, row, column);
      const number = index[row][column];
      const kept = dim === 0 ? `column ${column} stays` : `row ${row} stays`;
      const taken = dim === 0 ? `row ${number}` : `column ${number}`;
      return (
        `index[${row}, ${column}] is ${number}. With dim=${dim} that is ${taken}, and ${kept}: ` +
        `result[${row}, ${column}] = x[${from.join(", ")}] = ${valueAt(...from)}.`
      );
    }

    /* Light up what belongs together, and draw the arrows over the grids. */
    function draw() {
      const lit = shown === null ? null : source(index, dim, ...shown);
      x.each((cell, row, column) =>
        cell.classList.toggle("course-lit", String(lit) === String([row, column])),
      );
      result?.each((cell, row, column) => {
        cell.classList.toggle("course-asked", String(asked) === String([row, column]));
        cell.classList.toggle("course-lit", String(shown) === String([row, column]));
      });
      const here = shown ?? asked;
      indexFields.forEach((row, i) =>
        row.forEach((field, j) =>
          field.classList.toggle("course-lit", String(here) === String([i, j])),
        ),
      );
      arrows.replaceChildren();
      if (shown === null) return;
      const [row, column] = shown;
      arrow(indexFields[row][column], x.at(...lit));
      arrow(x.at(...lit), result.at(row, column));
    }

    /* From one element to another, in a bow: a straight line would strike numbers through. */
    function arrow(from, to) {
      const origin = stage.getBoundingClientRect();
      const [a, b] = [from, to].map((one) => one.getBoundingClientRect());
      const middle = (box) => [
        box.left + box.width / 2 - origin.left,
        box.top + box.height / 2 - origin.top,
      ];
      const [[x1, y1], [x2, y2]] = [middle(a), middle(b)];
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const bow = Math.min(length / 3, b.height); // half of it is how far the bow reaches out
      const bend = [
        (x1 + x2) / 2 + ((y2 - y1) / length) * bow,
        (y1 + y2) / 2 - ((x2 - x1) / length) * bow,
      ];
      const begin = towards([x1, y1], bend, b.height / 2);
      const tip = towards([x2, y2], bend, b.height / 2); // before the number in the cell
      const back = towards(tip, bend, 9);
      const side = [(tip[1] - back[1]) / 2, (back[0] - tip[0]) / 2];
      const wings = [1, -1].map((way) => `${back[0] + way * side[0]},${back[1] + way * side[1]}`);
      arrows.append(
        svg("path", { d: `M ${begin} Q ${bend} ${tip}` }),
        svg("polygon", { points: `${tip} ${wings.join(" ")}` }),
      );
    }

    /* The point that lies `far` from one point on the way to another. */
    function towards([x, y], [toX, toY], far) {
      const length = Math.hypot(toX - x, toY - y) || 1;
      return [x + ((toX - x) / length) * far, y + ((toY - y) / length) * far];
    }

    function svg(name, attributes) {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
      return made;
    }

    const part = (label, ...inside) =>
      element("div", { class: "course-part" }, element("p", { class: "course-label" }, label), ...inside);
    const stage = element(
      "div",
      { class: "course-stage" },
      part("index", indexPlace),
      part("x", x.root),
      part("result", resultPlace),
      arrows,
    );
    new ResizeObserver(draw).observe(stage);

    const figure = element(
      "section",
      { "aria-label": "Arrows of gather" },
      element(
        "p",
        {},
        element("code", {}, "x = (torch.arange(12) * 10).reshape(3, 4)"),
        ". The numbers of the index can be changed.",
      ),
      element("div", { class: "course-row" }, examples.root, dims.root),
      element("p", {}, code),
      stage,
      question,
      skip,
      answer,
    );
    start(EXAMPLES[0]);
    return figure;
  }

  window.course.gatherExamples = EXAMPLES;
  mount("gather-arrows", build);
})();
