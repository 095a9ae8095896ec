"""Show a message: as a panel in JupyterLab, as plain text in a terminal."""

from __future__ import annotations

import dataclasses
import html
import re

from .terminal import say

# Of the border alone: a contrast of at least 3 to 1 against both a white and a dark page. All text
# takes the theme's own colour, and the sign says what the colour says.
COLOURS = {"good": "#2e9e5b", "wrong": "#d9622b", "note": "#3f84d6"}
SIGNS = {"good": "✔", "wrong": "✘", "note": "→"}


@dataclasses.dataclass(frozen=True)
class Panel:
    """A message with a headline and labelled lines.

    kind: 'good', 'wrong' or 'note'. rows: (label, text) pairs; a label may be empty.
    `code` in backticks is shown as code. block: a listing under the rows.
    """

    kind: str
    title: str
    headline: str
    rows: tuple[tuple[str, str], ...] = ()
    block: str = ""

    def __repr__(self) -> str:
        lines = [f"{SIGNS[self.kind]} {self.title}  {self.headline}".replace("`", "")]
        for label, text in self.rows:
            text = text.replace("\n", "\n    ")
            lines.append(f"  {label + ': ' if label else ''}{text}".replace("`", ""))
        if self.block:
            lines += ["", self.block.rstrip()]
        return _writable("\n".join(lines))

    def _repr_html_(self) -> str:
        colour = COLOURS[self.kind]
        body = (
            '<div style="margin:0 0 .3em 0"><span style="font-weight:bold">'
            f"{SIGNS[self.kind]} {html.escape(self.title)}</span>&ensp;{_rich(self.headline)}</div>"
        )
        for label, text in self.rows:
            name = f'<span style="opacity:.85">{html.escape(label)}:</span> ' if label else ""
            body += f'<div style="margin:.15em 0 0 1.4em">{name}{_rich(text)}</div>'
        if self.block:
            body += f'<pre style="margin:.5em 0 0 1.4em">{html.escape(self.block)}</pre>'
        return _writable(
            f'<div style="border-left:4px solid {colour};padding:.4em .8em;margin:.3em 0;'
            f'max-width:60em;line-height:1.5">{body}</div>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def _writable(text: str) -> str:
    """Half characters, as an answer may print them, would stop print() and the notebook."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _rich(text: str) -> str:
    """Escaped, with `code` in backticks as <code> and line breaks kept."""
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return text.replace("\n", "<br>")


def display(panel: Panel) -> None:
    """Show a panel where the reader is: a notebook, or a terminal."""
    if in_notebook():
        from IPython.display import display as show_rich

        show_rich(panel)
    else:
        say(panel)


def in_notebook() -> bool:
    """True inside a Jupyter kernel."""
    try:
        shell = get_ipython()  # type: ignore[name-defined]  # noqa: F821 - IPython puts it there
    except NameError:
        return False
    return hasattr(shell, "kernel")
