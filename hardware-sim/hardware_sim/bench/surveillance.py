"""The security camera above the terminal: the camera, the recorder's own processes, its case and the case's key."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from hardware_sim.camera.bench import WALK_S, CameraBench
from hardware_sim.camera.faults import FAULTS as CAMERA_FAULTS
from hardware_sim.sensors.bench import SensorBench

from .camera_words import FAULTS, words_of
from .changes import Changes
from .errors import BenchError
from .kiosk import passed_on, started_by
from .machine_file import CASE_INPUT
from .office import HANDLER
from .program import Program
from .watch import RecorderWatch, Told

STATUS_SOCKET: Final = "status.sock"
"""Of the recorder, in its $RUNTIME_DIRECTORY."""
KEK: Final = "recorder-kek"
_KEK_BYTES: Final = 32
VAULT: Final = "keys.vault"
"""Made by `python -m recorder.prepare`; a state folder without it has no ring yet."""
SETTLED_S: Final = 6.0
"""So long must it have been armed before somebody may step in, so that it knows the empty place."""
BOOKS: Final = "recorder.sqlite"
_RUN_S: Final = 60.0
_UNSEEN: Final = re.compile(r"^(\d+)\u3000【警報】.*未確認$", re.MULTILINE)
PURPOSE: Final = "点検"
LIGHTS: Final = {"on": 1.0, "off": 0.45}


@dataclass(frozen=True)
class Folders:
    """state, video, credentials last; link: sockets between recorder and terminal; own: of the simulated devices."""

    machine_file: Path
    state: Path
    video: Path
    credentials: Path
    link: Path
    own: Path
    log: Path


@dataclass(frozen=True)
class Stay:
    """Somebody used the terminal, by the bench's time; left: None while they do."""

    came: datetime
    left: datetime | None = None

    def to_json(self) -> dict[str, str | None]:
        left = None if self.left is None else self.left.isoformat(timespec="milliseconds")
        return {"came": self.came.isoformat(timespec="milliseconds"), "left": left}


def recorder_command(machine_file: Path) -> list[str]:
    """How the recorder is started."""
    return started_by("recorder", machine_file)


class Surveillance:
    """A context manager: the devices run from enter to exit, the recorder from :meth:`record` on. From any thread."""

    def __init__(
        self,
        folders: Folders,
        changes: Changes,
        now: Callable[[], datetime],
    ) -> None:
        self._folders = folders
        self._changes = changes
        self._now = now
        self._stack = ExitStack()
        self._lock = threading.RLock()
        self._stays: list[Stay] = []
        self._state: dict[str, Any] = {}
        self._dark = self._off = False
        self.sealed = True
        """Everything in the ring was sealed by an end in order, and nothing has been recorded since."""
        self._key_out = False
        self.camera = CameraBench(folders.own, folders.log / "camera.log")
        self.case = SensorBench(folders.own)
        self.recorder: Program | None = None
        self.watch: RecorderWatch | None = None

    def __enter__(self) -> Self:
        for folder in (self._folders.state, self._folders.video, self._folders.credentials):
            folder.mkdir(exist_ok=True, mode=0o700)
        kek = self._folders.credentials / KEK
        if not kek.exists():
            kek.write_bytes(secrets.token_bytes(_KEK_BYTES))
        self._folders.link.mkdir(exist_ok=True, mode=0o700)
        try:
            self._stack.enter_context(self.camera)
            self._stack.enter_context(self.case)
            self.case.set_input(CASE_INPUT, True)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def record(self, command: Sequence[str]) -> None:
        """Prepare the ring if there is none yet, and start the recorder. BenchError when it refuses."""
        try:
            self.camera.ready()
        except RuntimeError as error:
            raise BenchError(str(error)) from None
        if not (self._folders.state / VAULT).exists():
            self._run("recorder.prepare", ())
        self._key_out = self._book_says_out()
        recorder = Program(
            command,
            self._environment(),
            self._folders.link,
            self._folders.log / "recorder.log",
            self._changes,
        )
        self._stack.callback(recorder.stop)
        recorder.start()
        watch = RecorderWatch(self._folders.link / STATUS_SOCKET, self._changes, self._now)
        watch.start()
        self._stack.callback(watch.close)
        self.recorder, self.watch = recorder, watch
        self._state = self.camera.snapshot()

    # -- before the camera -------------------------------------------------------------------------

    def do(self, what: str, **values: object) -> None:
        """Something happens before the camera: see `hardware_sim.camera.control`, and ``light_on``, ``light_off``.

        ValueError for what cannot be done, with what to do instead.
        """
        with self._lock:
            if what in {"light_on", "light_off"}:
                what, values = "light", {"gain": LIGHTS[what.removeprefix("light_")], **values}
            if what in {"fault", "clear", "stays", "picture"}:
                raise ValueError(f"{what!r} is nothing that happens before the camera")
            self._state = self._camera(lambda: self.camera.do(what, **values))
            if what == "step_in":
                self._stays.append(Stay(self._now() + timedelta(seconds=WALK_S)))
            elif what == "leave":
                self._stays[-1] = replace(self._stays[-1], left=max(self._now(), self._stays[-1].came))
        self._changes.ring()

    @property
    def person(self) -> bool:
        """Somebody stands before the terminal."""
        with self._lock:
            return bool(self._state.get("person"))

    def picture(self) -> bytes:
        """JPEG of what is before the camera, as it sees it."""
        return bytes(self._camera(self.camera.picture))

    def stays(self, since: int = 0) -> list[Stay]:
        """Whoever used the terminal, from number `since` on: standing there until turning to go."""
        with self._lock:
            return self._stays[since:]

    def tidy(self) -> None:
        """Nobody there, nothing left behind, light on, case shut, key in its place, every opening answered for."""
        with self._lock:
            if self.person:
                self.do("leave")
            if self._state.get("thing"):
                self.do("take_away")
            if self._state.get("light") != LIGHTS["on"]:
                self.do("light_on")
            self.set_case(False)
            if self._key_out:
                self.key("in")
        watch = self.watch
        if watch is not None and "case_opened" in watch.last.faults:
            self.key("seen")

    def at_rest(self) -> bool:
        """Armed for a while, nobody there, nothing recorded, nothing wrong: the next one may step in.

        That the ring is small is no hindrance: on the bench it is.
        """
        told = self.told
        wrong = {fault for fault in told.faults if fault in FAULTS}
        quiet = told.armed and not told.recording and not wrong and told.for_s >= SETTLED_S
        return quiet and not self._camera(self.camera.snapshot)["in_picture"]

    # -- the case ----------------------------------------------------------------------------------

    def set_case(self, is_open: bool) -> None:
        """Somebody opens or shuts the recorder's case."""
        self.case.set_input(CASE_INPUT, not is_open)
        self._changes.ring()

    @property
    def case_open(self) -> bool:
        return not self.case.inputs()[CASE_INPUT]

    @property
    def key_out(self) -> bool:
        """The key of the case is booked out."""
        with self._lock:
            return self._key_out

    def key(self, do: str) -> None:
        """The handler books the key ``out`` or ``in`` at the console, or answers for an opening (``seen``).

        ValueError with the console's own words when it refuses.
        """
        who = f"{HANDLER.title} {HANDLER.name}"
        match do:
            case "out":
                self._keys("out", (who, PURPOSE))
            case "in":
                self._keys("in", (who,))
            case "seen":
                unseen = _UNSEEN.findall(self._keys("list", ()))
                if not unseen:
                    raise ValueError("no opening waits for an answer")
                for number in unseen:
                    self._keys("seen", (number, who, f"{PURPOSE}のため"))
            case _:
                raise ValueError('"do" must be "out", "in" or "seen"')
        with self._lock:
            self._key_out = do == "out" if do != "seen" else self._key_out
        self._changes.ring()

    # -- what can go wrong -------------------------------------------------------------------------

    def fault(self, target: str, name: str, values: dict[str, Any]) -> None:
        """Of the camera, of the recorder, or of the case's module. ValueError for what there is not."""
        match target:
            case "camera":
                self._camera(lambda: self.camera.fault(name, **values))
                self._look()
            case "case":
                self.case.fault(name, **values)
            case _ if self.recorder is None:
                raise ValueError("the recorder was not started here")
            case _ if name == "kill":
                self.recorder.kill(float(values["off_s"]))
            case _:
                self._off = True
                self.recorder.cut(None)

    def clear(self, target: str, name: str | None) -> None:
        """Mend one thing, or everything of one part."""
        match target:
            case "camera":
                self._camera(lambda: self.camera.clear_faults(name))
                self._look()
            case "case":
                self.case.clear_faults(name)
            case _ if self.recorder is not None and self._off:
                self._off = False
                self.recorder.start()

    def broken(self) -> list[tuple[str, str]]:
        """What is broken now, but for what a power cut explains."""
        with self._lock:
            found = [("camera", name) for name in self._state.get("faults", ()) if name in CAMERA_FAULTS]
            if self._dark:
                found = [each for each in found if each[1] != "unplugged"]
            if self._off:
                found.append(("recorder", "off"))
        return found + [("case", fault["name"]) for fault in self.case.snapshot()["faults"]]

    def power(self, on: bool, off_s: float | None = None) -> None:
        """Camera and recorder hang on the terminal's outlet. off_s: when it comes back by itself, None: it does not."""
        with self._lock:
            if not on:
                if self.recorder is not None:
                    self.recorder.cut(None if self._off else off_s)
                self._dark = "unplugged" not in self._state.get("faults", ())
                if self._dark:
                    self.fault("camera", "unplugged", {})
                return
            dark, self._dark = self._dark, False
            if dark:
                self.clear("camera", "unplugged")
            if self.recorder is not None and not self._off:
                self.recorder.start()

    # -- looking -----------------------------------------------------------------------------------

    @property
    def told(self) -> Told:
        """How the recorder is, by its own word."""
        return Told(self._now()) if self.watch is None else self.watch.last

    def snapshot(self) -> dict[str, Any]:
        """For the page, see :mod:`hardware_sim.bench.api`."""
        told = self.told
        with self._lock:
            state = dict(self._state)
        running = self.recorder is not None and self.recorder.pid is not None
        return {
            "recording": told.recording,
            "armed": told.armed,
            **words_of(told, running=running, configured=not self._refused()),
            "running": running,
            "person": bool(state.get("person")),
            "still": bool(state.get("still")),
            "thing": bool(state.get("thing")),
            "light": state.get("light") == LIGHTS["on"],
            "case_open": self.case_open,
            "key_out": self.key_out,
            "footage_min": None if told.footage_h is None else round(told.footage_h * 60, 1),
        }

    def _refused(self) -> bool:
        return self.recorder is not None and self.recorder.configuration_error

    def _look(self) -> None:
        with self._lock:
            self._state = self._camera(self.camera.snapshot)
        self._changes.ring()

    def _camera(self, do: Callable[[], Any]) -> Any:
        try:
            return do()
        except RuntimeError as error:
            raise ValueError(str(error)) from None

    # -- the recorder's own commands ---------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        return {
            **passed_on(),
            "CREDENTIALS_DIRECTORY": str(self._folders.credentials),
            "STATE_DIRECTORY": str(self._folders.state),
            "PYTHONUNBUFFERED": "1",
        }

    def _keys(self, do: str, typed: Sequence[str]) -> str:
        try:
            return self._run("recorder.keys", (do,), typed)
        except BenchError as error:
            raise ValueError(str(error)) from None

    def _run(self, module: str, words: Sequence[str], typed: Sequence[str] = ()) -> str:
        """What it printed. BenchError when it refused."""
        try:
            done = subprocess.run(
                [sys.executable, "-m", module, "--config", str(self._folders.machine_file), *words],
                input="".join(f"{line}\n" for line in typed),
                env={**os.environ, **self._environment()},
                capture_output=True,
                text=True,
                timeout=_RUN_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchError(f"{module} did not end in {_RUN_S:.0f} s") from None
        if done.returncode != 0:
            raise BenchError(f"{module} refused: {done.stderr.strip()}")
        return done.stdout

    def _book_says_out(self) -> bool:
        with suppress(BenchError):
            return (self._folders.state / BOOKS).exists() and "未返却" in self._run("recorder.keys", ("list",))
        return False
