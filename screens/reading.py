"""What is read out of a screen, line by line: never a name, a relationship or a digit of a secret number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kiosk import view_model as vm
from kiosk.events import CopiesChanged, ItemToggled, MemberToggled
from screens.elements import Button, KeyPad, Rect, Screen, Text
from screens.strings import spoken_words, table

UNREAD: Final = (
    "head.", "step.", "common.spoken", "pay.coin.", "arrived.name", "warning.left", "warning.number", "warning.seconds",
)  # fmt: skip
"""Bars, captions of pictures, seconds that run, and what is said in another way."""
SILENT: Final = (
    vm.Still, vm.StaffSignIn, vm.StaffMenu, vm.StaffReopen, vm.StaffFound, vm.StaffCamera, vm.StaffRecorder,
    vm.StaffKeys,
)  # fmt: skip
"""Between two people nobody listens; staff see."""
ROW_MM: Final = 6.0
"""Texts whose middles are no further apart stand in one row."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is read in one go. id: of the text or target. words: said one after the other."""

    id: str
    words: tuple[str, ...]


def own(language: str, key: str) -> str:
    """Words that are not on the screen."""
    return spoken_words(language, "read")[key]


def readable(view: vm.View) -> bool:
    return view.frame.spoken and not isinstance(view, SILENT)


def whole(view: vm.View, screen: Screen, *, titled: bool = False) -> list[Line]:
    """Title, texts, targets. titled: the title was said already."""
    language = view.frame.language
    found = [] if titled else title(view, screen)
    found += _body(view, screen)
    panel = _panel(screen)
    for target in _targets(screen):
        found.append(Line(target.id, (*label(view, target), own(language, _place(target.rect, panel)))))
    return found


def title(view: vm.View, screen: Screen) -> list[Line]:
    return [Line(text.id, (words(view, text),)) for text in _texts(screen) if text.id == screen.title][:1]


def how(view: vm.View, screen: Screen) -> list[Line]:
    """How the screen is used; once for each person."""
    language = view.frame.language
    lines = [Line("how", (own(language, "how"),))]
    if any(target.id == "again" for target in screen.targets()):
        lines.append(Line("how_again", (own(language, "how_again"),)))
    return lines


def told(view: vm.View, target: Button | None, *, twice: bool) -> list[Line]:
    """After a first tap. twice: say, too, that a second one decides."""
    language = view.frame.language
    if target is None:
        return [Line("nothing", (own(language, "nothing"),))]
    more = (own(language, "twice"),) if twice else ()
    return [Line(target.id, (*label(view, target), *more))]


def changed(before: vm.View, view: vm.View, screen: Screen) -> list[Line] | None:
    """What to say when the same screen shows something else. None: all of it, it is another one."""
    language = view.frame.language
    match before, view:
        case vm.PinPad(), vm.PinPad() if view.wrong == before.wrong and view.tries_left == before.tries_left:
            return [] if view.digits == before.digits else [_digits(view)]
        case vm.Pay(), vm.Pay() if view.price_yen == before.price_yen:
            return [] if view.inserted_yen == before.inserted_yen else _paid(view)
        case vm.ChooseCopies(), vm.ChooseCopies():
            if view.copies == before.copies:
                return []
            total = table(language).get("common.yen", yen=f"{view.copies * view.fee_yen:,}")
            return [Line("copies.number", (_copies(view), table(language).get("copies.total"), total))]
        case vm.ChooseItems(), vm.ChooseItems():
            names = table(language)
            return [
                Line(f"item-{item.item}", (names.first(f"items.{item.item}", "items.other")[1], _state(item.on, view)))
                for item, old in zip(view.items, before.items, strict=False)
                if item.on != old.on
            ]
        case vm.ChooseMembers(), vm.ChooseMembers() if len(view.members) == len(before.members):
            rows = enumerate(zip(view.members, before.members, strict=True), 1)
            return [
                Line(f"member-{n}", (_nth(n, language), _state(row.on, view))) for n, (row, old) in rows
                if row.on != old.on
            ]  # fmt: skip
        case vm.Wait(), vm.Wait() if view.what == before.what:
            return []
        case vm.Printing(), vm.Printing() if (view.copy, view.waiting_for) == (before.copy, before.waiting_for):
            return []
    return None


# ---- words -----------------------------------------------------------------------------------------------


def words(view: vm.View, text: Text) -> str:
    """A text as one string, however its lines are broken."""
    if view.frame.language == "ja":
        return "".join(text.lines)
    return " ".join(line.strip() for line in text.lines)


def _spelled(view: vm.View, text: Text) -> tuple[str, ...]:
    """The words of a text; a number of a slip is said sign by sign."""
    said = words(view, text)
    if isinstance(view, (vm.Take, vm.Refused)) and text.id.endswith(".slip") and view.slip:
        return said.replace(view.slip, ""), *(sign for sign in view.slip if sign.isalnum())
    return (said,)


def label(view: vm.View, target: Button) -> tuple[str, ...]:
    """What stands on a target. Of a member of the household only the place in the list and whether it is put on."""
    language = view.frame.language
    if isinstance(target.press, MemberToggled) and isinstance(view, vm.ChooseMembers):
        n, row = next((n, row) for n, row in enumerate(view.members, 1) if row.member == target.press.member)
        return _nth(n, language), _state(row.on, view)
    if isinstance(target.press, ItemToggled) and isinstance(view, vm.ChooseItems):
        on = next(item.on for item in view.items if item.item == target.press.item)
        first = next(text for text in target.inside if isinstance(text, Text))
        return words(view, first), _state(on, view)
    texts = [text for text in target.inside if isinstance(text, Text) and not text.private]
    if isinstance(target.press, CopiesChanged):
        texts = texts[:1]
    return tuple(words(view, text) for text in sorted(texts, key=_order))


def _state(on: bool, view: vm.View) -> str:
    return own(view.frame.language, "on" if on else "off")


def _nth(n: int, language: str) -> str:
    return f"{n}人目" if language == "ja" else f"Person {n}"


def _copies(view: vm.ChooseCopies) -> str:
    if view.frame.language == "ja":
        return f"{view.copies}部"
    return f"{view.copies} {table(view.frame.language).get('copies.unit_one' if view.copies == 1 else 'copies.unit')}"


def _digits(view: vm.PinPad) -> Line:
    """How many, never which."""
    language = view.frame.language
    if not view.digits:
        return Line("digits", (own(language, "digits_none"),))
    count = f"{view.digits}けた" if language == "ja" else str(view.digits)
    full = (own(language, "digits_full"),) if view.digits == 4 else ()
    return Line("digits", (count, own(language, "digits"), *full))


def _paid(view: vm.Pay) -> list[Line]:
    language, missing = view.frame.language, view.price_yen - view.inserted_yen
    if missing > 0:
        return [Line("pay.remaining", _remaining(view, missing))]
    lines = [Line("paid", (own(language, "paid"),))]
    if missing < 0:
        change = table(language).get("common.yen", yen=f"{-missing:,}")
        lines.append(Line("pay.change", (table(language).get("pay.change"), change)))
    return lines


def _remaining(view: vm.Pay, yen: int) -> tuple[str, ...]:
    names = table(view.frame.language)
    return names.get("pay.remaining"), names.get("common.yen", yen=f"{yen:,}")


# ---- the order of a screen -------------------------------------------------------------------------------


def _texts(screen: Screen) -> Iterator[Text]:
    """What stands outside the targets, and may be read."""
    for element in screen.elements:
        if isinstance(element, Text) and not element.private and not element.id.startswith(UNREAD):
            yield element


def _targets(screen: Screen) -> list[Button]:
    """From top to bottom, from left to right. The keys of a secret number are told otherwise, and never one by one."""
    found = []
    for element in screen.elements:
        if isinstance(element, Button) and not element.direct:
            found.append(element)
    return sorted(found, key=lambda target: _row(target.rect))


def _body(view: vm.View, screen: Screen) -> list[Line]:
    language = view.frame.language
    panel = _panel(screen)
    across = 0.42 * panel.w if panel.w > panel.h else panel.w
    texts = [text for text in _texts(screen) if text.id != screen.title]
    texts.sort(key=lambda text: _reading(text, across))
    match view:
        case vm.ChooseCopies():
            copies = Line("copies.number", (_copies(view),))
            return [copies if text.id == "copies.number" else Line(text.id, (words(view, text),)) for text in texts
                    if text.id not in {"copies.unit", "copies.unit_one", "copies.more", "copies.fewer"}]  # fmt: skip
        case vm.Pay() if not screen.under:
            return [*_pay_body(view), *(Line(text.id, (words(view, text),)) for text in texts
                                        if not text.id.startswith(_OF_THE_AMOUNT))]  # fmt: skip
    lines = [Line(text.id, _spelled(view, text)) for text in texts]
    if screen.under:
        return lines
    if isinstance(view, vm.Arrived):
        lines.append(Line("name", (own(language, "name"),)))
    if isinstance(view, vm.ChooseMembers):
        lines.append(Line("members", (own(language, "members"),)))
        if not view.ready:
            lines = [line for line in lines if line.id != "common.next"]
            lines.append(Line("next_shut", (own(language, "next_shut"),)))
    if isinstance(view, vm.PinPad) and any(isinstance(element, KeyPad) for element in screen.elements):
        lines = [line for line in lines if line.id != "pin_pad.next"]
        lines.append(Line("keys", (own(language, "keys"),)))
        if view.digits:
            lines.append(_digits(view))
    return lines


_OF_THE_AMOUNT: Final = ("pay.remaining", "pay.amount", "common.yen", "pay.inserted", "pay.fee", "pay.change_amount")


def _pay_body(view: vm.Pay) -> list[Line]:
    """Amounts in the order in which they are wanted, instead of as they stand on the panel."""
    names = table(view.frame.language)
    fee = Line("pay.fee", (names.get("pay.fee"), names.get("common.yen", yen=f"{view.price_yen:,}")))
    if view.inserted_yen:
        return [fee, *_paid(view)]
    return [fee]


def _order(text: Text) -> tuple[float, float]:
    return _row(text.rect)


def _row(rect: Rect) -> tuple[float, float]:
    return round((rect.y + rect.h / 2) / ROW_MM), rect.x


def _reading(text: Text, across: float) -> tuple[float, float, float]:
    """Down the column; on a panel that lies the left one first."""
    return (float(text.rect.x > across), *_row(text.rect))


def _panel(screen: Screen) -> Rect:
    """What the elements cover; the bars reach from edge to edge."""
    rects = [element.rect for element in screen.elements]
    return Rect(0, 0, max(rect.right for rect in rects), max(rect.bottom for rect in rects))


def _place(rect: Rect, panel: Rect) -> str:
    """Where a target is, in a third of the height and a half of the width."""
    y = (rect.y + rect.h / 2) / panel.h
    row = "top" if y < 0.36 else "middle" if y < 0.68 else "bottom"
    if rect.w > 0.6 * panel.w:
        return row
    x = (rect.x + rect.w / 2) / panel.w
    return f"{row}_left" if x < 0.42 else f"{row}_right" if x > 0.58 else row
