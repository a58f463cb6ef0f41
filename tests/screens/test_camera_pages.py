"""The staff's pages about the camera: a picture that is drawn and not kept, words for every fault, private names."""

from __future__ import annotations

import io
from dataclasses import replace

import pygame
import pytest

from kiosk import events as ev
from kiosk import view_model as vm
from recorder import case, store, watching
from recorder.health import Fault
from recorder.ring import Stage
from screens.display import Display
from screens.elements import Photo, Screen
from screens.fonts import Faces
from screens.layout import build
from screens.mirror import _describe
from screens.panel import LAYOUTS, REFERENCE, Panel
from screens.samples import samples
from screens.samples_camera import PICTURE
from screens.strings import table

SAMPLES = dict(samples())
LIVE = SAMPLES["65-staff-camera"]
FAULTS = (
    {fault.value for fault in Fault}
    | {stage.value for stage in Stage if stage is not Stage.NORMAL}
    | {case.CASE_OPENED, case.CASE_SENSOR, case.KEY_OUT, store.DISK, store.FULL, watching.BOOKS}
    | {"books_lost", "books_changed", "bad_slots", "test", "state", "clock", "hung", "silent", "refused"}
    | {"conflict_30", "conflict_14", "conflict_7"}
)
"""Every word with which the recorder, or the link to it, says that something is wrong."""


def shown(view: vm.View, faces: Faces, panel: Panel = REFERENCE) -> dict[str, str]:
    return {text.id: text.shown for text in build(view, panel, faces).texts()}


def place(screen: Screen) -> pygame.Rect:
    """Of the picture, in pixels, a little within its edge."""
    (photo,) = (leaf for leaf in screen.leaves() if isinstance(leaf, Photo))
    px = REFERENCE.px_per_mm
    rect = pygame.Rect(photo.rect.x * px, photo.rect.y * px, photo.rect.w * px, photo.rect.h * px)
    return rect.inflate(-8, -8)


def average(display: Display, area: pygame.Rect) -> tuple[int, ...]:
    return pygame.transform.average_color(pygame.display.get_surface(), area)[:3]


def colours(area: pygame.Rect) -> int:
    """How many different ones there are, roughly."""
    panel = pygame.display.get_surface()
    return len({tuple(panel.get_at((x, y)))[:3] for x in range(area.x, area.right, 9)
                for y in range(area.y, area.bottom, 9)})  # fmt: skip


def test_the_picture_stands_in_its_place_and_nothing_of_it_on_the_next_page(display: Display) -> None:
    display.show(LIVE)
    assert display.screen is not None
    area = place(display.screen)
    whole = pygame.transform.average_color(pygame.image.load(PICTURE))
    assert all(abs(one - other) < 12 for one, other in zip(average(display, area), whole, strict=False))
    assert colours(area) > 300
    display.show(SAMPLES["65-staff-camera-lost"])
    assert colours(area) < 60, "only a few letters on a plain ground"
    display.show(LIVE)
    display.erase()
    assert colours(area) < 60
    assert not any(isinstance(leaf, Photo) for leaf in display.screen.leaves())


def test_a_new_picture_takes_the_place_of_the_old_one(display: Display) -> None:
    display.show(LIVE)
    assert display.screen is not None
    area = place(display.screen)
    white = pygame.Surface((64, 36))
    white.fill((255, 255, 255))
    body = io.BytesIO()
    pygame.image.save(white, body, "white.jpg")
    assert display.show(replace(LIVE, picture=body.getvalue()))
    assert min(average(display, area)) > 250


@pytest.mark.parametrize("jpeg", [b"no picture", PICTURE.read_bytes()[:900], b"\xff\xd8" + b"\0" * 5000])
def test_what_is_no_picture_is_no_error_of_the_terminal(display: Display, jpeg: bytes) -> None:
    assert display.show(replace(LIVE, picture=jpeg))


@pytest.mark.parametrize("panel", LAYOUTS.values(), ids=LAYOUTS)
def test_the_picture_is_as_large_as_its_column_on_every_panel(panel: Panel, faces: Faces) -> None:
    (photo,) = (leaf for leaf in build(LIVE, panel, faces).leaves() if isinstance(leaf, Photo))
    assert photo.rect.w >= (0.45 if panel.wide else 0.85) * panel.width_mm
    assert photo.rect.w / photo.rect.h == pytest.approx(16 / 9, rel=0.12)


def test_now_is_only_said_of_what_is_now(faces: Faces) -> None:
    assert shown(LIVE, faces)["staff.camera.now"] == "いま"
    assert shown(LIVE, faces)["staff.camera.taken"].endswith("10:24:07 の映像")
    old = shown(SAMPLES["65-staff-camera-old"], faces)
    assert (old["staff.camera.old"], "staff.camera.now" in old) == ("12秒前", False)
    assert not {"staff.camera.now", "staff.camera.taken"} & shown(SAMPLES["65-staff-camera-lost"], faces).keys()


def test_every_word_of_the_recorder_says_what_it_is_and_what_to_do(faces: Faces) -> None:
    words = table("ja")
    for fault in FAULTS:
        for part in ("what", "do"):
            assert words.get(f"staff.alarm.{fault}.{part}").endswith("。"), fault
        view = replace(SAMPLES["66-staff-recorder-one"], faults=(fault,))
        assert {f"staff.alarm.{fault}.what", f"staff.alarm.{fault}.do"} <= shown(view, faces).keys()
    new = shown(replace(SAMPLES["66-staff-recorder-one"], faults=("brand_new",)), faces)
    assert not any("brand_new" in text for text in new.values())
    assert "保守業者" in new["staff.alarm.other.do"]


@pytest.mark.parametrize("panel", LAYOUTS.values(), ids=LAYOUTS)
def test_no_fault_is_left_out_however_many_there_are(panel: Panel, faces: Faces) -> None:
    view = replace(SAMPLES["66-staff-recorder-many"], faults=tuple(sorted(FAULTS)))
    parts = build(view, panel, faces).parts
    texts = [text for part in range(parts) for text in build(view, panel, faces, turned=part).texts()]
    assert all(text.fits for text in texts)
    assert {f"staff.alarm.{fault}.{part}" for fault in FAULTS for part in ("what", "do")} <= {text.id for text in texts}


def test_the_tampered_row_is_shown_at_its_number_and_nowhere_else(faces: Faces) -> None:
    texts = shown(SAMPLES["67-staff-keys-tampered"], faces)
    assert "9行目" in texts["staff.keys.verdict"]
    assert [text_id for text_id in texts if text_id.endswith(".bad")] == ["staff.keys.1.bad"]
    assert "9行目" in texts["staff.keys.1.bad"]
    sound = shown(SAMPLES["67-staff-keys"], faces)
    assert "27行" in sound["staff.keys.holds"]
    assert not any(text_id.endswith(".bad") for text_id in sound)


def test_names_leave_the_panel_in_no_list_of_texts(faces: Faces) -> None:
    view = SAMPLES["67-staff-keys-out"]
    parts = build(view, REFERENCE, faces).parts
    described = [_describe(build(view, REFERENCE, faces, turned=part), REFERENCE, 1, (9, 16)) for part in range(parts)]
    for name in ("花子", "ＳＭＩＴＨ", "SMITH", "直子"):
        assert name not in repr(described)
        assert name not in repr(view)
    assert "佐賀　花子" in shown(view, faces)["staff.keys.holder"].replace(" ", "")


def test_the_pages_lead_to_each_other(faces: Faces) -> None:
    targets = {target.id: target.press for target in build(LIVE, REFERENCE, faces).targets()}
    assert targets == {
        "task-recorder": ev.TaskChosen("recorder"),
        "task-keys": ev.TaskChosen("keys"),
        "back": ev.BackPressed(),
    }
    menu = {target.id: target.press for target in build(SAMPLES["62-staff-menu"], REFERENCE, faces).targets()}
    assert menu["task-camera"] == ev.TaskChosen("camera")
