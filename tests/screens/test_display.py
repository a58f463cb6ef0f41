"""The window: draws on change, takes touches through pygame's queue, forgets."""

import dataclasses
import subprocess
import sys
from datetime import timedelta
from typing import Protocol

import pygame
import pytest

from kiosk import events as ev
from kiosk import view_model as vm
from screens.display import Display, DisplayError
from screens.elements import Button, Turn
from screens.fonts import Faces
from screens.layout import build
from screens.panel import REFERENCE, SMALL_WIDE
from screens.samples import samples

SAMPLES = dict(samples())


class Clock(Protocol):
    """The conftest's clock: seconds that a test moves."""

    now: float


PAD = SAMPLES["11-pin-full"]


def centre(button: Button) -> tuple[float, float]:
    rect = button.rect
    return (rect.x + rect.w / 2) / REFERENCE.width_mm, (rect.y + rect.h / 2) / REFERENCE.height_mm


def post(kind: int, x: float, y: float) -> None:
    pygame.event.post(
        pygame.event.Event(kind, touch_id=1, finger_id=7, x=x, y=y, dx=0.0, dy=0.0, pressure=1.0, window=None)
    )


def mouse(kind: int, x: float, y: float, *, touch: bool) -> None:
    pos = (round(x * REFERENCE.width_px), round(y * REFERENCE.height_px))
    pygame.event.post(pygame.event.Event(kind, pos=pos, button=1, touch=touch, window=None))


def tap(x: float, y: float, *, synthetic: bool | None = True) -> None:
    """A finger as SDL reports it, with its shadow of a mouse (marked, unmarked, or none)."""
    post(pygame.FINGERDOWN, x, y)
    if synthetic is not None:
        mouse(pygame.MOUSEBUTTONDOWN, x, y, touch=synthetic)
    post(pygame.FINGERUP, x, y)
    if synthetic is not None:
        mouse(pygame.MOUSEBUTTONUP, x, y, touch=synthetic)


def test_touching_the_middle_of_any_button_yields_its_event_once(display: Display, clock: Clock) -> None:
    for name, view in SAMPLES.items():
        display.show(view)
        assert display.screen is not None
        # Turning a leaf of a long list comes last: it shows other targets.
        for target in sorted(display.screen.targets(), key=lambda target: isinstance(target.press, Turn)):
            clock.now += 1.0
            tap(*centre(target))
            if isinstance(target.press, Turn):
                assert display.poll() == [ev.Touched()], (name, target.id)
                break
            assert display.poll() == [target.press], (name, target.id)


def test_touches_of_a_lying_panel_hit_what_is_drawn_there(clock: Clock) -> None:
    wide = Display(SMALL_WIDE, clock=clock)
    try:
        for name in ("11-pin-full", "20-certificate", "30-arrived", "61-staff-number-full"):
            wide.show(SAMPLES[name])
            assert wide.screen is not None
            for target in list(wide.screen.targets()):
                clock.now += 1.0
                x, y = target.rect.x + target.rect.w / 2, target.rect.y + target.rect.h / 2
                tap(x / SMALL_WIDE.width_mm, y / SMALL_WIDE.height_mm, synthetic=None)
                assert wide.poll() == [target.press], (name, target.id)
    finally:
        wide.close()


@pytest.mark.parametrize("synthetic", [True, False, None])
def test_the_mouse_shadow_of_a_finger_is_no_second_press(display: Display, synthetic: bool | None) -> None:
    display.show(PAD)
    tap(*point(display, "digit-5"), synthetic=synthetic)
    assert display.poll() == [ev.DigitPressed(5)]


def point(display: Display, target_id: str) -> tuple[float, float]:
    assert display.screen is not None
    return centre(next(target for target in display.screen.targets() if target.id == target_id))


def test_a_real_mouse_works(display: Display) -> None:
    display.show(PAD)
    mouse(pygame.MOUSEBUTTONDOWN, *point(display, "digit-5"), touch=False)
    assert display.poll() == []
    mouse(pygame.MOUSEBUTTONUP, *point(display, "digit-5"), touch=False)
    assert display.poll() == [ev.DigitPressed(5)]


def test_a_bounce_counts_once_and_a_second_tap_twice(display: Display, clock: Clock) -> None:
    display.show(PAD)
    place = point(display, "digit-5")
    tap(*place)
    clock.now += 0.1
    tap(*place)
    assert display.poll() == [ev.DigitPressed(5)]
    clock.now += 0.16
    tap(*place)
    assert display.poll() == [ev.DigitPressed(5)]


def test_another_key_is_taken_at_once(display: Display) -> None:
    display.show(PAD)
    tap(*point(display, "digit-5"))
    tap(*point(display, "digit-8"))
    assert display.poll() == [ev.DigitPressed(5), ev.DigitPressed(8)]


def test_a_finger_that_slides_off_does_nothing(display: Display) -> None:
    display.show(PAD)
    post(pygame.FINGERDOWN, *point(display, "digit-5"))
    post(pygame.FINGERUP, *point(display, "digit-6"))
    assert display.poll() == []


def test_a_finger_down_on_one_screen_does_nothing_on_the_next(display: Display) -> None:
    display.show(SAMPLES["25-confirm"])
    place = point(display, "next")
    post(pygame.FINGERDOWN, *place)
    assert display.poll() == []
    display.show(SAMPLES["50-refused-cancelled"])
    post(pygame.FINGERUP, *place)
    assert display.poll() == []


def test_a_finger_stays_valid_while_its_key_stays(display: Display) -> None:
    assert isinstance(PAD, vm.PinPad)
    display.show(dataclasses.replace(PAD, digits=1))
    place = point(display, "digit-5")
    post(pygame.FINGERDOWN, *place)
    display.poll()
    display.show(dataclasses.replace(PAD, digits=2))
    post(pygame.FINGERUP, *place)
    assert display.poll() == [ev.DigitPressed(5)]


def test_touching_beside_everything_does_nothing(display: Display) -> None:
    display.show(SAMPLES["02-idle"])
    tap(0.5, 0.5)
    assert display.poll() == []


def test_only_a_change_is_drawn_and_seconds_are_none(display: Display) -> None:
    view = SAMPLES["31-pay"]
    assert display.show(view) is True
    assert display.show(view) is False
    later = dataclasses.replace(
        view, frame=dataclasses.replace(view.frame, moment=view.frame.moment + timedelta(seconds=40))
    )
    assert display.show(later) is False
    minute = dataclasses.replace(
        view, frame=dataclasses.replace(view.frame, moment=view.frame.moment + timedelta(seconds=60))
    )
    assert display.show(minute) is True


def pixels() -> bytes:
    surface = pygame.display.get_surface()
    assert surface is not None
    return pygame.image.tobytes(surface, "RGB")


def test_after_erasing_the_panel_is_the_still_picture_and_nothing_of_the_session_is_kept(display: Display) -> None:
    arrived = SAMPLES["30-arrived-rare"]
    display.show(vm.Still(arrived.frame))
    still, still_texts = pixels(), display.kept_texts()
    display.show(arrived)
    assert pixels() != still
    assert any("﨑" in text for text in display.kept_texts())
    display.erase()
    assert pixels() == still
    assert display.kept_texts() <= still_texts
    assert not any("﨑" in text or "𠮷" in text for text in display.kept_texts())
    assert display.screen is not None
    assert display.screen.id == "still"


def test_touches_before_the_erase_are_gone(display: Display) -> None:
    display.show(PAD)
    tap(*point(display, "digit-5"))
    display.erase()
    display.show(PAD)
    assert display.poll() == []


def test_the_same_view_gives_the_same_pixels_after_another(display: Display, faces: Faces) -> None:
    display.show(SAMPLES["02-idle"])
    first = pixels()
    display.show(SAMPLES["13-take-card"])
    display.show(SAMPLES["02-idle"])
    assert pixels() == first


def test_text_is_drawn_in_its_colour(display: Display) -> None:
    display.show(SAMPLES["25-confirm"])
    surface = pygame.display.get_surface()
    assert surface is not None
    screen = build(SAMPLES["25-confirm"], REFERENCE, Faces())
    title = next(text for text in screen.texts() if text.id == "confirm.title")
    k = REFERENCE.px_per_mm
    area = pygame.Rect(title.rect.x * k, title.rect.y * k, title.rect.w * k, title.rect.h * k)
    colours = {
        tuple(surface.get_at((x, y))[:3]) for x in range(area.x, area.right) for y in range(area.y, area.bottom, 3)
    }
    assert (0x17, 0x20, 0x2B) in colours
    assert (0xF7, 0xF5, 0xEF) in colours


def test_closing_twice_is_allowed(display: Display) -> None:
    display.close()
    display.close()


def test_no_window_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    with pytest.raises(DisplayError, match="SDL_VIDEODRIVER is no-such-driver"):
        Display(REFERENCE)


def test_preloading_opens_nothing() -> None:
    """In a process of its own: closing the fonts here would close them under the tests that follow."""
    code = (
        "import pygame; from screens.display import preload; preload(); "
        "assert not pygame.display.get_init(); assert not pygame.font.get_init()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_late_mouse_shadow_is_known_by_its_mark(display: Display, clock: Clock) -> None:
    display.show(PAD)
    place = point(display, "digit-5")
    tap(*place, synthetic=None)
    assert display.poll() == [ev.DigitPressed(5)]
    clock.now += 1.0
    mouse(pygame.MOUSEBUTTONDOWN, *place, touch=True)
    mouse(pygame.MOUSEBUTTONUP, *place, touch=True)
    assert display.poll() == []


def test_what_is_expected_is_made_while_nobody_touches_anything(display: Display) -> None:
    display.show(SAMPLES["25-confirm"])
    display.expect([SAMPLES["11-pin"]])
    bare = display.kept_texts()
    tap(*point(display, "next"))
    assert display.poll() == [ev.NextPressed()]
    assert display.kept_texts() == bare, "whoever touches does not wait for what may be next"
    display.poll()
    made = display.kept_texts()
    assert made > bare
    display.show(SAMPLES["11-pin"])
    assert display.kept_texts() <= made, "nothing is left to be made"


def test_what_was_expected_is_gone_with_the_person(display: Display) -> None:
    display.show(SAMPLES["10-wait-reading"])
    display.expect([SAMPLES["11-pin"]])
    display.erase()
    left = display.kept_texts()
    display.poll()
    assert display.kept_texts() == left
