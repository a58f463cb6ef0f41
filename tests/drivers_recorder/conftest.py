"""Both ends of the sockets between kiosk and recorder, with a clock set by hand and without their threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from drivers.recorder_link import RecorderLink
from kiosk.events import CameraTold
from recorder.marks import Marks
from recorder.parts import Report
from recorder.visit import Session

WELL = Report(armed=True, recording=True, faults=frozenset({"dark"}), required_ok=True)


@dataclass
class Pair:
    """`marks` is the recorder's end, `link` the kiosk's; `heard` is what the recorder took in."""

    folder: Path
    report: Report = WELL
    now_s: float = 100.0
    heard: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.marks = self.recorder()
        self.link = self.kiosk()

    def recorder(self) -> Marks:
        return Marks(
            self.folder / "marks",
            self.folder / "kiosk",
            lambda mark: self.heard.append(mark.session),
            lambda: self.report,
            lambda: self.now_s,
        )

    def kiosk(self) -> RecorderLink:
        link = RecorderLink(self.folder / "marks", self.folder / "kiosk", lambda: self.now_s)
        link.turn()
        return link

    def after(self, seconds: float) -> CameraTold | None:
        """Time passes for the kiosk's end alone; what it would tell the machine now."""
        self.now_s += seconds
        self.link.turn()
        return self.link.told

    def goes_round(self) -> None:
        """The recorder's own thread has made its report anew."""
        self.report = replace(self.report)

    def close(self) -> None:
        self.link.close()
        self.marks.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.close()
