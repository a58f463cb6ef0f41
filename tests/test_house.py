"""The house rules that no linter checks: rooms, files, packaging, the table of requirements."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = ("kiosk", "drivers", "screens", "recorder", "config")
LINES = 400
REASON = re.compile(r"longer than 400 lines", re.IGNORECASE)
HEAD_LINES = 30
MAKERS = ("make_fonts.py", "render_voices.py", "render_clips.py", "speech.py")
"""Run by hand to make committed files anew, never on a machine."""
# Put together here, so that this file does not hold what it looks for.
SOMEBODYS_FOLDERS = tuple(f"/{name}/" for name in ("home", "Users"))


def tracked() -> list[Path]:
    """Every file of the project as git knows it; where git is missing or unwilling, what lies here unhidden."""
    if shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
        names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    else:
        names = []
    if not names:
        passed_over = re.compile(r"/(\.(?!ci/|gitignore)|__pycache__|var/|build/|dist/)")
        found = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*"))
        names = [name for name in found if not passed_over.search(f"/{name}")]
    return sorted(path for name in names if name and (path := ROOT / name).is_file())


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path.relative_to(ROOT), content.decode("utf-8", "replace")


def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_requirements", ROOT / "scripts/check_requirements.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imported_roots(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            found.add(node.module.split(".")[0])
    return found


# --- rooms -------------------------------------------------------------------------------------------------------


def test_the_core_imports_the_standard_library_and_config_only() -> None:
    """Contracts name what is forbidden; this one names what is allowed, so an unheard-of library cannot slip in.

    Left out are the composition root and what puts up a picture before it is read (see pyproject.toml).
    """
    allowed = sys.stdlib_module_names | {"kiosk", "config"}
    core = [path for path in (ROOT / "kiosk").glob("**/*.py") if path.name not in ("__main__.py", "begin.py")]
    assert core
    assert {path.name: extra for path in core if (extra := imported_roots(path) - allowed)} == {}


@pytest.mark.parametrize("room", [*SHIPPED, "hardware-sim/hardware_sim"])
def test_every_room_tells_type_checkers_that_it_is_typed(room: str) -> None:
    assert (ROOT / room / "py.typed").is_file()


def test_no_package_lies_under_tests() -> None:
    """An __init__.py there would hide the room of the same name (tests/drivers for drivers)."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_a_long_file_gives_its_reason_at_its_head() -> None:
    unexplained = []
    for path in python_files():
        lines = path.read_text("utf-8").splitlines()
        if len(lines) > LINES and not REASON.search("\n".join(lines[:HEAD_LINES])):
            unexplained.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert unexplained == [], 'split it, or say near the top why it is "longer than 400 lines"'


# --- words -------------------------------------------------------------------------------------------------------


def test_no_file_names_a_folder_of_somebody_s_machine() -> None:
    anywhere = re.compile("(?<![A-Za-z0-9_.-])(?:" + "|".join(map(re.escape, SOMEBODYS_FOLDERS)) + ")")
    assert [str(path) for path, text in texts() if anywhere.search(text)] == []


LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What `#…` may name on this page, as the common hosts of repositories make it from the headings."""
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in HEADING.findall(page.read_text("utf-8")))
    return {re.sub(r"\s", "-", heading.strip()) for heading in plain}


def test_every_link_in_the_documents_leads_somewhere() -> None:
    broken = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for link in (first or second for first, second in LINK.findall(page.read_text("utf-8"))):
            if "://" in link:
                continue
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if path.startswith("/") or not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


COMMAND = re.compile(r"\bmake ([a-z][a-z-]*)\b|python -m ([a-z_]+(?:\.[a-z_]+)*)|\.venv/bin/python ((?!-)\S+)")
CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def test_every_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    missing = []
    for page in (path for path in tracked() if path.suffix == ".md"):
        for block, inline in CODE.findall(page.read_text("utf-8")):
            for target, module, script in COMMAND.findall(block or inline):
                fine = target in targets if target else (ROOT / script).is_file() if script else _is_module(module)
                if not fine:
                    missing.append(f"{page.relative_to(ROOT)}: {target or module or script}")
    assert missing == []


NAMED = re.compile(r"`([a-z-]+/[\w./-]*\.(?:py|toml|sh|css|js|service|rules))\b")


def test_every_file_named_in_the_documents_exists() -> None:
    """In backticks, from the root or (tests) from tests/; what a stranger looks up must be there."""
    missing = []
    for page in (path for path in tracked() if path.suffix == ".md" and path.name != "CHANGELOG.md"):
        for name in NAMED.findall(page.read_text("utf-8")):
            if not name.startswith("var/") and not any((base / name).exists() for base in (ROOT, ROOT / "tests")):
                missing.append(f"{page.relative_to(ROOT)}: {name}")
    assert missing == []


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    inside = ROOT.joinpath("hardware-sim", *name.split("."))
    return any(p.with_suffix(".py").is_file() or (p / "__main__.py").is_file() for p in (path, inside))


def test_the_newest_version_told_of_is_this_one() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    told = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert told[0] == version
    assert told == sorted(told, key=lambda each: tuple(map(int, each.split("."))), reverse=True)


# --- packaging ---------------------------------------------------------------------------------------------------


def test_no_other_package_brings_a_room_of_the_same_name() -> None:
    """pip would install a second `config` over ours without a word."""
    owners = importlib.metadata.packages_distributions()
    foreign = {room: set(owners.get(room, ())) - {"certkiosk"} for room in (*SHIPPED, "hardware_sim")}
    assert {room: names for room, names in foreign.items() if names} == {}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_the_wheel_holds_all_that_a_terminal_needs(wheel_names: frozenset[str]) -> None:
    needed = [
        path.relative_to(ROOT).as_posix() for room in SHIPPED for path in tracked() if path.is_relative_to(ROOT / room)
    ]
    assert "config/national.toml" in needed
    assert [name for name in needed if name not in wheel_names] == []


def test_the_wheel_holds_nothing_of_the_simulators_or_tests(wheel_names: frozenset[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names if ".dist-info" not in name}
    assert tops == set(SHIPPED)


def test_the_lock_fixes_everything_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    pinned = {name: _pinned(ROOT / f"{name}.lock") for name in ("requirements", "requirements-voices")}
    ordinary = [*project["dependencies"], *extras["sim"], *extras["dev"]]
    assert [line for line in ordinary if _name(line) not in pinned["requirements"]] == []
    both = pinned["requirements"] | pinned["requirements-voices"]
    assert [line for line in extras["voices"] if _name(line) not in both] == []
    assert pinned["requirements"].isdisjoint(pinned["requirements-voices"])


OF_THE_BOARD = ("picamera2", "gpiozero")
"""Packages of Raspberry Pi OS alone, imported where they are used; who lacks one is told its name."""


@pytest.mark.parametrize(
    ("folder", "extras"),
    [*((room, ()) for room in SHIPPED), ("hardware-sim", ("sim",)), ("tests", ("sim", "dev"))],
)
def test_what_a_room_imports_is_named_by_the_project(folder: str, extras: tuple[str, ...]) -> None:
    """Else it works here, by what something else happened to bring along, and not on the next machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {_name(line) for line in project["dependencies"]}
    named |= {_name(line) for extra in extras for line in project["optional-dependencies"][extra]}
    owners = importlib.metadata.packages_distributions()
    ours = {*SHIPPED, "hardware_sim", *OF_THE_BOARD} | sys.stdlib_module_names
    missing = {}
    for path in (path for path in python_files() if path.is_relative_to(ROOT / folder) and path.name not in MAKERS):
        beside = {other.stem for other in path.parent.glob("*.py")} if path.parts[-2] == "bench" else set()
        for root in imported_roots(path) - ours - beside:  # measures are programs: what lies beside them is theirs
            if named.isdisjoint(map(_name, owners.get(root, ()))):
                missing[str(path.relative_to(ROOT))] = root
    assert missing == {}


def test_every_package_we_install_stands_in_the_list_of_licences() -> None:
    text = (ROOT / "docs/licences.md").read_text("utf-8").lower().replace("_", "-")
    words = set(re.findall(r"[a-z0-9-]+", text))
    pinned = _pinned(ROOT / "requirements.lock") | _pinned(ROOT / "requirements-voices.lock")
    assert sorted(pinned - words) == []


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _pinned(path: Path) -> set[str]:
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if "==" not in line] == []
    return {_name(line) for line in lines}


# --- requirements ------------------------------------------------------------------------------------------------


def test_the_table_of_requirements_is_whole_and_true() -> None:
    module = checker()
    assert list(module.faults(tomllib.loads((ROOT / module.TABLE).read_text("utf-8")))) == []


GOOD = {"title": "x", "status": "done", "code": ["a.py"], "tests": ["tests/test_a.py::test_it"]}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"tests": []}, "is done without both code and tests"),
        ({"code": ["b.py"]}, "code b.py does not exist"),
        ({"tests": ["tests/test_a.py::test_other"]}, "tests/test_a.py has no test test_other"),
        ({"tests": ["tests/test_b.py"]}, "test file tests/test_b.py does not exist"),
        ({"tests": ["a.py"]}, "test a.py is not under tests/"),
        ({"status": "partial"}, "is partial without a note that says what is missing"),
        ({"status": "open", "note": " "}, "is open without a note that says what is missing"),
        ({"status": "closed"}, "status is 'closed', not one of done, partial, open"),
        ({"title": ""}, "has no title"),
        ({"why": "x"}, "unknown key 'why'"),
        ({"code": "a.py"}, "code is not a list"),
    ],
)
def test_the_checker_finds_what_is_wrong_with_a_row(tmp_path: Path, change: dict[str, Any], fault: str | None) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "a.py").write_text("")
    (tmp_path / "tests/test_a.py").write_text("class TestIt:\n    def test_it(self): ...\n")
    module = checker()
    rows = dict.fromkeys(module.IDS, GOOD) | {"F-16": GOOD | change}
    assert list(module.faults(rows, tmp_path)) == ([f"F-16: {fault}"] if fault else [])


def test_the_checker_wants_every_id_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "a.py").write_text("")
    (tmp_path / "tests/test_a.py").write_text("def test_it(): ...\n")
    module = checker()
    rows = dict.fromkeys(module.IDS, GOOD) | {"F-44": GOOD}
    del rows["T-1b"]
    assert list(module.faults(rows, tmp_path)) == ["T-1b: has no row", "F-44: is no known requirement id"]
