"""Four certificates, the household and parts of it: what is listed, offered, issued and refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pikepdf
import pypdfium2
import pytest

from hardware_sim.city.rules import KindRules, Rules

FAMILY, SPOUSE, YOUTH, TWENTY, PLANNED = "r001", "r002", "r003", "r027", "r018"
NO_SEAL, NO_MEANS, NO_INCOME, BESIDE_RESTRICTED = "r084", "r085", "r089", "r104"


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for page in document:
        text = page.get_textpage()
        found.append(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return "".join("".join(found).split())


def household(terminal: Any) -> list[dict[str, Any]]:
    answer = terminal.ask("household", {"v": 1})
    assert answer.signed
    assert answer.head["result"] == "ok"
    members: list[dict[str, Any]] = answer.head["members"]
    return members


def error(reply: tuple[int, bytes]) -> tuple[int, str]:
    return reply[0], json.loads(reply[1])["error"]


def test_the_household_in_the_order_of_the_register(far: Any) -> None:
    terminal = far.identified(SPOUSE)
    answer = terminal.ask("household", {"v": 1})
    assert answer.head["subject"] == terminal.commitment(far.serial(SPOUSE)).hex()
    members = answer.head["members"]
    assert [(one["name"], one["relationship"], one["holder"]) for one in members] == [
        ("佐賀　太郎", "世帯主", False),
        ("佐賀　花子", "妻", True),
        ("佐賀　一郎", "子", False),
        ("佐賀　さくら", "子", False),
    ]
    assert all(set(one) == {"id", "name", "relationship", "holder"} for one in members)
    assert all(len(one["id"]) == 8 and set(one["id"]) <= set("0123456789abcdef") for one in members)


def test_the_ids_are_of_this_session_only(far: Any) -> None:
    terminal = far.identified()
    first, again = household(terminal), household(terminal)
    assert first == again
    ids = {one["id"] for one in first}
    assert len(ids) == 4
    assert not ids & {one["id"] for one in household(far.identified())}


def test_the_household_after_a_juki_card(far: Any) -> None:
    terminal = far.tapped()
    terminal.pin()
    assert len(household(terminal)) == 4
    assert terminal.ask("household", {"v": 1}).head["subject"] == terminal.juki_commitment(far.resident(FAMILY)).hex()


def test_a_part_of_the_household(far: Any) -> None:
    terminal = far.identified()
    members = household(terminal)
    chosen = sorted(one["id"] for one in members if one["name"] in {"佐賀　太郎", "佐賀　一郎"})
    issued = terminal.ask("issue", terminal.wish(household="part", members=chosen))
    assert issued.head["result"] == "ok"
    assert (issued.head["household"], issued.head["members"]) == ("part", chosen)
    text = words(issued.documents[0])
    assert "佐賀太郎" in text
    assert "佐賀一郎" in text
    assert "佐賀花子" not in text
    assert "佐賀さくら" not in text


def test_members_of_another_session_are_nobody(far: Any) -> None:
    other = [one["id"] for one in household(far.identified("r027"))]
    terminal = far.identified()
    own = [one["id"] for one in household(terminal)]
    for members in ([other[0]], sorted([own[0], other[0]])):
        body = terminal.request("issue", terminal.wish(household="part", members=members))[0]
        assert error(terminal.post("issue", body)) == (400, "bad_request")
        terminal.seq -= 1
    assert terminal.ask("issue", terminal.wish(household="part", members=own[:1])).head["result"] == "ok"


def test_a_part_without_the_list_is_nobody(far: Any) -> None:
    terminal = far.identified()
    body = terminal.request("issue", terminal.wish(household="part", members=["0a1b2c3d"]))[0]
    assert error(terminal.post("issue", body)) == (400, "bad_request")


def test_who_moved_out_since_the_list_is_not_issued(far: Any) -> None:
    terminal = far.identified()
    members = household(terminal)
    [gone] = [one["id"] for one in members if one["name"] == "佐賀　一郎"]
    far.register.change(YOUTH, {"moved_out": 1})
    assert terminal.ask("issue", terminal.wish(household="part", members=[gone])).head["result"] == "not_available"
    assert len(household(terminal)) == 3


def test_twenty_members_over_several_sheets(far: Any) -> None:
    terminal = far.identified(TWENTY)
    members = household(terminal)
    assert len(members) == 20
    whole = terminal.ask("issue", terminal.wish())
    part = far.identified(TWENTY)
    nineteen = sorted(one["id"] for one in household(part) if not one["holder"])
    issued = part.ask("issue", part.wish(household="part", members=nineteen))
    assert len(whole.head["copies"][0]["pages"]) > 8
    for answer, names in ((whole, members), (issued, [one for one in members if not one["holder"]])):
        with pikepdf.open(io.BytesIO(answer.documents[0])) as opened:
            assert len(opened.pages) == len(answer.head["copies"][0]["pages"])
        text = words(answer.documents[0])
        assert all("".join(one["name"].split()) in text for one in names)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("seal", "印鑑登録証明書"), ("income", "所得課税証明書"), ("tax", "納税証明書")],
)
def test_the_other_three(far: Any, pages: Any, kind: str, said: str) -> None:
    terminal = far.identified()
    issued = terminal.ask("issue", terminal.wish(kind=kind, copies=2))
    head = issued.head
    assert issued.signed
    assert head["result"] == "ok"
    assert (head["kind"], head["household"], head["members"], head["items"]) == (kind, "", [], [])
    assert len(issued.documents) == len({copy["serial"] for copy in head["copies"]}) == 2
    for copy, document in zip(head["copies"], issued.documents, strict=True):
        boxes = pages(document)
        assert len(boxes) == len(copy["pages"])
        assert {(side["name"], side["serial"]) for side in boxes} == {("佐賀　太郎", copy["serial"])}
        assert said in words(document)


@pytest.mark.parametrize(
    ("person", "missing"),
    [
        (NO_SEAL, {"seal"}),
        (NO_MEANS, {"income", "tax"}),
        (YOUTH, {"seal", "income", "tax"}),
        (NO_INCOME, set()),  # no income is something to certify
    ],
)
def test_nothing_registered(far: Any, person: str, missing: set[str]) -> None:
    terminal = far.terminal()
    terminal.open()
    offers = terminal.authenticate(far.cards.card(far.serial(person))).head["offers"]
    assert offers == [kind for kind in ("residence", "seal", "income", "tax") if kind not in missing]
    for kind in ("seal", "income", "tax"):
        asked = far.identified(person)
        expected = "nothing_registered" if kind in missing else "ok"
        assert asked.ask("issue", asked.wish(kind=kind)).head["result"] == expected


def test_a_cancelled_seal_is_not_certified_any_more(far: Any) -> None:
    terminal = far.identified()
    far.register.cancel_seal(FAMILY)
    assert terminal.ask("issue", terminal.wish(kind="seal")).head["result"] == "nothing_registered"


def test_an_announced_move_where_the_city_foretells_it_or_not(far_with: Callable[[Rules], Any]) -> None:
    for foretell in (True, False):
        far = far_with(Rules(foretell_planned_move=foretell))
        terminal = far.terminal()
        terminal.open()
        offers = terminal.authenticate(far.cards.card(far.serial(PLANNED))).head["offers"]
        assert ("residence" in offers) is foretell
        assert "seal" in offers
        issued = terminal.ask("issue", terminal.wish(items=["planned_move"]))
        assert issued.head["result"] == ("ok" if foretell else "not_available")
        if foretell:
            assert "福岡県福岡市" in words(issued.documents[0])


def test_who_lives_with_somebody_restricted_gets_no_record_and_no_list(far: Any) -> None:
    terminal = far.terminal()
    terminal.open()
    head = terminal.authenticate(far.cards.card(far.serial(BESIDE_RESTRICTED))).head
    assert head["offers"] == ["seal", "income", "tax"]
    assert terminal.ask("household", {"v": 1}).head["result"] == "not_available"
    assert terminal.ask("issue", terminal.wish()).head["result"] == "not_available"
    assert terminal.ask("issue", terminal.wish(kind="seal")).head["result"] == "ok"


def test_an_age_of_the_citys_own(far_with: Callable[[Rules], Any]) -> None:
    for minimum, result in ((7, "ok"), (8, "not_available"), (0, "ok")):
        far = far_with(Rules(min_age=minimum))  # the child was born in May 2019, it is November 2026
        terminal = far.terminal()
        terminal.open()
        assert terminal.authenticate(far.cards.card(far.serial("r004"))).head["result"] == result


def test_kinds_have_rules_of_their_own(far_with: Callable[[Rules], Any]) -> None:
    first = date(2016, 1, 22)
    kinds = {"residence": KindRules(), "seal": KindRules(fees=((first, 200),), max_copies=2)}
    far = far_with(Rules(kinds=kinds))
    terminal = far.terminal()
    terminal.open()
    assert terminal.authenticate(far.cards.card(far.serial(FAMILY))).head["offers"] == ["residence", "seal"]
    for changes, result in (
        ({"copies": 3, "fee_yen": 200}, "copies_exceeded"),
        ({"copies": 2, "fee_yen": 300}, "fee_changed"),
        ({"copies": 2, "fee_yen": 200}, "ok"),
    ):
        assert terminal.ask("issue", terminal.wish(kind="seal", **changes)).head["result"] == result
    other = far.identified()
    assert other.ask("issue", other.wish(kind="tax")).head["result"] == "not_available"
