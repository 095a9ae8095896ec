"""A long test is skipped only if it passed, with the same files, before."""

from types import SimpleNamespace

import pytest

from tests import unchanged


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What becomes of a test that depends on one file: 'run' or 'skipped'."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(unchanged, "ROOT", tmp_path)
    monkeypatch.setattr(unchanged, "RECORDS", tmp_path / "build" / "passed")
    source, test = tmp_path / "source.py", tmp_path / "test_it.py"
    test.touch()

    def ask(content, passes=True, anew=False):
        source.write_text(content, encoding="utf-8")
        for cached in (unchanged._digest, unchanged._engine, unchanged._environment):
            cached.cache_clear()  # as in another test run
        config = SimpleNamespace(getoption={"anew": anew}.get)
        item = SimpleNamespace(
            config=config, nodeid="test_it.py::test[01.1]", path=test, stash=pytest.Stash()
        )
        judge = unchanged.UnlessUnchanged(item)
        try:
            judge([source])
        except pytest.skip.Exception:
            return "skipped"
        item.stash[unchanged.PASSED] = passes
        judge.ended()
        return "run"

    yield ask
    for cached in (unchanged._digest, unchanged._engine, unchanged._environment):
        cached.cache_clear()


def test_what_passed_with_the_same_files_is_skipped(asked):
    assert [asked("one"), asked("one"), asked("two"), asked("two")] == [
        *("run", "skipped", "run", "skipped")
    ]


def test_what_failed_is_run_again(asked):
    assert [asked("one", passes=False), asked("one")] == ["run", "run"]


def test_the_engine_counts(asked, tmp_path):
    assert [asked("one"), asked("one")] == ["run", "skipped"]
    (tmp_path / "course_utils").mkdir()
    (tmp_path / "course_utils" / "comparison.py").touch()
    assert asked("one") == "run"


def test_ci_and_a_person_who_asks_run_everything(asked, monkeypatch):
    assert [asked("one"), asked("one", anew=True)] == ["run", "run"]
    monkeypatch.setenv("CI", "true")
    assert asked("one") == "run"
