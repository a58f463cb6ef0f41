"""住民票の写し, 世帯連記式: up to four members a sheet, the whole household or a part of it."""

from __future__ import annotations

import math

from config.wareki import wareki
from hardware_sim.city.form_sheet import (
    ADDRESS_PT,
    CONTENT_TOP,
    LEFT,
    NAME_PT,
    WIDTH,
    Pair,
    Sheet,
    Wish,
    born,
    certification,
    frame,
    heading,
    rest_blank,
    row,
    second_name,
    value_cell,
)
from hardware_sim.city.register import Extract
from hardware_sim.city.residents import Person

MEMBERS_A_SHEET = 4
ITEMS = ("domicile", "head_and_relationship", "planned_move", "previous_address", "residence_dates")
"""Item ids that can be asked for or left out (docs/protocol.md §7), sorted."""
OMITTED, EMPTY = "【省略】", "【空欄】"
_BLOCK, _GAP = 41.7, 1.0
_NUMBER = 8.0
_BLOCKS_TOP = CONTENT_TOP - 18.5


def members(extract: Extract, wish: Wish) -> tuple[Person, ...]:
    """Who is on this copy, in the order of the register.

    Raises:
        ValueError: somebody chosen does not live there, or a whole household is to leave somebody out.
    """
    if not wish.chosen:
        return extract.members
    if wish.household != "part":
        raise ValueError("members can be chosen for a part of the household only: leave chosen empty")
    found = tuple(person for person in extract.members if person.id in wish.chosen)
    if len(found) != len(set(wish.chosen)):
        raise ValueError("somebody chosen is no member of this household: choose among extract.members")
    return found


def sheets(extract: Extract, wish: Wish) -> int:
    return max(1, math.ceil(len(members(extract, wish)) / MEMBERS_A_SHEET))


def front(sheet: Sheet) -> None:
    canvas = sheet.canvas
    part = sheet.wish.household == "part"
    heading(sheet, "住 民 票 の 写 し", "（世帯の一部）" if part else "（世帯全員）")
    address = Pair("住　所", 22, sheet.extract.address, WIDTH - 22, ADDRESS_PT)
    head = Pair("世帯主", 22, _shown(sheet, "head_and_relationship", sheet.extract.head_name), WIDTH - 22, NAME_PT)
    row(canvas, LEFT, CONTENT_TOP, 8.5, [address])
    row(canvas, LEFT, CONTENT_TOP - 8.5, 8.5, [head])
    frame(canvas, LEFT, CONTENT_TOP, WIDTH, 17)
    first = (sheet.number - 1) * MEMBERS_A_SHEET
    here = members(sheet.extract, sheet.wish)[first : first + MEMBERS_A_SHEET]
    for place, person in enumerate(here):
        _member(sheet, _BLOCKS_TOP - place * (_BLOCK + _GAP), first + place + 1, person)
    if len(here) < MEMBERS_A_SHEET:
        pitch = _BLOCK + _GAP
        rest_blank(canvas, _BLOCKS_TOP - len(here) * pitch, _BLOCKS_TOP - MEMBERS_A_SHEET * pitch + _GAP)
    whose = "世帯の一部" if part else "世帯全員"
    certification(sheet, [f"この写しは、{whose}の住民票の原本と相違ないことを証明する。"])


def _shown(sheet: Sheet, item: str, value: str) -> str:
    if item not in sheet.wish.items:
        return OMITTED
    return value or EMPTY


def _member(sheet: Sheet, top: float, number: int, person: Person) -> None:
    canvas = sheet.canvas

    def shown(item: str, value: str) -> str:
        return _shown(sheet, item, value)

    foreign = "－" if person.western else ""  # foreign residents have no 本籍
    here = "外国人住民と\nなった年月日" if person.western else "住民となった\n年月日"
    moving = bool(person.planned_destination or person.confirmed_destination) and "planned_move" in sheet.wish.items
    relationship = shown("head_and_relationship", person.relationship)
    rows: tuple[tuple[float, tuple[Pair, ...]], ...] = (
        (
            11.0,
            (
                Pair("氏　名", 17, person.name, 88, NAME_PT, note=second_name(person)),
                Pair("生年月日", 19, born(person), 44, (11.0, 10.5, 10.0), 1),
            ),
        ),
        (
            7.7,
            (
                Pair("性別", 11, person.sex, 9, lines=1),
                Pair("続柄", 11, relationship, 23),
                Pair(here, 24, shown("residence_dates", wareki(person.became_resident)), 34, lines=1),
                Pair("住所を定めた\n年月日", 22, shown("residence_dates", wareki(person.address_since)), 34, lines=1),
            ),
        ),
        (
            7.6,
            (
                Pair("前住所", 17, shown("previous_address", person.previous_address), 95),
                Pair("備　考", 14, "転出予定（届出済）" if moving else "－", 42, lines=1),
            ),
        ),
        (
            7.7,
            (
                Pair("本　籍", 17, shown("domicile", person.domicile or foreign), 71),
                Pair("筆頭者", 17, shown("domicile", person.head_of_register or foreign), 63),
            ),
        ),
        (
            7.7,
            (
                Pair("転出予定地", 20, shown("planned_move", person.planned_destination), 64),
                Pair("転出確定地", 20, shown("planned_move", person.confirmed_destination), 64),
            ),
        ),
    )
    value_cell(canvas, LEFT, top, _BLOCK, Pair("", 0, str(number), _NUMBER, (11.0,), 1, align="centre"))
    below = top
    for one, pairs in rows:
        row(canvas, LEFT + _NUMBER, below, one, pairs)
        below -= one
    frame(canvas, LEFT, top, WIDTH, _BLOCK)
