"""What must hold for every drawing, at every size and in every theme."""

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace

import pygame
import pytest

from config.calendar import Reason
from kiosk import view_model as vm
from screens import brush, paint, pictures, theme
from screens.fonts import Faces
from screens.machine_front import FRONT, Front, Place, machine
from screens.paint import Painter, Sketch
from screens.panel import Panel
from screens.pictures import MAKERS, drawing, fitting
from screens.pictures_parts import LEAST_LOCATED, located
from screens.pictures_sheet import SMALL, every_theme, sheets
from screens.samples import OUT, samples
from screens.shapes import Drawing, Round, Shape
from screens.theme import HIGH_CONTRAST, STANDARD, Theme, contrast

COARSE = Panel(405, 720, 21.5)
"""The reference panel with fewer pixels: geometry is the same, drawing is quick."""
GROUNDS = ("paper", "card", "yama_tint")
LARGE = [name for name in MAKERS if not name.startswith(SMALL) or name == "coin_in"]
ROOMS_MM = ((100.0, 34.0), (150.0, 60.0), (238.0, 130.0), (200.0, 200.0))
SAME = {
    frozenset(("found", "out_left_behind")),
    frozenset(("trouble_paper", "out_paper")),
}
"""The same thing told on different pages; alike where there is no room for the counter beside it."""
palettes = pytest.mark.parametrize("look", [STANDARD, HIGH_CONTRAST], ids=lambda look: look.name)


@functools.cache
def _painter(name: str) -> Painter:
    return Painter(COARSE, Faces(), theme.THEMES[name])


def _pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def _painted(name: str, room: tuple[float, float], look: Theme, *, border: int = 0) -> pygame.Surface:
    """The drawing in a room of millimetres, with a border around it that nothing may reach."""
    w, h = (round(mm * COARSE.px_per_mm) for mm in room)
    surface = pygame.Surface((w + 2 * border, h + 2 * border))
    surface.fill(look.colour("paper"))
    _painter(look.name).paint(surface, [Sketch(name, (border, border, w, h), look.colour("paper"))])
    return surface


@palettes
@pytest.mark.parametrize("room", ROOMS_MM, ids=lambda room: f"{room[0]:.0f}x{room[1]:.0f}")
def test_every_picture_is_seen_and_stays_inside_its_room(room: tuple[float, float], look: Theme) -> None:
    for name in MAKERS:
        surface = _painted(name, room, look, border=4)
        ground = look.colour("paper")
        inside = surface.get_rect().inflate(-8, -8)
        assert _pixels(surface.subsurface(inside)) != bytes(ground) * (inside.w * inside.h), name
        surface.fill(ground, inside)
        assert _pixels(surface) == bytes(ground) * (surface.get_width() * surface.get_height()), name


def _every(art: Drawing) -> Iterable[Shape]:
    yield from art.shapes
    if art.smaller is not None:
        yield from _every(art.smaller)


def test_colours_are_tokens_of_every_theme() -> None:
    tokens = {token for name in MAKERS for shape in _every(drawing(name)) for token in (shape.fill, shape.stroke)}
    assert {look.name for look in every_theme()} == set(theme.THEMES)
    for look in every_theme():
        assert tokens - {""} <= set(look.colours), look.name


@palettes
@pytest.mark.parametrize("room", [(108.0, 58.0), (238.0, 150.0)], ids=["small", "large"])
def test_different_things_look_different(room: tuple[float, float], look: Theme) -> None:
    seen = {name: _pixels(pygame.transform.smoothscale(_painted(name, room, look), (36, 20))) for name in LARGE}
    for one, other in itertools.combinations(LARGE, 2):
        if frozenset((one, other)) not in SAME:
            apart = sum(abs(a - b) > 40 for a, b in zip(seen[one], seen[other], strict=True)) / len(seen[one])
            assert apart > 0.008, (one, other)


@palettes
def test_the_marked_place_stands_out_of_the_machine(look: Theme) -> None:
    ground = look.colour("body")
    quiet = _colours_of(Drawing(FRONT.width, FRONT.height, machine()), look)
    for place in FRONT.places:
        marked = _colours_of(Drawing(FRONT.width, FRONT.height, machine(place)), look)
        changed = [after for before, after in zip(quiet, marked, strict=True) if before != after]
        strong = sum(contrast(colour, ground) >= 3.0 for colour in changed)
        assert strong >= max(12, len(changed) * 0.2), place


def _colours_of(art: Drawing, look: Theme) -> list[tuple[int, int, int]]:
    surface = pygame.Surface((round(art.w * 2), round(art.h * 2)))
    surface.fill(look.colour("paper"))
    brush.draw(brush.Band(surface), art, 2.0, (0.0, 0.0), look)
    data = _pixels(surface)
    return list(zip(data[0::3], data[1::3], data[2::3], strict=True))


@pytest.mark.parametrize("look", every_theme(), ids=lambda look: look.name)
def test_lines_arrows_and_crosses_stand_out_of_what_they_lie_on(look: Theme) -> None:
    for ground in (*GROUNDS, "body"):
        for token in ("ink", "shu", "ai"):
            assert contrast(look.colour(token), look.colour(ground)) >= 3.0, (token, ground)
    # In a badge, a seal or a step: white on red; in a marked place: ink on its tint, in a frame of `yama`.
    assert contrast(look.colour("card"), look.colour("shu")) >= 3.0
    edge = max(contrast(look.colour(token), look.colour("body")) for token in ("ink", "yama"))
    assert edge >= 3.0


def test_where_it_is_is_shown_only_where_there_is_room_for_it() -> None:
    for name in ("card_in", "card_out", "certificate_out", "change_out", "receipt_out", "out_reader", "out_cash"):
        art = drawing(name)
        assert fitting(name, 238.0, 190.0) is art, name
        for room in ROOMS_MM[:2]:
            small = fitting(name, *room)
            assert small is not art, name
            assert len(small.shapes) < len(art.shapes), name
    for name in MAKERS:
        for room in ((120.0, 34.0), (108.0, 58.0)):
            left, top, right, bottom = fitting(name, *room).bounds()
            # Below a fifth of its size nothing can be told apart any more.
            assert min(room[0] / (right - left), room[1] / (bottom - top)) >= 0.22, (name, room)


def test_another_machine_is_another_table() -> None:
    close = Drawing(100, 60, (Round(0, 0, 100, 60, 4),))
    moved = {**FRONT.places, "change": Place("cup", 0.1, 0.1, 0.3, 0.1)}
    del moved["receipt"]
    other = Front(120.0, 140.0, moved)
    assert other.area("change") == pytest.approx((12.0, 14.0, 36.0, 14.0))
    assert located("receipt", close, front=other) is close
    here, there = located("change", close), located("change", close, front=other)
    assert here.least == there.least == LEAST_LOCATED
    assert (here.smaller, there.smaller) == (close, close)
    assert there.w == pytest.approx(here.w + 120.0 - FRONT.width)
    for place in FRONT.places.values():
        assert 0.0 <= place.x < place.x + place.w <= 1.0
        assert 0.0 <= place.y < place.y + place.h <= 1.0
    for one, two in itertools.combinations(FRONT.places.values(), 2):
        apart_x = one.x + one.w <= two.x or two.x + two.w <= one.x
        apart_y = one.y + one.h <= two.y or two.y + two.h <= one.y
        assert apart_x or apart_y, (one, two)


def _all_differ(names: list[str]) -> None:
    assert len(set(names)) == len(names), names
    assert set(names) <= set(MAKERS)


def test_every_reason_has_a_picture_of_its_own() -> None:
    _all_differ([pictures.for_reason(reason) for reason in (*OUT, "never heard of")])
    closed = [reason.value for reason in Reason if reason is not Reason.OPEN]
    _all_differ([pictures.for_closed(reason) for reason in (*closed, "server", "never heard of")])
    waits = ("paper", "jam", "cover", "toner", "tray_full", "other")
    _all_differ([pictures.for_printing(what, 1) for what in ("", *waits)])
    assert pictures.for_printing("never heard of", 1) == pictures.for_printing("other", 1)
    _all_differ([pictures.for_printing("", copies) for copies in (1, 2)])
    _all_differ([pictures.for_take(thing) for thing in ("certificate", "change", "receipt")])
    _all_differ([pictures.for_money(money) for money in ("none", "returned", "owed", "held", "never heard of")])
    _all_differ([pictures.for_cards(cards) for cards in (("my_number",), ("juki",), ("juki", "my_number"))])


def test_every_wait_shows_what_is_happening() -> None:
    whats = (
        "reading",
        "connecting",
        "checking_pin",
        "downloading",
        "preparing",
        "stopping_coins",
        "settling",
        "erasing",
    )
    documented = inspect.getdoc(vm.Wait) or ""
    assert all(what in documented for what in whats)
    _all_differ([pictures.for_wait(what) for what in (*whats, "never heard of")])
    assert pictures.for_wait("checking_pin", True) != pictures.for_wait("checking_pin", False)
    for _, view in samples("ja"):
        if isinstance(view, vm.Wait):
            assert pictures.for_wait(view.what, view.keep_card) not in {"hourglass", "card_keep"}


def test_sheets_hold_each_picture() -> None:
    found = sheets(STANDARD, "paper", ["card_in", "icon_card"], px_per_mm=0.5)
    assert len(found) == 1
    assert len(set(_pixels(found[0]))) > 10


def test_a_picture_is_kept_once_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Drawing] = []
    real: Callable[..., None] = brush.draw

    def counting(band: brush.Band, art: Drawing, *rest: object) -> None:
        drawn.append(art)
        real(band, art, *rest)

    monkeypatch.setattr(paint, "draw", counting)
    painter = Painter(COARSE, Faces(), STANDARD)
    surface = pygame.Surface((400, 400))
    sketch = Sketch("card_in", (10, 10, 300, 250), STANDARD.colour("paper"))
    for _ in range(3):
        painter.paint(surface, [sketch])
    painter.paint(surface, [replace(sketch, area=(30, 40, 300, 250))])
    assert len(drawn) == 1
