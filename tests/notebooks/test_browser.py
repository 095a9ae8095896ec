"""A student's hour, in a real JupyterLab and a real browser.

From notebook 00 over a prediction and a link to the first exercise; a wrong answer, a hint, a right
one; after a restart of the kernel, and another `make lab`, work and place are still there. What the
course shows is looked at by axe, in the light and in the dark theme.

And for the first exercise of every other exercise notebook: run all cells, type a wrong answer,
read the feedback on the page, type a right one, read the pass, save, and find the file saved.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from course_utils.exercise import find
from course_utils.sources import undecorated_source
from tests import ROOT
from tests.notebooks.forked_kernels import forked_kernels_for
from tools import build

TOKEN = "a-token-for-this-test"
FIRST = "00_start_here.ipynb"
TARGETS = [target for target in build.targets() if target.practice]
OTHERS = [target for target in TARGETS if target.contents.number != "01"]
FRONT = ".jp-NotebookPanel:not(.lm-mod-hidden)"
IDLE = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
START_SECONDS = 60
STEP_MILLISECONDS = 60_000
TRY_MILLISECONDS = 3000
TRIES = 10


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab, for all tests of one exercise, with its port and the folder of the notebooks."""
    course = copy_of_the_course(tmp_path_factory.mktemp("course"))
    forked_kernels_for(course / "config")
    with running_lab(course) as port:
        yield port, course / "work"


def copy_of_the_course(place):
    for part in ("notebooks", "tools", "course_utils", "data", "requirements"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
    return place


@contextlib.contextmanager
def running_lab(course):
    """JupyterLab as `make lab` starts it, at a free port of 127.0.0.1, which is given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = dict(os.environ, JUPYTER_TOKEN=TOKEN, JUPYTER_CONFIG_DIR=str(course / "config"))
    environment.pop("PYTHONPATH", None)
    environment.pop("DISPLAY", None)
    command = [sys.executable, "tools/lab.py", "--port", str(port)]
    with (course / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=course, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", server, course / "lab.log")
            yield port
        finally:
            server.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for(address, server, log):
    for _ in range(START_SECONDS * 4):
        if server.poll() is not None:
            pytest.fail(f"JupyterLab ended at once:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.25)
    pytest.fail(f"JupyterLab did not answer in {START_SECONDS} seconds:\n{log.read_text()}")


@pytest.fixture(scope="module")
def page(browser, lab):
    """JupyterLab as it opens: with the first notebook, and the files beside it."""
    port, _ = lab
    with opened(browser, port) as page:
        yield page


@contextlib.contextmanager
def opened(browser, port):
    """The page at the address that `make lab` prints."""
    scale = 1.5 if os.environ.get("COURSE_SCREENSHOT") else 1.0  # more pixels are only painted
    page = browser.new_page(viewport={"width": 1400, "height": 2200}, device_scale_factor=scale)
    page.set_default_timeout(STEP_MILLISECONDS)
    page.goto(f"http://127.0.0.1:{port}/?token={TOKEN}")
    yield page
    page.close()


def shown_notebook(page, name):
    """The panel of the notebook in front, once its kernel can run something.

    JupyterLab drops what is asked of a kernel that it is still connecting to.
    """
    page.locator(".lm-TabBar-tab.lm-mod-current", has_text=name).wait_for()
    panel = page.locator(FRONT)
    panel.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    panel.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for()
    panel.locator(IDLE).wait_for()
    return panel


def focus(cell):
    """Click into the editor of a cell until it has the keys, as a person would.

    When all cells have been run, JupyterLab goes back to the last one, and a growing output moves
    the page under the pointer: a click just then goes elsewhere, or its focus is taken away again.
    """
    focused = cell.locator(".cm-editor.cm-focused")
    for _ in range(TRIES):
        cell.locator(".cm-content").click()
        with contextlib.suppress(PlaywrightTimeout):
            focused.wait_for(timeout=TRY_MILLISECONDS)
            return
    pytest.fail(f"No cell has the keys after {TRIES} clicks: {cell.all_inner_texts()}")


def run(page, cell, keys="Shift+Enter"):
    """Run a cell, from its editor; with these keys, the next cell is then the selected one.

    The keys may be lost as well, so they are sent again where its number stays as it was.
    """
    prompt = cell.locator(".jp-InputPrompt")
    before = prompt.text_content()
    for _ in range(TRIES):
        focus(cell)
        page.keyboard.press(keys)
        for _ in range(TRY_MILLISECONDS // 100):
            if prompt.text_content() != before:
                return
            page.wait_for_timeout(100)
    pytest.fail(f"The cell was not run in {TRIES} tries: {cell.all_inner_texts()}")


def replace_and_run(page, cell, text, keys="Shift+Enter"):
    """Type over a cell, again where what was typed got lost, and run it."""
    editor = cell.locator(".cm-content")
    for _ in range(TRIES):
        focus(cell)
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(text.rstrip())
        if "".join(editor.text_content().split()) == "".join(text.split()):
            return run(page, cell, keys)
    pytest.fail(f"After {TRIES} tries the cell holds {editor.text_content()!r}, not {text!r}")


def wait_until_idle(panel):
    """Until no cell of the notebook is running or waits for its turn."""
    panel.locator(IDLE).wait_for()
    panel.locator(".jp-InputPrompt", has_text="[*]").first.wait_for(state="detached")


def wait_for_output(cell, text):
    """Until a cell says `text`; where it does not, the failure shows what it says instead.

    What lies far from the part of a notebook that is shown is not drawn, so it cannot be seen.
    """
    output = cell.locator(".jp-OutputArea")
    cell.scroll_into_view_if_needed()
    try:
        output.filter(has_text=text).wait_for()
    except Exception as error:
        said = output.all_inner_texts()
        typed = cell.page.locator(".jp-mod-active .cm-content").all_inner_texts()
        pytest.fail(f"{text!r} did not come. The output: {said}. The active cell: {typed}. {error}")


def wrong_answer(exercise):
    """The first mistake of an exercise, under the name that the answer has to have."""
    mistake = exercise.mistakes[0]
    source = undecorated_source(mistake.answer)
    return re.sub(rf"\b{mistake.name}\b", exercise.name, source), mistake.sentence


def answer_cells(panel, exercise):
    """The cell for the answer to an exercise, and that of its check."""
    cells = panel.locator(".jp-CodeCell")
    answer = cells.filter(has_text=f"def {exercise.name}(").or_(
        cells.filter(has_text=f"class {exercise.name}")
    )
    return answer.first, cells.filter(has_text=f'check("{exercise.id}"').first


def answer_wrongly(page, panel, exercise):
    """Run all cells, type the first mistake of an exercise and read what it is told."""
    choose(page, "Run", "Run All Cells")
    answer, check = answer_cells(panel, exercise)
    wait_for_output(check, "Not attempted yet")
    wait_until_idle(panel)
    wrong, sentence = wrong_answer(exercise)
    replace_and_run(page, answer, wrong)
    run(page, check)
    wait_for_output(check, sentence.replace("`", ""))
    wait_until_idle(panel)


def answer_rightly(page, panel, exercise, path):
    """Type the reference answer, read the pass, and save; the notebook as it is then."""
    answer, check = answer_cells(panel, exercise)
    replace_and_run(page, answer, exercise.solution_source)
    run(page, check)
    wait_for_output(check, "Right")
    page.keyboard.press("ControlOrMeta+s")
    return wait_until_saved(path, exercise)


def own_cell(page, cell, text):
    """Make a cell below another one, as notebook 00 says, and run it; the new one."""
    active = page.locator(f"{FRONT} .jp-Cell.jp-mod-active")
    for _ in range(TRIES):
        cell.locator(".jp-InputPrompt").click()
        page.keyboard.press("b")
        page.wait_for_timeout(300)
        if not active.locator(".cm-content").text_content():
            break
    replace_and_run(page, active, text, "Control+Enter")
    return active


def restart_kernel(page):
    choose(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(".jp-Dialog").wait_for(state="detached")


def test_a_students_hour(browser, tmp_path):
    course = copy_of_the_course(tmp_path)
    [target] = [target for target in TARGETS if target.contents.number == "01"]
    exercise, name = find(target.exercises[0]), target.built.name
    hint = f'from course_utils import hint\nhint("{exercise.id}")'

    with running_lab(course) as port, opened(browser, port) as page:
        panel = shown_notebook(page, FIRST)
        assert not page.get_by_text("Nbgrader").count(), "a student's JupyterLab has no such panels"
        # A copy has no outputs, so what is read below has just been made.
        choose(page, "Run", "Run All Cells")
        guess = panel.locator(".jp-CodeCell", has_text='predict("00.p1"').first
        wait_for_output(guess, "Make your guess first")
        wait_until_idle(panel)
        replace_and_run(page, guess, 'guess = 3\npredict("00.p1", guess, lambda: 7 // 2)')
        wait_for_output(guess, "You predicted it")
        assert_axe_finds_nothing(page)

        row = panel.locator("tr", has_text=target.contents.title)
        row.get_by_role("link", name="exercises").click()
        panel = shown_notebook(page, name)
        answer_wrongly(page, panel, exercise)
        answer, check = answer_cells(panel, exercise)
        if os.environ.get("COURSE_SCREENSHOT"):  # how docs/exercise.png is made
            take_picture(page, answer, check, os.environ["COURSE_SCREENSHOT"])
        wait_for_output(own_cell(page, check, hint), "hint 1 of")
        assert_axe_finds_nothing(page)
        answer_rightly(page, panel, exercise, course / "work" / name)

        restart_kernel(page)
        wait_for_output(own_cell(page, check, hint), "hint 2 of")
        mine = own_cell(page, check, "from course_utils import progress\nprogress()")
        wait_for_output(mine, f"1 of {len(target.exercises)} exercises passed, 0 of")
        mine.locator("img[alt*='A map of']").wait_for()
        page.keyboard.press("ControlOrMeta+s")
        wait_until_saved(course / "work" / name, exercise, "progress()")

    settings = course / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    dark = json.dumps({"theme": "JupyterLab Dark"})
    (settings / "themes.jupyterlab-settings").write_text(dark)
    with running_lab(course) as port, opened(browser, port) as page:
        panel = shown_notebook(page, name)
        answer, check = answer_cells(panel, exercise)
        answer.get_by_text(exercise.solution_source.splitlines()[1].strip()).first.wait_for()
        wait_for_output(check, "Right")
        page.locator('body[data-jp-theme-light="false"]').wait_for(state="attached")
        page.set_viewport_size({"width": 640, "height": 2200})  # or 1280 at 200 %
        assert_axe_finds_nothing(page)


def take_picture(page, answer, check, path):
    top, bottom = answer.bounding_box(), check.bounding_box()
    clip = {"x": top["x"], "y": top["y"] - 130, "width": top["width"]}
    clip["height"] = bottom["y"] + bottom["height"] - clip["y"]
    page.mouse.move(0, 0)
    page.screenshot(path=path, clip=clip)


def assert_axe_finds_nothing(page):
    """No complaint about what the course shows in front, after words were measured."""
    # JupyterLab's body has no height: axe takes all that lies in it for hidden, and looks away.
    page.add_style_tag(content="body { height: 100vh }")
    shown = f"{FRONT} .jp-OutputArea-output, {FRONT} .jp-MarkdownOutput"
    found = Axe().run(page, shown, {"resultTypes": ["violations", "passes"]}).response
    assert not found["violations"], json.dumps(found["violations"], indent=1)
    measured = {rule["id"]: len(rule["nodes"]) for rule in found["passes"]}
    assert measured["color-contrast"] > 10, "of panels and texts, 4.5 to 1"


@pytest.mark.parametrize("target", OTHERS, ids=lambda target: target.name)
def test_a_student_answers_an_exercise(page, lab, target):
    _, work = lab
    exercise = find(target.exercises[0])
    name = target.built.name
    page.locator(".jp-DirListing-itemText", has_text=re.compile(rf"^{name}$")).dblclick()
    panel = shown_notebook(page, name)
    answer_wrongly(page, panel, exercise)
    saved = answer_rightly(page, panel, exercise, work / name)
    checked = next(c for c in saved.cells if c.metadata.get("check") == exercise.id)
    assert "✔" in str(checked.outputs)
    choose(page, "File", "Close and Shut Down Notebook…")  # a kernel takes 300 MB
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.locator(".lm-TabBar-tab", has_text=name).wait_for(state="detached")


def choose(page, menu, item):
    """Click an item of a menu, as a person does."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(rf"^{item}$")).click()


def wait_until_saved(path, exercise, also=""):
    """The notebook in the file, once the right answer stands in it, and what is `also` asked."""
    for _ in range(200):
        with contextlib.suppress(ValueError, OSError):  # the file is being written
            saved = nbformat.read(path, as_version=4)
            cell = next(c for c in saved.cells if c.metadata.get("exercise") == exercise.id)
            answered = exercise.solution_source.strip() in cell.source
            if answered and any(also in cell.source for cell in saved.cells):
                return saved
        time.sleep(0.1)
    pytest.fail(f"{path.name} was not saved with the answer in it")
