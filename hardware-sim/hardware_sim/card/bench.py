"""The bench's handles on the virtual card: start it, lay cards on the reader, take them away, let things fail.

Two readers, one set of methods: :class:`CardStand` behind a real pcscd, :class:`RadioStand` behind nfcpy's UDP driver.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .kinds import CardSpec
from .namespace import StandError, check_socket_path, find_tools, unshare_command

START_S = 20.0
STOP_S = 5.0
ANSWER_S = 15.0


class Stand(ABC):
    """A process with a reader and cards. Both stands are this; they differ in how a program reaches the reader.

    Use it as a context manager or call :meth:`start` and :meth:`stop`. The processes end with this one, however it
    ends. Methods raise :class:`StandError` with a text that says what to do.
    """

    #: Names of the methods that let something fail; calling one with the arguments of its default mends it again.
    FAULTS: tuple[str, ...] = ("slow", "mute", "pull_at", "unplug")

    def __init__(self, run_dir: Path, authority_dir: Path | None = None, cards: Path | None = None) -> None:
        """``run_dir`` takes sockets and logs (made with mode 0700 when absent); ``authority_dir`` the test authority
        (default ``run_dir/pki``). ``cards`` names a JSON file of cards to register at the start (mode 0600)."""
        self.run_dir = run_dir.absolute()
        self.authority_dir = (authority_dir or self.run_dir / "pki").absolute()
        self.control_socket = self.run_dir / "control.sock"
        self._cards = cards
        self._process: subprocess.Popen[str] | None = None
        self._connection: socket.socket | None = None
        self._received = b""
        self._lock = threading.Lock()

    @abstractmethod
    def _prepare(self) -> tuple[list[str], list[str]]:
        """Words before and after the command that starts the process. Raises :class:`StandError` when it cannot."""

    @abstractmethod
    def _started(self, said: dict[str, Any]) -> None:
        """What the process has said of itself."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Of the process with the reader, or None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the reader, without a card. Returns when clients can connect."""
        if self.pid is not None:
            raise StandError("the card stand runs already")
        check_socket_path(self.control_socket)
        for folder in (self.run_dir, self.authority_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        before, after = self._prepare()
        command = [*before, sys.executable, "-m", "hardware_sim.card.stand", *after]
        command += ["--parent", str(os.getpid()), "--run", str(self.run_dir), "--authority", str(self.authority_dir)]
        if self._cards is not None:
            command += ["--cards", str(self._cards.absolute())]
        log = self.run_dir / "stand.log"
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # a Ctrl-C in the terminal is for the bench, which then stops us in order
            )
        try:
            self._started(self._await_ready(log))
            self._connect()
        except BaseException:
            self.stop()
            raise

    def _await_ready(self, log: Path) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdout is None:
            raise StandError("the card stand was not started")
        readable, _, _ = select.select([process.stdout], [], [], START_S)
        line = process.stdout.readline() if readable else ""
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            said = {"ready": False, "error": f"the card stand did not start; see {log}"}
        if not said.get("ready"):
            raise StandError(str(said.get("error")))
        return said

    def _connect(self) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(ANSWER_S)
        self._connection.connect(str(self.control_socket))
        self._received = b""

    def stop(self) -> None:
        """End the stand and all that it started. May be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def register(self, spec: CardSpec) -> None:
        """Make a card known to the stand. The same again changes nothing; a changed one is a fresh card."""
        self._ask("register", card=spec.to_json())

    def insert(self, card_id: str, *more: str) -> None:
        """Lay a registered card on the reader, or several at once. Raises when something lies there already."""
        self._ask("insert", cards=[card_id, *more])

    def remove(self) -> bool:
        """Take everything away. Returns whether a card lay there."""
        return bool(self._ask("remove")["removed"])

    def status(self) -> dict[str, Any]:
        """What is so now.

        ``card`` (id of the first or None), ``cards`` (ids), ``connected`` (reader and card talk), ``reader`` (plugged
        in), ``registered`` (ids); behind pcscd also ``pcscd`` (ready), ``pcscd_pid``, ``pcscd_restarts``.
        """
        return self._ask("status")

    def slow(self, ms: int) -> None:
        """Each APDU takes this many milliseconds longer."""
        self._ask("slow", ms=ms)

    def mute(self, on: bool) -> None:
        """Let cards be noticed and then say nothing: PC/SC finds one that cannot be powered, the radio one that lets
        itself be chosen and answers no block."""
        self._ask("mute", on=on)

    def unplug(self, down_ms: int | None = None) -> None:
        """Take the reader away, for so many milliseconds or until :meth:`plug`."""
        self._ask("unplug", down_ms=down_ms)

    def plug(self) -> None:
        """Plug the reader in again; what lies on it still lies there."""
        self._ask("plug")

    def pull_at(self, ins: int | None, when: str = "before") -> None:
        """Pull the card at the next command with this INS, so that no answer reaches the reader.

        ``when``: "before" the card has run it, or "after". ``ins=None`` disarms.
        """
        self._ask("pull_at", ins=ins, when=when)

    def tries(self, card_id: str) -> int:
        """Tries left of the card's PIN, 0 (blocked) to 3."""
        return int(self._ask("tries", card=card_id)["tries"])

    def set_tries(self, card_id: str, tries: int) -> None:
        """Set that counter, as if somebody had used the card elsewhere."""
        self._ask("set_tries", card=card_id, tries=tries)

    def trace(self, *, clear: bool = False) -> list[dict[str, Any]]:
        """Commands the card has carried out: ``header`` (CLA INS P1 P2 in hex), ``lc``, ``sw``. Never data."""
        commands: list[dict[str, Any]] = self._ask("trace", clear=clear)["commands"]
        return commands

    def _ask(self, do: str, **arguments: object) -> dict[str, Any]:
        with self._lock:
            if self._connection is None:
                raise StandError("the card stand is not running: call start() first")
            try:
                self._connection.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
                while b"\n" not in self._received:
                    chunk = self._connection.recv(65536)
                    if not chunk:
                        raise ConnectionError
                    self._received += chunk
            except OSError:
                # An answer that comes too late would be taken for that to the next question.
                self._connection.close()
                self._connection = None
                raise StandError(f"the card stand does not answer; see {self.run_dir / 'stand.log'}") from None
            line, _, self._received = self._received.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise StandError(str(answer["error"]))
        return answer


class CardStand(Stand):
    """A simulated reader behind a real pcscd, in a namespace of its own, for root and for anybody else.

    PC/SC clients reach the reader when ``PCSCLITE_CSOCK_NAME`` in their environment is :attr:`csock`. They notice a
    card within half a second. One that comes within 0.8 s of the last removal waits for that time to pass first,
    because pcscd would miss the change.

    What a PC/SC reader makes of the cards: two at once cannot be powered; a FeliCa card has the ATR of a storage card
    and answers every command with 6E00; a phone is a card like any other. Frames, and what disturbs them, are the
    reader's own affair.
    """

    FAULTS = (*Stand.FAULTS, "kill_pcscd")

    def __init__(self, run_dir: Path, authority_dir: Path | None = None, cards: Path | None = None) -> None:
        super().__init__(run_dir, authority_dir, cards)
        self.csock = self.run_dir / "pcscd" / "pcscd.comm"

    def _prepare(self) -> tuple[list[str], list[str]]:
        check_socket_path(self.csock)
        self.csock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return unshare_command(find_tools()), []

    def _started(self, said: dict[str, Any]) -> None:
        """Nothing to keep."""

    def client_environment(self) -> dict[str, str]:
        """The environment for a PC/SC client outside: the current one and where our pcscd is."""
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.csock)}

    def kill_pcscd(self, down_ms: int = 0) -> None:
        """Kill pcscd; it comes back by itself, after ``down_ms`` at the earliest."""
        self._ask("kill_pcscd", down_ms=down_ms)

    def wait_pcscd(self, restarts: int, timeout_s: float = 10.0) -> None:
        """Wait until pcscd has come back at least ``restarts`` times and is ready."""
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.status()
            if status["pcscd"] and status["pcscd_restarts"] >= restarts:
                return
            if time.monotonic() > deadline:
                raise StandError(f"pcscd did not come back in {timeout_s:.0f} s; see {self.run_dir / 'pcscd.log'}")
            time.sleep(0.02)


class RadioStand(Stand):
    """A radio field for ``nfc.ContactlessFrontend(stand.device)`` (nfcpy's UDP driver), on 127.0.0.1 only.

    nfcpy reports a gone reader and an empty field alike: it senses nothing. Two type B cards at once answer at the
    same moment, of which it senses nothing either.
    """

    FAULTS = (*Stand.FAULTS, "disturb", "leave_after")

    def __init__(self, run_dir: Path, authority_dir: Path | None = None, cards: Path | None = None) -> None:
        super().__init__(run_dir, authority_dir, cards)
        self._port: int | None = None

    @property
    def device(self) -> str:
        """nfcpy's name of this reader. Raises :class:`StandError` before the first start."""
        if self._port is None:
            raise StandError("the card stand is not running: call start() first")
        return f"udp:127.0.0.1:{self._port}"

    def _prepare(self) -> tuple[list[str], list[str]]:
        return [], ["--radio"]

    def _started(self, said: dict[str, Any]) -> None:
        self._port = int(said["port"])

    def disturb(self, frames: int, how: str = "broken") -> None:
        """Let that many frames from the card not arrive as they were sent (0: none any more).

        ``how``: "lost", "broken" (the reader sees a wrong CRC) or "forged" (a block that nobody may send).
        """
        self._ask("disturb", frames=frames, how=how)

    def leave_after(self, frames: int | None) -> None:
        """Let everything leave the field once the cards have sent that many more frames. ``None`` disarms."""
        self._ask("leave_after", frames=frames)
