"""The whole dialogue with the city, by both cards: what is asked, what is kept, what becomes of it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

import drivers.issuer
from drivers import envelope
from kiosk import effects as f
from kiosk import events as e
from kiosk.errors import IssuerUnavailable

MY_NUMBER = ("open", "authenticate", "household", "issue")
JUKI = ("open", "card", "pin", "household", "issue")


@pytest.mark.parametrize("road", [MY_NUMBER, JUKI], ids=["my_number", "juki"])
def test_the_way_to_a_certificate(rig: Any, road: tuple[str, ...]) -> None:
    events = {step: rig.step(step) for step in road}
    session, public_key = rig.city.sessions[0]
    who = envelope.Identity(bytes.fromhex(session), "SAGA-0007", "412015")
    assert events["open"].challenge == envelope.card_message(who, public_key, rig.city.nonce)
    assert events[road[-3]] == e.Authenticated(len(road) - 2, ("residence",))
    assert [(m.member, m.holder) for m in events["household"].members] == [("0a1b2c3d", True), ("99887766", False)]
    facts = events["issue"].facts
    assert (facts.kind, facts.household, facts.items, len(facts.copies)) == ("residence", "part", {"domicile"}, 2)
    assert facts.members == {"0a1b2c3d"}
    assert facts.expected_reference == envelope.reference_of(rig.city.subject)
    assert all(copy.reference == facts.expected_reference for copy in facts.copies)
    assert rig.issuer.document(1) != rig.issuer.document(2)
    assert b"%PDF" in rig.issuer.document(2)[:8]


def test_a_juki_card_is_recognised_before_anything_is_said_of_the_person(rig: Any) -> None:
    assert rig.until("card", JUKI).step("card") == e.CardRecognised(2, ("residence", "seal"), 3)
    assert rig.city.payloads == [{"v": 1, "home": "412015", "id": bytes(range(16)).hex()}]


def test_the_city_is_asked_for_exactly_what_was_confirmed(rig: Any) -> None:
    wish = f.Wish("residence", "part", frozenset({"domicile", "previous_address"}), 1, 300, frozenset({"ff", "0a"}))
    rig.until("issue").step("issue", replace(wish, fee_day=wish.fee_day.replace(year=2026, month=4, day=9)))
    assert rig.city.payloads[-1] == {
        "v": 1, "kind": "residence", "household": "part", "members": ["0a", "ff"],
        "items": ["domicile", "previous_address"], "copies": 1, "fee_yen": 300, "fee_day": "2026-04-09",
    }  # fmt: skip
    assert [body["seq"] for body in rig.city.requests] == [0, 1, 2, 3]


@pytest.mark.parametrize("road", [MY_NUMBER, JUKI], ids=["my_number", "juki"])
def test_the_centre_sees_who_asks_and_nothing_of_what(rig: Any, road: tuple[str, ...]) -> None:
    rig.until("issue", road).step("issue")
    for body in rig.city.requests[1:]:
        assert set(body) == {"v", "session", "terminal", "municipality", "seq", "sealed"}
        plain_size = len(base64.b64decode(body["sealed"])) - 1120 - 16  # encapsulated key (1,120) and tag
        assert plain_size == envelope.REQUEST_PADDING


# ---- the PIN of a Juki card -----------------------------------------------------------------------------------


def test_the_pin_goes_to_the_city_once_and_stays_nowhere(rig: Any) -> None:
    rig.until("pin").step("pin")
    assert rig.city.payloads[-1] == {"v": 1, "pin": "5937"}
    assert (len(rig.pin), rig.pin.expose()) == (0, bytearray(4))
    again = rig.pin  # nothing in it any more: it cannot be sent a second time
    rig.number += 1
    rig.issuer.check_pin(f.CheckPin(rig.number, again))
    assert rig.wait() == e.IssuerFailed(rig.number, "no_pin")
    assert [body["seq"] for body in rig.city.requests] == [0, 1, 2]


def test_a_wrong_pin_may_be_typed_anew_in_the_same_session(rig: Any) -> None:
    rig.until("pin")
    for order, tries in ((3, 2), (4, 1)):
        rig.city.change = {"result": "pin_wrong", "tries_left": tries}
        assert rig.step("pin") == e.PinRefused(order, tries)
        assert rig.pin.expose() == bytearray(4)
        assert isinstance(rig.step("household"), e.IssuerFailed)  # not asked: the PIN was not accepted
        rig.number -= 1
    rig.city.change = {}
    assert rig.step("pin") == e.Authenticated(5, ("residence",))
    assert [body["seq"] for body in rig.city.requests] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("tries", [0, 3, True, "2", None])
def test_a_wrong_pin_without_a_sound_count_ends_the_session(rig: Any, tries: object) -> None:
    rig.until("pin").city.change = {"result": "pin_wrong", "tries_left": tries}
    assert rig.step("pin") == e.IssuerFailed(3, "garbled")


def test_the_sealed_pin_leaves_no_plaintext_in_the_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given to the cipher is overwritten as soon as it is sealed."""
    given: list[bytearray] = []

    class Suite:
        def encrypt(self, plain: bytearray, *_key: object, info: bytes) -> bytes:
            given.append(plain)
            assert plain[:24] == b'\x00\x00\x00\x14{"v":1,"pin":"5937"}'
            return b"sealed"

    monkeypatch.setattr(envelope, "_SUITE", Suite())
    who = envelope.Identity(b"s" * 16, "SAGA-0007", "412015")
    key: Any = None
    assert envelope.seal_pin(key, who, 2, bytearray(b"5937")) == b"sealed"
    assert given == [bytearray(1024)]


# ---- order ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["authenticate", "card", "pin", "household", "issue"])
def test_nothing_is_asked_without_a_session(rig: Any, step: str) -> None:
    assert rig.step(step) == e.IssuerFailed(1, "no_session")
    assert rig.pin.expose() == bytearray(4)
    assert rig.city.requests == []


@pytest.mark.parametrize("step", ["household", "issue"])
def test_nothing_about_the_person_is_asked_before_the_pin(rig: Any, step: str) -> None:
    rig.until("pin")
    assert rig.step(step) == e.IssuerFailed(3, "not_authenticated")
    assert len(rig.city.requests) == 2


def test_a_new_session_begins_with_nothing_of_the_last(rig: Any) -> None:
    rig.until("issue", JUKI).step("issue")
    rig.step("open")
    with pytest.raises(IssuerUnavailable):
        rig.issuer.document(1)
    assert rig.step("pin") == e.IssuerFailed(rig.number, "no_card")


# ---- somebody else --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("road", [MY_NUMBER, JUKI], ids=["my_number", "juki"])
@pytest.mark.parametrize("place", [-3, -2])
def test_the_row_of_somebody_else_stops_the_line_wherever_it_comes(rig: Any, road: tuple[str, ...], place: int) -> None:
    rig.city.at, rig.city.change = road[place], {"subject": "00" * 32}
    assert rig.until(road[place], road).step(road[place]) == e.IdentityMismatched(rig.number, "subject")


@pytest.mark.parametrize("road", [MY_NUMBER, JUKI], ids=["my_number", "juki"])
@pytest.mark.parametrize(
    ("change", "what"),
    [({"subject": "00" * 32}, "subject"), ({"municipality": "131016"}, "municipality")],
)
def test_a_certificate_of_somebody_else_or_of_another_city_stops_the_line(
    rig: Any, road: tuple[str, ...], change: dict[str, str], what: str
) -> None:
    """The page bears the other subject's own reference: only the session's own commitment can tell."""
    rig.until("issue", road).city.change = change
    assert rig.step("issue") == e.IdentityMismatched(len(road), what)
    with pytest.raises(IssuerUnavailable):
        rig.issuer.document(1)


def test_an_answer_of_an_earlier_session_cannot_be_opened_in_the_next(rig: Any) -> None:
    rig.until("issue").step("issue")
    kept = rig.city.answers[-1]
    rig.until("issue")
    rig.city.wire = lambda _answer: kept
    assert rig.step("issue") == e.IssuerFailed(rig.number, "foreign_envelope")
    (one, first_key), (other, second_key) = rig.city.sessions
    assert one != other
    assert first_key != second_key


# ---- what may be said -----------------------------------------------------------------------------------------

PUBLIC = (
    "not_registered", "certificate_revoked", "status_unknown", "certificate_expired", "certificate_invalid",
    "not_in_service", "not_available", "too_many_pages", "fee_changed", "copies_exceeded", "busy", "outside_hours",
    "nothing_registered", "other_city", "pin_blocked", "pin_never_set",
)  # fmt: skip


def test_every_public_reason_arrives_and_no_other_word(rig: Any) -> None:
    rig.until("pin")
    for reason in PUBLIC:
        rig.city.change = {"result": reason}
        assert rig.step("pin") == e.IssuerDeclined(rig.number, reason)
    for word in ("佐賀　花子 は転出しています", "pin_wrong"):
        rig.city.change = {"result": word, "tries_left": 2}
        assert rig.step("card") == e.IssuerDeclined(rig.number, "not_available")


def test_no_word_of_an_answer_reaches_a_log(
    rig: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(head: Mapping[str, Any], *_rest: object) -> None:
        raise RuntimeError(str(head["name"]))

    monkeypatch.setattr(drivers.issuer, "read", broken)
    rig.until("issue")
    with caplog.at_level(logging.DEBUG):
        assert rig.step("issue") == e.IssuerFailed(4, "garbled")
    assert "RuntimeError" in caplog.text
    assert "佐賀" not in caplog.text


def test_the_household_is_named_in_no_repr(rig: Any) -> None:
    assert "佐賀" not in repr(rig.until("household").step("household"))


# ---- the end --------------------------------------------------------------------------------------------------


def test_after_the_erase_the_key_is_dead_and_nothing_is_left(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[envelope.SessionKey] = []

    def key() -> envelope.SessionKey:
        made.append(envelope.SessionKey())
        return made[-1]

    monkeypatch.setattr(drivers.issuer, "SessionKey", key)
    rig.until("issue").step("issue")
    assert rig.issuer.document(1)
    erased = rig.erase()
    assert (erased.part, erased.clean) == (e.Part.ISSUER, True)
    assert not made[0].alive
    with pytest.raises(IssuerUnavailable, match="document_gone"):
        rig.issuer.document(1)
    assert rig.step("issue") == e.IssuerFailed(rig.number, "no_session")
