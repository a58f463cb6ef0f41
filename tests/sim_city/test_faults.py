"""Each fault of the city does to the terminal what it says, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import pytest

from hardware_sim.centre.faults import CENTRE_FAULTS, FaultError, Faults
from hardware_sim.city import certificate
from hardware_sim.city.faults import CITY_FAULTS


def issue(far: Any, terminal: Any = None) -> Any:
    terminal = terminal or far.identified()
    return terminal.ask("issue", terminal.wish())


def test_wrong_items(far: Any) -> None:
    far.service.faults.set("wrong_items", {})
    assert issue(far).head["items"] == ["head_and_relationship"]


def test_page_swap_shows_in_the_pages_digests_alone(far: Any) -> None:
    far.service.faults.set("page_swap", {})
    answer = issue(far)
    [copy], [document] = answer.head["copies"], answer.documents
    assert copy["sha256"] == hashlib.sha256(document).hexdigest()
    assert copy["bytes"] == len(document)
    real = [digest.hex() for digest in certificate.digests(document)]
    assert real[0] != copy["pages"][0]
    assert real[1] == copy["pages"][1]


@pytest.mark.parametrize(
    ("how", "own_subject", "own_name"),
    [("row", False, False), ("page", True, True), ("lying", True, False)],
)
def test_wrong_subject(far: Any, pages: Any, how: str, own_subject: bool, own_name: bool) -> None:
    terminal = far.identified()
    far.service.faults.set("wrong_subject", {"how": how})
    answer = issue(far, terminal)
    assert (answer.head["subject"] == terminal.commitment(far.serial("r001")).hex()) is own_subject
    assert (answer.head["name"] == "佐賀　太郎") is own_name
    assert pages(answer.documents[0])[0]["name"] != "佐賀　太郎"


def test_wrong_row_when_identifying(far: Any) -> None:
    far.service.faults.set("wrong_subject", {"step": "authenticate"})
    terminal = far.terminal()
    terminal.open()
    head = terminal.authenticate(far.cards.card(far.serial("r001"))).head
    assert head["subject"] != terminal.commitment(far.serial("r001")).hex()


def test_unreadable_box(far: Any, pages: Any) -> None:
    far.service.faults.set("unreadable_box", {})
    [document] = issue(far).documents
    assert [set(page.values()) for page in pages(document)] == [{""}, {""}]


def test_cut(far: Any) -> None:
    terminal = far.identified()
    far.service.faults.set("cut", {})
    reply = far.send_city("POST", "/v1/issue", terminal.request("issue", terminal.wish())[0])
    with pytest.raises(ValueError):
        json.loads(reply.content)


def test_slow_waits(far: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("hardware_sim.city.app.anyio.sleep", sleep)
    far.service.faults.set("slow", {"s": 3, "step": "open"})
    far.terminal().open()
    assert slept == [3.0]


def test_so_many_times_and_no_more(far: Any) -> None:
    far.service.faults.set("refuse", {"reason": "busy", "times": 1})
    terminal = far.identified()
    assert issue(far, terminal).head["result"] == "busy"
    assert issue(far, terminal).head["result"] == "ok"
    assert far.service.faults.active()["refuse"]["struck"] == 1


@pytest.mark.parametrize("vocabulary", [CITY_FAULTS, CENTRE_FAULTS])
def test_every_fault_can_be_set_as_it_stands_and_has_a_label(vocabulary: Any) -> None:
    faults = Faults(vocabulary)
    for name, fault in vocabulary.items():
        faults.set(name, {})
        assert fault.label
        assert fault.description
    faults.clear()
    assert faults.active() == {}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("explode", {}),
        ("slow", {"m": 1}),
        ("slow", {"s": "long"}),
        ("slow", {"s": -1}),
        ("slow", {"s": True}),
        ("slow", {"step": "never"}),
        ("refuse", {"reason": "bad mood"}),
        ("refuse", {"step": "open"}),
        ("wrong_subject", {"step": "card"}),
    ],
)
def test_faults_that_cannot_be_set(name: str, given: dict[str, object]) -> None:
    with pytest.raises(FaultError):
        Faults(CITY_FAULTS).set(name, given)
