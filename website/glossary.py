"""The glossary: each term in the lesson's own sentence, with a link to where it stands.

`glossary.toml` says which terms, and in which section each is defined.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_utils.contents import Contents, lesson_numbered
from course_utils.links import lesson_title
from tools.build import BUILT
from website.pages import QUESTION, PageError

DECLARED = Path(__file__).with_name("glossary.toml")
SHORT = 12  # a sentence of fewer words is shown with the one beside it
# A sentence that begins with the term; what follows it explains it.
OPENS = re.compile(r"(?:(?:A|An|The|To|In) )?\*\*")
END_OF_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z`*])")


@dataclass(frozen=True)
class Term:
    """A term with the sentence that defines it. place: a link to the section, in Markdown."""

    name: str
    sentence: str
    place: str


def page() -> str:
    """The page in Markdown. Raises PageError where a term does not stand where it is said to."""
    lines = ["# Glossary", "", "Each term in the sentence of the lesson that explains it.", ""]
    lines.append("```{glossary}")
    for term in terms():
        lines += [term.name, f"  {term.sentence}", "", f"  {term.place}", ""]
    return "\n".join([*lines, "```", ""])


def terms() -> list[Term]:
    """All terms in alphabetical order. Raises PageError as `page` does."""
    found = []
    for number, sections in tomllib.loads(DECLARED.read_text(encoding="utf-8")).items():
        contents = lesson_numbered(number)
        paragraphs = paragraphs_of(contents)
        for section, names in sections.items():
            found += [defined(name, section, paragraphs, contents) for name in names]
    return sorted(found, key=lambda term: term.name.lower())


def paragraphs_of(contents: Contents) -> list[tuple[str, str]]:
    """The section and the text of each paragraph of a lesson; '' before the first section."""
    notebook = nbformat.read(BUILT / f"{contents.notebook}.ipynb", as_version=4)
    section, found = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for block in re.split(r"\n\s*\n|\n(?=- )", cell.source):
                heading = re.match(r"#{2,} (.+)", block)
                section = heading[1] if heading else section
                if not QUESTION.match(block):
                    found.append((section, " ".join(block.removeprefix("- ").split())))
    return found


def defined(name: str, section: str, paragraphs: list[tuple[str, str]], contents: Contents) -> Term:
    """The term from the first paragraph of that section in which it stands in bold."""
    bold = f"**{name}**"
    for its_section, paragraph in paragraphs:
        if its_section == section and bold in paragraph:
            sentences = END_OF_SENTENCE.split(paragraph)
            at = next(n for n, sentence in enumerate(sentences) if bold in sentence)
            shown = sentences[at : at + 1]
            if len(sentences[at].split()) < SHORT:
                opens = OPENS.match(sentences[at])
                shown = sentences[at : at + 2] if opens else sentences[max(at - 1, 0) : at + 1]
            return Term(name, " ".join(shown), place(section, contents))
    where = f"the section {section!r}" if section else "the beginning"
    raise PageError(f"{DECLARED.name}: {bold} does not stand in {where} of {contents.notebook}.")


def place(section: str, contents: Contents) -> str:
    """A link to a section of a lesson, in Markdown."""
    lesson = f"{contents.number} · {section or lesson_title(contents)}"
    # As MyST makes the names of sections.
    slug = re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-")
    return f"[{lesson}]({contents.notebook}.ipynb{'#' + slug if section else ''})"
