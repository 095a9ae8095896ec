"""The half of the lessons' folders that a process with student code may hold works by itself."""

import ast
import importlib
import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from course_utils import exercise, lessons
from course_utils.catalogue import Catalogue
from course_utils.comparison import same
from course_utils.contents import all_lessons
from course_utils.exercise import all_exercises
from course_utils.plain import plain
from course_utils.student_half import HIDDEN, CannotBeCut, private_half, student_half
from tests import ROOT

FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(Path(lessons.__file__).parent.rglob("*.py"))
}
HALF = student_half(FILES)
PAGES = all_lessons()
by_lesson = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture
def half_only(tmp_path, monkeypatch):
    """Whatever is imported from course_utils.lessons comes from the half."""
    for path, source in HALF.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source, encoding="utf-8")
    monkeypatch.setattr(lessons, "__path__", [str(tmp_path / "course_utils" / "lessons")])
    for name in [name for name in sys.modules if name.startswith("course_utils.lessons.")]:
        monkeypatch.delitem(sys.modules, name)
    half = Catalogue(lambda id: ())
    monkeypatch.setattr(exercise, "catalogue", half)
    yield half
    for name in [name for name in sys.modules if name.startswith("course_utils.lessons.")]:
        del sys.modules[name]


WHOLE = {one.id: one for one in all_exercises()}


@by_lesson
def test_the_half_of_a_lesson_observes_as_the_whole_does(page, half_only):
    for id, file in page.exercises.items():
        module = importlib.import_module(f"{page.package}.{file}")
        half, whole = half_only.load(id), WHOLE[id]
        assert module.exercise is half
        assert half.answer is half.start is None
        assert not half.mistakes
        assert not half.right_answers
        for mine, theirs in zip(
            half.make_cases(random.Random(1)), whole.make_cases(random.Random(1)), strict=True
        ):
            assert same(plain(mine), plain(theirs))
    # The first and the last, all the way: same observations of the same answer.
    for id in {min(page.exercises, key=in_order), max(page.exercises, key=in_order)}:
        for mine, theirs in zip(
            half_only.load(id).observations(WHOLE[id].answer),
            WHOLE[id].reference_observations(),
            strict=True,
        ):
            assert same(mine.value, theirs.value)


def in_order(id):
    return int(id.partition(".")[2])


def test_every_name_that_the_half_uses_is_there(half_only):
    folder = lessons.__path__[0]
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@by_lesson
def test_nothing_of_an_answer_is_left_and_no_file_that_nothing_needs(page):
    folder = page.package.replace(".", "/")
    half = {path: text for path, text in HALF.items() if path.startswith(f"{folder}/")}
    everything = "\n".join(half.values())
    trees = [ast.parse(text) for text in half.values()]
    statements = [node for tree in trees for node in tree.body]
    constants = {n.value for t in trees for n in ast.walk(t) if isinstance(n, ast.Constant)}
    names = {getattr(node, "name", "") for node in statements}
    decorators = [
        ast.unparse(d) for node in statements for d in getattr(node, "decorator_list", [])
    ]
    assert not [text for text in decorators if re.search(rf"\.({'|'.join(HIDDEN)})\b", text)]
    for one in (WHOLE[id] for id in page.exercises):
        for answer in (one.answer, *one.right_answers, *(m.answer for m in one.mistakes)):
            assert answer.__name__ not in names, answer
        for text in (one.solution_source, one.stub_source):
            assert text.strip() not in everything
        assert not {mistake.sentence for mistake in one.mistakes} & constants

    imported = {
        f"{node.module.replace('.', '/')}.py"
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    own = {f"{folder}/__init__.py", *(f"{folder}/{file}.py" for file in page.exercises.values())}
    assert set(half) - own <= imported
    assert own <= set(half)


def test_a_half_is_followed_through_imports_and_holds_what_is_needed():
    files = {
        "lesson/__init__.py": "contents = 3\n",
        "lesson/one.py": """
            import os
            from contextlib import contextmanager
            from course_utils.exercise import Exercise
            from lesson.models import OnlyReference, Shared, Unused as _
            from . import tables

            LIMIT, OTHER = 3, 4
            LIMIT += 1
            SECRET = 42

            @contextmanager
            def kept():
                from lesson import inner
                yield inner

            @contextmanager
            def left():
                yield SECRET

            def with_a_local_name():
                SECRET = 1
                return SECRET

            exercise = Exercise("99.1")
            exercise.starter(left())

            @exercise.reference
            def answer(x):
                with left():
                    return OnlyReference(x)

            @exercise.cases
            def _(rng):
                with kept():
                    yield Shared(LIMIT), tables.ROWS, with_a_local_name()

            @exercise.mistake("No.")
            def wrong(x):
                return x

            @exercise.right
            def other(x):
                return SECRET
        """,
        "lesson/models.py": """
            from .deep import Base, Unused

            class OnlyReference(Base): ...

            class Shared(Base):
                def __init__(self, x):
                    self.x = helper(x)

            def helper(x):
                return x
        """,
        "lesson/deep.py": "class Base: ...\nclass Unused: ...\n",
        "lesson/tables.py": "ROWS = [1]\nROWS.append(2)\n",
        "lesson/inner.py": "DEEP = 1\n",
        "lesson/loops.py": "from lesson.models import Shared\n",
        "lesson/lesson.py": "# %%\nguess = ...\n",
    }
    half = student_half({path: textwrap.dedent(source) for path, source in files.items()})
    assert set(half) == {
        f"lesson/{n}.py" for n in ["__init__", "one", "models", "deep", "tables", "inner"]
    }
    assert half["lesson/__init__.py"] == "contents = 3\n"
    for name in ("LIMIT, OTHER = 3, 4", "LIMIT += 1", "def kept", 'Exercise("99.1")', "import os"):
        assert name in half["lesson/one.py"]
    assert "from lesson.models import Shared\n" in half["lesson/one.py"]
    for hidden in ("SECRET = 42", "left", "def answer", "def wrong", "def other", "No.", "Only"):
        assert hidden not in half["lesson/one.py"]
    assert "OnlyReference" not in half["lesson/models.py"]
    assert "def helper" in half["lesson/models.py"]
    assert "from .deep import Base\n" in half["lesson/models.py"]
    assert half["lesson/deep.py"] == "class Base: ...\n"
    assert "ROWS.append(2)" in half["lesson/tables.py"]


PRIVATE = textwrap.dedent("""
    '''Next week: widths.'''
    from course_utils.exercise import Exercise

    LENGTH, WIDTH = 3, 4
    quiz = Exercise("90.1", "Length", minutes=1, difficulty=1, hints=["Count from 1."])
    later = Exercise("90.2", "Width", minutes=1, difficulty=1, hints=["Look right."])

    @quiz.reference
    def length(x):
        return "the length"

    @quiz.cases
    def _(rng):
        yield (LENGTH,)  # the trap

    @quiz.mistake("You counted from one.")
    def from_one(x):
        return 1

    def width(x):
        return "the width"

    later.reference(width)

    @later.cases
    def _(rng):
        yield (WIDTH_OF, WIDTH)

    WIDTH_OF = "a hidden case of next week"
""")


def test_of_a_private_file_only_what_the_exercises_of_the_assignment_need_is_kept():
    half = private_half({"quiz.py": PRIVATE}, ["90.1"])["quiz.py"]
    assert "90.1" in half and "LENGTH" in half
    hidden = ("90.2", "idth", "next week", "Count", "trap", "the length", "counted", "right")
    assert not [text for text in hidden if text in half]
    assert "90.2" in private_half({"quiz.py": PRIVATE})["quiz.py"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("if True:\n    quiz.reference(width)\n", "line 32: `.reference` stands inside"),
        ("keep = quiz.right\nkeep(width)\n", "line 31: `.right` stands inside"),
        ("for one in [quiz]: one.mistake('No.')(width)\n", "`.mistake` stands inside"),
        ("[quiz][0].reference(width)\n", "cannot be told whose this is"),
        ("@quiz.observe\ndef _(f, x):\n    return f(x) == length(x)\n", "uses `length`"),
    ],
)
def test_what_cannot_be_cut_from_a_private_file_is_refused_in_one_sentence(more, said):
    with pytest.raises(CannotBeCut, match=said) as error:
        private_half({"quiz.py": PRIVATE + more})
    assert str(error.value).startswith("quiz.py") and "\n" not in str(error.value)
