"""The search of the website, as a reader uses it: parts of Hangul words, and names of code."""

import contextlib
import os
import subprocess
import sys
import unicodedata
import urllib.parse

import pytest

from tests import ROOT
from tests.website.loose_pages import opened

pytest.importorskip("sphinx", reason="the packages of the website are not installed")

PAGES = {
    "seeds": "시드가 같으면 난수는 언제나 같습니다. 텐서의 값을 보세요.",
    "arguments": "인자가 둘 있습니다: `dim`과 `index`. 텐서를 넘깁니다.",
    "storage": "**저장 공간**(storage)에는 텐서의 수가 있습니다.\n\n"
    "```python\nx.as_strided((2, 2), (1, 1))\nx.view(4)\n```",
    "masks": "Write with `masked_fill_`, or choose with `torch.where(mask, x, 0)`.",
    "modules": "Every layer is an `nn.Module`. It can be part of another one.",
    "reading": "`x.gather(1, index)` reads. This is no `module`, and Module 3 of torch is `nn`.",
}
FOUND = {
    # Words that stand on the pages only with a particle.
    "시드": ["seeds"],
    "난수": ["seeds"],
    "인자": ["arguments"],
    "텐서": ["arguments", "seeds", "storage"],
    "값": ["seeds"],
    "저장 공간": ["storage"],
    "저장공간": [],  # written with a space
    "시드가 같으면": ["seeds"],
    "난로": [],
    unicodedata.normalize("NFD", "시드"): ["seeds"],  # letter by letter, as some systems type
    # Names of code.
    "as_strided": ["storage"],
    "strided": ["storage"],
    "view": ["storage"],
    "masked_fill_": ["masks"],
    "masked_fill": ["masks"],
    "where": ["masks"],
    "torch.where": ["masks"],
    "nn.Module": ["modules"],
    "Module": ["modules", "reading"],
    "x.gather": ["reading"],
    "torch.gather": ["reading"],  # which only has `x.gather`, and the word torch
    "layers": ["modules"],  # by its stem
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The folder of a small site that uses this search."""
    source = tmp_path_factory.mktemp("source")
    built = tmp_path_factory.mktemp("built")
    (source / "conf.py").write_text(
        'extensions = ["myst_parser", "website.search_words"]\n'
        'language = "ko"\nhtml_theme = "basic"\nhtml_show_search_summary = False\n'
    )
    for name, text in PAGES.items():
        (source / f"{name}.md").write_text(f"# {name.upper()}\n\n{text}\n", encoding="utf-8")
    (source / "index.md").write_text(
        "# All\n\n```{toctree}\n:hidden:\n\n" + "\n".join(PAGES) + "\n```\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", source, built],
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return built


@contextlib.contextmanager
def searched(pages, browser, asked):
    """The page of results."""
    address = (pages / "search.html").as_uri()
    with opened(browser, f"{address}?q={urllib.parse.quote(asked)}") as page:
        # The heading has dots that move, until the search is finished.
        page.wait_for_function("() => Search.title && !Search.title.querySelector('span')")
        yield page


@pytest.mark.parametrize(("asked", "expected"), FOUND.items(), ids=FOUND)
def test_what_is_found(pages, browser, asked, expected):
    with searched(pages, browser, asked) as page:
        links = page.locator("#search-results li a").all()
        found = sorted({link.get_attribute("href").partition(".")[0] for link in links})
        assert found == expected


def test_pages_are_split_as_questions_are(pages, browser):
    """Whatever stands on a page can be asked for: Python and JavaScript split in the same way."""
    from website.search_words import words

    with searched(pages, browser, "view") as page:
        for text in (*PAGES.values(), "x.y_z.다텐서a", "1.5 01.3", "é_ü", ""):
            asked = page.evaluate("(text) => splitQuery(text)", text)
            assert set(asked) <= set(words(text)), text
            assert bool(asked) == bool(words(text)), text
