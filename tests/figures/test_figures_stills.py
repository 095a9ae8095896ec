"""Figures to be opened one by one: order, words and size; and each still shows its own moment."""

import html
import re

import pytest

from course_utils import figures
from tests.figures.test_figures import HOOK_TRACE, STEPS, TEXTS, words_of

SAID = {f"{line} <has run>.": figures.step_table(STEPS, now=line) for line in STEPS}


def moment(trace=HOOK_TRACE, *, now):
    return figures.hook_timeline(trace, now=now)


def so_far(**made):
    return figures.collated(*TEXTS, names=["words", "labels"], made=made)


def words(figure):
    return [text.get_text() for text in words_of(figure.drawing)]


def test_each_step_is_a_sentence_that_opens_its_figure_and_the_first_is_open():
    bundle = figures.steps(SAID)._repr_mimebundle_()
    page = bundle["text/html"]
    parts = re.findall(
        r'<details name="([^"]+)"( open)?><summary[^>]*>(.*?)</summary>'
        r"(<div [^>]*><img [^>]*></div>)</details>",
        page,
    )
    names, opened, titles, images = zip(*parts, strict=True)
    assert len(set(names)) == 1  # so that opening one closes the others
    assert opened == (" open", "", "")
    assert [html.unescape(title) for title in titles] == [
        f"Step {i} of 3: {said}" for i, said in enumerate(SAID, 1)
    ]
    assert list(images) == [figure._repr_html_() for figure in SAID.values()]
    assert not re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL).strip()
    assert "<script" not in page
    assert "<has" not in page


def test_without_pictures_there_is_a_line_for_each_step():
    lines = figures.steps(SAID)._repr_mimebundle_()["text/plain"].split("\n")
    assert lines == repr(figures.steps(SAID)).split("\n")
    assert len(lines) == 3
    assert lines[1] == (
        "Step 2 of 3: backward() <has run>. The table so far, with this last line: "
        "backward() changes w.grad. Now w is 1.00, w.grad is 3.00."
    )


def test_two_lists_on_one_page_leave_each_other_open():
    turned = dict(reversed(SAID.items()))
    first, second = (figures.steps(stills)._repr_html_() for stills in (SAID, turned))
    assert re.findall('name="[^"]*"', first)[0] not in second


def test_stills_of_one_thing_have_one_size():
    moments = [(1, 1), (2, 4), (5, 10)]
    for stills in (
        {str(now): moment(now=now) for now in moments},
        {line: figures.step_table(STEPS, now=line) for line in STEPS},
        {"1": so_far(), "2": so_far(labels=1), "3": so_far(labels=1, words=0)},
    ):
        assert len(figures.steps(stills).stills) == 3


def test_a_still_shows_what_has_happened_by_then_and_nothing_later():
    numbers = [word for word in words(moment(now=(6, 8))) if word.isdigit()]
    assert numbers == [str(number) for number in range(1, 9)]
    cells = words(figures.step_table(STEPS, now="backward()"))
    assert cells.count("3.00") == 1
    assert "0.70" not in cells
    shapes = [word for word in words(so_far(labels=1)) if "shape" in word]
    assert shapes == ["labels   shape (2,)"]


def test_a_still_says_what_is_new():
    text = moment(now=(6, 8)).alt
    assert text.startswith("The timeline after 8 of 10 hook calls. New in this step: ")
    assert "backward pre of body.0; gradient of body.0.bias; gradient of body.0.weight." in text
    assert text.endswith("Begun and not yet ended: the model and body.0.")
    assert moment(now=(10, 10)).alt.endswith("not yet ended: nothing.")
    assert so_far().alt == (
        "The samples: sample 0 is (5, 2) and (1); sample 1 is (7, 4, 9) and (0). "
        "Still to be made: words, labels."
    )
    assert so_far(words=0, labels=1).alt == (
        "New in the batch, from field 1 of each sample, is labels of shape (2,): [1, 0]. "
        "All parts are made."
    )
    assert so_far(labels=1).alt.endswith("Still to be made: words.")


BAD_CALLS = {
    "steps() shows 2 to 9 figures, not 1.": lambda: figures.steps({"one": so_far()}),
    "The figures of steps() have one size, but these are ": lambda: figures.steps(
        {"one": so_far(), "two": moment(now=(1, 1))}
    ),
    "now=(0, 1) are no numbers of events; there are 10 of them.": lambda: moment(now=(0, 1)),
    "now=(3, 2) are no numbers": lambda: moment(now=(3, 2)),
    "now=(9, 11) are no numbers": lambda: moment(now=(9, 11)),
    "now='forward' is none of the lines at the start, backward(), step().": (
        lambda: figures.step_table(STEPS, now="forward")
    ),
    "There is no part 'lengths', or no field 0": lambda: so_far(lengths=0),
    "There is no part 'words', or no field 2": lambda: so_far(words=2),
}


@pytest.mark.parametrize("sentence", BAD_CALLS)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        BAD_CALLS[sentence]()
    assert "\n" not in str(caught.value)
