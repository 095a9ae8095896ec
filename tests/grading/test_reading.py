"""Answers are found in whatever was handed in; what cannot be read is said in one sentence."""

import ast
import codeop
import json

import nbformat
import pytest

from course_utils.exercise import all_exercises, find
from course_utils.notebook import prose_cell
from grading.inside.reading import NotANotebook, defines, find_programs, read_notebook
from tests.grading.submissions import as_file, code, notebook, right

ID = "01.1"
RIGHT = right(ID)
WRONG = "def contiguous_strides(shape):\n    return ()\n"


def programs(data, *ids):
    cells, notes = read_notebook(data)
    wanted = {}
    for id in ids or (ID,):
        one = find(id)
        wanted[id] = {"name": one.name, "stub": one.stub_source, "by_hand": one.by_hand.facts()}
    return find_programs(cells, wanted), notes


def program(data, id=ID):
    return programs(data, id)[0][id]


def gives(data, id=ID):
    """The answer of a notebook, defined as the sandbox does it; for answers that are harmless."""
    found = program(data, id)
    assert found.state == "found", found
    scope = {"get_ipython": lambda: None}
    compiler = codeop.Compile()
    for part in found.parts:
        statements = ast.parse(part.code).body
        chosen = [statements[place] for place in part.statements]
        for statement in chosen:
            exec(compiler(ast.Module([statement], type_ignores=[]), "a cell", "exec"), scope)
    return scope[find(id).name]


def holds(*cells):
    """A notebook of these cells, of which the last is the answer's."""
    return as_file([*(code(c) for c in cells[:-1]), code(cells[-1], exercise=ID)])


# -- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"hello", "not JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not JSON"),
        (b"PK\x03\x04" + bytes(1000), "not JSON"),
        (b"\x00" * 1000, "not JSON"),
        (b"\xff\xfe\x00\xd8", "not JSON"),
        (b'{"cells": [', "not JSON"),
        (b"%PDF-1.7", "not JSON"),
        (b"<html></html>", "not JSON"),
        (b"[]", "no cells"),
        (b"null", "no cells"),
        (b"3", "no cells"),
        (b'"text"', "no cells"),
        (b"{}", "no cells"),
        (b'{"cells": null}', "no cells"),
        (b'{"cells": {"a": 1}}', "no cells"),
        (b'{"cells": []}', "no code cells"),
        (b'{"cells": [1, null, "x", []]}', "no code cells"),
        (b'{"cells": [{"cell_type": "markdown", "source": "x"}]}', "no code cells"),
        (b'{"worksheets": [{"cells": []}]}', "no code cells"),
        (b'{"worksheets": [{"cells": [{}]}]}', "format 3 that cannot be converted"),
        (b'{"worksheets": [5]}', "format 3 that cannot be converted"),
        (b'{"worksheets": [{"cells": {"a": 1}}], "metadata": 5}', "format 3 that cannot be"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"cells":' * 100_000, "nested too deeply"),
        (b'{"cells": [' + b"9" * 5000 + b"]}", "not JSON"),
    ],
    ids=lambda v: repr(v)[:40],
)
def test_what_is_no_notebook_is_said_in_one_sentence(data, says):
    with pytest.raises(NotANotebook) as raised:
        read_notebook(data)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_in_its_own_encodings_is_read(encoding):
    text = json.dumps(json.loads(holds(RIGHT + "# 한글 주석\n")), ensure_ascii=False)
    assert gives(text.encode(encoding))((2, 3)) == (3, 1)
    assert programs(text.encode(encoding))[1] == []


def test_korean_windows_files_are_read():
    text = json.dumps(json.loads(holds(RIGHT + "# 한글 주석\n")), ensure_ascii=False)
    found, notes = programs(text.encode("cp949"))
    assert "한글" in found[ID].answer
    assert "CP949" in notes[0]
    assert gives(text.encode("cp949"))((2, 3)) == (3, 1)


def test_a_file_of_no_encoding_is_read_with_a_note():
    text = holds(RIGHT + "# COMMENT\n").replace(b"COMMENT", b"\xff\xfe\x80 \xc3")
    found, notes = programs(text)
    assert "could not be read were replaced" in notes[0]
    assert found[ID].state == "found"


def test_half_characters_in_json_do_not_stop_the_reader():
    data = as_file([code(RIGHT + "# \ud800\n", exercise=ID)])
    assert program(data).state in ("found", "broken")


def test_outputs_of_any_size_are_left_alone():
    facts = json.loads(holds(RIGHT))
    facts["cells"][0]["outputs"] = [{"output_type": "stream", "text": "x" * 25_000_000}]
    assert gives(json.dumps(facts).encode())((2, 3)) == (3, 1)


@pytest.mark.parametrize("field", ["metadata", "source", "outputs", "id", "execution_count"])
@pytest.mark.parametrize("value", [None, 5, "x", [1, None, {}], {"exercise": 5, "a": []}, True])
def test_odd_fields_of_other_cells_cost_nothing(field, value):
    odd = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], field: value}
    missing = {"cell_type": "code"}
    cells = [odd, missing, {"cell_type": 5}, {}, None, code(RIGHT, exercise=ID)]
    assert gives(as_file(cells))((2, 3)) == (3, 1)


def test_numbers_and_metadata_of_the_file_do_not_matter():
    facts = json.loads(holds(RIGHT))
    facts |= {"nbformat": 10**300, "metadata": [1], "points": float("nan")}
    assert gives(json.dumps(facts).encode())((2, 3)) == (3, 1)


@pytest.mark.parametrize("major", [2, 3, None, 10**300])
def test_a_notebook_of_format_3_is_read(major):
    facts = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("## 01.1 · Strides")])
    facts.cells += [nbformat.v4.new_code_cell(text) for text in ("import math", RIGHT)]
    facts.cells[2].metadata["exercise"] = ID
    old = json.loads(nbformat.v3.writes_json(nbformat.convert(facts, 3)))
    old |= {"nbformat": major}
    old["worksheets"][0]["cells"][1] |= {"outputs": {"odd": [1]}, "prompt_number": "x"}
    assert gives(json.dumps(old).encode())((2, 3)) == (3, 1)
    found, notes = programs(json.dumps(old).encode())
    assert found[ID].note == "" and "format 3" in notes[0]


# -- cells -----------------------------------------------------------------------------------


def test_a_source_may_be_a_list_of_lines():
    cell = {**code("", exercise=ID), "source": RIGHT.splitlines(keepends=True)}
    assert gives(as_file([cell]))((2, 3)) == (3, 1)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_any_line_end_will_do(end):
    assert gives(holds("import math", RIGHT.replace("\n", end)))((2, 3)) == (3, 1)


def test_a_cell_is_known_by_its_id_where_its_metadata_was_lost():
    cell = {**code(RIGHT), "id": "answer-01-1"}
    found = program(as_file([code(WRONG), cell, code("x = 1")]))
    assert found.answer == RIGHT
    assert found.note == ""


@pytest.mark.parametrize(
    "cells",
    [
        [code(RIGHT)],  # metadata lost
        [code(RIGHT, exercise="01.2")],  # under another number
        [code(find(ID).stub_source, exercise=ID), code(RIGHT)],  # below the stub
        [code(RIGHT), code(find(ID).stub_source, exercise=ID)],  # above it
        [code("", exercise=ID), code("x = 3\n" + RIGHT)],
        [code("# done below", exercise=ID), code("import math"), code(RIGHT)],
    ],
)
def test_an_answer_in_another_cell_is_found_by_its_name(cells):
    found = program(as_file(cells))
    assert "found in cell" in found.note
    assert gives(as_file(cells))((2, 3)) == (3, 1)


def test_an_answer_may_be_lambda_class_or_assignment():
    for source in (
        "contiguous_strides = lambda shape: (1,)",
        "class contiguous_strides:\n    def __new__(cls, shape): return (1,)",
        "def other(shape): return (1,)\ncontiguous_strides = other",
        "import functools\n@functools.cache\ndef contiguous_strides(shape): return (1,)",
        "if True:\n    def contiguous_strides(shape): return (1,)",
        "contiguous_strides: object = lambda shape: (1,)",
        "(contiguous_strides := lambda shape: (1,))",
        "for contiguous_strides in [lambda shape: (1,)]: pass",
        "with open(__import__('os').devnull): contiguous_strides = lambda shape: (1,)",
    ):
        assert gives(holds(source))((2,)) == (1,), source


def test_the_last_of_several_answers_is_marked_and_said_so():
    data = as_file([code(WRONG, exercise=ID), code(RIGHT, exercise=ID)])
    assert gives(data)((2, 3)) == (3, 1)
    assert "2 cells define" in program(data).note


def test_copies_of_the_same_id_and_a_renamed_function():
    renamed = RIGHT.replace("contiguous_strides", "my_strides")
    assert program(as_file([code(renamed, exercise=ID)])).state == "missing"
    both = as_file([code(renamed, exercise=ID), code(RIGHT, exercise=ID)])
    assert gives(both)((2, 3)) == (3, 1)


def test_a_stub_is_untouched_and_a_deleted_cell_missing():
    assert program(notebook({ID: find(ID).stub_source})).state == "untouched"
    assert program(notebook({"01.2": right("01.2")})).state == "missing"
    assert "contiguous_strides" in program(notebook({"01.2": right("01.2")})).note


def test_helpers_may_stand_anywhere():
    uses = "def contiguous_strides(shape): return tuple(helper(shape, d) for d in range(2))"
    helper = "def helper(shape, d):\n    return math.prod(shape[d + 1:])"
    for cells in (
        ["import math", helper, uses],
        ["import math\n" + helper, uses],
        ["import math", helper + "\n" + uses],
    ):
        assert gives(holds(*cells))((2, 3)) == (3, 1)
    after = as_file([code("import math"), code(uses, exercise=ID), code(helper)])
    assert gives(after)((2, 3)) == (3, 1)


def test_what_a_table_is_filled_with_comes_along():
    cells = [
        "table = {}",
        "table[2] = 'b'",
        "table.update(a=1)",
        "for k in 'xy':\n    table[k] = k",
    ]
    answer = "def contiguous_strides(shape): return sorted(map(str, table))"
    assert gives(holds(*cells, answer))(()) == ["2", "a", "x", "y"]


@pytest.mark.parametrize(
    "cell",
    [
        "while True: pass",
        "raise RuntimeError",
        "1 / 0",
        "import a_package_that_is_not_there",
        "import time; time.sleep(1000)",
        "def broken(:\n",
        "}}}",
        "x = '''",
        "\ttabs\n        and spaces",
        "\x00",
        "# -*- coding: latin-1 -*-\nx = 'é'",
        "%time x = 1",
        "%%bash\nrm -rf /",
        "!rm -rf /",
        "?print",
        "print??",
        "%%timeit\nx",
        "%load_ext nothing",
        "await something()",
        "return 5",
        "yield",
        "del contiguous_strides, check",
        "x = 1 +",
        "exit()",
        "(" * 500,
        "-" * 5000 + "1",
        "x = " + "[" * 150 + "]" * 150,
        *(f"x = 1{'+1' * n}" for n in (300, 500, 950, 1100, 2000, 2900, 4000)),
        *(f"contiguous_strides = {'-' * n}1" for n in (500, 1100, 2900)),
    ],
    ids=lambda v: v[:30],
)
def test_another_cell_costs_nothing_whatever_stands_in_it(cell):
    before = as_file([code("import math"), code(cell), code(RIGHT, exercise=ID)])
    after = as_file([code("import math"), code(RIGHT, exercise=ID), code(cell)])
    assert gives(before)((2, 3)) == (3, 1)
    assert gives(after)((2, 3)) == (3, 1)


@pytest.mark.parametrize(
    "source",
    [
        "%time\n" + RIGHT,
        "%%time\n" + RIGHT,
        "%%capture out\n" + RIGHT,
        "!pip install torch\n" + RIGHT,
        "files = !ls\n" + RIGHT,
        "%matplotlib inline\n" + RIGHT + "\ncontiguous_strides?",
        RIGHT + "\n%timeit contiguous_strides((2, 3))",
        RIGHT + "\ncontiguous_strides??",
    ],
    ids=lambda v: v[:20],
)
def test_an_answer_beside_magics_and_shell_lines_is_found(source):
    assert gives(holds("import math", source))((2, 3)) == (3, 1)


def test_what_another_language_says_is_not_an_answer():
    assert program(holds("%%bash\ncontiguous_strides=3")).state == "missing"
    assert program(holds("%%writefile x.py\n" + RIGHT)).state == "missing"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def contiguous_strides(shape)\n    return ()", "line 1"),
        ("def contiguous_strides(shape):\nreturn ()", "line 2"),
        (RIGHT + "\n)", "unmatched"),
        (RIGHT + "\x00", "null"),
        ("(" * 500 + RIGHT, "nested"),
        (RIGHT + "\n# " + "x" * 200_000, "characters"),
        *((RIGHT + f"\nx = {'-' * n}1", "nested too deeply") for n in (500, 1100, 2900, 9000)),
    ],
    ids=["colon", "indent", "bracket", "null", "nested", "long", "500", "1100", "2900", "9000"],
)
def test_an_answer_that_is_not_python_says_where(source, says):
    found = program(holds(source))
    assert found.state == "broken"
    assert says in found.note


def test_an_earlier_answer_counts_where_the_last_is_not_python():
    data = as_file([code(RIGHT, exercise=ID), code(RIGHT + "\n)", exercise=ID)])
    assert gives(data)((2, 3)) == (3, 1)


# -- what only a person can tell -------------------------------------------------------------


def prose(text, kind="markdown", **metadata):
    return {**code(text, **metadata), "cell_type": kind}


def is_unclear(says, *cells):
    found = program(as_file(list(cells)))
    assert (found.state, says in found.note) == ("unclear", True), found
    assert found.parts == ()
    return found


def test_an_answer_in_a_cell_that_is_no_longer_code_needs_a_person():
    stub = find(ID).stub_source
    for kind, called in (("markdown", "Markdown"), ("raw", "raw text")):
        says = f"Cell 2 is {called}, not code, and holds an answer."
        for cell in (prose(RIGHT, kind, exercise=ID), prose("# Mine\n\n" + RIGHT, kind)):
            assert is_unclear(says, code("import math"), cell).answer == "".join(cell["source"])
        is_unclear(says, code(WRONG), prose(RIGHT, kind, exercise=ID))  # an attempt elsewhere
    is_unclear("Cell 1 is", prose(RIGHT), code(stub, exercise=ID))
    for cells in (
        [prose(stub, exercise=ID), code("1")],
        [prose("`contiguous_strides(shape)`:\n\n    def contiguous_strides(shape)"), code("1")],
    ):
        assert program(as_file(cells)).state == "missing"
    # Notes about an answer that is there.
    for answer in (code(RIGHT, exercise=ID), code(RIGHT)):
        assert gives(as_file([prose(WRONG), answer]))((2, 3)) == (3, 1)


def test_no_prose_of_the_course_looks_like_an_answer():
    for exercise in all_exercises():
        text = prose_cell(exercise).source
        assert not defines(text, exercise.name), exercise.id


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("class contiguous_strides:\n    a = 1", "    def __new__(cls, shape): return ()"),
        ("def contiguous_strides(shape):\n    a = ()", "    return a"),
        ("def contiguous_strides(shape):", "    return ()"),
        ("contiguous_strides = dict(\n", "a=1)"),
        ("import functools\n@functools.cache", "def contiguous_strides(shape): return ()"),
    ],
)
def test_an_answer_that_was_cut_in_two_needs_a_person(first, rest):
    says = "goes on in cell 3: they were one cell"
    for tag in ({"exercise": ID}, {}):
        cells = (code("1"), code(first, **tag), code(rest, **tag), code("import math"))
        assert is_unclear(says, *cells).answer == f"{first}\n\n{rest}"


def test_whole_cells_one_after_the_other_are_not_one():
    for following in (RIGHT, "%time contiguous_strides((1,))", "}}", "", "x = 5", "  # done"):
        assert gives(as_file([code(RIGHT, exercise=ID), code(following)]))((2, 3)) == (3, 1)


def test_twin_names_without_metadata_need_a_person():
    wanted = {
        id: {"name": "f", "stub": f"def f():\n    raise NotImplementedError({n})", "by_hand": {}}
        for n, id in enumerate(("01.1", "01.2"))
    }

    def found(*cells):
        return find_programs(read_notebook(as_file([*cells]))[0], wanted)

    both = found(code("def f(): return 1"), code("def f(): return 2"))
    assert [program.state for program in both.values()] == ["unclear", "unclear"]
    assert both["01.1"].note == (
        "The answers of 01.1 and 01.2 are called `f`; nothing says which stands in cells 1 and 2."
    )
    one = found(code("def f(): return 1", exercise="01.1"), code("def f(): return 2"))
    assert [program.state for program in one.values()] == ["found", "unclear"]
    stubs = found(*(code(facts["stub"]) for facts in wanted.values()))
    assert [program.state for program in stubs.values()] == ["untouched", "untouched"]


def test_a_module_of_the_student_s_own_is_named():
    uses = "def contiguous_strides(shape): return own(shape)"
    says = "The code imports `helper`, which is not installed here"
    is_unclear(says, code("from helper import own"), code(uses, exercise=ID))
    inside = "def contiguous_strides(shape):\n    import helper.deep\n    return own(shape)"
    is_unclear(says, code(inside, exercise=ID))
    for there in ("import helper", "try:\n    import helper\nexcept ImportError:\n    own = tuple"):
        assert gives(holds(there, "own = tuple", uses))((2,)) == (2,)  # not needed, or foreseen
    assert gives(holds("import __main__ as own, torch.nn, math", RIGHT))((2, 3)) == (3, 1)


def test_a_broken_cell_without_metadata_is_not_overlooked():
    found = program(as_file([code("1"), code(RIGHT + "\n)")]))
    assert (found.state, "unmatched" in found.note) == ("broken", True)


def test_a_future_import_holds_for_what_comes_after_it():
    future = "from __future__ import annotations"
    answer = "def contiguous_strides(shape: Shape) -> Strides: return (1,)"
    assert gives(holds(f"{future}\nimport math\n{answer}"))((2,)) == (1,)
    assert gives(holds(future, answer))((2,)) == (1,)  # as in a notebook, in later cells too
    after = as_file([code(answer, exercise=ID), code(future)])
    with pytest.raises(NameError):
        gives(after)


def test_two_exercises_of_one_name_do_not_take_each_other_s_answers():
    """Within one assignment; a cell of the one is never the answer of the other."""
    cells, _ = read_notebook(as_file([code("def f(): return 1", exercise="01.1")]))
    wanted = {
        id: {"name": "f", "stub": "def f():\n    raise NotImplementedError", "by_hand": {}}
        for id in ("01.1", "01.2")
    }
    found = find_programs(cells, wanted)
    assert (found["01.1"].state, found["01.2"].state) == ("found", "missing")


def test_many_cells_are_read_quickly_enough():
    """Not a timed test: a reader that looks at all pairs of cells would not come to an end."""
    cells = [code(f"x{n} = 1\ny{n} = x{n}") for n in range(2000)]
    assert gives(as_file([*cells, code(RIGHT, exercise=ID)]))((2, 3)) == (3, 1)
