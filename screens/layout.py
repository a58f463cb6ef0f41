"""From a view to a screen: which page draws which view."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kiosk import view_model as vm
from screens.elements import Picture, Screen, Text
from screens.fitting import trouble
from screens.fonts import Faces
from screens.measures import TIGHT_SCALE
from screens.pages import (
    camera,
    camera_keys,
    card,
    choose,
    confirm,
    finish,
    members,
    pay,
    service,
    staff_sign_in,
    staff_work,
)
from screens.pages.warning import warning
from screens.panel import Panel
from screens.theme import STANDARD, Theme, theme_of
from screens.typeset import Context

PAGES: Final[dict[type, Callable[[Any, Context], Screen]]] = {
    vm.Still: service.still,
    vm.Idle: service.idle,
    vm.Closed: service.closed,
    vm.OutOfService: service.out_of_service,
    vm.Wait: card.wait,
    vm.PinPad: card.pin_pad,
    vm.LastTry: card.last_try,
    vm.TakeCard: card.take_card,
    vm.ChooseCertificate: choose.choose_certificate,
    vm.ChooseKind: choose.choose_kind,
    vm.ChooseHousehold: choose.choose_household,
    vm.ChooseMembers: members.choose_members,
    vm.ChooseItems: choose.choose_items,
    vm.ChooseCopies: confirm.choose_copies,
    vm.Confirm: confirm.confirm,
    vm.Arrived: pay.arrived,
    vm.Pay: pay.pay,
    vm.Printing: finish.printing,
    vm.Take: finish.take,
    vm.Refused: finish.refused,
    vm.Thanks: finish.thanks,
    vm.StaffSignIn: staff_sign_in.sign_in,
    vm.StaffMenu: staff_work.menu,
    vm.StaffReopen: staff_work.reopen,
    vm.StaffFound: staff_work.found,
    vm.StaffCamera: camera.camera,
    vm.StaffRecorder: camera.recorder,
    vm.StaffKeys: camera_keys.keys,
}


def listed(view: vm.View) -> tuple[object, ...]:
    """What a long list holds: the part shown stays while this stays, and is the first again when it changes."""
    match view:
        case vm.ChooseMembers():
            return ("members", *(row.member for row in view.members))
        case vm.StaffSignIn():
            return ("staff", *(one.staff for one in view.staff))
        case vm.StaffFound():
            return ("found", *(one.entry for one in view.entries))
        case vm.StaffRecorder():
            return ("recorder", *view.faults)
        case vm.StaffKeys():
            return ("keys", *(line.row for line in view.lines))
        case _:
            return ()


STAFF: Final = (
    vm.StaffSignIn, vm.StaffMenu, vm.StaffReopen, vm.StaffFound, vm.StaffCamera, vm.StaffRecorder, vm.StaffKeys
)  # fmt: skip


GREAT_READ_OUT: Final = 0.6


def theme_for(view: vm.View) -> Theme:
    """What this person has chosen; staff have one look only, whatever was chosen before the key was turned."""
    if isinstance(view, STAFF):
        return STANDARD
    return theme_of(large=view.frame.large, contrast=view.frame.high_contrast)


LETTERS: Final = ((0, (1.5, 1.4, 1.32, 1.25)), (1, (1.32, 1.25)), (2, (1.25, 1.2)))
"""Large letters: how much is left out, and with it the factors of the sizes; the first page that is sound is taken."""
LARGE_READ_OUT: Final = (*LETTERS, (2, (1.1, 1.0)))
"""Those who listen as well need the letters less than the buttons: on a small panel some pages grow less then."""
READ_OUT: Final = ((0, (1.0,)), (1, (1.0,)), (2, (1.0,)))
"""The same for usual letters, when buttons for those who listen take room; what is left out is read to them."""
LARGER: Final = ((20.0, 1.25), (28.0, 1.1), (math.inf, 1.0))
"""At least so many times its usual size every text then has, if that is below so many mm of the page: what is as great
as the name, or as the amount still missing, can be read without growing."""


AS_LARGE_AS_FITS: Final = ("pay.coin.", "arrived.name")
"""Figures on a coin stay clear of its ring, and a name is not cut in two to be larger; nor are on a small panel the
names of certificates, which are larger than other words there anyway."""


def build(view: vm.View, panel: Panel, faces: Faces | None = None, *, turned: int = 0) -> Screen:
    """The screen of a view on a panel. Pure: the same view and part of a long list (`turned`) give the same screen.

    With `frame.warning_s` the question about the time covers the page; what lies under it is not drawn. With large
    letters the page is laid out with as large ones as it bears, the same factor for all of it.
    """
    usual = Context(panel, faces if faces is not None else Faces(), theme_for(view), turned)
    if not usual.theme.large and not view.frame.spoken:
        return _page(view, usual)
    known = _usual(view, usual)
    tight = panel.wide and panel.scale < TIGHT_SCALE

    def laid(letters: float, spare: int) -> Screen:
        least = {
            text_id: size * _larger(text_id, size, letters, view, tight=tight) for text_id, size in known.sizes.items()
        }
        return _page(view, replace(usual, letters=letters, least=least, spare=spare))

    found: list[Screen] = []
    for spare, factors in _attempts(view, large=usual.theme.large):
        smallest = laid(factors[-1], spare)
        if trouble(smallest, panel):
            continue  # What does not find room with the smallest letters of a row does not with larger ones.
        row: list[Screen] = []
        for letters in factors[:-1]:
            screen = laid(letters, spare)
            if not trouble(screen, panel):
                if not known.misses(screen):
                    return screen
                row.append(screen)
        row.append(smallest)
        if not known.misses(smallest):
            return smallest
        good = [each for each in row if not known.worse(each)]
        if good:
            return max(good, key=_shown)  # of equals the first, so the largest letters
        found += row
    # Rather a little smaller than a list that has to be turned more often, or a phrase that is torn.
    return min(found, key=lambda each: (each.parts, _torn(each)), default=smallest)


@dataclass(frozen=True, slots=True)
class _Usual:
    """A page in usual letters. sizes: text id → mm of the page; parts, torn, shown: how many of its leaves, torn texts,
    pictures and places where else to go."""

    sizes: Mapping[str, float]
    parts: int
    torn: int
    shown: int

    def worse(self, screen: Screen) -> bool:
        """Whether the list has to be turned more often, or a phrase is torn that usually is not."""
        return screen.parts > self.parts or _torn(screen) > self.torn

    def misses(self, screen: Screen) -> bool:
        """Whether it is worse, or a picture or a place where else to go is missing."""
        return self.worse(screen) or _shown(screen) < self.shown


def _torn(screen: Screen) -> int:
    return sum(text.torn for text in screen.texts())


def _shown(screen: Screen) -> int:
    """How many pictures and other places; the small pictures of a list only repeat its words."""
    return sum(
        (isinstance(each, Picture) and not each.name.startswith("icon_"))
        or (isinstance(each, Text) and each.id.startswith("alternative."))
        for each in screen.elements
    )


def _page(view: vm.View, context: Context) -> Screen:
    page = PAGES[type(view)]
    if view.frame.warning_s is not None:
        return warning(view.frame, view.frame.warning_s, page.__name__, context)
    return page(view, context)


def _attempts(view: vm.View, *, large: bool) -> tuple[tuple[int, tuple[float, ...]], ...]:
    if not large:
        return READ_OUT
    return LARGE_READ_OUT if view.frame.spoken else LETTERS


def _usual(view: vm.View, context: Context) -> _Usual:
    """The page as it is for everybody: in usual letters, without the buttons of those who listen."""
    view = replace(view, frame=replace(view.frame, spoken=False))
    sizes: dict[str, float] = {}
    part, parts, torn, shown = 0, 1, 0, 0
    while part < parts:
        screen = _page(view, replace(context, theme=STANDARD, turned=part))
        if part == 0:
            torn, shown = _torn(screen), _shown(screen)
        parts, part = screen.parts, part + 1
        for text in screen.texts():
            usual = text.em / context.panel.scale - 0.001
            sizes[text.id] = min(usual, sizes.get(text.id, usual))
    if not context.theme.large:
        return _Usual({}, 1000, 1000, 0)  # read out: what is left out is heard
    return _Usual(sizes, parts, torn, shown)


def _larger(text_id: str, usual: float, letters: float, view: vm.View, *, tight: bool) -> float:
    if text_id.startswith(AS_LARGE_AS_FITS) or (
        tight and isinstance(view, vm.ChooseCertificate) and "offer." in text_id
    ):
        return GREAT_READ_OUT if text_id.startswith("pay.coin.") and view.frame.spoken else 1.0
    factor = next(factor for below, factor in LARGER if usual < below)
    # What is very great anyway makes room for the buttons of those who listen.
    return min(letters, GREAT_READ_OUT if factor == 1.0 and view.frame.spoken else factor)
