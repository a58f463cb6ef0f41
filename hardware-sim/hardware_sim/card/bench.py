"""The bench's handle on the virtual card: start it, lay cards on the reader, take them away, let things fail."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .kinds import CardSpec
from .namespace import StandError, check_socket_path, find_tools, unshare_command

START_S = 20.0
STOP_S = 5.0
ANSWER_S = 15.0


class CardStand:
    """A simulated reader behind a real pcscd, in a namespace of its own, for root and for anybody else.

    ``run_dir`` takes sockets and logs (made with mode 0700 when absent); ``authority_dir`` the test authority
    (default ``run_dir/pki``). PC/SC clients reach the reader when ``PCSCLITE_CSOCK_NAME`` in their environment is
    :attr:`csock`. ``cards`` names a JSON file of cards to register at the start (mode 0600).

    Use it as a context manager or call :meth:`start` and :meth:`stop`. The processes end with this one, however it
    ends. Methods raise :class:`StandError` with a text that says what to do.
    """

    def __init__(self, run_dir: Path, authority_dir: Path | None = None, cards: Path | None = None) -> None:
        self.run_dir = run_dir.absolute()
        self.authority_dir = (authority_dir or self.run_dir / "pki").absolute()
        self.csock = self.run_dir / "pcscd" / "pcscd.comm"
        self.control_socket = self.run_dir / "control.sock"
        self._cards = cards
        self._process: subprocess.Popen[str] | None = None
        self._connection: socket.socket | None = None
        self._received = b""
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Of the process inside the namespace, or None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start pcscd and the reader, without a card. Returns when clients can connect."""
        if self.pid is not None:
            raise StandError("the card stand runs already")
        check_socket_path(self.csock)
        check_socket_path(self.control_socket)
        tools = find_tools()
        prefix = unshare_command(tools)
        for folder in (self.run_dir, self.csock.parent, self.authority_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [*prefix, sys.executable, "-m", "hardware_sim.card.stand", "--parent", str(os.getpid())]
        command += ["--run", str(self.run_dir), "--authority", str(self.authority_dir)]
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
            self._await_ready(log)
            self._connect()
        except BaseException:
            self.stop()
            raise

    def _await_ready(self, log: Path) -> None:
        process = self._process
        if process is None or process.stdout is None:
            raise StandError("the card stand was not started")
        readable, _, _ = select.select([process.stdout], [], [], START_S)
        line = process.stdout.readline() if readable else ""
        try:
            said = json.loads(line)
        except ValueError:
            said = {"ready": False, "error": f"the card stand did not start; see {log}"}
        if not said.get("ready"):
            raise StandError(str(said.get("error")))

    def _connect(self) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.settimeout(ANSWER_S)
        self._connection.connect(str(self.control_socket))
        self._received = b""

    def stop(self) -> None:
        """End the stand and its pcscd. May be called twice."""
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

    def client_environment(self) -> dict[str, str]:
        """The environment for a PC/SC client outside: the current one and where our pcscd is."""
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.csock)}

    def register(self, spec: CardSpec) -> None:
        """Make a card known to the stand. The same again changes nothing; a changed one is a fresh card."""
        self._ask("register", card=spec.to_json())

    def insert(self, card_id: str) -> None:
        """Lay a registered card on the reader; pcscd sees it within half a second.

        Within 0.8 s of the last removal it waits for that time to pass first, because pcscd would miss the change.
        """
        self._ask("insert", card=card_id)

    def remove(self) -> bool:
        """Take the card away. Returns whether one lay there."""
        return bool(self._ask("remove")["removed"])

    def status(self) -> dict[str, Any]:
        """What is so now.

        ``card`` (id or None), ``connected`` (to vpcd), ``pcscd`` (ready), ``pcscd_pid``, ``pcscd_restarts``,
        ``registered`` (ids).
        """
        return self._ask("status")

    def slow(self, ms: int) -> None:
        """Each APDU takes this many milliseconds longer."""
        self._ask("slow", ms=ms)

    def kill_pcscd(self, down_ms: int = 0) -> None:
        """Kill pcscd; it comes back by itself, after ``down_ms`` at the earliest."""
        self._ask("kill_pcscd", down_ms=down_ms)

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
