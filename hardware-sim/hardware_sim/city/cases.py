"""Residents written by hand: what goes wrong in real systems, and one for every case a terminal has to tell apart.

Given by household and position, the same in every city. Each says in its remarks, for the bench page, what it is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hardware_sim.city.towns import Town

Changes = Mapping[str, object]

_FOREIGN: Changes = {"domicile": "", "western": True}
_JUKI_LAST_DAY = date(2025, 12, 28)
"""Ten years after the last one was given out."""


def by_hand(town: Town) -> dict[tuple[int, int], Changes]:
    """(household, position) -> fields of the person."""
    return {**_sample(town), **_names(), **_moves(town), **_cards(), **_possessions()}


def _sample(town: Town) -> dict[tuple[int, int], Changes]:
    family = town.sample_family
    return {
        (1, 1): {"name": f"{family}　太郎", "sex": "男", "relationship": "世帯主", "birth": date(1984, 5, 12),
                 "means": "employee", "remarks": "見本の世帯（4人）の世帯主"},
        (1, 2): {"name": f"{family}　花子", "sex": "女", "relationship": "妻", "birth": date(1986, 11, 3),
                 "former_name": "嬉野", "means": "part_time", "remarks": "旧氏あり、所得はあるが非課税"},
        (1, 3): {"name": f"{family}　一郎", "sex": "男", "relationship": "子", "birth": date(2009, 2, 28),
                 "seal": "none", "remarks": "17歳、印鑑登録も所得の資料もなし"},
        (1, 4): {"name": f"{family}　さくら", "sex": "女", "relationship": "子", "birth": date(2019, 5, 1),
                 "card_serial": 1_610_612_741, "remarks": "15歳未満・令和元年生まれ"},
    }  # fmt: skip


def _names() -> dict[tuple[int, int], Changes]:
    return {
        (2, 1): {"name": "髙﨑　𠮷之助", "sex": "男", "birth": date(1931, 1, 7), "means": "pensioner",
                 "remarks": "髙・﨑・𠮷、1人世帯"},
        (3, 1): {"name": "渡邉󠄖　邦彦", "sex": "男", "remarks": "異体字（IVS）、9人世帯"},
        (3, 2): {"name": "渡邉󠄖　德子", "sex": "女", "relationship": "妻", "remarks": "異体字（IVS）"},
        (4, 1): {"name": "MARIA FERNANDA DE LOS SANTOS GONZALEZ RODRIGUEZ", "sex": "女",
                 "birth": date(1990, 8, 17), "relationship": "世帯主", **_FOREIGN,
                 "remarks": "外国人住民、長いローマ字氏名"},
        (4, 2): {"name": "LEE JINWOO", "sex": "男", "relationship": "夫", "birth": date(1988, 2, 29),
                 "alias": "木下　仁", **_FOREIGN, "remarks": "外国人住民、通称あり"},
        (4, 3): {"name": "GONZALEZ LEE HANA", "sex": "女", "relationship": "子", "birth": date(2018, 7, 9),
                 **_FOREIGN, "remarks": "外国人住民の子"},
        (7, 1): {"name": "勘解由小路　ヴィルヘルミーナ桜子アンナマリア", "sex": "女", "remarks": "長い氏名、5人世帯"},
        (7, 2): {"name": "葛󠄀城　辻󠄀彦", "sex": "男", "relationship": "夫", "remarks": "異体字（IVS）"},
        (8, 1): {"remarks": "20人世帯（5枚）"},
        (9, 1): {"name": "栁𣘺　祐󠄃丞", "sex": "男", "remarks": "第3水準外の字、12人世帯"},
        (15, 1): {"birth": date(1926, 12, 25), "means": "pensioner", "remarks": "昭和元年生まれ"},
        (16, 1): {"birth": date(1926, 12, 24), "means": "pensioner", "remarks": "大正15年生まれ"},
        (17, 1): {"birth": date(1989, 1, 7), "remarks": "昭和64年生まれ"},
    }  # fmt: skip


def _moves(town: Town) -> dict[tuple[int, int], Changes]:
    there = town.elsewhere[0]
    return {
        (5, 1): {"name": "南里　修", "sex": "男", "planned_destination": there, "remarks": "転出予定"},
        (5, 2): {"name": "南里　由美", "sex": "女", "relationship": "妻", "planned_destination": there,
                 "confirmed_destination": there, "remarks": "転出予定・確定"},
        (6, 1): {"name": "東島　恵子", "sex": "女", "restricted": True, "remarks": "支援措置（窓口のみ）"},
        (6, 2): {"name": "東島　葵", "sex": "女", "relationship": "子", "birth": date(2007, 9, 14),
                 "restricted": True, "remarks": "支援措置（窓口のみ）"},
        (12, 1): {"moved_out": True, "remarks": "転出済み"},
        (42, 2): {"moved_out": True, "remarks": "世帯の一人だけ転出済み"},
        (43, 1): {"remarks": "世帯の他の一人が支援措置（住民票は窓口のみ）"},
        (43, 2): {"restricted": True, "remarks": "支援措置（窓口のみ）"},
    }  # fmt: skip


def _cards() -> dict[tuple[int, int], Changes]:
    return {
        (13, 1): {"card_status": "revoked", "remarks": "電子証明書が失効"},
        (14, 1): {"card_status": "unknown", "remarks": "失効の状態が不明"},
        (18, 1): {"juki_tries": 0, "remarks": "住基カードの暗証番号が止まっている"},
        (19, 1): {"juki_pin": "", "remarks": "住基カードの暗証番号が未設定"},
        (20, 1): {"juki_tries": 1, "remarks": "住基カードの暗証番号はあと1回"},
        (21, 1): {"juki_status": "stopped", "remarks": "住基カードが一時停止"},
        (22, 1): {"juki_expires": _JUKI_LAST_DAY, "remarks": "住基カードの有効期限が切れている"},
        (23, 1): {"juki": False, "remarks": "住基カードなし"},
    }


def _possessions() -> dict[tuple[int, int], Changes]:
    return {
        (24, 1): {"seal": "none", "remarks": "印鑑登録なし"},
        (25, 1): {"means": "none", "remarks": "所得・課税の資料なし"},
        (26, 1): {"means": "arrears", "remarks": "市県民税に未納あり"},
        (27, 1): {"means": "several", "remarks": "所得が5種類"},
        (28, 1): {"means": "owner", "remarks": "税目と期別が多い"},
        (29, 1): {"means": "no_income", "remarks": "所得なし・非課税"},
        (30, 1): {"seal": "largest", "remarks": "最大の印鑑（25mm・角）"},
        (31, 1): {"seal": "smallest", "remarks": "最小の印鑑（8mm・丸）"},
    }
