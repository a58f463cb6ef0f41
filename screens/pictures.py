"""Our own line drawings by name, and which of them belongs to what a view says; `render.py` brings them to pixels.

One hand for all of them: ink lines of 1.5 mm with round ends, the machine in `body`, what the person holds in
white, a marked place in `yama`, movement as one thick arrow (indigo: in, vermilion: out), what does not work with a
vermilion cross. Colours are tokens of the theme, so that another theme changes nothing here. Where things are on the
machine stands in `machine_front.py`.

`python -m screens.pictures FOLDER` draws every picture at three sizes in every theme, on sheets to look at.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from screens import icons, pictures_card, pictures_money, pictures_paper, pictures_state, pictures_wait
from screens.machine_front import machine
from screens.shapes import Disc, Drawing

MAKERS: Final[Mapping[str, Callable[[], Drawing]]] = MappingProxyType(
    {
        **pictures_card.MAKERS,
        **pictures_money.MAKERS,
        **pictures_paper.MAKERS,
        **pictures_state.MAKERS,
        **pictures_wait.MAKERS,
        "machine": lambda: Drawing(84, 150, machine()),
        "speaker": icons.speaker,
        "camera_lamp": lambda: Drawing(6, 6, (Disc(3, 3, 2.8, fill="shu", stroke=""),)),
        "tick_on": lambda: icons.tick(True),
        "tick_off": lambda: icons.tick(False),
        "plus": lambda: icons.sign(True, "ai"),
        "minus": lambda: icons.sign(False, "ai"),
        "plus_off": lambda: icons.sign(True, "line"),
        "minus_off": lambda: icons.sign(False, "line"),
        "step_done": lambda: icons.step("done"),
        "step_now": lambda: icons.step("now"),
        "step_later": lambda: icons.step("later"),
        "step_fault": lambda: icons.step("fault"),
        "icon_card": icons.icon_card,
        "icon_certificate": lambda: icons.icon_paper(receipt=False),
        "icon_receipt": lambda: icons.icon_paper(receipt=True),
        "icon_change": icons.icon_change,
    }
)


@functools.cache
def drawing(name: str) -> Drawing:
    """The drawing of a name, with all its lines. Raises KeyError for one that is not drawn."""
    return MAKERS[name]()


@functools.cache
def fitting(name: str, w_mm: float, h_mm: float) -> Drawing:
    """The drawing of a name for so much room in millimetres of the panel: with fewer lines where it is small."""
    return drawing(name).fitting(w_mm, h_mm)


# ---- which picture says it ---------------------------------------------------------------------------------------


def _known(name: str, otherwise: str) -> str:
    return name if name in MAKERS else otherwise


def for_cards(cards: tuple[str, ...]) -> str:
    """What to lay on the reader. cards: `Idle.cards`."""
    if "juki" not in cards:
        return "card_in"
    return "card_in_both" if len(cards) > 1 else "card_in_juki"


_WAITS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "reading": ("card_reading", "card_reading"),
        "connecting": ("line_city", "line_city_card"),
        "checking_pin": ("pin_check_city", "pin_check_card"),
        "downloading": ("downloading", "downloading"),
        "preparing": ("preparing", "preparing"),
        "stopping_coins": ("coins_stop", "coins_stop"),
        "settling": ("coins_counting", "coins_counting"),
        "erasing": ("erasing", "erasing"),
    }
)


def for_wait(what: str, keep_card: bool = False) -> str:
    """What the machine is doing. what, keep_card: of `Wait`."""
    return _WAITS.get(what, ("hourglass", "card_keep"))[keep_card]


def for_reason(reason: str) -> str:
    """Why the machine is out of service. reason: of `OutOfService`."""
    return _known(f"out_{reason}", "out_other")


_CLOSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "after_hours": "closed_evening",
        "before_hours": "closed_before",
        "weekday_closed": "closed_weekday",
        "holiday": "closed_holiday",
        "exception": "closed_exception",
        "year_end": "closed_year_end",
        "not_started": "closed_not_started",
        "server": "closed_server",
    }
)


def for_closed(reason: str) -> str:
    """Why the service is closed. reason: of `Closed`."""
    return _CLOSED.get(reason, "closed_sign")


def for_printing(waiting_for: str, copies: int = 1) -> str:
    """What the printer does, or what it waits for. Both of `Printing`."""
    if waiting_for:
        return _known(f"trouble_{waiting_for}", "trouble_other")
    return "papers_out" if copies > 1 else "paper_out"


def for_take(thing: str) -> str:
    """What is to be taken. thing: the first of `Take.things`."""
    return {"change": "change_out", "receipt": "receipt_out"}.get(thing, "certificate_out")


def for_money(money: str) -> str:
    """The small picture of what became of the money. money: of `Refused`."""
    return _known(f"icon_money_{money}", "icon_change")


if __name__ == "__main__":
    from screens.pictures_sheet import main

    sys.exit(main())
