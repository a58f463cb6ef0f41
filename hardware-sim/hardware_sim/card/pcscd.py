"""The real pcscd with vpcd as its only reader, kept running."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

from .namespace import StandError, Tools

READER_NAME = "Virtual PCD"
VPCD_PORT = 35963
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_LISTEN = "0A"


class Pcscd:
    """One pcscd at a time. Any thread may ask or :meth:`kill`; one thread starts, watches and stops it.

    That has to be a thread that lasts: when it ends, even by SIGKILL of the whole process, the kernel kills pcscd.
    pcscd logs errors only, and never APDUs.
    """

    def __init__(self, tools: Tools, config_dir: Path, socket_dir: Path, log: Path) -> None:
        self._tools = tools
        self._config_dir = config_dir
        self._socket_dir = socket_dir
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._pause_s = _FIRST_PAUSE_S
        self._plugged = True
        self._plug_at: float | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Of the running pcscd, or None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def ready(self) -> bool:
        """Whether clients can connect and, if the reader is plugged in, a card can be inserted."""
        if self.pid is None or not (self._socket_dir / "pcscd.comm").exists():
            return False
        return not self._plugged or _listening(VPCD_PORT)

    @property
    def plugged(self) -> bool:
        """Whether pcscd has its reader."""
        return self._plugged

    def start(self) -> None:
        self._config_dir.mkdir(mode=0o700, exist_ok=True)
        reader = (
            f'FRIENDLYNAME "{READER_NAME}"\n'
            f"DEVICENAME   /dev/null:{VPCD_PORT}\n"
            f"LIBPATH      {self._tools.driver}\n"
            f"CHANNELID    {VPCD_PORT}\n"
        )
        (self._config_dir / "reader.conf").write_text(reader if self._plugged else "")
        self._remove_leftovers()
        command = [self._tools.programs["setpriv"], "--pdeathsig", "KILL", self._tools.programs["pcscd"]]
        command += ["--foreground", "--error", "--config", str(self._config_dir)]
        if self._tools.polkit:
            command.append("--disable-polkit")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self, timeout_s: float) -> None:
        """Raises :class:`StandError` when pcscd ends or does not listen in time."""
        deadline = time.monotonic() + timeout_s
        while not self.ready:
            if self.pid is None:
                raise StandError(f"pcscd ended while starting; its last words are in {self._log}")
            if time.monotonic() > deadline:
                raise StandError(f"pcscd does not listen after {timeout_s:.0f} s; see {self._log}")
            time.sleep(0.02)

    def watch(self, now_s: float) -> None:
        """Start pcscd again when it has ended, with growing pauses while it keeps ending."""
        with self._lock:
            if self._plug_at is not None and now_s >= self._plug_at:
                self._plug()
            if self._process is None:
                if now_s >= self._not_before:
                    self.start()
                    self.restarts += 1
            elif self._process.poll() is not None:
                self._process = None
                self._not_before = max(self._not_before, now_s + self._pause_s)
                self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
            elif self._pause_s > _FIRST_PAUSE_S and self.ready:
                self._pause_s = _FIRST_PAUSE_S

    def kill(self, down_s: float, now_s: float) -> None:
        """Kill it (SIGKILL) and let it stay down for ``down_s`` seconds at least."""
        with self._lock:
            self._not_before = now_s + down_s
            self._kill()

    def unplug(self, down_s: float | None, now_s: float) -> None:
        """Let the reader be gone, for ``down_s`` seconds or until :meth:`plug`.

        A reader that stands in pcscd's configuration is neither taken from it nor given to it while it runs. So it is
        started again without one, and with it when the reader is back: clients lose the service at both moments, and
        in between find it without a reader.
        """
        with self._lock:
            self._plug_at = None if down_s is None else now_s + down_s
            if self._plugged:
                self._plugged = False
                self._kill()

    def plug(self) -> None:
        """Bring the reader back."""
        with self._lock:
            self._plug()

    def _plug(self) -> None:
        self._plug_at = None
        if not self._plugged:
            self._plugged = True
            self._kill()

    def _kill(self) -> None:
        """:meth:`watch` starts it again, with the configuration that holds by then."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it for good."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        """After a kill both files remain, and a stranger's process may have got the old number."""
        for name in ("pcscd.comm", "pcscd.pid"):
            (self._socket_dir / name).unlink(missing_ok=True)


def _listening(port: int) -> bool:
    """Whether somebody listens on the port, without connecting: a connection would be a card."""
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[3] == _LISTEN:
                return True
    return False
