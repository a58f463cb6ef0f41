"""Synthetic residents: made up from a seed, none of them a person, their house numbers in no town.

Town names are Saga's; the numbers behind them (番地 from 9001, 99番) do not occur there. Names are combinations
drawn by chance, and a few written by hand for characters, lengths and forms that go wrong in real systems.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

SEED = 20260401
BASE_DAY = date(2026, 4, 1)
"""Ages are as of this day."""

HOUSEHOLD_SIZES = (
    *[4, 1, 9, 3, 2, 2, 5, 20, 12, 7, 6],
    *[1] * 30, *[2] * 19, *[3] * 11, *[4] * 7, *[5] * 3,
)  # fmt: skip


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
    remarks: str = ""
    """For the bench page only."""


@dataclass(frozen=True, repr=False)
class Household:
    """Address and head (世帯主) with the members in the order of the register."""

    id: str
    address: str
    head_name: str
    members: tuple[Person, ...]


_TOWNS = (
    "栄町", "駅前中央三丁目", "松原四丁目", "水ケ江六丁目", "多布施四丁目", "鍋島三丁目", "兵庫北七丁目",
    "兵庫南四丁目", "高木瀬東六丁目", "神野東四丁目", "天神三丁目", "城内二丁目", "八戸二丁目", "赤松町",
    "与賀町", "成章町", "白山二丁目", "唐人二丁目", "愛敬町", "大財六丁目",
)  # fmt: skip
_VILLAGES = (
    "本庄町大字本庄", "大和町大字尼寺", "諸富町大字為重", "川副町大字鹿江", "東与賀町大字下古賀",
    "久保田町大字新田", "富士町大字古湯", "三瀬村三瀬", "巨勢町大字牛島", "金立町大字金立",
    "久保泉町大字下和泉", "蓮池町大字小松", "嘉瀬町大字中原",
)  # fmt: skip
_ELSEWHERE = (
    "福岡県福岡市中央区天神九丁目99番", "福岡県久留米市城南町9001番地", "長崎県長崎市万才町9002番地",
    "熊本県熊本市中央区手取本町9003番地", "東京都千代田区千代田九丁目99番9号", "大阪府大阪市北区中之島九丁目99番",
    "佐賀県唐津市西城内9004番地", "佐賀県鳥栖市宿町9005番地", "神奈川県藤沢市朝日町9006番地",
)  # fmt: skip
_FAMILY = (
    "山田", "佐賀", "中島", "古賀", "江口", "副島", "松尾", "山口", "田中", "吉田", "井上", "森", "北村",
    "西村", "南里", "光武", "石丸", "原口", "大坪", "坂本", "宮崎", "小柳", "木下", "岸川", "百武", "東島", "野田",
    "武藤", "福田", "香月",
)  # fmt: skip
_MALE = (
    "太郎", "一郎", "健太", "大輔", "翔太", "和夫", "正雄", "清", "修", "浩二", "誠", "拓也", "悠斗", "蓮",
    "湊", "陽向",
)  # fmt: skip
_FEMALE = (
    "花子", "和子", "幸子", "洋子", "由美", "恵子", "美咲", "さくら", "陽菜", "結衣", "葵", "凛", "千代",
    "フミ", "直美",
)  # fmt: skip


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.made = 0

    def serial(self, person_id: str) -> int:
        """Of the certificate on this person's card: 31 bits, the same for every build with this seed."""
        digest = hashlib.sha256(f"card {self.seed} {person_id}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1 | 1 << 30

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
            return f"佐賀県佐賀市{number.choice(_TOWNS)}99番{number.randint(1, 99)}号"
        return f"佐賀県佐賀市{number.choice(_VILLAGES)}{number.randint(9001, 9899)}番地"

    def household(self, number: int, size: int) -> Household:
        choose = self.random.choice
        family, address, household = choose(_FAMILY), self.address(), f"h{number:03d}"
        moved = self.day(date(1995, 4, 1), date(2025, 12, 1))
        domicile = choose((address.replace("99番", "99番地").split("号")[0], choose(_ELSEWHERE)))
        before = choose((*_ELSEWHERE, self.address()))
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
            adult = age(birth, BASE_DAY) >= 15
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


def households(seed: int = SEED) -> list[Household]:
    """80 households, 205 people; the same for the same seed."""
    maker = _Maker(seed)
    made = [maker.household(number, size) for number, size in enumerate(HOUSEHOLD_SIZES, 1)]
    by_position = {(number, position): changes for number, position, changes in _BY_HAND}
    result = []
    for number, household in enumerate(made, 1):
        members = tuple(
            replace(person, **by_position.get((number, person.position), {}))  # type: ignore[arg-type]
            for person in household.members
        )
        family = members[0].name.split("　")[0]
        members = tuple(
            person if (number, person.position) in by_position else _in_family(person, family) for person in members
        )
        result.append(finish(replace(household, members=members)))
    return result


def _in_family(person: Person, family: str) -> Person:
    return replace(person, name="　".join((family, person.name.split("　")[-1])))


_FOREIGN: dict[str, object] = {"domicile": "", "western": True}
_BY_HAND: tuple[tuple[int, int, dict[str, object]], ...] = (
    # household, position, what is written by hand
    (1, 1, {"name": "佐賀　太郎", "sex": "男", "relationship": "世帯主", "birth": date(1984, 5, 12),
            "remarks": "見本の世帯（4人）の世帯主"}),
    (1, 2, {"name": "佐賀　花子", "sex": "女", "relationship": "妻", "birth": date(1986, 11, 3),
            "former_name": "嬉野", "remarks": "旧氏あり"}),
    (1, 3, {"name": "佐賀　一郎", "sex": "男", "relationship": "子", "birth": date(2009, 2, 28),
            "remarks": "17歳"}),
    (1, 4, {"name": "佐賀　さくら", "sex": "女", "relationship": "子", "birth": date(2019, 5, 1),
            "card_serial": 1_610_612_741, "remarks": "15歳未満・令和元年生まれ"}),
    (2, 1, {"name": "髙﨑　𠮷之助", "sex": "男", "birth": date(1931, 1, 7),
            "remarks": "髙・﨑・𠮷、1人世帯"}),
    (3, 1, {"name": "渡邉󠄖　邦彦", "sex": "男", "remarks": "異体字（IVS）、9人世帯"}),
    (3, 2, {"name": "渡邉󠄖　德子", "sex": "女", "relationship": "妻",
             "remarks": "異体字（IVS）"}),
    (4, 1, {"name": "MARIA FERNANDA DE LOS SANTOS GONZALEZ RODRIGUEZ", "sex": "女", "birth": date(1990, 8, 17),
            "relationship": "世帯主", **_FOREIGN, "remarks": "外国人住民、長いローマ字氏名"}),
    (4, 2, {"name": "LEE JINWOO", "sex": "男", "relationship": "夫", "birth": date(1988, 2, 29),
            "alias": "木下　仁", **_FOREIGN, "remarks": "外国人住民、通称あり"}),
    (4, 3, {"name": "GONZALEZ LEE HANA", "sex": "女", "relationship": "子", "birth": date(2018, 7, 9),
            **_FOREIGN, "remarks": "外国人住民の子"}),
    (5, 1, {"name": "南里　修", "sex": "男",
             "planned_destination": "福岡県福岡市中央区天神九丁目99番",
            "remarks": "転出予定"}),
    (5, 2, {"name": "南里　由美", "sex": "女", "relationship": "妻",
             "planned_destination": "福岡県福岡市中央区天神九丁目99番",
            "confirmed_destination": "福岡県福岡市中央区天神九丁目99番", "remarks": "転出予定・確定"}),
    (6, 1, {"name": "東島　恵子", "sex": "女", "restricted": True,
            "remarks": "支援措置（窓口のみ）"}),
    (6, 2, {"name": "東島　葵", "sex": "女", "relationship": "子",
            "birth": date(2007, 9, 14),  "restricted": True, "remarks": "支援措置（窓口のみ）"}),
    (7, 1, {"name": "勘解由小路　ヴィルヘルミーナ桜子アンナマリア", "sex": "女",
             "remarks": "長い氏名、5人世帯"}),
    (7, 2, {"name": "葛󠄀城　辻󠄀彦", "sex": "男", "relationship": "夫",
             "remarks": "異体字（IVS）"}),
    (8, 1, {"remarks": "20人世帯（5枚）"}),
    (9, 1, {"name": "栁𣘺　祐󠄃丞", "sex": "男", "remarks": "第3水準外の字、12人世帯"}),
    (12, 1, {"moved_out": True, "remarks": "転出済み"}),
    (13, 1, {"card_status": "revoked", "remarks": "電子証明書が失効"}),
    (14, 1, {"card_status": "unknown", "remarks": "失効の状態が不明"}),
    (15, 1, {"birth": date(1926, 12, 25), "remarks": "昭和元年生まれ"}),
    (16, 1, {"birth": date(1926, 12, 24), "remarks": "大正15年生まれ"}),
    (17, 1, {"birth": date(1989, 1, 7), "remarks": "昭和64年生まれ"}),
    (42, 2, {"moved_out": True, "remarks": "世帯の一人だけ転出済み"}),
)  # fmt: skip
