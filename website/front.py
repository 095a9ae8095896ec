"""The first page of the site, and the page for instructors."""

from __future__ import annotations

import re
import struct

from course_utils.contents import all_lessons
from tools.build import ROOT
from website.pages import as_html, hours, lesson_list, toctree

GUIDE = ROOT / "docs" / "instructors.md"
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<file>[\w-]+\.png)\)")

INTRODUCTION = """\
```{container} lead
A course on the fundamentals of PyTorch: tensors and strides, indexing, autograd, modules, hooks,
data loading, losses, optimizers and the training loop.
```

Read it here, on a phone or a computer, with nothing installed. A lesson asks you to **predict**
before the code answers, and tells you the thought behind a wrong guess. To write code yourself,
open the same lessons as notebooks: see [How it goes](#how-it-goes).
"""

BEGIN = """\
<p class="begin"><a class="button" href="{first}.html">Begin with lesson 01</a>
<a class="button quiet" href="{start}.html">How the notebooks work</a></p>"""

TRY = """\
``````{prediction} 01.p3
A pixel has the value 200 and you make the picture brighter by 100. The dtype is `uint8`. Which
number comes out?

```python
(torch.tensor(200, dtype=torch.uint8) + 100).item()
```
``````"""

HOW = """\
1. **Predict.** The lesson asks. You write a guess, and the page compares it with what the code
   really gives. The truth is written nowhere by hand: the code of the lesson was run for it.
2. **Answer.** In the notebooks you write a function and run its check. It shows a call that went
   wrong, and the thought behind your mistake where it is a known one. The exercise pages here show
   what the check says to the wrong answers that people really write.
3. **Hint.** Each exercise has hints, from a nudge to nearly there, and a right answer.

To work in the notebooks, get the course's folder and run `make lab` in it. It sets everything up,
and opens JupyterLab with your own copies."""


def index() -> str:
    """The first page: what the course is, one question to try, all lessons."""
    start, first, *_ = all_lessons()
    return "\n\n".join(
        [
            "# PyTorch from the inside",
            INTRODUCTION,
            as_html(BEGIN.format(first=first.notebook, start=start.notebook)),
            "## Try one",
            TRY,
            "## Lessons",
            hours(),
            lesson_list(),
            "## How it goes",
            HOW,
            toctree([page.notebook for page in all_lessons()], "Lessons"),
            toctree(["glossary", "instructors"], "More"),
            "",
        ]
    )


def instructors(figures: dict[str, bytes]) -> str:
    """The guide for instructors. figures: gets its pictures, by the name of their file."""

    def picture(found: re.Match[str]) -> str:
        png = (GUIDE.parent / found["file"]).read_bytes()
        figures[found["file"]] = png
        width, height = struct.unpack(">II", png[16:24])
        return as_html(
            f'<a class="figure" href="figures/{found["file"]}"><img alt="{found["alt"]}" '
            f'width="{width}" height="{height}" loading="lazy" src="figures/{found["file"]}"></a>'
        )

    return PICTURE.sub(picture, GUIDE.read_text(encoding="utf-8"))
