"""From a view to a screen: which page draws which view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kiosk import view_model as vm
from screens.elements import Screen
from screens.fonts import Faces
from screens.pages import card, choose, confirm, finish, members, pay, service, staff_sign_in, staff_work
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
        case _:
            return ()


STAFF: Final = (vm.StaffSignIn, vm.StaffMenu, vm.StaffReopen, vm.StaffFound)


def theme_for(view: vm.View) -> Theme:
    """What this person has chosen; staff have one look only, whatever was chosen before the key was turned."""
    if isinstance(view, STAFF):
        return STANDARD
    return theme_of(large=view.frame.large, contrast=view.frame.high_contrast)


def build(view: vm.View, panel: Panel, faces: Faces | None = None, *, turned: int = 0) -> Screen:
    """The screen of a view on a panel. Pure: the same view and part of a long list (`turned`) give the same screen.

    With `frame.warning_s` the question about the time covers the page; what lies under it is not drawn.
    """
    context = Context(panel, faces if faces is not None else Faces(), theme_for(view), turned)
    page = PAGES[type(view)]
    if view.frame.warning_s is not None:
        return warning(view.frame, view.frame.warning_s, page.__name__, context)
    return page(view, context)
