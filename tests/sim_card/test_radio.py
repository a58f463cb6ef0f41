"""The radio by datagrams, as its link is described; no reader of others is needed for that."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from hardware_sim.card.kinds import build, demonstration
from hardware_sim.card.model import JpkiCard
from hardware_sim.card.pki import CardAuthority
from hardware_sim.card.radio import Disturbance, RadioSlot
from hardware_sim.card.slot import Pull, SlotOccupiedError

DEADLINE_S = 30.0
SELECT_AP, SELECT_PIN = "00A4040C0AD392F000260100000001", "00A4020C020018"
WRONG_PIN = "0020008004" + b"0000".hex()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def listening(port: int) -> list[str]:
    """Addresses at which somebody receives datagrams on this port."""
    lines = subprocess.run(["ss", "-Hlun"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[3] for line in lines if line.split()[3].endswith(f":{port}")]


class Reader:
    """A reader with its field on, until it is closed."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(DEADLINE_S)
        self._socket.connect(("127.0.0.1", port))

    def send(self, frame: str, brty: str = "106B") -> None:
        self._socket.send(f"{brty} {frame}".encode())

    def ask(self, frame: str, brty: str = "106B") -> str:
        """The frame that comes back; empty for a broken one, and for a poll that nobody answers."""
        self.send(frame, brty)
        return self.receive(brty)

    def receive(self, brty: str = "106B") -> str:
        rate, _, frame = self._socket.recv(2048).decode().partition(" ")
        assert rate == brty
        return frame

    def silent(self, frame: str) -> bool:
        """Whether nobody says anything: a poll for something that is not there is answered first."""
        self.send(frame)
        return self.ask("060000010000", "212F") == ""

    def choose(self) -> None:
        """REQB and ATTRIB."""
        sensb_res = self.ask("050010")
        assert sensb_res.startswith("50")
        assert len(sensb_res) == 24
        assert self.ask("1d" + sensb_res[2:10] + "00080100") == "00"

    def wake(self) -> None:
        """WUPB, which also halted cards hear, and ATTRIB."""
        assert self.ask("1d" + self.ask("050018")[2:10] + "00080100") == "00"

    def off(self) -> None:
        self._socket.send(b"RFOFF")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def slot() -> Iterator[RadioSlot]:
    made = RadioSlot()
    yield made
    made.close()


@pytest.fixture
def reader(slot: RadioSlot) -> Iterator[Reader]:
    made = Reader(slot.port)
    yield made
    made.close()


def test_it_is_bound_to_the_loopback_address_only(slot: RadioSlot) -> None:
    assert listening(slot.port) == [f"127.0.0.1:{slot.port}"]


def test_a_card_comes_during_a_poll_talks_and_goes(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    assert reader.ask("050010") == ""
    assert reader.ask("26", "106A") == ""
    assert reader.ask("0600ffff0100", "212F") == ""
    slot.insert([card])
    with pytest.raises(SlotOccupiedError):
        slot.insert([card])
    reader.choose()
    until(lambda: slot.connected)
    assert reader.ask("02" + SELECT_AP) == "029000"
    assert reader.ask("03" + SELECT_PIN) == "039000"
    assert slot.remove()
    assert reader.silent("0200200080")
    assert not slot.connected
    slot.insert([card])
    assert reader.silent("0200200080")  # another visit: nobody has chosen it yet
    reader.choose()
    assert reader.ask("02" + SELECT_PIN) == "026a82"


@pytest.mark.parametrize("how", ["RFOFF", "another port"])
def test_a_field_that_goes_off_ends_the_dialogue(slot: RadioSlot, reader: Reader, card: JpkiCard, how: str) -> None:
    slot.insert([card])
    reader.choose()
    assert reader.ask("02" + SELECT_AP) == "029000"
    if how == "RFOFF":
        reader.off()
        assert reader.silent("03" + SELECT_PIN)
        reader.choose()
    else:
        reader.close()
        reader.__init__(slot.port)  # type: ignore[misc]
        reader.choose()
    assert reader.ask("02" + SELECT_PIN) == "026a82"


def test_what_is_no_frame_is_not_heard(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.insert([card])
    reader.choose()
    for junk in (b"", b"106B", b"106B zz", b"\xff\xfe", b"hello world", b"x" * 5000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(junk, ("127.0.0.1", slot.port))
    assert reader.ask("02" + SELECT_AP) == "029000"


def test_two_at_once_collide(slot: RadioSlot, reader: Reader, card: JpkiCard, authority: CardAuthority) -> None:
    slot.insert([card, build(demonstration("licence", "driving_licence"), authority)])
    answer = reader.ask("050010")
    assert answer.startswith("50")  # both say so much
    assert len(answer) < 24  # and then nobody can be made out
    slot.remove()
    slot.insert([card, build(demonstration("phone", "phone"), authority)])
    assert reader.ask("26", "106A") == "0400"
    reader.choose()


def test_a_slow_card_asks_for_time_and_gets_it(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.slow_down(1000)
    slot.insert([card])
    reader.choose()
    requests = 0
    answer = reader.ask("02" + SELECT_AP)
    while answer == "f202":
        requests += 1
        answer = reader.ask("f202")
    assert answer == "029000"
    assert requests >= 1


def test_taken_away_while_it_thinks(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.slow_down(60_000)
    slot.insert([card])
    reader.choose()
    assert reader.ask("02" + SELECT_AP) == "f202"
    slot.remove()
    slot.slow_down(0)
    slot.insert([card])
    reader.choose()
    assert reader.ask("02" + SELECT_AP) == "029000"  # long before the minute is over
    assert len(slot.trace()) == 1


def test_deselected_while_it_thinks(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.insert([card])
    reader.choose()
    reader.ask("02" + SELECT_AP)
    slot.slow_down(60_000)
    assert reader.ask("03" + SELECT_PIN) == "f202"
    slot.slow_down(0)
    assert reader.ask("c2") == "c2"
    assert reader.ask("050010") == ""
    reader.wake()
    assert reader.ask("02" + SELECT_PIN) == "026a82"  # long before the minute is over, and nothing is selected
    assert len(slot.trace()) == 2


@pytest.mark.parametrize(("when", "tries"), [(Pull.BEFORE, 3), (Pull.AFTER, 2)])
def test_pulled_at_verify(slot: RadioSlot, reader: Reader, card: JpkiCard, when: Pull, tries: int) -> None:
    slot.pull_at(0x20, when)
    slot.insert([card])
    reader.choose()
    reader.ask("02" + SELECT_AP)
    reader.ask("03" + SELECT_PIN)
    reader.send("02" + WRONG_PIN)
    until(lambda: not slot.inserted)
    assert reader.silent("b2")
    assert card.pin_tries_left == tries


def test_mute_after_attrib(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.mute(True)
    slot.insert([card])
    reader.choose()
    assert reader.silent("02" + SELECT_AP)
    slot.mute(False)
    assert reader.ask("02" + SELECT_AP) == "029000"


def test_disturbed_frames(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.insert([card])
    reader.choose()
    slot.disturb(1, Disturbance.BROKEN)
    assert reader.ask("02" + SELECT_AP) == ""
    assert reader.ask("b2") == "029000"  # carried out once, said twice
    slot.disturb(1, Disturbance.LOST)
    reader.send("03" + SELECT_PIN)
    until(lambda: slot.disturbed == 0)
    assert reader.ask("b3") == "039000"
    slot.disturb(1, Disturbance.FORGED)
    assert reader.ask("02" + SELECT_PIN) == "e0"
    slot.disturb(5)
    slot.disturb(0)
    assert reader.ask("b2") == "029000"
    assert len(slot.trace()) == 3


def test_leaving_in_the_middle_of_an_answer(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.insert([card])
    reader.choose()
    reader.ask("02" + SELECT_AP)
    reader.ask("0300A4020C02000A")
    slot.leave_after(2)
    assert reader.ask("0200B00000000000").startswith("12")
    assert reader.ask("a3").startswith("13")
    assert reader.silent("a2")
    assert not slot.inserted


def test_unplugged_and_back_on_the_same_port(slot: RadioSlot, reader: Reader, card: JpkiCard) -> None:
    slot.insert([card])
    reader.choose()
    slot.unplug(None)
    assert not slot.plugged
    until(lambda: not listening(slot.port))
    with pytest.raises(ConnectionRefusedError):
        reader.ask("050010")
    slot.plug()
    until(lambda: slot.plugged)
    reader.choose()  # the card still lies there, without power meanwhile
    slot.unplug(0.0)
    until(lambda: slot.plugged)
    reader.choose()
