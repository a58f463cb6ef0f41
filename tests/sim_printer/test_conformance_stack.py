"""The test suites that come with CUPS' ipptool find nothing wrong with the simulated machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from hardware_sim.printer import PrinterBench

pytestmark = pytest.mark.stack

SUITES = Path("/usr/share/cups/ipptool")


@pytest.mark.parametrize("suite", ["ipp-1.1.test", "ipp-2.0.test"])
def test_no_test_of_the_suite_fails(suite: str, bench: PrinterBench, tmp_path: Path, pdf: Callable[..., bytes]) -> None:
    if shutil.which("ipptool") is None or not (SUITES / suite).exists():
        pytest.skip("ipptool is not installed (Debian: cups-ipp-utils)")
    for each in ("ipp-1.1.test", "ipp-2.0.test"):
        shutil.copy(SUITES / each, tmp_path)
    # The suites name sample files that the package leaves out; ipptool stops at one it cannot read.
    for name in ("sample.pdf", "document-a4.pdf", "document-letter.pdf"):
        (tmp_path / name).write_bytes(pdf(2))
    for name in ("document-a4.ps", "document-letter.ps"):
        (tmp_path / name).write_text("%!PS\nshowpage\n")
    for name, mode in (("color.jpg", "RGB"), ("gray.jpg", "L")):
        Image.new(mode, (60, 40), 0).save(tmp_path / name)

    command = ["ipptool", "-tf", "sample.pdf", bench.uri, f"./{suite}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    report = done.stdout + done.stderr
    assert "[FAIL]" not in report, report
    assert "cannot be read" not in report
    assert report.count("[PASS]") >= 34, report
    assert bench.log("internal-error") == []
