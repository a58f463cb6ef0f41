"""A Juki card at the city: its steps, its PIN, and that three wrong PINs are three however they come."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from hardware_sim.city.register import Register

DEMO, BLOCKED, NEVER_SET, LAST_TRY, STOPPED, EXPIRED = "r001", "r078", "r079", "r080", "r081", "r082"
RESTRICTED, MOVED_OUT, CHILD = "r020", "r072", "r004"


def error(reply: tuple[int, bytes]) -> tuple[int, str]:
    message = json.loads(reply[1])
    assert set(message) == {"v", "error"}
    return reply[0], message["error"]


def test_from_the_card_to_a_certificate(far: Any, pages: Any) -> None:
    terminal, resident = far.terminal(), far.resident(DEMO)
    terminal.open()
    known = terminal.card(resident)
    assert known.signed
    assert known.head["result"] == "ok"
    assert known.head["offers"] == ["residence", "seal", "income", "tax"]
    assert known.head["tries_left"] == 3
    assert "subject" not in known.head  # nothing of the person before the PIN
    identified = terminal.pin()
    assert identified.signed
    assert identified.head["result"] == "ok"
    assert identified.head["subject"] == terminal.juki_commitment(resident).hex()
    assert identified.head["offers"] == ["residence", "seal", "income", "tax"]
    issued = terminal.ask("issue", terminal.wish())
    assert issued.signed
    assert issued.head["subject"] == terminal.juki_commitment(resident).hex()
    assert pages(issued.documents[0])[0]["name"] == "佐賀　太郎"


def test_before_the_pin_nothing_is_different_for_anybody(far: Any) -> None:
    """Who holds the card of somebody restricted, gone or very young learns so only after the PIN."""
    heads = []
    for person in (DEMO, RESTRICTED, MOVED_OUT, CHILD):
        terminal = far.terminal()
        terminal.open()
        head = terminal.card(far.resident(person)).head
        heads.append({name: head[name] for name in head if name not in {"session", "request", "at"}})
    assert heads == heads[:1] * 4


@pytest.mark.parametrize(
    ("person", "reason"), [(RESTRICTED, "not_available"), (MOVED_OUT, "not_registered"), (CHILD, "not_available")]
)
def test_reasons_after_the_pin(far: Any, person: str, reason: str) -> None:
    terminal = far.tapped(person)
    head = terminal.pin().head
    assert head["result"] == reason
    assert set(head) == {"v", "session", "terminal", "seq", "request", "at", "result"}
    assert error(terminal.post("issue", terminal.request("issue", terminal.wish())[0])) == (409, "session_unknown")


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (BLOCKED, "pin_blocked"),
        (NEVER_SET, "pin_never_set"),
        (STOPPED, "certificate_revoked"),
        (EXPIRED, "certificate_expired"),
    ],
)
def test_cards_that_do_not_serve(far: Any, person: str, reason: str) -> None:
    terminal = far.terminal()
    terminal.open()
    assert terminal.card(far.resident(person)).head["result"] == reason
    assert error(terminal.post("pin", terminal.request("pin", {"v": 1, "pin": "1234"})[0])) == (409, "session_unknown")


def test_a_card_serves_to_the_end_of_its_last_day(far: Any) -> None:
    resident = far.resident(DEMO)
    for hour, result in ((14, "ok"), (15, "certificate_expired")):  # 23:00 of that day and 00:00 of the next in Japan
        day = resident.juki_expires
        far.clock.instant = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        terminal = far.terminal()
        terminal.open()
        assert terminal.card(resident).head["result"] == result


def test_cards_of_another_city_or_of_nobody(far: Any) -> None:
    for changes, reason in (({"home": "142051"}, "other_city"), ({"id": "00" * 16}, "not_registered")):
        terminal = far.terminal()
        terminal.open()
        card = {"v": 1, "home": "412015", "id": far.resident(DEMO).juki_id, **changes}
        assert terminal.ask("card", card).head["result"] == reason


def test_wrong_wrong_right_sets_the_tries_back(far: Any) -> None:
    for _ in range(2):
        terminal = far.tapped()
        heads = [terminal.pin(pin).head for pin in ("0000", "1111", "1234")]
        assert [(head["result"], head.get("tries_left")) for head in heads] == [
            ("pin_wrong", 2),
            ("pin_wrong", 1),
            ("ok", None),
        ]


def test_the_third_wrong_pin_blocks_for_good(far: Any) -> None:
    terminal = far.tapped()
    for wrong in ("0000", "1111"):
        assert terminal.pin(wrong).head["result"] == "pin_wrong"
    blocked = terminal.pin("2222").head
    assert (blocked["result"], "tries_left" in blocked) == ("pin_blocked", False)
    assert terminal.pin("1234").head["result"] == "pin_blocked"  # the right one is too late
    again = far.terminal()
    again.open()
    assert again.card(far.resident(DEMO)).head["result"] == "pin_blocked"


def test_the_last_try(far: Any) -> None:
    terminal = far.terminal()
    terminal.open()
    assert terminal.card(far.resident(LAST_TRY)).head["tries_left"] == 1
    assert terminal.pin("0000").head["result"] == "pin_blocked"


def test_the_same_bytes_again_are_the_same_try(far: Any) -> None:
    terminal = far.tapped()
    body, sealed = terminal.request("pin", {"v": 1, "pin": "0000"})
    first = terminal.post("pin", body)
    for _ in range(5):
        assert terminal.post("pin", body) == first
    assert terminal.opened("pin", sealed, first[1]).head["tries_left"] == 2
    assert terminal.pin("0000").head["tries_left"] == 1


def test_a_try_counts_even_if_its_answer_never_arrives(far: Any) -> None:
    terminal = far.tapped()
    far.service.faults.set("cut", {"step": "pin", "times": 1})
    terminal.post("pin", terminal.request("pin", {"v": 1, "pin": "0000"})[0])
    assert far.tapped().pin("0000").head["tries_left"] == 1


def test_two_terminals_at_once_have_three_tries_together(far: Any) -> None:
    """Each with a session of its own, all at the same moment; the right PIN comes too late for everybody."""
    terminals = [far.tapped(DEMO, ("saga-0002", "saga-0003")[number % 2]) for number in range(8)]
    requests = [(one, *one.request("pin", {"v": 1, "pin": f"{number:04d}"})) for number, one in enumerate(terminals)]
    start, heads = threading.Barrier(len(requests)), []

    def send(terminal: Any, body: bytes, sealed: bytes) -> None:
        start.wait()
        heads.append(terminal.opened("pin", sealed, far.service.handle("pin", body).body).head)

    threads = [threading.Thread(target=send, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = sorted((head["result"], head.get("tries_left")) for head in heads)
    assert told == [("pin_blocked", None)] * 6 + [("pin_wrong", 1), ("pin_wrong", 2)]
    assert far.terminal().open()["signed"]
    late = far.terminal()
    late.open()
    assert late.card(far.resident(DEMO)).head["result"] == "pin_blocked"


def test_the_register_holds_no_pin(register: Register) -> None:
    with register._transaction() as db:
        rows = [tuple(row) for row in db.execute("SELECT salt, pin_hash FROM juki_card WHERE length(pin_hash) > 0")]
        assert len({digest for _, digest in rows}) == len(rows) > 100  # all have the same PIN
        assert "1234" not in " ".join(str(tuple(row)) for row in db.execute("SELECT * FROM juki_card"))


def test_wrong_tries_are_in_the_journal_without_a_person(far: Any) -> None:
    terminal = far.tapped()
    for pin in ("0000", "1111", "2222"):
        terminal.pin(pin)
    rows = far.service.journal()
    assert [row["result"] for row in rows] == ["ok", "ok", "pin_wrong", "pin_wrong", "pin_blocked"]
    assert {key for row in rows for key in row} == {"at", "step", "result", "terminal", "seq"}


@pytest.mark.parametrize("pin", ["12345", "123", "", "１２３４", "12 4", 1234, None])
def test_what_is_no_pin_is_not_counted(far: Any, pin: object) -> None:
    terminal = far.tapped()
    assert error(terminal.post("pin", terminal.request("pin", {"v": 1, "pin": pin})[0])) == (400, "bad_request")
    terminal.seq -= 1
    assert terminal.pin("0000").head["tries_left"] == 2


@pytest.mark.parametrize("changes", [{"home": "41201"}, {"home": 412015}, {"id": "AB" * 16}, {"id": "00"}, {"more": 1}])
def test_what_is_no_card(far: Any, changes: dict[str, object]) -> None:
    terminal = far.terminal()
    terminal.open()
    card = {"v": 1, "home": "412015", "id": far.resident(DEMO).juki_id, **changes}
    assert error(terminal.post("card", terminal.request("card", card)[0])) == (400, "bad_request")


def test_steps_keep_their_order(far: Any) -> None:
    terminal = far.terminal()
    terminal.open()
    for step, payload in (("pin", {"v": 1, "pin": "1234"}), ("household", {"v": 1}), ("issue", terminal.wish())):
        assert error(terminal.post(step, terminal.request(step, payload)[0])) == (409, "session_unknown")
        terminal.seq -= 1
    assert terminal.card(far.resident(DEMO)).head["result"] == "ok"
    for step, payload in (("household", {"v": 1}), ("issue", terminal.wish())):
        assert error(terminal.post(step, terminal.request(step, payload)[0])) == (409, "session_unknown")
        terminal.seq -= 1
    # Neither another card nor another way in, in this session.
    second = {"v": 1, "home": "412015", "id": far.resident("r002").juki_id}
    signed = terminal.card_request(far.cards.card(far.serial("r002")))
    for step, payload in (("card", second), ("authenticate", signed)):
        assert error(terminal.post(step, terminal.request(step, payload)[0])) == (400, "bad_request")
        terminal.seq -= 1
    assert terminal.pin().head["result"] == "ok"
    assert error(terminal.post("pin", terminal.request("pin", {"v": 1, "pin": "1234"})[0])) == (400, "bad_request")
