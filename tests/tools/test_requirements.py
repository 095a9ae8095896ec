"""The requirement files: exact, hashed, the same for every system, and free of addresses."""

import importlib.metadata
import re

import pytest
from packaging.requirements import Requirement

from tests import ROOT
from tools import install, lock

LANES = ["torchtext", "latest"]
EXTRAS = ["grading", "libraries", "site"]
FILES = ["course.in", *(f"{name}{end}" for name in LANES + EXTRAS for end in (".in", ".txt"))]
# Packages whose version has to differ: they follow torch, or the NumPy it was compiled against.
FOLLOWS_TORCH = re.compile(r"torch(vision)?|triton|nvidia-.*|cuda-.*|numpy")


def text_of(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def wanted(name: str) -> list[Requirement]:
    """What the .in files of a lane or an extra ask for by name."""
    lines = text_of(f"{name}.in").splitlines()
    lines += text_of("course.in").splitlines() if name in LANES else []
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def locked(lane: str) -> dict[str, list[Requirement]]:
    """The pins of a lane by package, one for each condition."""
    pins: dict[str, list[Requirement]] = {}
    for line in re.findall(r"^([\w.-]+==[^\\\n]+?)\s*\\?$", text_of(f"{lane}.txt"), re.M):
        requirement = Requirement(line)
        pins.setdefault(requirement.name, []).append(requirement)
    return pins


@pytest.mark.parametrize("name", FILES)
def test_no_requirement_file_holds_an_address(name):
    assert not re.findall(r"://|^\s*(?:-i|-f|--.*index.*|--find-links)\b", text_of(name), re.M)


@pytest.mark.parametrize("lane", LANES + EXTRAS)
def test_every_line_is_an_exact_version_with_hashes(lane):
    lines = [line for line in text_of(f"{lane}.txt").splitlines() if not line.startswith("#")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line.startswith(" "):
            assert re.match(r"[\w.-]+==\d\S*( ;.*)? \\$", line), line
            assert re.match(r"    --hash=sha256:[0-9a-f]{64}", following), line


@pytest.mark.parametrize("lane", LANES + EXTRAS)
def test_the_lock_satisfies_what_is_asked_for(lane):
    pins = locked(lane)
    for requirement in wanted(lane):
        versions = [next(iter(pin.specifier)).version for pin in pins.get(requirement.name, [])]
        assert versions, f"{requirement} is not in {lane}.txt: run make lock"
        assert all(v in requirement.specifier for v in versions), f"{requirement}: run make lock"


def test_the_default_lane_is_the_last_that_torchtext_loads_in():
    pins = {name: str(found[0].specifier) for name, found in locked("torchtext").items()}
    assert pins["torch"] == "==2.3.1"
    assert pins["torchvision"] == "==0.18.1"
    assert pins["torchtext"] == "==0.18.0"
    assert pins["numpy"].startswith("==1.")
    assert "torchdata" in pins and "portalocker" in pins


def test_the_latest_lane_has_no_torchtext():
    assert "torchtext" not in locked("latest")


def test_lanes_share_every_version_that_does_not_follow_torch():
    """Among them matplotlib and pillow: pictures are compared byte for byte in both lanes."""
    default, latest = locked("torchtext"), locked("latest")
    for name in default.keys() & latest.keys():
        if not FOLLOWS_TORCH.fullmatch(name):
            assert {str(r.specifier) for r in default[name]} == {
                str(r.specifier) for r in latest[name]
            }, name


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_holds_only_what_no_lane_has(extra, lane):
    """So it can be added without a change to the lane."""
    assert not locked(extra).keys() & locked(lane).keys(), "run make lock"


def test_two_extras_do_not_want_different_versions_of_a_package():
    grading, libraries = locked("grading"), locked("libraries")
    for name in grading.keys() & libraries.keys():
        assert grading[name] == libraries[name], name


def test_a_pin_is_left_out_of_an_extra_only_where_the_lane_has_it():
    text = "# head\none==1 \\\n    --hash=a\ntwo==2 ; sys_platform == 'win32' \\\n    --hash=b\n"
    assert lock.without(text, "one==1 \\\ntwo==2 ; os_name == 'nt' \\\n") == "# head\n"
    assert lock.without(text, "one==1 \\\ntwo==2 \\\n") == "# head\n"
    assert lock.without(text, "one==1 \\\n").startswith("# head\ntwo==2 ;")
    older = "one==1.1 \\\ntwo==2 ; sys_platform == 'linux' \\\n"
    assert lock.without(text, older) == text


def test_the_systems_are_those_that_the_lanes_can_be_installed_on():
    lanes = install.LANES.values()
    systems = {
        f"{platform} {machine.replace('AMD64', 'x86_64')}" for platform, _, machine in lock.SYSTEMS
    }
    assert systems == {system for lane in lanes for system in lane.systems}
    assert set(lock.PYTHONS) == {python for lane in lanes for python in lane.pythons}
    assert set(lock.LANES) == set(install.LANES) and lock.EXTRAS == install.EXTRAS


def test_conda_uses_the_lock_file():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    items = re.findall(r"^\s+- (.+)$", text, re.M)
    assert items == [
        "conda-forge",
        "python=3.11",
        "pip",
        "pip:",
        "-r requirements/torchtext.txt",
    ], "every pin belongs into requirements/, so that there is one place for it"


def test_this_environment_is_one_of_the_lanes():
    try:
        importlib.metadata.version("torchtext")
        lane = "torchtext"
    except importlib.metadata.PackageNotFoundError:
        lane = "latest"
    check_installed(lane)


@pytest.mark.parametrize(("extra", "package"), [("grading", "nbgrader"), ("libraries", "datasets")])
def test_an_extra_that_is_installed_is_as_pinned(extra, package):
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"the packages for {extra} are not installed (make test installs them)")
    check_installed(extra)


def check_installed(name: str) -> None:
    pins = locked(name)
    for requirement in wanted(name):
        [pin] = [p for p in pins[requirement.name] if not p.marker or p.marker.evaluate()]
        # The lock's version may be installed as a build of its own, such as 2.3.1+cpu.
        installed = importlib.metadata.version(requirement.name).split("+")[0]
        assert installed in pin.specifier, f"{requirement.name} {installed}, pinned {pin}"
