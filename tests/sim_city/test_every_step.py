"""Every bad answer can be had at every step, from the city and from the centre."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from hardware_sim.centre.faults import STEPS
from hardware_sim.city.faults import REASONS

SEALED = tuple(step for step in STEPS if step != "open")
DEMO = "r001"


def at_the_door_of(far: Any, step: str, person: str = DEMO) -> tuple[Any, dict[str, object]]:
    """A terminal that has done all before ``step``, and what it sends there."""
    resident = far.resident(person)
    if step == "authenticate":
        terminal = far.terminal()
        terminal.open()
        return terminal, terminal.card_request(far.cards.card(resident.card_serial))
    if step == "card":
        terminal = far.terminal()
        terminal.open()
        return terminal, {"v": 1, "home": "412015", "id": resident.juki_id}
    if step == "pin":
        return far.tapped(person), {"v": 1, "pin": "1234"}
    terminal = far.identified(person)
    return terminal, {"v": 1} if step == "household" else terminal.wish()


def ask(far: Any, step: str) -> Any:
    terminal, payload = at_the_door_of(far, step)
    return terminal.ask(step, payload)


@pytest.mark.parametrize("step", SEALED)
@pytest.mark.parametrize("fault", ["garble", "truncate", "foreign_envelope", "replay_old"])
def test_no_envelope_that_can_be_opened(far: Any, step: str, fault: str) -> None:
    far.identified("r005")  # another session is there to be taken for this one
    terminal, payload = at_the_door_of(far, step)
    far.service.faults.set(fault, {"step": step})
    body, sealed = terminal.request(step, payload)
    status, answer = terminal.post(step, body)
    assert status == 200
    assert set(json.loads(answer)) == {"v", "session", "seq", "sealed"}  # of the right form, and yet
    with pytest.raises((InvalidTag, ValueError)):
        terminal.opened(step, sealed, answer)


@pytest.mark.parametrize("step", SEALED)
def test_unsigned_and_late(far: Any, step: str) -> None:
    far.service.faults.set("unsigned", {"step": step, "times": 1})
    assert not ask(far, step).signed
    far.service.faults.set("late", {"step": step, "s": 60})
    late = ask(far, step)
    assert late.signed
    assert late.head["at"] == "2026-11-24T01:23:00Z"


@pytest.mark.parametrize("step", SEALED)
def test_every_reason(far: Any, step: str) -> None:
    terminal, payload = at_the_door_of(far, step)
    for reason in REASONS:
        far.service.faults.set("refuse", {"reason": reason, "step": step})
        answer = terminal.ask(step, payload)
        assert answer.signed
        assert answer.head["result"] == reason
        assert ("tries_left" in answer.head) is (reason == "pin_wrong")
        assert answer.documents == []


@pytest.mark.parametrize("step", [step for step in SEALED if step != "card"])
def test_somebody_elses_row(far: Any, step: str) -> None:
    terminal, payload = at_the_door_of(far, step)
    own = terminal.juki_commitment(far.resident(DEMO)) if step == "pin" else terminal.commitment(far.serial(DEMO))
    far.service.faults.set("wrong_subject", {"step": step})
    answer = terminal.ask(step, payload)
    assert answer.head["result"] == "ok"
    assert answer.head["subject"] != own.hex()


@pytest.mark.parametrize("fault", ["garble", "truncate", "foreign_envelope", "replay_old", "unsigned"])
def test_an_open_that_does_not_hold(far: Any, fault: str) -> None:
    far.terminal().open()
    far.service.faults.set(fault, {"step": "open"})
    terminal = far.terminal()
    answer = terminal.open()
    holds = answer["signed"] and answer["session"] == terminal.session.hex()
    assert not holds or len(base64.b64decode(answer["nonce"])) != 32


@pytest.mark.parametrize(("how", "holders"), [("none", 0), ("two", 2), ("other", 1)])
def test_the_mark_of_the_holder(far: Any, how: str, holders: int) -> None:
    far.service.faults.set("wrong_holder", {"how": how})
    members = ask(far, "household").head["members"]
    marked = [one["name"] for one in members if one["holder"]]
    assert len(marked) == holders
    assert how != "other" or marked != ["佐賀　太郎"]


def test_other_members_than_asked(far: Any) -> None:
    terminal = far.identified()
    members = terminal.ask("household", {"v": 1}).head["members"]
    far.service.faults.set("wrong_members", {})
    wish = terminal.wish(household="part", members=[members[0]["id"]])
    head = terminal.ask("issue", wish).head
    assert head["result"] == "ok"
    assert head["members"] == sorted(one["id"] for one in members[1:])


# --- the centre's ---


@pytest.mark.parametrize("step", STEPS)
def test_what_the_centre_does_to_answers(far: Any, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("hardware_sim.centre.app.anyio.sleep", sleep)
    terminal, body = _request(far, step)
    whole = terminal.post(step, body)[1]
    faults = far.centre.faults
    for fault in ("garble", "truncate", "oversized", "slow", "cut", "busy", "unlisted_terminal"):
        before = dict(far.centre.refusals)
        faults.set(fault, {"step": step})
        status, answer = terminal.post(step, body)
        faults.clear()
        counted = {why for why, count in far.centre.refusals.items() if count > before[why]}
        match fault:
            case "garble":
                assert len(answer) == len(whole)
                assert answer != whole
            case "truncate" | "cut":
                assert answer == whole[: len(whole) // 2]
            case "oversized":
                assert len(answer) > 10_000_000 * 4 // 3 + 64 * 1024
                assert json.loads(answer) == json.loads(whole)
            case "slow":
                assert (answer, slept) == (whole, [5.0])
            case "busy":
                assert (status, json.loads(answer)["error"]) == (503, "busy")
                assert counted == {"busy"}
            case _:
                assert (status, json.loads(answer)["error"]) == (403, "unknown_terminal")
                assert counted == {"unknown_terminal"}
    assert terminal.post(step, body)[1] == whole  # none of them did anything to the city


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["cross_reply", "replay"])
def test_an_answer_given_before_to_somebody_else(far: Any, step: str, fault: str) -> None:
    first, first_body = _request(far, step, "r005")
    second, second_body = _request(far, step)
    far.centre.faults.set(fault, {"step": step})
    given = first.post(step, first_body)[1]
    answer = second.post(step, second_body)[1]
    assert hashlib.sha256(answer).digest() == hashlib.sha256(given).digest()
    assert json.loads(answer)["session"] == first.session.hex()
    far.centre.faults.clear()
    far.centre.forget_crossed()
    assert far.centre._crossed == {}


def test_an_answer_given_before_in_the_same_session(far: Any) -> None:
    terminal = far.tapped()
    far.centre.faults.set("replay", {"step": "pin"})
    assert terminal.pin("0000").head["result"] == "pin_wrong"
    body, sealed = terminal.request("pin", {"v": 1, "pin": "1234"})
    answer = terminal.post("pin", body)[1]
    with pytest.raises(AssertionError):
        terminal.opened("pin", sealed, answer)


def _request(far: Any, step: str, person: str = DEMO) -> tuple[Any, bytes]:
    if step == "open":
        terminal = far.terminal()
        return terminal, terminal.open_body()
    terminal, payload = at_the_door_of(far, step, person)
    return terminal, terminal.request(step, payload)[0]
