"""``python scripts/check_requirements.py``: is docs/requirements.toml whole and true to the tree?

One table per requirement id (F-1 ... F-43, S-1 ... S-42, T-1 ... T-18 with T-1a to T-1c)::

    [F-16]
    title  = "..."                          # English, short
    status = "done"                         # or "partial" or "open"
    code   = ["kiosk/machine.py", "drivers"]
    tests  = ["tests/kiosk/test_roads.py::test_every_road_erases", "tests/kiosk/test_way.py"]
    note   = "..."                          # what is missing, for partial and open

Exit status 0 when every rule below holds, 1 with one line per fault otherwise.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
TABLE: Final = Path("docs/requirements.toml")
IDS: Final = (
    *(f"F-{number}" for number in range(1, 44)),
    *(f"S-{number}" for number in range(1, 43)),
    *(f"T-{number}" for number in range(1, 19)),
    "T-1a",
    "T-1b",
    "T-1c",
)
STATES: Final = ("done", "partial", "open")
KEYS: Final = {"title": str, "status": str, "code": list, "tests": list, "note": str}


def test_names(path: Path) -> frozenset[str]:
    """Names of the test functions in a file, also of those in classes; empty for any other kind of file."""
    if path.suffix != ".py":
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, functions) and node.name.startswith("test_"))


def faults(rows: Mapping[str, Any], root: Path = ROOT) -> Iterator[str]:
    """Everything that is wrong with the table, one sentence each; nothing when it is sound."""
    for name in IDS:
        if name not in rows:
            yield f"{name}: has no row"
    for name, row in rows.items():
        if name not in IDS:
            yield f"{name}: is no known requirement id"
        elif not isinstance(row, dict):
            yield f"{name}: is not a table"
        else:
            for fault in _row_faults(row, root):
                yield f"{name}: {fault}"


def _row_faults(row: Mapping[str, Any], root: Path) -> Iterator[str]:
    for key, value in row.items():
        if key not in KEYS:
            yield f"unknown key {key!r}"
        elif not isinstance(value, KEYS[key]):
            yield f"{key} is not a {KEYS[key].__name__}"
            return
    status = row.get("status")
    if status not in STATES:
        yield f"status is {status!r}, not one of {', '.join(STATES)}"
    if not row.get("title", "").strip():
        yield "has no title"
    if status in ("partial", "open") and not row.get("note", "").strip():
        yield f"is {status} without a note that says what is missing"
    code, tests = row.get("code", []), row.get("tests", [])
    if status == "done" and not (code and tests):
        yield "is done without both code and tests"
    if status == "partial" and not code:
        yield "is partial without code"
    for place in code:
        if not (root / place).exists():
            yield f"code {place} does not exist"
    for place in tests:
        file, _, function = place.partition("::")
        if not (root / file).is_file():
            yield f"test file {file} does not exist"
        elif not file.startswith("tests/"):
            yield f"test {place} is not under tests/"
        elif function and function not in test_names(root / file):
            yield f"{file} has no test {function}"


def main() -> int:
    try:
        rows = tomllib.loads((ROOT / TABLE).read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        print(f"{TABLE}: {error}", file=sys.stderr)
        return 1
    found = list(faults(rows))
    for fault in found:
        print(f"{TABLE}: {fault}", file=sys.stderr)
    if found:
        return 1
    count = Counter(row["status"] for row in rows.values())
    print(f"{TABLE}: {len(rows)} requirements, " + ", ".join(f"{count[state]} {state}" for state in STATES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
