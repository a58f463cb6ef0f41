"""The whole dialogue, by a terminal of the tests' own: answers, reasons, repetitions, errors."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from hardware_sim.city.rules import KindRules, Rules

RESTRICTED, MOVED_OUT, REVOKED, UNKNOWN, CHILD = "r020", "r072", "r073", "r074", "r004"


def test_a_certificate_from_open_to_document(far: Any) -> None:
    terminal = far.terminal()
    opened = terminal.open()
    assert opened["signed"]
    assert opened["session"] == terminal.session.hex()
    assert (opened["seq"], opened["at"], len(terminal.nonce)) == (0, "2026-11-24T01:24:00Z", 32)

    serial = far.serial("r001")
    identified = terminal.authenticate(far.cards.card(serial))
    assert identified.signed
    assert identified.head["result"] == "ok"
    assert identified.head["offers"] == ["residence", "seal", "income", "tax"]
    assert identified.head["subject"] == terminal.commitment(serial).hex()
    assert identified.documents == []

    issued = terminal.ask("issue", terminal.wish(copies=2))
    head = issued.head
    assert issued.signed
    assert head["result"] == "ok"
    assert head["subject"] == terminal.commitment(serial).hex()
    assert head["name"] == "佐賀　太郎"
    assert (head["municipality"], head["kind"], head["household"]) == ("saga", "residence", "whole")
    assert head["items"] == ["domicile", "head_and_relationship"]
    assert head["at"] == head["register_as_of"] == "2026-11-24T01:24:00Z"
    assert len(head["copies"]) == len(issued.documents) == 2
    for copy, document in zip(head["copies"], issued.documents, strict=True):
        assert copy["bytes"] == len(document)
        assert copy["sha256"] == hashlib.sha256(document).hexdigest()
        assert len(copy["pages"]) == 2
        assert len(copy["serial"]) == 10
        assert set(copy["serial"]) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert issued.documents[0] != issued.documents[1]
    assert head["copies"][0]["serial"] != head["copies"][1]["serial"]
    assert far.service.issuing.issued()[-1]["copies"] == head["copies"]


def test_what_is_signed_says_when_it_was_signed(far: Any) -> None:
    terminal = far.identified()
    far.clock.advance(90)
    head = terminal.ask("issue", terminal.wish()).head
    assert head["at"] == head["register_as_of"] == "2026-11-24T01:25:30Z"


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (REVOKED, "certificate_revoked"),
        (UNKNOWN, "status_unknown"),
        (MOVED_OUT, "not_registered"),
        (RESTRICTED, "not_available"),
        (CHILD, "not_available"),
    ],
)
def test_refused_when_identifying(far: Any, person: str, reason: str) -> None:
    terminal = far.terminal()
    terminal.open()
    answer = terminal.authenticate(far.cards.card(far.serial(person)))
    assert answer.signed
    assert answer.head["result"] == reason
    assert set(answer.head) == {"v", "session", "terminal", "seq", "request", "at", "result"}
    status, body = terminal.post("issue", terminal.request("issue", terminal.wish())[0])
    assert (status, json.loads(body)["error"]) == (409, "session_unknown")


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ({"serial": 424242}, "not_registered"),
        ({"last": datetime(2026, 11, 24, 1, 23, 59, tzinfo=UTC)}, "certificate_expired"),
        ({"first": datetime(2026, 11, 24, 1, 24, 1, tzinfo=UTC)}, "certificate_invalid"),
        ({"policy": "1.2.392.200149.8.5.1.0.20"}, "certificate_invalid"),
        ({"signs": False}, "certificate_invalid"),
    ],
)
def test_cards_that_are_not_accepted(far: Any, card: dict[str, Any], reason: str) -> None:
    terminal = far.terminal()
    terminal.open()
    certificate = far.cards.card(**{"serial": far.serial("r001"), **card})
    assert terminal.authenticate(certificate).head["result"] == reason


def test_another_issuer_of_the_same_name_is_not_accepted(far: Any, other_cards: Any) -> None:
    terminal = far.terminal()
    terminal.cards = other_cards
    terminal.open()
    assert terminal.authenticate(other_cards.card(far.serial("r001"))).head["result"] == "certificate_invalid"


def test_a_signature_made_for_another_session_is_not_accepted(far: Any) -> None:
    victim, thief = far.terminal(), far.terminal()
    victim.open()
    thief.open()
    lent = victim.card_request(far.cards.card(far.serial("r001")))
    assert thief.ask("authenticate", lent).head["result"] == "certificate_invalid"


def test_rubbish_for_a_certificate_is_a_reason_and_not_a_crash(far: Any) -> None:
    terminal = far.terminal()
    terminal.open()
    request = terminal.card_request(b"\x30\x03\x02\x01\x01")
    assert terminal.ask("authenticate", request).head["result"] == "certificate_invalid"


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"fee_yen": 200}, "fee_changed"),
        ({"copies": 11}, "copies_exceeded"),
        ({"fee_day": "2026-11-23"}, "fee_changed"),
        ({"fee_day": "2026-11-25"}, "fee_changed"),
    ],
)
def test_wishes_that_are_refused(far: Any, wish: dict[str, object], reason: str) -> None:
    terminal = far.identified()
    answer = terminal.ask("issue", terminal.wish(**wish))
    assert answer.signed
    assert answer.head["result"] == reason
    assert answer.documents == []
    # A refused wish may be changed and asked again in the same session.
    assert terminal.ask("issue", terminal.wish()).head["result"] == "ok"


@pytest.mark.parametrize(
    ("rules", "person", "reason"),
    [
        (Rules(max_pages=8), "r027", "too_many_pages"),
        (Rules(kinds={"residence": KindRules(service_from=date(2026, 11, 25))}), "r001", "not_in_service"),
        (Rules(kinds={"seal": KindRules()}), "r001", "not_available"),
        (Rules(max_document_bytes=1000), "r001", "too_many_pages"),
    ],
)
def test_rules_of_the_city(far_with: Callable[[Rules], Any], rules: Rules, person: str, reason: str) -> None:
    terminal = far_with(rules).identified(person)
    assert terminal.ask("issue", terminal.wish()).head["result"] == reason


@pytest.mark.parametrize(
    ("utc", "yen", "day", "result"),
    [
        ((14, 59, 59), 300, "2026-11-24", "ok"),
        ((14, 59, 59), 400, "2026-11-25", "fee_changed"),
        ((15, 0, 0), 400, "2026-11-25", "ok"),  # midnight in Japan
        ((15, 0, 0), 300, "2026-11-24", "ok"),  # confirmed before it
        ((15, 0, 0), 300, "2026-11-25", "fee_changed"),
        ((15, 0, 0), 400, "2026-11-24", "fee_changed"),
        ((15, 59, 59), 300, "2026-11-24", "ok"),
        ((16, 0, 0), 300, "2026-11-24", "fee_changed"),
        ((16, 0, 0), 400, "2026-11-25", "ok"),
    ],
)
def test_a_fee_that_changes_at_midnight(
    far_with: Callable[[Rules], Any], utc: tuple[int, int, int], yen: int, day: str, result: str
) -> None:
    changed = KindRules(fees=((date(2016, 1, 22), 300), (date(2026, 11, 25), 400)))
    far = far_with(Rules(kinds={"residence": changed}))
    far.clock.instant = datetime(2026, 11, 24, *utc, tzinfo=UTC)
    terminal = far.identified()
    assert terminal.ask("issue", terminal.wish(fee_yen=yen, fee_day=day)).head["result"] == result


def test_too_many_at_a_time_are_told_busy(far_with: Callable[[Rules], Any]) -> None:
    far = far_with(Rules(parallel=1))
    first, second = far.identified("r001"), far.identified("r005")
    making, go_on = threading.Event(), threading.Event()
    clock = far.clock.now

    def held() -> datetime:
        if threading.current_thread() is not threading.main_thread() and not making.is_set():
            making.set()
            assert go_on.wait(20)
        return clock()

    body, sealed = first.request("issue", first.wish())
    replies: list[Any] = []
    extract = far.register.extract
    far.register.extract = lambda *a: (held(), extract(*a))[1]
    thread = threading.Thread(target=lambda: replies.append(far.service.handle("issue", body)))
    thread.start()
    assert making.wait(20)
    assert second.ask("issue", second.wish()).head["result"] == "busy"
    go_on.set()
    thread.join()
    assert first.opened("issue", sealed, replies[0].body).head["result"] == "ok"


def test_a_person_restricted_after_identifying_gets_nothing(far: Any) -> None:
    terminal = far.identified()
    far.register.change("r001", {"restricted": 1})
    assert terminal.ask("issue", terminal.wish()).head["result"] == "not_available"


def test_the_row_is_what_the_commitment_is_made_of(far: Any) -> None:
    """Somebody else's row, however it got there, gives another commitment than the card's."""
    terminal = far.identified()
    far.service.faults.set("wrong_subject", {"how": "row"})
    head = terminal.ask("issue", terminal.wish()).head
    assert head["result"] == "ok"
    assert head["subject"] != terminal.commitment(far.serial("r001")).hex()


# --- repetitions ---


def test_the_same_request_gets_the_same_bytes(far: Any) -> None:
    terminal = far.terminal()
    assert terminal.post("open", terminal.open_body()) == terminal.post("open", terminal.open_body())
    terminal.open()
    for step, payload in (
        ("authenticate", terminal.card_request(far.cards.card(far.serial("r001")))),
        ("issue", terminal.wish()),
    ):
        body, sealed = terminal.request(step, payload)
        first = terminal.post(step, body)
        assert first[0] == 200
        assert terminal.post(step, body) == first
        assert terminal.opened(step, sealed, first[1]).head["result"] == "ok"
    assert len(far.service.issuing.issued()) == 1


def test_the_same_request_twice_at_once_is_answered_once(far: Any) -> None:
    terminal = far.identified()
    body, _ = terminal.request("issue", terminal.wish())
    replies: list[Any] = []
    threads = [threading.Thread(target=lambda: replies.append(far.service.handle("issue", body))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({reply.body for reply in replies}) == 1
    assert len(far.service.issuing.issued()) == 1


def error(reply: tuple[int, bytes]) -> tuple[int, str]:
    message = json.loads(reply[1])
    assert set(message) == {"v", "error"}
    return reply[0], message["error"]


def test_a_session_id_belongs_to_one_key_and_one_terminal(far: Any) -> None:
    terminal, other = far.terminal(), far.terminal()
    terminal.open()
    other.session = terminal.session
    assert error(other.post("open", other.open_body())) == (409, "replay")
    third = far.terminal("saga-0003")
    third.session, third.public = terminal.session, terminal.public
    assert error(third.post("open", third.open_body())) == (409, "replay")


def test_a_session_id_is_not_used_again_when_it_was_forgotten(far: Any) -> None:
    terminal = far.identified()
    far.clock.advance(3600)
    assert error(terminal.post("issue", terminal.request("issue", terminal.wish())[0])) == (409, "session_unknown")
    assert error(terminal.post("open", terminal.open_body())) == (409, "replay")


def test_another_request_with_a_used_seq_is_a_replay(far: Any) -> None:
    terminal = far.identified()
    terminal.seq = 0
    card = terminal.card_request(far.cards.card(far.serial("r001")))
    assert error(terminal.post("authenticate", terminal.request("authenticate", card)[0])) == (409, "replay")
    terminal.seq = 0
    body, _ = terminal.request("issue", terminal.wish())
    assert error(terminal.post("issue", body)) == (409, "replay")
    terminal.seq = -1
    assert error(terminal.post("issue", terminal.request("issue", terminal.wish())[0])) == (409, "replay")


def test_one_session_one_certificate(far: Any) -> None:
    terminal = far.identified()
    assert terminal.ask("issue", terminal.wish()).head["result"] == "ok"
    assert terminal.ask("issue", terminal.wish()).head["result"] == "not_available"


# --- errors of the transport, at the city ---


def test_steps_out_of_order(far: Any) -> None:
    terminal = far.terminal()
    assert error(terminal.post("issue", terminal.request("issue", terminal.wish())[0])) == (409, "session_unknown")
    terminal.seq = 0
    terminal.open()
    assert error(terminal.post("issue", terminal.request("issue", terminal.wish())[0])) == (409, "session_unknown")
    terminal.seq = 1  # leaves one out
    assert error(terminal.post("issue", terminal.request("issue", terminal.wish())[0])) == (400, "bad_request")


def test_a_session_of_another_terminal(far: Any) -> None:
    terminal = far.identified()
    thief = far.terminal("saga-0003")
    thief.session, thief.seq = terminal.session, 1
    assert error(thief.post("issue", thief.request("issue", thief.wish())[0])) == (403, "wrong_terminal")


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"session": "00"},
        {"session": "A" * 32},
        {"seq": 1},
        {"public_key": b"".hex()},
        {"public_key": base64.b64encode(bytes(1215)).decode()},
        {"public_key": base64.b64encode(b"\xff" * 1216).decode()},
        {"more": 1},
    ],
)
def test_an_open_that_is_not_of_its_form(far: Any, changes: dict[str, object]) -> None:
    terminal = far.terminal()
    assert error(terminal.post("open", terminal.open_body(**changes))) == (400, "bad_request")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"v":1}',
        {"copies": 0},
        {"copies": True},
        {"copies": 1.0},
        {"items": ["head_and_relationship", "domicile"]},
        {"items": ["domicile", "domicile"]},
        {"items": ["my_number"]},
        {"household": ""},
        {"household": "all"},
        {"kind": "passport"},
        {"kind": "seal", "household": "whole"},
        {"fee_yen": -300},
        {"fee_day": "2026-02-30"},
        {"fee_day": "24.11.2026"},
        {"household": "part"},
        {"household": "part", "members": ["00000000"]},
        {"household": "part", "members": ["r001"]},
        {"members": ["0a1b2c3d"]},
    ],
)
def test_a_wish_that_is_not_of_its_form(far: Any, payload: dict[str, object] | bytes) -> None:
    terminal = far.identified()
    text = terminal.wish(**payload) if isinstance(payload, dict) else payload
    assert error(terminal.post("issue", terminal.request("issue", text)[0])) == (400, "bad_request")
    # It was not answered, so its seq is not used.
    terminal.seq -= 1
    assert terminal.ask("issue", terminal.wish(fee_yen=1)).head["result"] == "fee_changed"


def test_what_cannot_be_opened_is_a_bad_request(far: Any) -> None:
    terminal = far.identified()
    sealed = terminal.request("issue", terminal.wish())[1]
    broken = sealed[:-1] + bytes((sealed[-1] ^ 1,))
    for wrong in (broken, sealed[:100], b"", terminal.seal("authenticate", 2, bytes(1024))):
        assert error(terminal.post("issue", terminal.sealed_body(wrong, 2))) == (400, "bad_request")
    unpadded = terminal.seal("issue", 2, b"\0\0\0\x02{}")
    assert error(terminal.post("issue", terminal.sealed_body(unpadded, 2))) == (400, "bad_request")


def test_answers_are_of_few_lengths(far: Any) -> None:
    sizes = {far.identified(person).ask("issue", far.terminal().wish()).sealed_size for person in ("r001", "r005")}
    assert all((size - 1136) % 16384 == 0 for size in sizes)


def test_nothing_of_a_person_in_the_journal(far: Any) -> None:
    terminal = far.identified()
    terminal.ask("issue", terminal.wish())
    rows = far.service.journal()
    assert [(row["step"], row["result"]) for row in rows] == [("open", "ok"), ("authenticate", "ok"), ("issue", "ok")]
    assert {key for row in rows for key in row} == {"at", "step", "result", "terminal", "seq"}
