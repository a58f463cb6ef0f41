"""The suites of CUPS' ipptool on the simulated machine and on CUPS' own `ippeveprinter`, name by name in one run."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from hardware_sim.printer import PrinterBench
from hardware_sim.printer.eve import EvePrinter, missing

pytestmark = pytest.mark.stack

SUITES = Path("/usr/share/cups/ipptool")
NAMES = ("ipp-1.1.test", "ipp-2.0.test", "ipp-everywhere.test")
RESULT = re.compile(r"^ {4}(\S.*?) +\[(PASS|FAIL|SKIP)\]$", re.MULTILINE)
Results = list[tuple[str, str]]

SAMPLE = """
{{
	NAME "{name}"
	OPERATION Print-Job
	GROUP operation-attributes-tag
	ATTR charset attributes-charset utf-8
	ATTR naturalLanguage attributes-natural-language en
	ATTR uri printer-uri $uri
	ATTR name requesting-user-name kiosk
	ATTR mimeMediaType document-format {kind}
	ATTR boolean ipp-attribute-fidelity true
	{compression}
	GROUP job-attributes-tag
	ATTR keyword sides {sides}
	ATTR collection media-col {{
		MEMBER collection media-size {{ MEMBER integer x-dimension {x} MEMBER integer y-dimension {y} }}
		MEMBER keyword media-source {tray}
	}}
	FILE {file}
	STATUS successful-ok
	STATUS server-error-busy REPEAT-MATCH REPEAT-LIMIT 100
	DELAY 0.1
	EXPECT job-id OF-TYPE integer COUNT 1 IN-GROUP job-attributes-tag
}}
{{
	NAME "{name}: comes out whole"
	OPERATION Get-Job-Attributes
	GROUP operation-attributes-tag
	ATTR charset attributes-charset utf-8
	ATTR naturalLanguage attributes-natural-language en
	ATTR uri printer-uri $uri
	ATTR integer job-id $job-id
	ATTR name requesting-user-name kiosk
	STATUS successful-ok
	DELAY 0.1
	EXPECT job-state OF-TYPE enum WITH-VALUE >6 REPEAT-NO-MATCH REPEAT-LIMIT 100
	EXPECT job-state OF-TYPE enum WITH-VALUE 9
	EXPECT job-state-reasons OF-TYPE keyword WITH-VALUE job-completed-successfully
	EXPECT job-impressions-completed OF-TYPE integer WITH-VALUE {pages}
}}
"""
CERTIFICATE = {"tray": "tray-1", "x": 21000, "y": 29700, "sides": "two-sided-long-edge"}
RECEIPT = {"tray": "tray-2", "x": 14800, "y": 21000, "sides": "one-sided"}
SAMPLES = (
    ("certificate of two sides", "certificate.pdf", "application/pdf", CERTIFICATE, 2),
    ("certificate of three sheets", "household.pdf", "application/pdf", CERTIFICATE, 6),
    ("receipt on its own paper", "receipt.pdf", "application/pdf", RECEIPT, 1),
    ("photo", "color.jpg", "image/jpeg", CERTIFICATE | {"sides": "one-sided"}, 1),
    ("raster, one bit", "black.pwg", "image/pwg-raster", CERTIFICATE | {"sides": "one-sided"}, 1),
    ("raster, grey", "grey.pwg", "image/pwg-raster", CERTIFICATE | {"sides": "one-sided"}, 1),
)


def raster(bits: int, space: int, line: bytes) -> bytes:
    """One small page of PWG Raster (PWG 5102.4): the header fields a reader needs, then one line of pixels."""
    header = bytearray(1796)
    header[0:9] = b"PwgRaster"
    struct.pack_into(">II", header, 276, 300, 300)
    struct.pack_into(">II", header, 372, 16, 1)
    struct.pack_into(">IIIII", header, 384, 8, bits, 2 * bits, 0, space)
    return b"RaS2" + bytes(header) + line


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    if shutil.which("ipptool") is None or not all((SUITES / name).exists() for name in NAMES):
        pytest.skip("ipptool is not installed (Debian: cups-ipp-utils)")
    with tempfile.TemporaryDirectory(prefix="eve-") as name:  # short: a socket's path is limited
        yield Path(name)


@pytest.fixture
def suite(folder: Path, pdf: Callable[..., bytes]) -> Path:
    """The suites with what they need beside them, some of it left out of the package."""
    here = folder / "suite"
    here.mkdir(exist_ok=True)
    for name in NAMES:
        text = (SUITES / name).read_text()
        # Of ipp-everywhere the block of attributes: its samples are not packaged, and ipptool stops at the first.
        text = text.partition("# Test printing all sample documents")[0]
        # Only the pace is changed: ippeveprinter takes one job at a time and calls itself busy for a moment.
        (here / name).write_text(
            re.sub(r"(?m)^(\s*OPERATION (?:Print-Job|Create-Job|Get-Job-Attributes))", r"\tDELAY 0.2\n\1", text)
        )
    for name in ("sample.pdf", "document-a4.pdf", "document-letter.pdf", "certificate.pdf"):
        (here / name).write_bytes(pdf(2))
    (here / "household.pdf").write_bytes(pdf(6))
    (here / "receipt.pdf").write_bytes(pdf(1))
    for name in ("document-a4.ps", "document-letter.ps"):
        (here / name).write_text("%!PS\nshowpage\n")
    for name, mode in (("color.jpg", "RGB"), ("gray.jpg", "L")):
        Image.new(mode, (60, 40), 0).save(here / name)
    (here / "black.pwg").write_bytes(raster(1, 3, b"\x00\x01\xff"))
    (here / "grey.pwg").write_bytes(raster(8, 18, b"\x00\x0f\x40"))
    samples = []
    for name, file, kind, how, pages in SAMPLES:
        for compression in ("none", "gzip", "deflate")[: 3 if name == SAMPLES[0][0] else 1]:
            packed = f"ATTR keyword compression {compression} COMPRESSION {compression}"
            facts = {"file": file, "kind": kind, "pages": pages, "compression": packed, **how}
            samples.append(SAMPLE.format(name=f"{name}, {compression}", **facts))
    (here / "samples.test").write_text("".join(samples))
    return here


def run(suite: Path, uri: str, name: str) -> tuple[Results, str]:
    command = ["ipptool", "-tI", "-V", "2.0", "-f", "sample.pdf", uri, f"./{name}"]
    done = subprocess.run(command, cwd=suite, capture_output=True, text=True, timeout=120, check=False)
    report = done.stdout + done.stderr
    assert "cannot be read" not in report, report
    assert "Unexpected" not in report, report
    return RESULT.findall(report), report


def count(results: Results) -> dict[str, int]:
    return {word: sum(result == word for _, result in results) for word in ("PASS", "FAIL", "SKIP")}


def worse(ours: Results, theirs: Results) -> list[str]:
    """Tests that the other printer passes and ours does not pass although it can be asked."""
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    pairs = zip(ours, theirs, strict=True)
    return [name for (name, our), (_, their) in pairs if our == "FAIL" and their == "PASS"]


def test_no_test_of_the_suites_fails(suite: Path, bench: PrinterBench) -> None:
    results, report = run(suite, bench.uri, "ipp-everywhere.test")
    assert count(results)["FAIL"] == 0, report
    assert count(results)["PASS"] >= 36, report
    assert results[-1] == ("PWG 5100.14 section 5.1/5.2 - Required Operations and Attributes", "PASS")
    assert bench.log("internal-error") == []


@pytest.mark.parametrize(
    ("name", "like_ours", "least"), [("ipp-everywhere.test", False, 40), ("samples.test", True, 16)]
)
def test_nothing_fails_that_ippeveprinter_passes(
    suite: Path, bench: PrinterBench, folder: Path, name: str, like_ours: bool, least: int
) -> None:
    if lacking := missing():
        pytest.skip(f"not installed: {lacking}")
    own = folder / name.removesuffix(".test")
    own.mkdir()
    with EvePrinter(own, like_ours=like_ours) as other:
        theirs, their_report = run(suite, other.uri, name)
    ours, our_report = run(suite, bench.uri, name)
    print(f"{name}: simulated machine {count(ours)}, ippeveprinter {count(theirs)}")
    assert worse(ours, theirs) == [], our_report
    assert count(theirs)["PASS"] >= least, their_report
