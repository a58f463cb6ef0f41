"""``python -m hardware_sim.scenario FILE…``: start a bench, live the scenarios, write what happened."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.preflight import check_packages
from hardware_sim.bench.world import Bench

from .runner import Report, Runner
from .script import Script, ScriptError, read_script
from .setups import options_of


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 all green, 1 a red one, 2 a file is wrong or the bench cannot start."""
    parser = argparse.ArgumentParser(prog="python -m hardware_sim.scenario", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="scenario in TOML (docs/scenarios.md)")
    parser.add_argument("--report", type=Path, help="folder for one JSON report a scenario")
    parser.add_argument("--state", type=Path, help="keep the bench's state in this folder (default: a temporary one)")
    options = parser.parse_args(arguments)
    try:
        scripts = [read_script(path) for path in options.files]
        check_packages()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            reports = _run(scripts, options.state or Path(folder), options.report)
    except (BenchError, ScriptError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(report.green for report in reports) else 1


def _run(scripts: list[Script], state: Path, folder: Path | None) -> list[Report]:
    reports: dict[int, Report] = {}
    for number, setup in enumerate(dict.fromkeys(script.setup for script in scripts)):
        # Scenarios that want the same bench share one; each set-up has a state of its own.
        with Bench(options_of(setup, state / f"bench-{number}")) as bench:
            runner = Runner(bench)
            for script in scripts:
                if script.setup == setup:
                    reports[id(script)] = _one(runner, script, folder)
    return [reports[id(script)] for script in scripts]


def _one(runner: Runner, script: Script, folder: Path | None) -> Report:
    report = runner.run(script)
    print(f"{'green' if report.green else 'RED  '}  {script.name}: {script.title}", flush=True)
    for difference in report.differences:
        print(f"       {difference}", flush=True)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
        (folder / f"{script.name}.json").write_text(text + "\n", "utf-8")
    return report


if __name__ == "__main__":
    sys.exit(main())
