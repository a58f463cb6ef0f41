"""A program of the machine on the bench: started, watched like a service manager does, killed and cut off."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .changes import Changes
from .processes import descendants, kill_tree, processes, tree_of

CONFIGURATION_ERROR = 78
"""EX_CONFIG of sysexits.h: starting again would not help."""
_RESTART_S = 1.0
_STOP_S = 10.0
_LAST_WORDS = 4000


class Program:
    """Keeps a program (kiosk, recorder) running as a service manager would, in a runtime folder of its own.

    ``command`` and ``environment`` start it; ``runtime`` lies in memory and is emptied by :meth:`cut`; ``log``
    takes what it says on both streams. It begins with a new session, so a Ctrl-C at the bench does not reach it,
    and ends with the bench however that ends.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], runtime: Path, log: Path, changes: Changes
    ) -> None:
        self._command = list(command)
        self._environment = {**environment, "RUNTIME_DIRECTORY": str(runtime)}
        self._runtime = runtime
        self._log = log
        self._changes = changes
        self._condition = threading.Condition(threading.RLock())
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._not_before = 0.0
        self._ended = False
        self._starts = 0
        self._exits: list[int] = []
        self._thread = threading.Thread(target=self._watch, name="program-watch", daemon=True)
        self._thread.start()

    # -- looking -----------------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """Of the parent process, or None while it does not run."""
        with self._condition:
            process = self._process
            return process.pid if process is not None and process.poll() is None else None

    @property
    def starts(self) -> int:
        """How often it was started."""
        with self._condition:
            return self._starts

    @property
    def runtime(self) -> Path:
        return self._runtime

    @property
    def configuration_error(self) -> bool:
        """It has ended because its configuration is wrong; the log says what."""
        with self._condition:
            return bool(self._exits) and self._exits[-1] == CONFIGURATION_ERROR

    @property
    def unexpected_exits(self) -> tuple[int, ...]:
        """Exit codes of ends that nobody on the bench caused."""
        with self._condition:
            return tuple(self._exits)

    def pids(self) -> list[int]:
        """Everybody of it now: parent, children, and what those started."""
        return tree_of(self.pid, self._runtime)

    def last_words(self) -> str:
        """The end of its log."""
        with suppress(OSError), self._log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - _LAST_WORDS))
            return log.read().decode("utf-8", "replace").strip()
        return ""

    # -- acting ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let it run, now and after every end, until :meth:`stop`."""
        self._after(0.0)

    def kill(self, off_s: float = 0.0) -> None:
        """SIGKILL to it and its own children (for the kiosk: the process of this customer); memory stays as it is.

        It starts again after ``off_s`` seconds.
        """
        with self._condition:
            self._wanted = False
            pid = self.pid
            if pid is not None:
                among = processes()
                children = [each.pid for each in among.values() if each.parent == pid]
                # The parent first, or it would start the next child.
                for each in (pid, *children):
                    with suppress(ProcessLookupError):
                        os.kill(each, signal.SIGKILL)
                self._collect()
                deadline = time.monotonic() + 5
                while any(child in processes() for child in children) and time.monotonic() < deadline:
                    time.sleep(0.002)
            self._after(off_s)

    def cut(self, off_s: float | None = 0.0) -> None:
        """The power fails: everybody is gone and so is the memory.

        It comes back after ``off_s`` seconds, or with None only by :meth:`start`.
        """
        with self._condition:
            self._wanted = False
            kill_tree(self.pid, self._runtime)
            self._collect()
            self._wipe()
            if off_s is not None:
                self._after(off_s)

    def restart(self) -> None:
        """End it in order, and start it again."""
        with self._condition:
            self._wanted = False
            process = self._process
            if process is not None and process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_STOP_S)
                kill_tree(process.pid, self._runtime)
            self._collect()
            self._after(0.0)

    def stop(self) -> None:
        """End it in order, then whoever is left, and do not start it again."""
        with self._condition:
            self._wanted = False
            self._ended = True
            self._condition.notify_all()
            process, pid = self._process, self.pid
            among = processes()
            below = [] if pid is None else descendants(pid, among)
        if process is not None and below:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_S)
        kill_tree(pid, self._runtime)
        if process is not None:
            process.wait()
        self._thread.join()
        shutil.rmtree(self._runtime, ignore_errors=True)

    # -- own thread --------------------------------------------------------------------------------

    def _after(self, seconds: float) -> None:
        with self._condition:
            self._not_before = time.monotonic() + seconds
            self._wanted = True
            self._condition.notify_all()

    def _collect(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()

    def _wipe(self) -> None:
        shutil.rmtree(self._runtime, ignore_errors=True)
        self._runtime.mkdir(mode=0o700)

    def _watch(self) -> None:
        # The thread that starts it must last: `setpriv --pdeathsig` is about the thread, not the process.
        with self._condition:
            while not self._ended:
                process = self._process
                if process is not None and process.poll() is not None and self._wanted:
                    self._note_end(process)
                elif self._wanted and (process is None or process.poll() is not None):
                    wait_s = self._not_before - time.monotonic()
                    if wait_s <= 0:
                        self._launch()
                    else:
                        self._condition.wait(wait_s)
                    continue
                self._condition.wait(0.05)

    def _note_end(self, process: subprocess.Popen[bytes]) -> None:
        """It has ended by itself."""
        self._exits.append(process.returncode)
        self._process = None
        if process.returncode == CONFIGURATION_ERROR:
            self._wanted = False
        else:
            self._not_before = time.monotonic() + _RESTART_S
        self._changes.ring()

    def _launch(self) -> None:
        if not self._runtime.is_dir():
            self._runtime.mkdir(mode=0o700)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._starts += 1
        self._changes.ring()
