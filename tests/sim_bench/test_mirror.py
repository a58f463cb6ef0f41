"""The panel's picture on the bench, and fingers into it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.bench.changes import Changes
from hardware_sim.bench.mirror import MirrorServer

NOON = datetime(2026, 5, 13, 3, 0, tzinfo=UTC)


@pytest.fixture
def mirror(folder: Path, changes: Changes) -> Iterator[MirrorServer]:
    server = MirrorServer(folder / "m", changes, lambda: NOON)
    server.start()
    yield server
    server.close()


def shows(changes: Changes, mirror: MirrorServer, screen: str) -> bool:
    return changes.wait_until(lambda: mirror.picture is not None and mirror.picture.screen == screen, 5)


def test_only_the_last_picture_is_kept(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "m")
    kiosk.frame("pay", 1, jpeg=b"one")
    kiosk.frame("take", 2, jpeg=b"two")
    assert shows(changes, mirror, "take")
    assert mirror.picture is not None
    assert mirror.picture.jpeg == b"two"
    assert [(shown.screen, shown.at) for shown in mirror.shown()] == [("pay", NOON), ("take", NOON)]


def test_a_finger_goes_to_the_middle_of_the_target_with_the_pictures_number(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "m")
    kiosk.frame("pay", 7)
    assert shows(changes, mirror, "pay")
    assert mirror.touch_target("next")
    heard = json.loads(kiosk.hear())
    assert heard == {"touch": [pytest.approx(0.5), pytest.approx(0.85)], "sequence": 7}
    assert mirror.unfelt, "a machine with much to do has not felt it yet: the next touch would be taken for a bounce"
    seen = changes.count
    kiosk.message({"type": "felt"})
    changes.wait(seen, 30)
    assert not mirror.unfelt
    assert not mirror.touch_target("nothing-there")
    with pytest.raises(ValueError, match="from 0 to 1"):
        mirror.touch(1.2, 0.5)


def test_a_finger_is_laid_down_and_lifted_as_long_as_it_was_held(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "m")
    kiosk.frame("idle", 3, fingers=True)
    assert shows(changes, mirror, "idle")
    assert mirror.finger_down(0.2, 0.3, 3)
    assert json.loads(kiosk.hear()) == {"finger": "down", "at": [0.2, 0.3], "sequence": 3}
    assert mirror.finger_up(0.9, 0.3)
    assert json.loads(kiosk.hear()) == {"finger": "up", "at": [0.9, 0.3]}
    assert not mirror.finger_up(0.9, 0.3)
    # Whoever goes away leaves no finger behind.
    mirror.finger_down(0.2, 0.3, 3)
    mirror.let_go()
    assert [json.loads(kiosk.hear())["finger"] for _ in range(2)] == ["down", "up"]


def test_a_kiosk_that_knows_taps_only_is_tapped_when_the_finger_is_lifted(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "m")
    kiosk.frame("idle", 3)
    assert shows(changes, mirror, "idle")
    assert mirror.finger_down(0.2, 0.3, 3)
    assert not mirror.finger_up(0.9, 0.3)  # it was moved away: no tap
    assert mirror.finger_down(0.4, 0.5, 3)
    assert mirror.finger_up(0.41, 0.5)
    assert json.loads(kiosk.hear()) == {"touch": [0.4, 0.5], "sequence": 3}


def test_the_next_process_takes_the_panel_over(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    first = kiosk_end(folder / "m")
    first.frame("idle", 1, process=100)
    assert shows(changes, mirror, "idle")
    second = kiosk_end(folder / "m")
    second.frame("idle", 1, process=101)
    assert changes.wait_until(lambda: mirror.picture is not None and mirror.picture.process == 101, 5)
    assert mirror.touch_target("next")
    assert json.loads(second.hear())["sequence"] == 1
    assert [shown.process for shown in mirror.shown()] == [100, 101]


def test_a_panel_without_power_shows_nothing_and_feels_nothing(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "m")
    kiosk.frame("pay", 1)
    assert shows(changes, mirror, "pay")
    mirror.darken()
    assert mirror.picture is None
    assert not mirror.touch(0.5, 0.5)


def test_rubbish_hangs_up_and_the_next_one_is_heard(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk_end(folder / "m").say("\xff\xff\xff\xff rubbish of any length")
    kiosk_end(folder / "m").frame("idle", 1)
    assert shows(changes, mirror, "idle")


def test_the_lossless_picture_is_asked_for(
    mirror: MirrorServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "m")
    kiosk.frame("idle", 1)
    assert shows(changes, mirror, "idle")
    found: list[bytes | None] = []
    asking = threading.Thread(target=lambda: found.append(mirror.png()))
    asking.start()
    assert json.loads(kiosk.hear()) == {"frame": "png"}
    kiosk.message(
        {"type": "png", "sequence": 1, "process": 1, "screen": "idle", "format": "png", "width": 1, "height": 1},
        b"PNG",
    )
    asking.join()
    assert found == [b"PNG"]
