"""Synthetic residents: made up from a seed, none of them a person, their house numbers in no town.

Town names are the city's (:mod:`hardware_sim.city.towns`). Names are combinations drawn by chance, and a few written
by hand (:mod:`hardware_sim.city.cases`).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hardware_sim.city.cases import by_hand
from hardware_sim.city.towns import Town, town_of

SEED = 20260401
BASE_DAY = date(2026, 4, 1)
"""Ages are as of this day."""

PIN = "1234"
"""Of every Juki card."""
PIN_TRIES = 3
_YOUNGEST_CARDHOLDER = 15

HOUSEHOLD_SIZES = (
    *[4, 1, 9, 3, 2, 2, 5, 20, 12, 7, 6],
    *[1] * 30, *[2] * 19, *[3] * 11, *[4] * 7, *[5] * 3,
)  # fmt: skip


_JUKI_FIRST_LAST_DAY = date(2027, 6, 30)
"""The first Juki card of the bench ends here, so that none ends by chance; real ones ended in 2025."""


@dataclass(frozen=True, repr=False)
class Person:
    """One row of the register: the items of F-27 and what decides about issuing."""

    id: str
    household: str
    position: int
    name: str
    birth: date
    sex: str
    """男 or 女."""
    relationship: str
    """続柄."""
    became_resident: date
    address_since: date
    previous_address: str = ""
    domicile: str = ""
    """本籍; empty for foreign residents, who have none."""
    head_of_register: str = ""
    """筆頭者."""
    planned_destination: str = ""
    """転出予定地."""
    confirmed_destination: str = ""
    """転出確定地."""
    former_name: str = ""
    """旧氏."""
    alias: str = ""
    """通称 of a foreign resident."""
    western: bool = False
    """Date of birth in the western calendar."""
    restricted: bool = False
    """支援措置: nothing is issued from a machine."""
    moved_out: bool = False
    card_serial: int = 0
    """Serial number of the authentication certificate; 0 without a card."""
    card_status: str = "good"
    """``good``, ``revoked`` or ``unknown``: what the authority says of that certificate."""
    juki: bool = True
    """Whether there is a Juki card."""
    juki_id: str = ""
    """Service id of the Juki card, 32 hex digits; empty without one."""
    juki_expires: date | None = None
    """Last day of the Juki card."""
    juki_status: str = "good"
    """``good`` or ``stopped``."""
    juki_pin: str = PIN
    """Empty: never set. The register keeps a hash."""
    juki_tries: int = PIN_TRIES
    means: str = ""
    """What income and taxes are made up as (:mod:`hardware_sim.city.means`); empty: by chance."""
    seal: str = ""
    """What seal is made up; empty: by chance."""
    remarks: str = ""
    """For the bench page only."""


@dataclass(frozen=True, repr=False)
class Household:
    """Address and head (世帯主) with the members in the order of the register."""

    id: str
    address: str
    head_name: str
    members: tuple[Person, ...]


_MALE = (
    "太郎", "一郎", "健太", "大輔", "翔太", "和夫", "正雄", "清", "修", "浩二", "誠", "拓也", "悠斗", "蓮",
    "湊", "陽向",
)  # fmt: skip
_FEMALE = (
    "花子", "和子", "幸子", "洋子", "由美", "恵子", "美咲", "さくら", "陽菜", "結衣", "葵", "凛", "千代",
    "フミ", "直美",
)  # fmt: skip


class _Maker:
    def __init__(self, seed: int, town: Town) -> None:
        saga = town.municipality == "saga"
        self.town = town
        self.seed = str(seed) if saga else f"{town.municipality} {seed}"
        self.random = random.Random(seed if saga else self.seed)
        self.made = 0

    def serial(self, person_id: str) -> int:
        """Of the certificate on this person's card: 31 bits, the same for every build with this seed."""
        digest = hashlib.sha256(f"card {self.seed} {person_id}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1 | 1 << 30

    def juki(self, person: Person) -> Person:
        """With a Juki card, or without one when there is to be none."""
        if not person.juki:
            return person
        digest = hashlib.sha256(f"juki {self.seed} {person.id}".encode()).digest()
        expires = person.juki_expires or _JUKI_FIRST_LAST_DAY + timedelta(days=digest[16] * 12)
        return replace(person, juki_id=digest[:16].hex(), juki_expires=expires)

    def day(self, first: date, last: date) -> date:
        return first + timedelta(days=self.random.randrange((last - first).days + 1))

    def birth(self, youngest: int, oldest: int) -> date:
        year = BASE_DAY.year - self.random.randint(youngest, oldest)
        return self.day(date(year, 1, 1), date(year, 12, 28))

    def around(self, day: date, years: int) -> date:
        """A day in the year so many years after ``day``'s, this year at the latest."""
        year = min(day.year + years, BASE_DAY.year - 1)
        return self.day(date(year, 1, 1), date(year, 12, 28))

    def address(self) -> str:
        number = self.random
        if number.random() < 0.6:
            return f"{self.town.full_name}{number.choice(self.town.blocks)}99番{number.randint(1, 99)}号"
        return f"{self.town.full_name}{number.choice(self.town.villages)}{number.randint(9001, 9899)}番地"

    def household(self, number: int, size: int) -> Household:
        choose = self.random.choice
        family, address, household = choose(self.town.families), self.address(), f"h{number:03d}"
        moved = self.day(date(1995, 4, 1), date(2025, 12, 1))
        domicile = choose((address.replace("99番", "99番地").split("号")[0], choose(self.town.elsewhere)))
        before = choose((*self.town.elsewhere, self.address()))
        members: list[Person] = []
        given: set[str] = set()
        eldest = self.birth(30, 62) if size > 2 else self.birth(21, 92)
        for position, (relationship, sex, birth) in enumerate(self.family(size, eldest), 1):
            self.made += 1
            born_here = birth > moved
            first = choose([name for name in (_MALE if sex == "男" else _FEMALE) if name not in given])
            given.add(first)
            person = Person(
                id=f"r{self.made:03d}",
                household=household,
                position=position,
                name=f"{family}　{first}",
                birth=birth,
                sex=sex,
                relationship=relationship,
                became_resident=birth if born_here else moved,
                address_since=birth if born_here else moved,
                previous_address="" if born_here else before,
                domicile=domicile,
            )
            adult = age(birth, BASE_DAY) >= _YOUNGEST_CARDHOLDER
            members.append(replace(person, card_serial=self.serial(person.id) if adult else 0))
        return Household(household, address, "", tuple(members))

    def family(self, size: int, eldest: date) -> Iterator[tuple[str, str, date]]:
        """(relationship, sex, birth) for ``size`` people; what does not fit a couple with children is 同居人."""
        head = self.random.choice("男男女")
        yield "世帯主", head, eldest
        if size == 1:
            return
        partner = "女" if head == "男" else "男"
        yield ("妻" if partner == "女" else "夫"), partner, self.around(eldest, self.random.randint(-6, 6))
        for number in range(size - 2):
            sex = self.random.choice("男女")
            if number == 4 or number == 5:
                yield ("父" if number == 4 else "母"), "男女"[number - 4], self.around(eldest, -28 + number)
            elif number < 4:
                yield "子", sex, self.around(eldest, 22 + 3 * number)
            else:
                yield "同居人", sex, self.birth(20, 80)


def age(birth: date, day: date) -> int:
    """Years completed on ``day`` (the birthday itself counts; the law's day before does not matter here)."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def finish(household: Household) -> Household:
    """Head's name into the household, 筆頭者 into those who have a 本籍."""
    head = household.members[0].name
    members = []
    for person in household.members:
        person = replace(person, head_of_register=head if person.domicile else "")
        if person.birth > person.became_resident:  # born here
            here = person.birth
            person = replace(person, became_resident=here, address_since=here, previous_address="")
        members.append(person)
    return replace(household, head_name=head, members=tuple(members))


def households(seed: int = SEED, municipality: str = "saga") -> list[Household]:
    """80 households, 205 people; the same for the same seed and city.

    Raises:
        TownError: the bench has no residents of that city.
    """
    town = town_of(municipality)
    maker = _Maker(seed, town)
    made = [maker.household(number, size) for number, size in enumerate(HOUSEHOLD_SIZES, 1)]
    cases = by_hand(town)
    result = []
    for number, household in enumerate(made, 1):
        members = tuple(
            replace(person, **cases.get((number, person.position), {}))  # type: ignore[arg-type]
            for person in household.members
        )
        family = members[0].name.split("　")[0]
        members = tuple(
            person if "name" in cases.get((number, person.position), {}) else _in_family(person, family)
            for person in members
        )
        members = tuple(maker.juki(person) if person.card_serial else person for person in members)
        result.append(finish(replace(household, members=members)))
    return result


def _in_family(person: Person, family: str) -> Person:
    return replace(person, name="　".join((family, person.name.split("　")[-1])))
