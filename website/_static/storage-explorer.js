/* Lesson 01: which place of a storage does an element of a tensor read?
 *
 * A storage of twelve numbers, and a tensor that is a note about it: shape, stride, offset. For each
 * new note a guess is asked for first. Then every cell shows its number, and a cell and its place
 * light each other up.
 */
"use strict";

(() => {
  const { button, choice, colour, element, grid, mount, numberField } = window.course.figures;

  const PLACES = 12; // the storage of x
  const LARGEST = 6; // of a shape: so many columns fit on a phone
  // Each is what torch says of the code: tests/website/test_explorer.py.
  const VIEWS = [
    { code: "x", shape: [3, 4], stride: [4, 1], offset: 0 },
    { code: "x.t()", shape: [4, 3], stride: [1, 4], offset: 0 },
    { code: "x[1:, ::2]", shape: [2, 2], stride: [4, 2], offset: 4 },
    { code: "x[:, 1:2].expand(3, 4)", shape: [3, 4], stride: [4, 0], offset: 1 },
    { code: "x[1].expand(3, 4)", shape: [3, 4], stride: [0, 1], offset: 4 },
    { code: "x.flatten().unfold(0, 4, 2)", shape: [5, 4], stride: [2, 1], offset: 0 },
  ];

  const numberAt = (place) => place * 10;
  const pair = ([one, other]) => `(${one}, ${other})`;
  const placeOf = (note, row, column) =>
    note.offset + row * note.stride[0] + column * note.stride[1];
  const sum = (note, row, column) =>
    `${note.offset} + ${row} × ${note.stride[0]} + ${column} × ${note.stride[1]}`;

  /* What is wrong with a note, in a sentence; "" for a note that torch takes. */
  function problem({ shape, stride, offset }) {
    const numbers = [...shape, ...stride, offset];
    if (!numbers.every(Number.isInteger)) return "Write a whole number into each field.";
    if (shape.some((size) => size < 1 || size > LARGEST)) {
      return `This figure draws shapes from 1 to ${LARGEST}.`;
    }
    if (stride.some((step) => step < 0)) {
      return "torch takes no negative stride: it raises a RuntimeError. To turn numbers round, flip copies them.";
    }
    if (offset < 0) return "An offset below 0 lies before the storage: torch raises a RuntimeError.";
    const [row, column] = shape.map((size) => size - 1);
    const last = placeOf({ stride, offset }, row, column);
    if (last < PLACES) return "";
    return (
      `The last element, [${row}, ${column}], would read place ` +
      `${sum({ stride, offset }, row, column)} = ${last}. The storage ends at place ` +
      `${PLACES - 1}: torch raises a RuntimeError.`
    );
  }

  /* Why somebody may have thought of this place; "" where nothing is known. */
  function slip(note, row, column, guess) {
    const { shape, stride, offset } = note;
    const slips = [
      [placeOf({ stride, offset: 0 }, row, column), "That leaves the offset out."],
      [
        offset + row * stride[1] + column * stride[0],
        "That takes the strides in the other order: the first one is for the row.",
      ],
      [
        row * shape[1] + column,
        "That counts the cells row by row, as in a tensor that is fresh. This one is a view.",
      ],
      [
        offset + row * shape[1] + column,
        "That takes the number of columns for the stride. A view may step over numbers.",
      ],
      [placeOf(note, row, column) + 1, "Places are counted from 0."],
    ];
    return slips.find(([place]) => place === guess)?.[1] ?? "";
  }

  function build() {
    let note = VIEWS[0];
    let asked = null; // [row, column] of the cell that a guess is asked for
    let tensor = null; // the grid of cells

    const code = element("code", {});
    const tensorPlace = element("div", { class: "course-scroll" });
    const question = element("p", { class: "course-question" });
    const answer = element("p", { class: "course-answer", role: "status" });
    const storage = grid({
      label: "storage, place 0 to 11",
      rows: 1,
      columns: PLACES,
      choose: (_, place) => choosePlace(place),
    });
    storage.root.classList.add("course-strip");
    storage.each((cell, _, place) => {
      cell.append(
        element("span", { class: "course-value" }, String(numberAt(place))),
        element("span", { class: "course-place" }, String(place)),
      );
      cell.setAttribute("aria-label", `place ${place}, holds ${numberAt(place)}`);
      cell.style.setProperty("--cell", colour(place, PLACES));
    });

    const views = choice({
      label: "View",
      options: [...VIEWS.map((view) => view.code), "your own numbers"],
      change: (number) => {
        if (number < VIEWS.length) show(VIEWS[number]);
      },
    });
    const field = (label, highest, write) =>
      numberField({
        label,
        value: 0,
        lowest: 0,
        highest,
        change: (number) => {
          views.select.selectedIndex = VIEWS.length;
          const changed = { shape: [...note.shape], stride: [...note.stride], offset: note.offset };
          write(changed, number);
          show(changed, { keepFields: true });
        },
      });
    const fields = [
      field("rows", LARGEST, (changed, number) => (changed.shape[0] = number)),
      field("columns", LARGEST, (changed, number) => (changed.shape[1] = number)),
      field("stride of a row", PLACES, (changed, number) => (changed.stride[0] = number)),
      field("stride of a column", PLACES, (changed, number) => (changed.stride[1] = number)),
      field("offset", PLACES - 1, (changed, number) => (changed.offset = number)),
    ];

    const guess = numberField({
      label: "place",
      value: "",
      lowest: 0,
      highest: PLACES - 1,
      change: () => {},
    });
    const form = element(
      "form",
      { class: "course-row" },
      guess.root,
      element("button", { class: "course-button" }, "Answer"),
      button("Show without a guess", () => tell("")),
    );
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const place = guess.input.value === "" ? NaN : Number(guess.input.value);
      if (Number.isInteger(place)) judge(place);
      else answer.textContent = "Write the number of a place, or choose the place in the storage.";
    });

    function show(next, { keepFields = false } = {}) {
      note = next;
      if (!keepFields) {
        const numbers = [...note.shape, ...note.stride, note.offset];
        fields.forEach(({ input }, i) => (input.value = String(numbers[i])));
      }
      const wrong = problem(note);
      const words = [pair(note.shape), pair(note.stride), note.offset].map(String);
      code.textContent = `x.as_strided(${words.join(", ")})`;
      light([], []);
      storage.each((cell) => cell.classList.remove("course-coloured"));
      tensorPlace.replaceChildren();
      asked = null;
      if (wrong) {
        question.textContent = "";
        answer.textContent = wrong;
      } else {
        ask();
      }
      form.hidden = Boolean(wrong);
    }

    /* Draw the tensor without its numbers, and ask for a place: of the last row, second column. */
    function ask() {
      const [rows, columns] = note.shape;
      asked = [rows - 1, Math.min(1, columns - 1)];
      tensor = grid({ label: "tensor", rows, columns, choose: chooseCell });
      tensor.each((cell, row, column) => {
        cell.textContent = "?";
        cell.setAttribute("aria-label", `[${row}, ${column}], hidden`);
      });
      tensor.at(...asked).classList.add("course-asked");
      tensorPlace.append(tensor.root);
      guess.input.value = "";
      answer.textContent = "";
      question.textContent =
        `Which place of the storage does [${asked.join(", ")}] read? ` +
        "Choose it in the storage, or write its number.";
    }

    function judge(place) {
      const right = placeOf(note, ...asked);
      if (place === right) tell("Yes.");
      else tell(`You chose place ${place}. ${slip(note, ...asked, place)}`.trim());
    }

    /* The answer, and from now on every number can be seen. */
    function tell(opening) {
      const [row, column] = asked;
      asked = null;
      tensor.each((cell, i, j) => {
        const place = placeOf(note, i, j);
        cell.textContent = String(numberAt(place));
        cell.style.setProperty("--cell", colour(place, PLACES));
        cell.classList.add("course-coloured");
        cell.classList.remove("course-asked");
        cell.setAttribute("aria-label", `[${i}, ${j}], holds ${numberAt(place)}`);
      });
      const used = new Set();
      tensor.each((_, i, j) => used.add(placeOf(note, i, j)));
      storage.each((cell, _, place) => cell.classList.toggle("course-coloured", used.has(place)));
      form.hidden = true;
      question.textContent = "Choose any cell, or any place: the other one lights up.";
      chooseCell(row, column);
      answer.textContent = `${opening} ${answer.textContent}`.trim();
    }

    function chooseCell(row, column) {
      if (asked !== null) {
        answer.textContent = "Its number is hidden until you have made a guess.";
        return;
      }
      const place = placeOf(note, row, column);
      light([[row, column]], [place]);
      answer.textContent =
        `[${row}, ${column}] reads place ${sum(note, row, column)} = ${place}, ` +
        `which holds ${numberAt(place)}.`;
    }

    function choosePlace(place) {
      if (problem(note)) return;
      if (asked !== null) {
        judge(place);
        return;
      }
      const readers = [];
      tensor.each((_, row, column) => {
        if (placeOf(note, row, column) === place) readers.push([row, column]);
      });
      light(readers, [place]);
      const names = readers.map((cell) => `[${cell.join(", ")}]`).join(" and ");
      answer.textContent =
        readers.length === 0
          ? `No element reads place ${place}: it is in the storage, and not in this view.`
          : `Place ${place} is read by ${names}.`;
    }

    function light(cells, places) {
      const lit = new Set(cells.map(String));
      tensor?.each((cell, row, column) =>
        cell.classList.toggle("course-lit", lit.has(String([row, column]))),
      );
      storage.each((cell, _, place) =>
        cell.classList.toggle("course-lit", places.includes(place)),
      );
    }

    const figure = element(
      "section",
      { "aria-label": "Storage explorer" },
      element(
        "p",
        {},
        element("code", {}, "x = (torch.arange(12) * 10).reshape(3, 4)"),
        " has twelve numbers in its storage. Every view below reads the same twelve.",
      ),
      element("div", { class: "course-row" }, views.root, ...fields.map(({ root }) => root)),
      element("p", {}, code),
      element("p", { class: "course-label" }, "tensor"),
      tensorPlace,
      element("p", { class: "course-label" }, "storage, with the number of each place"),
      storage.root,
      question,
      form,
      answer,
    );
    show(VIEWS[0]);
    return figure;
  }

  window.course.storageViews = VIEWS;
  mount("storage-explorer", build);
})();
