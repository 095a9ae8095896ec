/* What the interactive figures are made of: grids of cells that can be chosen, fields, sentences.
 *
 * A figure stands at a mount point, `<div data-course="storage-explorer">`, which holds a still and
 * a text for readers without JavaScript. `course.figures.mount` puts the figure in their place.
 */
"use strict";

window.course = window.course || {};

(() => {
  // The colours of the cells in the course's figures: course_utils/figures/drawing.py, RAMP.
  const RAMP = [
    [0xa0, 0x8b, 0xe8],
    [0x6a, 0xae, 0xf0],
    [0x62, 0xcd, 0xb8],
    [0xb4, 0xe0, 0x70],
    [0xff, 0xe1, 0x4d],
  ];
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  /* One of `count` colours in order, as CSS writes it. */
  function colour(place, count) {
    const at = (place / Math.max(count - 1, 1)) * (RAMP.length - 1);
    const before = Math.min(Math.floor(at), RAMP.length - 2);
    const mixed = RAMP[before].map((part, i) =>
      Math.round(part + (RAMP[before + 1][i] - part) * (at - before)),
    );
    return `rgb(${mixed.join(", ")})`;
  }

  /* An element with attributes and what stands in it. */
  function element(name, attributes, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  /* Put `build()` in the place of what stands at each mount point of this name. */
  function mount(name, build) {
    const start = () => {
      for (const place of document.querySelectorAll(`[data-course="${name}"]`)) {
        place.replaceChildren(build());
        place.classList.add("course-figure");
      }
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
  }

  /* A grid of buttons. One of them is reached by Tab, the others from there by the arrow keys.
   *
   * label: what the grid is, for a screen reader. choose(row, column): called on a click.
   * Gives {root, at(row, column), each(function of (button, row, column))}.
   */
  function grid({ label, rows, columns, choose }) {
    const root = element("div", { class: "course-grid", role: "group", "aria-label": label });
    root.style.setProperty("--columns", columns);
    const buttons = Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => {
        const button = element("button", { type: "button", class: "course-cell", tabindex: "-1" });
        button.addEventListener("click", () => choose(row, column));
        button.addEventListener("focus", () => makeReachable(button));
        root.append(button);
        return button;
      }),
    );
    if (rows > 0 && columns > 0) makeReachable(buttons[0][0]);

    function makeReachable(button) {
      for (const other of root.children) other.tabIndex = other === button ? 0 : -1;
    }

    root.addEventListener("keydown", (event) => {
      if (!Object.hasOwn(STEPS, event.key)) return;
      const [down, right] = STEPS[event.key];
      const place = [...root.children].indexOf(event.target);
      const row = Math.floor(place / columns) + down;
      const column = (place % columns) + right;
      event.preventDefault();
      if (buttons[row]?.[column]) buttons[row][column].focus();
    });

    return {
      root,
      at: (row, column) => buttons[row][column],
      each: (work) =>
        buttons.forEach((line, row) => line.forEach((button, column) => work(button, row, column))),
    };
  }

  let fields = 0;

  /* A control below its label. */
  function labelled(label, control) {
    fields += 1;
    control.id = `course-field-${fields}`;
    const words = element("label", { for: control.id }, label);
    return element("span", { class: "course-field" }, words, control);
  }

  /* A field for a whole number, with its label. change(number): NaN where it is none. */
  function numberField({ label, value, lowest, highest, change }) {
    const input = element("input", {
      type: "number",
      inputmode: "numeric",
      step: "1",
      min: String(lowest),
      max: String(highest),
      value: String(value),
    });
    input.addEventListener("input", () => change(input.value === "" ? NaN : Number(input.value)));
    return { root: labelled(label, input), input };
  }

  /* A list to choose from. options: texts. change(number of the option). */
  function choice({ label, options, change }) {
    const select = element("select", {}, ...options.map((text) => element("option", {}, text)));
    select.addEventListener("change", () => change(select.selectedIndex));
    return { root: labelled(label, select), select };
  }

  function button(text, choose) {
    const made = element("button", { type: "button", class: "course-button" }, text);
    made.addEventListener("click", choose);
    return made;
  }

  window.course.figures = { button, choice, colour, element, grid, mount, numberField };
})();
