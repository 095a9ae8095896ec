"""The site as readers open it: from disk or a server, on a phone, in the dark, without script.

`make site` builds it; without it, these tests are skipped.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from course_utils.exercise import all_exercises
from course_utils.prediction import all_predictions
from tools.build import targets

LESSONS = [target for target in targets() if not target.practice]
PAGES = ["index", *(target.name for target in targets()), "glossary", "instructors", "search"]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
SCANNED = 8  # folded parts that axe-core reads: of the first exercises; all would take minutes


@pytest.fixture(scope="module")
def documents(site):
    """Each page, parsed, by the name of its file."""
    return {
        path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(site.glob("*.html"))
    }


# -- what is there -----------------------------------------------------------------------------


def test_every_page_is_there(documents):
    assert set(documents) == {f"{name}.html" for name in PAGES}


def test_every_prediction_is_on_the_page_of_its_lesson(documents):
    for target in LESSONS:
        blocks = documents[f"{target.name}.html"].select("section.prediction")
        found = [block["id"] for block in blocks]
        ids = [asked.id for asked in all_predictions() if asked.id[:2] == target.contents.number]
        assert found == [f"predict-{id.replace('.', '-')}" for id in ids]
        for block, id in zip(blocks, ids, strict=True):
            assert block.select_one("details code").text, f"{id}: no truth without a script"
            assert block.select("div.highlight"), f"{id}: no code"


def test_every_exercise_is_on_its_page_with_all_its_parts(documents):
    pages = {id: f"{target.name}.html" for target in targets() for id in target.exercises}
    for exercise in all_exercises():
        page = documents[pages[exercise.id]]
        heading = next(h for h in page.select("h2, h3") if h.text.startswith(f"{exercise.id} "))
        section = heading.parent
        summaries = [summary.text for summary in section.select("summary")]
        mistakes = [one for one in exercise.mistakes if one.same_as is None]
        assert summaries[: len(exercise.hints)] == [
            f"Hint {number}" for number in range(1, len(exercise.hints) + 1)
        ]
        assert summaries[-2] == f"What the check says to {len(mistakes)} wrong answers"
        assert summaries[-1] == "A right answer"
        told = " ".join(section.select_one("details.wrong-answers").text.split())
        for mistake in mistakes:
            assert f"def {mistake.name}" in told or f"class {mistake.name}" in told
            sentence = " ".join(mistake.sentence.replace("`", "").split())
            assert sentence in told, f"{exercise.id}: {mistake.name} is told otherwise"


def test_every_image_has_a_text_and_a_size(documents):
    for name, page in documents.items():
        for image in page.find_all("img"):
            assert len(image.get("alt", "")) > 10, f"{name}: {image}"
            assert image.get("width", "").isdigit() and image.get("height", "").isdigit(), name


def test_no_link_inside_is_dead(site, documents):
    anchors = {
        name: {tag[key] for key in ("id", "name") for tag in page.find_all(attrs={key: True})}
        for name, page in documents.items()
    }
    for name, page in documents.items():
        for tag in page.find_all(["a", "img", "script", "link"]):
            address = tag.get("href") or tag.get("src")
            if not address or address.startswith("data:"):
                continue
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                assert tag.name == "a", f"{name} asks another machine: {tag}"
                continue
            file = unquote(parts.path) or name
            assert (site / file).is_file(), f"{name}: {address}"
            if parts.fragment and file.endswith(".html"):
                assert unquote(parts.fragment) in anchors[file], f"{name}: {address}"


def test_sizes(site):
    for page in site.glob("*.html"):
        assert page.stat().st_size < 1_000_000, page.name
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 25_000_000


# -- in a browser ------------------------------------------------------------------------------


class Watched:
    """A page of the browser that notes what must not happen."""

    def __init__(self, browser, own, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.bad = []
        self.page.on("pageerror", lambda error: self.bad.append(str(error)))
        self.page.on(
            "console", lambda said: said.type in ("error", "warning") and self.bad.append(said.text)
        )
        self.page.on(
            "request",
            lambda asked: asked.url.startswith((own, "data:")) or self.bad.append(asked.url),
        )

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.context.close()
        if kind is None:
            assert not self.bad, self.bad

    def check_accessibility(self):
        """What axe-core calls serious or critical fails."""
        self.page.evaluate(axe_script())
        # preload would fetch the styles once more, which a page from disk must not.
        options = "{resultTypes: ['violations'], preload: false}"
        found = self.page.evaluate(f"axe.run(document, {options})")
        told = [
            f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:200]} "
            f"{rule['nodes'][0]['any'][:1]} ({len(rule['nodes'])} times)"
            for rule in found["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
        assert not told, "\n".join(told)


def axe_script():
    package = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    return Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8")


def open_folded(page, most):
    """Open the first folded parts of a page, and close all others."""
    page.evaluate(
        "most => document.querySelectorAll('details').forEach((d, n) => { d.open = n < most })",
        most,
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_a_phone_from_disk(site, browser, name):
    own = site.as_uri()
    with Watched(browser, own, viewport=PHONE, color_scheme="light", has_touch=True) as watched:
        watched.page.goto(f"{own}/{name}.html")
        open_folded(watched.page, most=10_000)
        width = watched.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{name} is {width} pixels wide"
        open_folded(watched.page, most=SCANNED)
        watched.check_accessibility()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_the_dark_from_a_server(server, browser, name):
    with Watched(browser, server, viewport=DESK, color_scheme="dark") as watched:
        watched.page.goto(f"{server}/{name}.html")
        open_folded(watched.page, most=SCANNED)
        watched.check_accessibility()


def test_a_guess_is_answered(site, browser):
    own = site.as_uri()
    with Watched(browser, own, viewport=PHONE) as watched:
        watched.page.goto(f"{own}/01_lesson_tensors_storage_stride.html")
        block = watched.page.locator("#predict-01-p1")
        field, verdict = block.locator("input"), block.get_by_role("status")
        answer = block.locator(".prediction-answer")
        block.get_by_role("button", name="Answer").click()
        verdict.get_by_text("Make your guess first").wait_for()
        assert not answer.is_visible(), "nothing is revealed without a guess"
        field.fill("float64")
        field.press("Enter")
        verdict.get_by_text("torch's default is half of that").wait_for()
        block.get_by_role("button", name="torch.float32").click()
        block.get_by_role("button", name="Answer").click()
        verdict.get_by_text("You predicted it").wait_for()
        verdict.get_by_text("One decimal number is enough").wait_for()
        assert answer.is_visible()


def test_without_a_script_everything_can_be_read(site, browser):
    own = site.as_uri()
    with Watched(browser, own, viewport=PHONE, java_script_enabled=False) as watched:
        watched.page.goto(f"{own}/01_lesson_tensors_storage_stride.html")
        block = watched.page.locator("#predict-01-p1")
        block.locator("summary").click()
        block.get_by_text("One decimal number is enough").wait_for()
        assert not watched.page.locator("input[type=text]:visible").count()


@pytest.mark.parametrize("place", ["disk", "server"])
def test_the_search_finds_code(site, server, browser, place):
    own = site.as_uri() if place == "disk" else server
    with Watched(browser, own, viewport=PHONE) as watched:
        for word in ("as_strided", "view", "nn.Module"):
            watched.page.goto(f"{own}/search.html?q={word}")
            watched.page.locator("#search-results li a").first.wait_for()
