/* Makes each prediction of a page answer: a field for the guess, what people guess, the verdict.
 * guesses.js compares. Without this script, the answer stands in a closed part of the page. */
"use strict";

(() => {
  const SIGNS = { good: "✔", wrong: "✘", note: "→" };

  function made(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function prepare(block) {
    const prediction = JSON.parse(block.querySelector("script[type='application/json']").text);
    const answer = block.querySelector(".prediction-answer");
    const place = block.querySelector(".prediction-form");
    const id = `${block.id}-guess`;

    const field = made("input", {
      id,
      type: "text",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      enterkeyhint: "done",
    });
    const choices = course.options(prediction).map((shown) => {
      const button = made("button", { type: "button", "aria-pressed": "false" }, shown);
      button.addEventListener("click", () => {
        field.value = shown;
        mark();
        field.dispatchEvent(new Event("input"));
      });
      return button;
    });
    const mark = () => {
      for (const button of choices)
        button.setAttribute("aria-pressed", String(button.textContent === field.value));
    };
    const verdict = made("div", { class: "verdict", role: "status" });
    const form = made(
      "form",
      {},
      made("label", { for: id }, "Your guess, as you would write it in Python"),
      made("div", { class: "guess" }, field, made("button", { type: "submit" }, "Answer")),
      made("div", { class: "choices", role: "group", "aria-label": "What people guess" }, ...choices),
      verdict,
    );
    field.addEventListener("input", mark);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = course.reveal(field.value, prediction);
      show(verdict, said, prediction);
      if (said.kind === "note") return;
      answer.querySelector("summary").textContent = "What people guess, and what that would mean";
      answer.hidden = false;
    });
    answer.hidden = true;
    place.append(form);
  }

  function show(verdict, said, prediction) {
    const sign = made("span", { class: "sign", "aria-hidden": "true" }, SIGNS[said.kind]);
    const lines = [made("p", { class: "headline" }, sign, " ", course.inline(said.headline))];
    if (said.kind !== "note") {
      if (said.sentence) lines.push(made("p", {}, course.inline(said.sentence)));
      lines.push(made("p", {}, made("strong", {}, "Why: "), course.inline(prediction.because)));
    }
    verdict.dataset.kind = said.kind;
    verdict.replaceChildren(...lines);
  }

  /* What scrolls sideways inside itself can be reached with the keyboard. */
  function reachable() {
    for (const box of document.querySelectorAll("pre, .output, .table-wrapper, .dataframe-wrapper"))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }

  // The search fetches the pages that it found, to show lines of them. From disk it must not.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".prediction").forEach(prepare);
    reachable();
    document.addEventListener("toggle", reachable, true); // what was folded has no width before
  });
})();
