"""What the bench may ask of the stand, and what it is told when it asks wrongly."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.card.control import ControlServer, Desk, load_cards
from hardware_sim.card.namespace import StandError, Tools
from hardware_sim.card.pcscd import Pcscd
from hardware_sim.card.pki import CardAuthority
from hardware_sim.card.vpcd import VpcdSlot

CARD = {"card_id": "card-1", "serial": 7, "pin": "4071"}


@pytest.fixture
def desk(authority: CardAuthority, tmp_path: Path) -> Iterator[Desk]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        slot = VpcdSlot(listener.getsockname()[1])
        tools = Tools({}, tmp_path, tmp_path, tmp_path, polkit=False)
        yield Desk(slot, authority, Pcscd(tools, tmp_path, tmp_path, tmp_path / "log"))
        slot.close()


def ask(desk: Desk, do: str, **arguments: object) -> dict[str, Any]:
    return desk.handle({"do": do, **arguments})


def test_a_card_comes_and_goes(desk: Desk) -> None:
    assert ask(desk, "register", card=CARD) == {"ok": True}
    assert ask(desk, "insert", cards=["card-1"]) == {"ok": True}
    assert ask(desk, "status")["card"] == "card-1"
    assert ask(desk, "insert", cards=["card-1"])["ok"] is False
    assert ask(desk, "remove") == {"ok": True, "removed": True}
    assert ask(desk, "status")["card"] is None
    assert ask(desk, "remove") == {"ok": True, "removed": False}


def test_the_counter_belongs_to_the_card(desk: Desk) -> None:
    ask(desk, "register", card=CARD)
    ask(desk, "register", card={**CARD, "card_id": "card-2"})
    assert ask(desk, "set_tries", card="card-1", tries=1) == {"ok": True}
    ask(desk, "insert", cards=["card-1"])
    ask(desk, "remove")
    ask(desk, "register", card=CARD)  # described the same again: the same card
    assert ask(desk, "tries", card="card-1") == {"ok": True, "tries": 1}
    assert ask(desk, "tries", card="card-2") == {"ok": True, "tries": 3}
    ask(desk, "register", card={**CARD, "pin": "5555"})
    assert ask(desk, "tries", card="card-1") == {"ok": True, "tries": 3}


def test_a_card_on_the_reader_is_not_changed(desk: Desk) -> None:
    ask(desk, "register", card=CARD)
    ask(desk, "insert", cards=["card-1"])
    assert "remove it" in ask(desk, "register", card={**CARD, "pin": "5555"})["error"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (None, "known are|one of"),
        ([], "one of"),
        ({"do": "explode"}, "known are"),
        ({"do": "insert", "cards": ["nobody"]}, "registered"),
        ({"do": "insert", "cards": []}, "list of different"),
        ({"do": "insert", "cards": "card-1"}, "list of different"),
        ({"do": "mute", "on": 1}, "true or false"),
        ({"do": "unplug", "down_ms": -1}, "whole number"),
        ({"do": "disturb", "frames": 1}, "known are"),
        ({"do": "register", "card": {"card_id": "a", "pin": "987654"}}, "four digits"),
        ({"do": "slow", "ms": -1}, "whole number from 0"),
        ({"do": "slow", "ms": "fast"}, "whole number"),
        ({"do": "pull_at", "ins": 256}, "from 0 to 255"),
        ({"do": "pull_at", "ins": 32, "when": "never"}, "before"),
        ({"do": "kill_pcscd", "down_ms": True}, "whole number"),
    ],
)
def test_wrong_requests_are_answered(desk: Desk, request_: object, said: str) -> None:
    answer = desk.handle(request_)
    assert answer["ok"] is False
    assert any(part in answer["error"] for part in said.split("|"))
    assert "987654" not in answer["error"]


def test_a_licence_has_no_pin(desk: Desk) -> None:
    ask(desk, "register", card={"card_id": "licence", "kind": "driving_licence"})
    assert ask(desk, "insert", cards=["licence"]) == {"ok": True}
    assert "no PIN" in ask(desk, "tries", card="licence")["error"]


def test_over_the_socket(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with ControlServer(path, desk) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            assert path.stat().st_mode & 0o077 == 0
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(path))
                with client.makefile("rw") as lines:
                    for sent, ok in (("not json", False), (json.dumps({"do": "status"}), True)):
                        lines.write(sent + "\n")
                        lines.flush()
                        assert json.loads(lines.readline())["ok"] is ok
        finally:
            server.shutdown()
            serving.join()


def test_cards_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "cards.json"
    path.write_text(json.dumps([CARD]))
    path.chmod(0o644)
    with pytest.raises(StandError, match="chmod 600"):
        load_cards(path)
    path.chmod(0o600)
    assert [spec.card_id for spec in load_cards(path)] == ["card-1"]
    path.write_text('[{"card_id": "a", "pin": "98765"}]')
    with pytest.raises(StandError, match="four digits") as caught:
        load_cards(path)
    assert "98765" not in str(caught.value)
    for content, said in (("{", "not JSON"), ("{}", "a list")):
        path.write_text(content)
        with pytest.raises(StandError, match=said):
            load_cards(path)
    with pytest.raises(StandError, match="cannot be read"):
        load_cards(tmp_path / "absent.json")
