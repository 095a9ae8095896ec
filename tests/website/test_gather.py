"""The arrows of gather of lesson 02, in a real browser and opened from disk."""

import re

import pytest
import torch

from tests.website.loose_pages import PHONE, opened, written
from website import stills

FILES = ("cells.css", "cells.js", "gather-arrows.js")
X = (torch.arange(12) * 10).reshape(3, 4)


@pytest.fixture
def address(tmp_path):
    return written(tmp_path, stills.mount_point("gather-arrows"), *FILES)


@pytest.fixture
def page(browser, address):
    with opened(browser, address) as page:
        yield page


def cell(page, name):
    return page.get_by_role("button", name=re.compile("^" + re.escape(name)))


def answer(page):
    return page.get_by_role("status").inner_text()


def result(page):
    return page.get_by_role("group", name="result").get_by_role("button")


def show_all(page):
    for one in result(page).all():
        one.click()
        page.get_by_role("button", name="Show without a guess").click()


def test_the_examples_do_what_torch_does(page):
    """The same numbers, or an error with the words of torch's own."""
    examples = page.evaluate("course.gatherExamples")
    raised = 0
    for example in examples:
        page.get_by_label("Example").select_option(label=example["name"])
        try:
            expected = X.gather(example["dim"], torch.tensor(example["index"])).flatten().tolist()
        except RuntimeError as error:
            raised += 1
            assert answer(page).startswith("RuntimeError: ")
            if "out of bounds" in str(error):
                assert answer(page).startswith(f"RuntimeError: {str(error).splitlines()[0]}")
            assert result(page).count() == 0
            continue
        show_all(page)
        assert [int(one.inner_text()) for one in result(page).all()] == expected, example["name"]
    assert (len(examples), raised) == (7, 2)


def test_a_guess_comes_first(page):
    page.get_by_label("Example").select_option(label="a row for each place")
    cell(page, "x[2, 0]").click()
    assert answer(page) == "First choose a cell of the result."
    cell(page, "result[0, 0], hidden").click()
    assert page.locator(".course-arrows path").count() == 0
    cell(page, "x[2, 0]").click()
    assert answer(page) == (
        "Yes. index[0, 0] is 2. With dim=0 that is row 2, and column 0 stays: "
        "result[0, 0] = x[2, 0] = 80."
    )
    assert page.locator(".course-arrows path").count() == 2
    assert cell(page, "result[0, 0], holds 80").inner_text() == "80"
    assert cell(page, "result[0, 1], hidden").inner_text() == "?"


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("x[0, 1]", "So it would be with dim=1: dim says which of the two numbers is replaced."),
        ("x[0, 3]", "That is the place in the result. The index changes one of its numbers."),
        ("x[1, 0]", "Only the number of dimension 0 comes from the index. The other one stays."),
        ("x[2, 2]", ""),
    ],
)
def test_a_wrong_guess_is_told_why(page, chosen, why):
    page.get_by_label("Example").select_option(label="a row for each place")
    cell(page, "result[0, 3]").click()  # its index is 1
    cell(page, chosen).click()
    assert answer(page).startswith(f"You chose {chosen}. {why}".strip() + " index[0, 3] is 1.")
    assert answer(page).endswith("result[0, 3] = x[1, 3] = 70.")


def test_an_index_of_ones_own(page):
    page.get_by_label("Example").select_option(label="one element of each row")
    field = page.get_by_label("index[1, 0]")
    field.fill("4")
    assert answer(page).startswith(
        "RuntimeError: index 4 is out of bounds for dimension 1 with size 4."
    )
    field.fill("")
    assert answer(page) == "Write a whole number into each cell of the index."
    field.fill("3")
    show_all(page)
    expected = X.gather(1, torch.tensor([[2], [3], [3]])).flatten().tolist()
    assert [int(one.inner_text()) for one in result(page).all()] == expected
    assert page.get_by_text("x.gather(1, torch.tensor([[2], [3], [3]]))").is_visible()
    page.get_by_label("dim", exact=True).select_option("0")
    assert answer(page).startswith("RuntimeError: index 3 is out of bounds for dimension 0")


def test_the_keyboard_alone(page):
    page.get_by_label("Example").select_option(label="a row for each place")
    result(page).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert "Which cell of x does result[0, 1] come from?" in page.locator("main").inner_text()
    cell(page, "x[0, 0]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert answer(page).startswith("Yes. index[0, 1] is 0.")
    assert page.evaluate("document.activeElement.ariaLabel") == "result[0, 1], holds 10"


def test_arrows_end_at_their_cells(page):
    """From the index to x to the result, also when the page gets narrower."""
    cell(page, "result[0, 0]").click()
    page.get_by_role("button", name="Show without a guess").click()
    page.set_viewport_size(PHONE)
    page.wait_for_function(
        """() => {
          const box = document.querySelector('[aria-label^="x["].course-lit')
            .getBoundingClientRect();
          const stage = document.querySelector(".course-stage").getBoundingClientRect();
          const path = document.querySelector(".course-arrows path");
          const { x, y } = path.getPointAtLength(path.getTotalLength());
          const near = (value, low, high) => value >= low - 2 && value <= high + 2;
          return near(x + stage.left, box.left, box.right)
            && near(y + stage.top, box.top, box.bottom);
        }"""
    )


def test_on_a_phone_nothing_is_wider_than_the_page(browser, address):
    with opened(browser, address, PHONE) as page:
        for example in page.evaluate("course.gatherExamples"):
            page.get_by_label("Example").select_option(label=example["name"])
            show_all(page)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], example["name"]


def test_without_javascript_there_is_a_still_and_a_text(browser, address):
    with opened(browser, address, java_script_enabled=False) as page:
        still = page.get_by_role("img").get_attribute("aria-label")
        assert still.endswith("the result 80, 10, 60, 70.")
        assert X.gather(0, torch.tensor([[2, 0, 1, 1]])).tolist() == [[80, 10, 60, 70]]
        assert "which is 80" in page.locator("main").inner_text()
