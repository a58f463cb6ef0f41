"""A private cupsd with a driverless queue prints on the simulated machine, as on a real one."""

from __future__ import annotations

import grp
import io
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cups as pycups
import pytest
from PIL import Image, ImageOps

from hardware_sim.printer import PrinterBench, documents

pytestmark = pytest.mark.stack

READY_S = 15.0
PRINT_S = 30.0
COMPLETED = 9


@dataclass(frozen=True)
class Cups:
    """A running cupsd that listens on a domain socket only."""

    socket: Path

    def run(self, *command: str) -> str:
        """A CUPS client program against this cupsd; the test fails with its words if it fails."""
        environment = {**os.environ, "CUPS_SERVER": str(self.socket), "LC_ALL": "C"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=READY_S, check=False)
        assert done.returncode == 0, f"{command[0]}: {done.stderr}"
        return done.stdout


def _settings(root: Path) -> None:
    """cups-files.conf and cupsd.conf. Started by root, cupsd runs its filters as lp."""
    as_root = os.geteuid() == 0
    user = "lp" if as_root else pwd.getpwuid(os.geteuid()).pw_name
    group = "lp" if as_root else grp.getgrgid(os.getegid()).gr_name
    system_group = "lpadmin" if as_root else group
    for name in ("etc/ppd", "etc/ssl", "spool", "tmp", "cache", "state/certs", "log"):
        (root / name).mkdir(parents=True)
    if as_root:
        os.chown(root / "tmp", 0, grp.getgrnam(group).gr_gid)
    (root / "tmp").chmod(0o1770)
    found = {
        key: subprocess.run(["cups-config", option], capture_output=True, text=True, check=True).stdout.strip()
        for key, option in (("ServerBin", "--serverbin"), ("DataDir", "--datadir"))
    }
    files = {
        "ServerRoot": root / "etc",
        "StateDir": root / "state",
        "CacheDir": root / "cache",
        "RequestRoot": root / "spool",
        "TempDir": root / "tmp",
        "ServerKeychain": root / "etc/ssl",
        "AccessLog": root / "log/access_log",
        "ErrorLog": root / "log/error_log",
        "PageLog": root / "log/page_log",
        "DocumentRoot": Path(found["DataDir"]) / "doc-root",
        **found,
        "Printcap": "",
        "User": user,
        "Group": group,
        "SystemGroup": system_group,
    }
    (root / "cups-files.conf").write_text("".join(f"{key} {value}\n" for key, value in files.items()))
    (root / "cupsd.conf").write_text(
        f"LogLevel info\nListen {root}/cups.sock\nBrowsing No\nWebInterface No\nDefaultShared No\n"
        "DefaultAuthType None\nPreserveJobFiles No\nPreserveJobHistory 60\nErrorPolicy abort-job\nMaxLogSize 0\n"
        "<Location />\n  Order allow,deny\n  Allow localhost\n</Location>\n"
        "<Policy default>\n  <Limit All>\n    AuthType None\n    Order allow,deny\n    Allow localhost\n"
        "  </Limit>\n</Policy>\n"
    )


@pytest.fixture
def cups() -> Iterator[Cups]:
    for program in ("cupsd", "cups-config", "lpadmin", "lp"):
        if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None:
            pytest.skip(f"{program} is not installed (Debian: cups-daemon, cups-client, libcups2-dev)")
    # Not tmp_path: its parents are closed to lp, and a socket path may have at most 107 octets.
    with tempfile.TemporaryDirectory(prefix="cups-") as name:
        root = Path(name)
        root.chmod(0o755)
        _settings(root)
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
        daemon = subprocess.Popen(
            ["cupsd", "-f", "-c", str(root / "cupsd.conf"), "-s", str(root / "cups-files.conf")],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + READY_S
            while not (root / "cups.sock").exists():
                assert daemon.poll() is None, (root / "log/error_log").read_text()
                assert time.monotonic() < deadline, "cupsd does not listen"
                time.sleep(0.02)
            yield Cups(root / "cups.sock")
        finally:
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(READY_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _queue(cups: Cups, bench: PrinterBench) -> None:
    policy = "printer-error-policy=abort-job"
    cups.run("lpadmin", "-p", "mfp", "-E", "-v", bench.uri, "-m", "everywhere", "-o", policy)
    # cupsd 2.4 builds the queue in a thread beside its main loop; a job sent meanwhile may be mistyped or stay.
    connection = pycups.Connection(host=str(cups.socket))
    deadline = time.monotonic() + READY_S
    asked = ["printer-make-and-model", "document-format-supported"]
    while True:
        told = connection.getPrinterAttributes("mfp", requested_attributes=asked)
        formats = told.get("document-format-supported", [])
        if "IPP Everywhere" in told["printer-make-and-model"] and "application/pdf" in formats:
            return
        assert time.monotonic() < deadline, "the queue does not become driverless"
        time.sleep(0.02)


def _print(cups: Cups, document: Path, title: str, *options: str) -> None:
    chosen = [word for option in options for word in ("-o", option)]
    cups.run("lp", "-d", "mfp", "-t", title, *chosen, str(document))


def _ink(png: bytes) -> tuple[int, ...]:
    """Left, upper, right, lower edge of what is black, in pixels."""
    with Image.open(io.BytesIO(png)) as picture:
        box = ImageOps.invert(picture.convert("L")).getbbox()
    assert box is not None
    return box


def _ended(bench: PrinterBench, name: str) -> Any:
    """The job of this name at the machine, once it has ended there."""

    def found() -> Any:
        return next((j for j in bench.engine.jobs() if j.name == name and j.state.ended), None)

    assert bench.engine.wait_until(lambda: found() is not None, PRINT_S), bench.snapshot()
    return found()


def test_two_pages_on_one_sheet_through_cups(
    cups: Cups, bench: PrinterBench, tmp_path: Path, pdf: Callable[..., bytes]
) -> None:
    _queue(cups, bench)
    document = tmp_path / "d.pdf"
    document.write_bytes(pdf(2))
    _print(cups, document, "J-0001", "sides=two-sided-long-edge", "print-scaling=none")

    job = _ended(bench, "J-0001")
    assert job.state == COMPLETED
    (received,) = bench.log("document")
    assert received["format"] == "application/pdf"
    assert received["pages"] == 2
    assert received["sides"] == "two-sided-long-edge"
    assert received["tray"] == "tray-1"
    (sheet,) = bench.take_output()
    assert (sheet.front.page, sheet.back and sheet.back.page) == (0, 1)
    assert (job.sheets_completed, job.impressions_completed) == (1, 2)
    # print-scaling none: the page that came out is the page that was sent, 1:1 (the filters of CUPS see to it).
    box = _ink(sheet.png("back", 150) or b"")
    assert box == pytest.approx(_ink(documents.render_png(document.read_bytes(), documents.PDF, 1, 150)), abs=1)


def test_the_receipt_tray_can_be_chosen_through_cups(
    cups: Cups, bench: PrinterBench, tmp_path: Path, pdf: Callable[..., bytes]
) -> None:
    _queue(cups, bench)
    document = tmp_path / "d.pdf"
    document.write_bytes(pdf(1))
    _print(cups, document, "J-0002", "InputSlot=Tray2", "media=iso_a5_148x210mm")
    _ended(bench, "J-0002")
    assert [s.tray for s in bench.take_output()] == ["tray-2"]


def test_a_job_waits_out_an_empty_tray_and_prints_once(
    cups: Cups, bench: PrinterBench, tmp_path: Path, pdf: Callable[..., bytes]
) -> None:
    _queue(cups, bench)
    bench.fault("paper_out")
    document = tmp_path / "d.pdf"
    document.write_bytes(pdf(2))
    _print(cups, document, "J-0003", "sides=two-sided-long-edge")
    assert bench.engine.wait_until(lambda: any(j.state == 6 for j in bench.engine.jobs()), PRINT_S)
    bench.load("tray-1", 100)
    assert _ended(bench, "J-0003").state == COMPLETED
    assert len(bench.log("document")) == len(bench.log("sheet")) == 1
