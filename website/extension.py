"""What no Sphinx library does: a prediction answered on the page, and parts that are folded."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator


class element(nodes.General, nodes.Element):  # docutils names its nodes so
    """An HTML element with what stands in it. tag: its name; attributes: its attributes."""


def visit_element(translator: HTML5Translator, node: element) -> None:
    attributes = "".join(
        f' {name}="{html.escape(value)}"' for name, value in node["attributes"].items()
    )
    translator.body.append(f"<{node['tag']}{attributes}>")


def depart_element(translator: HTML5Translator, node: element) -> None:
    translator.body.append(f"</{node['tag']}>\n")


def made(tag: str, *children: nodes.Node, **attributes: str) -> element:
    """The element with these children; `class_` stands for class."""
    node = element("", tag=tag, attributes={k.rstrip("_"): v for k, v in attributes.items()})
    node += children
    return node


def raw(markup: str) -> nodes.raw:
    """HTML as it stands; it is not part of what the search finds."""
    return nodes.raw("", markup, format="html")


def rich(text: str) -> str:
    """HTML of a text of the course, in which `code` stands in backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


class Folded(SphinxDirective):
    """What is shown when its summary is clicked: a hint, an answer."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"class": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        summary = made("summary", raw(rich(self.arguments[0])))
        kind = self.options.get("class", "")
        return [made("details", summary, *self.parse_content_to_nodes(), class_=f"folded {kind}")]


class Prediction(SphinxDirective):
    """A question of a lesson: its argument is its id, its content the question and the code.

    The script makes a form of it. Without JavaScript the answer stands in a closed part below.
    """

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        id = self.arguments[0]
        asked = self.config.course_predictions[id]
        truth = made("details", raw(answer(asked)), class_="folded prediction-answer")
        # "</" would end the script early.
        data = json.dumps(asked, ensure_ascii=False).replace("</", "<\\/")
        title = made("p", raw(f"Predict <span>{html.escape(id)}</span>"), class_="prediction-title")
        block = made(
            "section",
            title,
            *self.parse_content_to_nodes(),
            raw('<div class="prediction-form"></div>'),
            truth,
            raw(f'<script type="application/json">{data}</script>'),
            class_="prediction",
            id=f"predict-{id.replace('.', '-')}",
            aria_label=f"Prediction {id}",
        )
        block["attributes"]["aria-label"] = block["attributes"].pop("aria_label")
        return [block]


def answer(asked: dict[str, Any]) -> str:
    """The answer of a prediction, its reason, and what people believe instead."""
    truth = asked["truth"]
    gives = "The code raises" if "error" in truth else "The code gives"
    beliefs = "".join(
        f"<li><code>{html.escape(belief['shown'])}</code> {rich(belief['sentence'])}</li>"
        for belief in asked["beliefs"]
    )
    return (
        "<summary>What the code gives, and why</summary>"
        f"<p>{gives} <code>{html.escape(truth['shown'])}</code>. {rich(asked['because'])}</p>"
        f"<p>What people guess instead:</p><ul>{beliefs}</ul>"
    )


def with_levels(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The captions of the navigation are headings; Sphinx does not say of which level."""
    tree = context.get("furo_navigation_tree", "")
    levelled = tree.replace('role="heading"', 'role="heading" aria-level="2"')
    context["furo_navigation_tree"] = levelled


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("course_predictions", {}, "env")
    app.add_node(element, html=(visit_element, depart_element))
    app.add_directive("folded", Folded)
    app.add_directive("prediction", Prediction)
    app.connect("html-page-context", with_levels, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}
