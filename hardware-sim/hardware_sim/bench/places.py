"""Where the bench keeps things: state that lasts on disk, a run's things in memory."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import BenchError

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder below it is made by mkdtemp
_FRESH = (
    "kiosk", "printer", "log", "recorder", "video", "recorder-credentials", "cash.json", "clock.json", "machine.toml",
)  # fmt: skip


@dataclass(frozen=True)
class State:
    """Lasts from one start of the bench to the next."""

    root: Path
    _lock: IO[str]

    @classmethod
    def open(cls, root: Path, *, fresh: bool) -> State:
        """Take the folder for this bench; ``fresh`` begins as a machine just delivered.

        Raises:
            BenchError: it cannot be written, or another bench has it.
        """
        try:
            root.mkdir(parents=True, exist_ok=True)
            root.chmod(0o700)
            lock = (root / "lock").open("w")
        except OSError as error:
            raise BenchError(f"{root} cannot be used ({error.strerror}): choose another folder with --state") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise BenchError(
                f"{root} is in use by another bench: stop that one, or choose another folder with --state"
            ) from None
        state = cls(root.absolute(), lock)
        if fresh:
            state._empty()
        for folder in (state.kiosk, state.log, state.printer, state.card_trust, state.authority):
            folder.mkdir(exist_ok=True, mode=0o700)
        return state

    def _empty(self) -> None:
        for name in _FRESH:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        self._lock.close()

    @property
    def kiosk(self) -> Path:
        """$STATE_DIRECTORY of the kiosk: journal and ledgers."""
        return self.root / "kiosk"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def printer(self) -> Path:
        """The printer's own log."""
        return self.root / "printer"

    @property
    def recorder(self) -> Path:
        """$STATE_DIRECTORY of the recorder: keys of the video, books."""
        return self.root / "recorder"

    @property
    def video(self) -> Path:
        """The recorder's ring: on a real machine a disk of its own."""
        return self.root / "video"

    @property
    def recorder_credentials(self) -> Path:
        """$CREDENTIALS_DIRECTORY of the recorder. Its key lasts as long as the ring."""
        return self.root / "recorder-credentials"

    @property
    def authority(self) -> Path:
        """The cards' test authority."""
        return self.root / "pki"

    @property
    def card_trust(self) -> Path:
        """Folder of card CAs the kiosk trusts."""
        return self.root / "card-ca"

    @property
    def machine_file(self) -> Path:
        return self.root / "machine.toml"

    @property
    def metal(self) -> Path:
        """Coins in the hoppers when the bench stopped."""
        return self.root / "cash.json"

    @property
    def last_time(self) -> Path:
        """The bench's time when it stopped."""
        return self.root / "clock.json"


@dataclass(frozen=True)
class Run:
    """Of this run only, in memory where the system has a memory file system. Short, for the sockets in it."""

    root: Path

    @classmethod
    def make(cls) -> Run:
        parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        root = Path(tempfile.mkdtemp(prefix="ckb-", dir=parent))
        # As root, print filters run under another account and must reach the kiosk's folder below.
        root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        run = cls(root)
        for folder in (run.own, run.cash, run.sensors, run.camera):
            folder.mkdir(mode=0o700)
        return run

    def remove(self) -> None:
        with suppress(OSError):
            shutil.rmtree(self.root)

    @property
    def own(self) -> Path:
        """Clock, sockets and pipe of the bench itself."""
        return self.root / "b"

    @property
    def kiosk(self) -> Path:
        """$RUNTIME_DIRECTORY of the kiosk."""
        return self.root / "kiosk"

    @property
    def cash(self) -> Path:
        return self.root / "cash"

    @property
    def sensors(self) -> Path:
        return self.root / "io"

    @property
    def camera(self) -> Path:
        """Of the simulated camera, and of the recorder's case."""
        return self.root / "cam"

    @property
    def link(self) -> Path:
        """Sockets between recorder and terminal (really: /run/certkiosk); $RUNTIME_DIRECTORY of the former."""
        return self.root / "link"

    @property
    def card(self) -> Path:
        return self.root / "card"

    @property
    def city(self) -> Path:
        return self.root / "city"
