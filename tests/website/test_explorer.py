"""The storage explorer of lesson 01, in a real browser and opened from disk."""

import re

import pytest
import torch

from tests.website.loose_pages import PHONE, opened, written
from website import stills

FILES = ("cells.css", "cells.js", "storage-explorer.js")


@pytest.fixture
def address(tmp_path):
    return written(tmp_path, stills.mount_point("storage-explorer"), *FILES)


@pytest.fixture
def page(browser, address):
    with opened(browser, address) as page:
        yield page


def cell(page, name):
    return page.get_by_role("button", name=re.compile(re.escape(name)))


def choose_view(page, code):
    page.get_by_label("View").select_option(label=code)


def answer(page):
    return page.get_by_role("status").inner_text()


def lit(page):
    return [one.get_attribute("aria-label") for one in page.locator(".course-lit").all()]


def test_the_views_are_what_torch_says(page):
    x = (torch.arange(12) * 10).reshape(3, 4)
    views = page.evaluate("course.storageViews")
    assert len(views) >= 5
    for view in views:
        tensor = eval(view["code"], {"x": x})
        note = [list(tensor.shape), list(tensor.stride()), tensor.storage_offset()]
        assert [view["shape"], view["stride"], view["offset"]] == note, view["code"]
        choose_view(page, view["code"])
        page.get_by_role("button", name="Show without a guess").click()
        shown = [int(one.inner_text()) for one in page.locator(".course-scroll button").all()]
        assert shown == tensor.flatten().tolist(), view["code"]


def test_a_guess_comes_first(page):
    choose_view(page, "x[1:, ::2]")
    hidden = cell(page, "[1, 0], hidden")
    hidden.click()
    assert answer(page) == "Its number is hidden until you have made a guess."
    assert hidden.inner_text() == "?"
    cell(page, "place 10,").click()
    assert answer(page) == "Yes. [1, 1] reads place 4 + 1 × 4 + 1 × 2 = 10, which holds 100."
    assert lit(page) == ["[1, 1], holds 100", "place 10, holds 100"]


@pytest.mark.parametrize(
    ("view", "place", "why"),
    [
        ("x[1:, ::2]", 6, "That leaves the offset out."),
        ("x[:, 1:2].expand(3, 4)", 5, "That takes the strides in the other order"),
        ("x.t()", 10, "That counts the cells row by row"),
        ("x[1:, ::2]", 7, "That takes the number of columns for the stride."),
        ("x", 10, "Places are counted from 0."),
        ("x", 0, ""),
    ],
)
def test_a_wrong_guess_is_told_why(page, view, place, why):
    choose_view(page, view)
    page.get_by_label("place", exact=True).fill(str(place))
    page.get_by_role("button", name="Answer").click()
    assert answer(page).startswith(f"You chose place {place}. {why}".strip())
    assert re.search(r"\] reads place .* = \d+, which holds \d+\.$", answer(page))


def test_both_directions(page):
    choose_view(page, "x[:, 1:2].expand(3, 4)")
    page.get_by_role("button", name="Show without a guess").click()
    cell(page, "place 5,").click()
    assert answer(page) == "Place 5 is read by [1, 0] and [1, 1] and [1, 2] and [1, 3]."
    assert len(lit(page)) == 5
    cell(page, "place 2,").click()
    assert answer(page).startswith("No element reads place 2")
    cell(page, "[2, 3], holds 90").click()
    assert lit(page) == ["[2, 3], holds 90", "place 9, holds 90"]


@pytest.mark.parametrize(
    ("field", "number", "says"),
    [
        (
            "stride of a row",
            "6",
            "The last element, [2, 3], would read place 0 + 2 × 6 + 3 × 1 = 15.",
        ),
        ("offset", "1", "The last element, [2, 3], would read place 1 + 2 × 4 + 3 × 1 = 12."),
        ("stride of a column", "-1", "torch takes no negative stride: it raises a RuntimeError."),
        ("offset", "-1", "An offset below 0 lies before the storage"),
        ("rows", "7", "This figure draws shapes from 1 to 6."),
        ("rows", "", "Write a whole number into each field."),
        ("offset", "0.5", "Write a whole number into each field."),
    ],
)
def test_numbers_of_ones_own(page, field, number, says):
    page.get_by_label(field, exact=True).fill(number)
    assert answer(page).startswith(says)
    assert page.locator(".course-scroll button").count() == 0
    assert page.get_by_label("View").input_value() == "your own numbers"
    choose_view(page, "x")
    assert page.locator(".course-scroll button").count() == 12


def test_what_reaches_outside_is_what_torch_refuses(page):
    """At the border of what a storage holds, both say the same."""
    x = torch.arange(12)
    for shape, stride, offset in [
        ((3, 4), (4, 1), 0), ((3, 4), (4, 1), 1), ((2, 2), (10, 1), 0), ((2, 2), (10, 2), 0),
        ((1, 1), (9, 9), 11), ((1, 2), (12, 1), 11), ((6, 6), (1, 1), 1), ((6, 6), (1, 1), 2),
    ]:  # fmt: skip
        labels = ("rows", "columns", "stride of a row", "stride of a column", "offset")
        for label, number in zip(labels, (*shape, *stride, offset), strict=True):
            page.get_by_label(label, exact=True).fill(str(number))
        try:
            x.as_strided(shape, stride, offset)
            fits = True
        except RuntimeError:
            fits = False
        assert (page.locator(".course-scroll button").count() > 0) == fits, (shape, stride, offset)


def test_the_keyboard_alone(page):
    page.get_by_label("offset", exact=True).focus()
    page.keyboard.press("Tab")  # one stop for the tensor, one for the storage
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel") == "[1, 1], hidden"
    page.keyboard.press("Tab")
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert answer(page).startswith("Yes. [2, 1] reads place 0 + 2 × 4 + 1 × 1 = 9")


def test_on_a_phone_nothing_is_wider_than_the_page(browser, address):
    with opened(browser, address, PHONE) as page:
        for code in [view["code"] for view in page.evaluate("course.storageViews")]:
            choose_view(page, code)
            page.get_by_role("button", name="Show without a guess").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], code
            places = page.locator(".course-strip button").all()
            assert min(place.bounding_box()["width"] for place in places) >= 24


def test_without_javascript_there_is_a_still_and_a_text(browser, address):
    with opened(browser, address, java_script_enabled=False) as page:
        assert page.get_by_role("img").get_attribute("aria-label").startswith("A tensor of 40")
        assert "reads place 4 + 1 × 4 + 1 × 2 = 10" in page.locator("main").inner_text()
