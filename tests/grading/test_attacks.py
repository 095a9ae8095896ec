"""No hostile notebook gains a mark, reads a secret, or hurts another submission.

Everything happens in the sandbox on this machine; what is endless is ended by its limits.
"""

import contextlib
import dataclasses
import json
import random
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from course_utils import exercise
from course_utils.exercise import all_exercises, find
from grading.assignment import load_topic
from grading.mark.marking import mark
from grading.mark.sandbox import Limits, Sandbox
from grading.mark.shards import Task
from grading.result import ExerciseState, SubmissionState
from tests.grading import hostile_notebooks as hostile
from tests.grading.hostile_notebooks import Attack
from tests.grading.submissions import as_file, code, notebook, right

pytestmark = pytest.mark.needs_sandbox

PASSED, WRONG, NOT_ATTEMPTED, PERSON = ExerciseState
SEED = 4_611_686_018_427_387_847
MEGABYTE = 2**20
LIMITS = Limits(memory=600 * MEGABYTE, processes=24, threads=60, seconds=20)
# What must never be seen in an answer's process.
REFERENCE = f"secret-of-reference-{random.getrandbits(40)}"
STUDENT = f"secret-of-student-{random.getrandbits(40)}"
PRIVATE = f'''
from course_utils.exercise import Exercise

secret = Exercise("91.1", "A secret", minutes=3, difficulty=1, hints=["a", "b"])


@secret.reference
def tell():
    """Returns a text."""
    return "{REFERENCE}"


@secret.cases
def _(rng):
    yield ()


@secret.mistake("No, it is not {REFERENCE}.")
def tells_wrong():
    return "{REFERENCE} is wrong"
'''
HONEST = Task("park", "park.ipynb", notebook({id: right(id) for id in ("01.1", "01.2", "06.6")}))
HONEST_ITEMS = (("01.1", 2.0), ("01.2", 1.0), ("06.6", 1.0))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """One for all attacks: what one leaves behind, the next one and the honest one would find."""
    all_exercises()
    before = dict(exercise.catalogue._declared)
    path = tmp_path_factory.mktemp("private") / "secret_topic.py"
    path.write_text(PRIVATE)
    load_topic("secret_topic", path)
    lessons = "course_utils.lessons"
    topics = [f"{lessons}.tensors.contiguous_strides", f"{lessons}.tensors.storage_index"]
    topics += [f"{lessons}.loading.take_batches", "secret_topic"]
    with Sandbox(topics, {"secret_topic": PRIVATE}, limits=LIMITS) as one:
        # Another student's work has gone through it.
        task = Task(
            "lee", "lee.ipynb", as_file([code(f'def tell(): return "{STUDENT}"', exercise="91.1")])
        )
        assert mark(task, (("91.1", 1.0),), SEED, one).exercises[0].state == WRONG
        yield one
    exercise.catalogue._declared.clear()
    exercise.catalogue._declared.update(before)
    del sys.modules["secret_topic"]


def facts_of(result):
    facts = result.as_dict()
    del facts["seconds"]
    return facts


@pytest.fixture(scope="module")
def honest(sandbox):
    """The honest submission's result before any attack."""
    result = mark(HONEST, HONEST_ITEMS, SEED, sandbox)
    assert [e.state for e in result.exercises] == [PASSED] * 3
    return facts_of(result)


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def unharmed(sandbox, honest):
    """After each attack: this process is as it was, and an honest submission gets its marks."""
    files, threads = open_files(), threading.active_count()
    yield
    assert facts_of(mark(HONEST, HONEST_ITEMS, SEED, sandbox)) == honest
    assert open_files() <= files + 1  # a sandbox that was lost had closed its socket
    assert threading.active_count() <= threads


def run(sandbox, attack, imports="import math\nimport torch"):
    """The exercise's result of an attack."""
    cells = [code(imports), code(attack.source, exercise=attack.id)]
    limits = sandbox.limits
    if attack.wall:
        sandbox.limits = dataclasses.replace(limits, wall=attack.wall)
    try:
        result = mark(Task("kim", "kim.ipynb", as_file(cells)), ((attack.id, 1.0),), SEED, sandbox)
    finally:
        sandbox.limits = limits
    text = json.dumps(result.as_dict())
    assert REFERENCE not in text
    assert STUDENT not in text
    one = result.exercises[0]
    assert one.state in attack.ends, one
    assert one.points in ((None,) if one.state == PERSON else (0.0,))
    assert one.state == PERSON or one.headline
    return one


def attack_of(name, source, **facts):
    return Attack(name, name, source, **facts)


def name_of(value):
    return value.name.replace(" ", "-")


@pytest.mark.parametrize("attack", hostile.CHEATS, ids=name_of)
def test_no_mark_is_gained(sandbox, attack):
    run(sandbox, attack)


@pytest.mark.parametrize("kind", hostile.UNEARNED)
def test_no_mark_is_gained_that_was_not_earned(sandbox, kind):
    for attack in hostile.UNEARNED[kind]:
        run(sandbox, attack, hostile.IMPORTS)


def test_the_attacks_are_as_many_as_the_guide_says():
    assert len(hostile.UNEARNED) >= 20
    assert sum(map(len, hostile.UNEARNED.values())) >= 60


@pytest.mark.parametrize("way", hostile.WITHOUT)
def test_what_is_to_be_done_by_hand_is_not_done_otherwise(sandbox, way):
    run(sandbox, attack_of(way, hostile.WITHOUT[way], ends=(WRONG, PERSON)))


def test_the_ways_around_really_give_the_right_values(sandbox):
    """Else they would be turned down for something else, and nothing would be tested."""
    shape = (2, 3, 4)
    for way, source in hostile.WITHOUT.items():
        scope = {}
        if way in ("jit", "a mode of its own", "through another module"):  # not in every torch
            continue
        exec("import torch\n" + source, scope)
        assert scope["contiguous_strides"](shape) == (12, 4, 1), way


@pytest.mark.parametrize("way", hostile.FORGED)
def test_a_forged_message_is_no_result(sandbox, way):
    source = hostile.FORGE.replace("PAYLOAD", hostile.FORGED[way])
    result = run(sandbox, attack_of(way, source))
    assert result.stage in ("output", "died"), result


def test_a_forger_who_read_the_token_is_seen(sandbox):
    """With the right values even: the process's memory cannot be read unseen."""
    source = (
        hostile.HONEST
        + """
def contiguous_strides(shape):
    with open("/proc/self/mem", "rb", 0) as memory:
        memory.seek(id(shape))
        memory.read(8)
    return honest(shape)
"""
    )
    result = run(sandbox, attack_of("reads its memory", source, ends=(PERSON,)))
    assert "opens `/proc/" in result.reason


@pytest.mark.parametrize("attack", hostile.READERS, ids=name_of)
def test_no_secret_is_read(sandbox, attack):
    result = run(sandbox, attack)
    assert result.yours.startswith(("ValueError", "SystemExit", "set()")), result
    for empty in ("OPENED []", "WORKED []", "FOUND set()", "set()"):
        if empty in result.yours:
            return
    pytest.fail(result.yours)


@pytest.mark.parametrize("attack", hostile.WRITERS, ids=name_of)
def test_nothing_is_written_or_left(sandbox, attack):
    above = sandbox._process.pid
    result = run(sandbox, attack)
    if attack.name != "too deep to remove":  # then a fresh one is started, which costs seconds
        assert sandbox._process.pid == above
    if "OPENED" in result.yours:  # its own folder
        assert result.yours == "ValueError: OPENED ['./written-by-an-answer']"
    if "WORKED" in result.yours:
        assert "WORKED []" in result.yours
    after = attack_of(
        "what is left",
        """
import os, stat

def storage_index(index, stride, offset):
    left = [os.listdir(p) for p in (os.getcwd(), "/dev/shm")]
    left += [oct(stat.S_IMODE(os.stat(p).st_mode)) for p in (os.getcwd(), "/dev/shm")]
    left += [os.listxattr(p) for p in (os.getcwd(), "/dev/shm")]
    left += [len(open("/proc/sysvipc/" + kind).readlines()) for kind in ("shm", "msg", "sem")]
    left.append(len([p for p in os.listdir("/proc") if p.isdigit()]))
    raise ValueError(str(left))
""",
        id="01.2",
    )
    assert run(sandbox, after).yours == (
        "ValueError: [[], [], '0o755', '0o755', [], [], 1, 1, 1, 2]"
    )


def test_no_network_is_reached(sandbox):
    reached = []
    abstract = f"\0course-test-{random.getrandbits(40)}"
    with contextlib.ExitStack() as opened:
        by_address = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        by_name = opened.enter_context(socket.socket(socket.AF_UNIX))
        by_name.bind(abstract)
        by_name.listen()

        def accept(server):
            server.settimeout(0.2)
            while not done.is_set():
                with contextlib.suppress(TimeoutError):
                    server.accept()[0].close()
                    reached.append(server)

        done = threading.Event()
        servers = [threading.Thread(target=accept, args=(s,)) for s in (by_address, by_name)]
        for server in servers:
            server.start()
        port = by_address.getsockname()[1]
        source = f"""
import socket, urllib.request

def storage_index(index, stride, offset):
    reached = []
    addresses = {{socket.AF_INET: ("127.0.0.1", {port}), socket.AF_UNIX: {abstract!r}}}
    for family, address in addresses.items():
        try:
            with socket.socket(family) as s:
                s.settimeout(2)
                s.connect(address)
            reached.append(address)
        except OSError:
            pass
    try:
        reached.append(urllib.request.urlopen("http://127.0.0.1:{port}", timeout=2))
    except OSError:
        pass
    raise ValueError(f"REACHED {{reached}} {{open('/proc/net/dev').read().count(':')}}")
"""
        try:
            result = run(sandbox, attack_of("network", source, id="01.2"))
            # The servers are there: from outside they are reached.
            socket.create_connection(("127.0.0.1", port)).close()
            deadline = time.monotonic() + 10
            while not reached and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            done.set()
            for server in servers:
                server.join()
    assert result.yours == "ValueError: REACHED [] 1"
    assert reached == [by_address]


def test_two_processes_can_train_together(sandbox):
    """gloo asks the kernel for the network's interfaces by a route socket."""
    begun = time.monotonic()
    result = run(sandbox, attack_of("two ranks", hostile.TWO_RANKS, id="01.2", wall=40))
    assert result.yours == "ValueError: RANKS [3.0, 3.0] [3.0, 3.0] "
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("attack", hostile.ENDLESS, ids=name_of)
def test_what_is_endless_is_ended(sandbox, attack):
    begun = time.monotonic()
    run(sandbox, attack)
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("way", hostile.ENDINGS)
def test_who_ends_its_process_ends_only_that(sandbox, way):
    above = sandbox._process.pid
    run(sandbox, attack_of(way, hostile.ENDINGS[way], wall=3))
    assert sandbox._process.pid == above
    assert sandbox._process.poll() is None


@pytest.mark.parametrize("attack", hostile.BOMBS, ids=name_of)
def test_what_is_too_much_is_stopped(sandbox, attack):
    result = run(sandbox, attack)
    stages = {
        "fork bomb": "processes",
        "memory of many processes": "memory",
        "shared memory of many processes": "memory",
        "copies of what is shared": "memory",
    }
    # On a machine with much else to do, the time may be over first.
    assert result.stage in (stages.get(attack.name, result.stage), "time")
    assert len(json.dumps(dataclasses.asdict(result))) < 100_000


@pytest.mark.parametrize("way", hostile.ODD_OBJECTS)
def test_odd_objects_are_only_wrong(sandbox, way):
    # What broke the process that observes it is not known to be wrong, unless the process ended.
    ends = (PERSON, WRONG) if way == "deletes what it needs" else (WRONG,)
    run(sandbox, attack_of(way, hostile.ODD_OBJECTS[way], ends=ends))


@pytest.mark.parametrize("way", hostile.LEFT_BEHIND)
def test_what_is_left_behind_reaches_nobody(sandbox, way):
    above = sandbox._process.pid
    run(sandbox, attack_of(way, hostile.LEFT_BEHIND[way], wall=6))
    assert sandbox._process.pid == above


def test_a_right_answer_that_starts_a_daemon_is_looked_at_and_hurts_nobody(sandbox):
    source = hostile.HONEST + hostile.LEFT_BEHIND["daemon"].replace(
        "return ()", "return honest(shape)"
    )
    run(sandbox, attack_of("daemon", source, ends=(PERSON, WRONG)))


def test_metadata_gives_no_points(sandbox):
    """Swapped ids, copies, other cell types, points and grades in the notebook."""
    stub = find("01.1").stub_source
    cells = [
        code("import torch"),
        code(stub, exercise="01.1", points=100, grade="A", state="passed"),
        code(right("01.1"), exercise="01.2"),
        code("raise SystemExit", exercise="01.3"),
        {**code(right("01.2"), exercise="01.2"), "cell_type": "markdown"},
        {**code(right("01.2"), exercise="01.2"), "cell_type": "raw"},
        code('check("01.2", None)', check="01.2", nbgrader={"grade": True, "points": 50}),
    ]
    text = json.loads(as_file(cells))
    text["metadata"] = {"points": 100, "graded": True, "kernelspec": {"name": "/bin/sh"}}
    result = mark(
        Task("kim", "kim.ipynb", json.dumps(text).encode()),
        (("01.1", 1.0), ("01.2", 1.0), ("01.3", 1.0)),
        SEED,
        sandbox,
    )
    first, second, third = result.exercises
    assert (first.state, first.points) == (PASSED, 1.0)  # it is there, under another number
    assert "by its name" in " ".join(first.notes)
    assert (second.state, second.points) == (PERSON, None), "its answer is in a text cell"
    assert third.points == 0.0


def test_an_attack_costs_only_its_own_exercise(sandbox):
    answers = {
        "01.1": hostile.ENDINGS["kills everybody"],
        "01.2": right("01.2"),
        "01.4": "def merge(*a): raise SystemExit",
        "01.5": right("01.5"),
    }
    items = tuple((id, 1.0) for id in answers)
    result = mark(Task("kim", "kim.ipynb", notebook(answers)), items, SEED, sandbox)
    states = {e.id: e.state for e in result.exercises}
    assert states["01.2"] == states["01.5"] == PASSED
    assert states["01.1"] == WRONG


def test_an_answer_cannot_spoil_the_ones_after_it(sandbox):
    """Nothing looks odd here, but each has a process to itself."""
    spoils = """
def contiguous_strides(shape):
    torch.nn.modules.module.register_module_forward_hook(lambda m, i, o: o + 1)
    return ()
"""
    answers = {"01.1": spoils}
    answers |= {id: "from torch import nn\n" + right(id) for id in ("04.1", "04.4", "04.5")}
    items = tuple((id, 1.0) for id in answers)
    result = mark(Task("kim", "kim.ipynb", notebook(answers)), items, SEED, sandbox)
    assert [e.state for e in result.exercises] == [WRONG] + [PASSED] * 3, result


def test_an_answer_cannot_open_the_way_for_the_ones_after_it(sandbox):
    opens = (
        right("01.2").replace("def storage_index", "def position_of")
        + """
from course_utils.exercise import catalogue

def storage_index(index, stride, offset):
    catalogue._declared["01.1"].without = ()
    return position_of(index, stride, offset)
"""
    )
    answers = {"01.2": opens, "01.1": hostile.WITHOUT["called"]}
    items = (("01.2", 1.0), ("01.1", 1.0))
    result = mark(Task("kim", "kim.ipynb", notebook(answers)), items, SEED, sandbox)
    assert [e.state for e in result.exercises] == [PERSON, WRONG], result
    assert "changes `exercise-01.1.without` while it runs" in result.exercises[0].reason


def test_a_whole_notebook_of_attacks_comes_to_an_end(sandbox):
    answers = {"01.1": hostile.ENDINGS["os._exit"], "01.2": right("01.2")}
    extra = ["while True: pass", "import os\nos._exit(0)", "!rm -rf /", "raise SystemExit"]
    items = (("01.1", 1.0), ("01.2", 1.0))
    result = mark(Task("kim", "kim.ipynb", notebook(answers, *extra)), items, SEED, sandbox)
    assert [e.state for e in result.exercises] == [WRONG, PASSED]
    assert result.state != SubmissionState.PARTLY


def test_the_course_s_answers_are_in_no_file_of_the_sandbox(sandbox):
    folder = sandbox._folder.path
    text = "".join(p.read_text(encoding="utf-8") for p in folder.rglob("*.py"))
    assert "secret = Exercise" in text
    assert REFERENCE not in text
    for one in all_exercises():
        if not one.id.startswith("91"):
            assert one.solution_source.strip() not in text
