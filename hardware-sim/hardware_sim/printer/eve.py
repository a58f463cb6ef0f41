"""CUPS' own sample printer, `ippeveprinter`, set up like our machine: a second opinion, written by somebody else.

It has no faults and tells less than a real machine (its jobs never count sheets, its trays never run down), so it is
no bench. Needs the Debian packages cups-ipp-utils and dbus-daemon: even without advertising itself it wants a message
bus, and is given a private one. One job at a time; a second is refused as busy.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

READY_S: Final = 15.0
PROGRAMS: Final = {"ippeveprinter": "cups-ipp-utils", "dbus-daemon": "dbus-daemon"}
_PATH: Final = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
_TRAYS: Final = (
    ("tray-1", "stationery", "iso_a4_210x297mm", 21000, 29700),
    ("tray-2", "stationery-lightweight", "iso_a5_148x210mm", 14800, 21000),
)

_BUS: Final = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""

_COMMAND: Final = """#!{python}
import json, os, sys
ticket = {{name: os.environ.get(name, "") for name in ("IPP_SIDES", "IPP_MEDIA_COL", "IPP_JOB_NAME", "CONTENT_TYPE")}}
pages = 1
if ticket["CONTENT_TYPE"] == "application/pdf":
    import pypdfium2
    document = pypdfium2.PdfDocument(sys.argv[1])
    pages = len(document)
    document.close()
with open({tickets!r}, "a") as log:
    log.write(json.dumps(ticket) + "\\n")
for done in range(1, pages + 1):
    print(f"ATTR: job-impressions-completed={{done}}", file=sys.stderr, flush=True)
"""

_ATTRIBUTES: Final = """
ATTR boolean color-supported false
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-99
ATTR mimeMediaType document-format-default application/pdf
ATTR mimeMediaType document-format-supported {formats}
ATTR enum finishings-default 3
ATTR enum finishings-ready 3
ATTR enum finishings-supported 3
ATTR integer media-bottom-margin-supported 423
ATTR integer media-left-margin-supported 423
ATTR integer media-right-margin-supported 423
ATTR integer media-top-margin-supported 423
ATTR keyword media-default iso_a4_210x297mm
ATTR keyword media-ready {media}
ATTR keyword media-supported {media}
ATTR collection media-size-supported {sizes}
ATTR keyword media-source-supported {sources}
ATTR keyword media-type-supported {types}
ATTR collection media-col-default {first}
ATTR collection media-col-database {trays}
ATTR collection media-col-ready {trays}
ATTR enum orientation-requested-default 3
ATTR enum orientation-requested-supported 3,4,5,6
ATTR keyword output-bin-default face-down
ATTR keyword output-bin-supported face-down
ATTR boolean page-ranges-supported true
ATTR integer pages-per-minute 60
ATTR keyword print-color-mode-default monochrome
ATTR keyword print-color-mode-supported monochrome,auto
ATTR enum print-quality-default 4
ATTR enum print-quality-supported 4,5
ATTR text printer-device-id "MFG:CUPS;MDL:ippeveprinter;CMD:PDF,PWGRaster,URF,JPEG;"
ATTR octetString printer-input-tray {levels}
ATTR text printer-make-and-model "CUPS ippeveprinter"
ATTR resolution printer-resolution-default 600dpi
ATTR resolution printer-resolution-supported 300dpi,600dpi
ATTR octetString printer-supply "type=toner;maxcapacity=100;level=100;colorantname=black;"
ATTR text printer-supply-description "Black Toner"
ATTR name marker-names "Black Toner"
ATTR keyword marker-types toner
ATTR name marker-colors "#000000"
ATTR integer marker-levels 100
ATTR resolution pwg-raster-document-resolution-supported 300dpi,600dpi
ATTR keyword pwg-raster-document-sheet-back normal
ATTR keyword pwg-raster-document-type-supported black_1,sgray_8
ATTR keyword sides-default one-sided
ATTR keyword sides-supported one-sided,two-sided-long-edge,two-sided-short-edge
ATTR keyword urf-supported V1.4,CP1,DM1,IS1-4,MT1-2,OB10,PQ4-5,RS300-600,W8
"""


def missing() -> str:
    """What has to be installed before one can be started; empty: nothing."""
    lacking = [f"{p} (Debian: {package})" for p, package in PROGRAMS.items() if shutil.which(p, path=_PATH) is None]
    return ", ".join(lacking)


class EvePrinter:
    """A running `ippeveprinter` on loopback. `directory` must have a short path (a socket lies in it).

    `like_ours`: with our two trays and nothing but monochrome. It then lists its formats twice, against RFC 8011;
    for what its makers themselves call conformant, take False.

    Raises RuntimeError, with its last words, when it does not start.
    """

    def __init__(self, directory: Path, *, like_ours: bool = True) -> None:
        self.directory, self._like_ours = directory, like_ours
        self._spool, self._tickets = directory / "spool", directory / "tickets"
        self._stack = contextlib.ExitStack()
        self._log = self._stack.enter_context((directory / "log").open("w+"))
        try:
            bus = self._bus()
            for _attempt in range(3):  # the port chosen may be taken before it listens
                self.port = _free_port()
                if self._start(bus):
                    return
            self._log.seek(0)
            raise RuntimeError("ippeveprinter did not start: " + self._log.read()[-500:])
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def uri(self) -> str:
        return f"ipp://localhost:{self.port}/ipp/print"

    def documents(self) -> list[bytes]:
        """Every document it was given, in order."""
        kept = [path for path in self._spool.iterdir() if path.name[:1].isdigit() and path.suffix != ".prn"]
        return [path.read_bytes() for path in sorted(kept, key=lambda path: int(path.name.partition("-")[0]))]

    def tickets(self) -> list[dict[str, Any]]:
        """How it understood each job, with `like_ours`: IPP_SIDES, IPP_MEDIA_COL, IPP_JOB_NAME, CONTENT_TYPE."""
        return [json.loads(line) for line in self._tickets.read_text().splitlines()] if self._tickets.exists() else []

    def _bus(self) -> str:
        address = self.directory / "bus.sock"
        settings = self.directory / "bus.conf"
        settings.write_text(_BUS.format(socket=address))
        self._run(["dbus-daemon", "--nofork", f"--config-file={settings}"], {})
        _wait(address.exists, "dbus-daemon does not listen")
        return f"unix:path={address}"

    def _start(self, bus: str) -> bool:
        self._spool.mkdir(exist_ok=True)
        attributes = self.directory / "printer.conf"
        attributes.write_text(_attributes())
        command = self.directory / "print"
        ours = _COMMAND.format(python=sys.executable, tickets=str(self._tickets))
        command.write_text(ours if self._like_ours else "#!/bin/sh\n")
        command.chmod(0o700)
        makers = ["-2", "-f", "application/pdf,image/jpeg,image/pwg-raster", "-s", "60,60"]
        arguments = ["-r", "off", "-n", "localhost", "-p", str(self.port), "-k"]
        arguments += ["-a", str(attributes)] if self._like_ours else makers
        arguments += ["-d", str(self._spool), "-c", str(command), "-K", str(self.directory), "Second opinion"]
        process = self._run(["ippeveprinter", *arguments], {"DBUS_SYSTEM_BUS_ADDRESS": bus})
        _wait(lambda: process.poll() is not None or _listens(self.port), "ippeveprinter does not listen")
        time.sleep(1.1)  # it counts its up-time from 0, which RFC 8011 §5.4.29 does not know
        return process.poll() is None

    def _run(self, command: list[str], more: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **more, "PATH": _PATH}
        process = subprocess.Popen(command, env=environment, stdout=self._log, stderr=self._log)
        self._stack.callback(_end, process)
        return process


def _attributes() -> str:
    def tray(source: str, kind: str, media: str, x: int, y: int) -> str:
        margins = " ".join(f"MEMBER integer media-{edge}-margin 423" for edge in ("bottom", "left", "right", "top"))
        size = f"MEMBER collection media-size {{ MEMBER integer x-dimension {x} MEMBER integer y-dimension {y} }}"
        words = f"MEMBER keyword media-size-name {media} MEMBER keyword media-source {source}"
        return f"{{ {size} {words} MEMBER keyword media-type {kind} {margins} }}"

    trays = [tray(*one) for one in _TRAYS]
    return _ATTRIBUTES.format(
        formats="application/octet-stream,application/pdf,image/jpeg,image/pwg-raster,image/urf",
        media=",".join(media for _, _, media, _, _ in _TRAYS),
        sizes=",".join(f"{{ MEMBER integer x-dimension {x} MEMBER integer y-dimension {y} }}" for *_, x, y in _TRAYS),
        sources=",".join(source for source, *_ in _TRAYS),
        types=",".join(kind for _, kind, *_ in _TRAYS),
        first=trays[0],
        trays=",".join(trays),
        levels=",".join(
            f'"type=sheetFeedAutoRemovableTray;mediafeed={y};mediaxfeed={x};maxcapacity=500;level=500;status=0;'
            f'name={source};"'
            for source, _, _, x, y in _TRAYS
        ),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(true: Any, what: str) -> None:
    deadline = time.monotonic() + READY_S
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError(what)
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(READY_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
