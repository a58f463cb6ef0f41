"""Camera, case and power as the bench holds them, with the real camera process and no recorder; the page's way in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.calendar import JST
from hardware_sim.bench.api import _Api
from hardware_sim.bench.changes import Changes
from hardware_sim.bench.surveillance import Folders, Surveillance
from hardware_sim.camera.bench import WALK_S

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("surveillance")]
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=JST)


class Time:
    now = NOON


@pytest.fixture
def made(folder: Path, changes: Changes) -> Iterator[Surveillance]:
    for name in ("own", "log"):
        (folder / name).mkdir()
    places = {name: folder / name for name in ("state", "video", "credentials", "link", "own", "log")}
    Time.now = NOON
    with Surveillance(Folders(folder / "machine.toml", **places), changes, lambda: Time.now) as running:
        yield running


@pytest.fixture
def api(made: Surveillance) -> _Api:
    return _Api(SimpleNamespace(surveillance=made))  # type: ignore[arg-type]


def test_who_comes_and_leaves_is_known_by_the_benchs_time(made: Surveillance, api: _Api, changes: Changes) -> None:
    rung = changes.count
    api.camera({"do": "step_in"})
    assert made.person
    assert changes.count > rung
    Time.now = NOON + timedelta(seconds=20)
    api.camera({"do": "still", "on": True})
    assert made.snapshot()["still"]
    api.camera({"do": "leave"})
    (stay,) = made.stays()
    assert (stay.came, stay.left) == (NOON + timedelta(seconds=WALK_S), NOON + timedelta(seconds=20))
    assert made.stays(1) == []
    with pytest.raises(ValueError, match="step in"):
        api.camera({"do": "leave"})


def test_light_things_and_case_are_shown_and_tidied_up(made: Surveillance, api: _Api) -> None:
    for wish in ("light_off", "put_down", "step_in"):
        api.camera({"do": wish})
    api.case({"open": True})
    shown = made.snapshot()
    assert (shown["light"], shown["thing"], shown["person"], shown["case_open"]) == (False, True, True, True)
    made.tidy()
    shown = made.snapshot()
    assert (shown["light"], shown["thing"], shown["person"], shown["case_open"]) == (True, False, False, False)
    assert made.case.inputs()[0], "the contact is closed while the case is shut"


def test_the_picture_is_that_of_the_camera(made: Surveillance) -> None:
    assert made.picture()[:3] == b"\xff\xd8\xff"


def test_a_power_cut_takes_the_camera_and_gives_back_what_was_there(made: Surveillance) -> None:
    made.power(False)
    assert made.camera.snapshot()["faults"] == ["unplugged"]
    assert made.broken() == [], "that is the power's doing, and mended by the power"
    made.power(True)
    assert made.camera.snapshot()["faults"] == []
    made.fault("camera", "unplugged", {})
    made.power(False)
    made.power(True)
    assert made.broken() == [("camera", "unplugged")], "a cable that was out before is out afterwards"
    made.clear("camera", None)
    made.fault("case", "silent", {})
    assert made.broken() == [("case", "silent")]


@pytest.mark.parametrize("wish", [{"do": "fault", "name": "hung"}, {"do": "stays"}, {}, {"do": "step_in", "gain": 2}])
def test_only_what_happens_before_the_camera_comes_in_that_way(api: _Api, wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"camera|there are|takes no"):
        api.camera(wish)


def test_without_a_camera_the_page_says_so() -> None:
    api = _Api(SimpleNamespace(surveillance=None))  # type: ignore[arg-type]
    for call, wish in ((api.camera, {"do": "leave"}), (api.case, {"open": True}), (api.casekey, {"do": "out"})):
        with pytest.raises(ValueError, match="without a camera"):
            call(wish)
