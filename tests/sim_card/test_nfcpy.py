"""The radio as nfcpy finds it: a reader that others have written, over the real socket."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nfc
import nfc.clf
import nfc.tag.tt4
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hardware_sim.card import CardAuthority, CardSpec, RadioStand, StandError
from hardware_sim.card.kinds import demonstration

DEADLINE_S = 30.0
SELECT_AP = bytes.fromhex("00A4040C0AD392F000260100000001")
OK = b"\x90\x00"
BROKEN = (nfc.clf.CommunicationError, nfc.tag.tt4.Type4TagCommandError)


@pytest.fixture(scope="module")
def radio(authority_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadioStand]:
    with RadioStand(tmp_path_factory.mktemp("radio"), authority_dir) as started:
        started.register(CardSpec("card-1", serial=7, pin="4071"))
        for kind in ("juki", "phone", "felica", "driving_licence"):
            started.register(demonstration(kind, kind))
        yield started


@pytest.fixture
def stand(radio: RadioStand) -> Iterator[RadioStand]:
    radio.set_tries("card-1", 3)
    radio.trace(clear=True)
    yield radio
    radio.slow(0)
    radio.mute(False)
    radio.disturb(0)
    radio.leave_after(None)
    radio.pull_at(None)
    radio.plug()
    radio.remove()


@pytest.fixture
def reader(stand: RadioStand) -> Iterator[Any]:
    with nfc.ContactlessFrontend(stand.device) as opened:
        yield opened


def found(reader: Any, brty: str) -> Any:
    return reader.sense(nfc.clf.RemoteTarget(brty))


def chosen(reader: Any, brty: str = "106B") -> Any:
    """The tag, activated. nfcpy waits 30 ms for the answer to ATTRIB, which a busy machine may miss: then again."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        target = found(reader, brty)
        tag = None if target is None else nfc.tag.activate(reader, target)
        if tag is not None:
            return tag
    raise AssertionError("no card was found")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def say(tag: Any, command: str) -> str:
    return bytes(tag.transceive(bytes.fromhex(command))).hex().upper()


def test_a_certificate_and_a_signature_over_the_air(stand: RadioStand, reader: Any, authority: CardAuthority) -> None:
    stand.insert("card-1")
    tag = chosen(reader)
    assert tag.transceive(SELECT_AP) == OK
    assert tag.is_present
    assert say(tag, "00A4020C02000A") == "9000"
    der = authority.issue(7).certificate_der
    short = b"".join(bytes(tag.transceive(bytes((0, 0xB0, block, 0, 0))))[:-2] for block in range(len(der) // 256 + 1))
    extended = bytes(tag.transceive(bytes.fromhex("00B00000000000")))  # over a thousand bytes, in parts
    assert short[: len(der)] == extended[: len(der)] == der
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"challenge")
    info = bytes.fromhex("3031300D060960864801650304020105000420") + digest.finalize()
    assert say(tag, "00A4020C020018") == "9000"
    assert say(tag, "0020008004" + b"4071".hex()) == "9000"
    assert say(tag, "00A4020C020017") == "9000"
    signature = bytes(tag.transceive(bytes((0x80, 0x2A, 0, 0x80, len(info))) + info + b"\0"))
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(signature[:256], b"challenge", padding.PKCS1v15(), hashes.SHA256())


def test_a_long_command_arrives_whole(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1")
    tag = chosen(reader)
    tag.transceive(SELECT_AP)
    tag.transceive(bytes.fromhex("00A4020C020018"))
    # 700 bytes as a PIN: wrong, and only so when Lc fits what has come.
    assert say(tag, "00200080" + "0002BC" + "31" * 700) == "63C2"
    assert stand.tries("card-1") == 2


def test_disturbed_slow_and_still_right(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1")
    tag = chosen(reader)
    tag.transceive(SELECT_AP)
    tag.transceive(bytes.fromhex("00A4020C020018"))
    stand.disturb(1)
    assert say(tag, "0020008004" + b"0000".hex()) == "63C2"
    stand.disturb(1, "lost")
    assert say(tag, "0020008004" + b"0000".hex()) == "63C1"
    stand.slow(400)
    assert say(tag, "00200080") == "63C1"
    assert stand.tries("card-1") == 1  # each was carried out once


def test_a_forged_block_ends_it(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1")
    tag = chosen(reader)
    stand.disturb(1, "forged")
    with pytest.raises(nfc.tag.tt4.Type4TagCommandError):
        tag.transceive(SELECT_AP)
    assert chosen(reader).transceive(SELECT_AP) == OK


def test_gone_in_the_middle_and_back(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1")
    tag = chosen(reader)
    tag.transceive(SELECT_AP)
    tag.transceive(bytes.fromhex("00A4020C02000A"))
    stand.leave_after(2)
    with pytest.raises(BROKEN):
        tag.transceive(bytes.fromhex("00B00000000000"))
    assert stand.status()["cards"] == []
    assert found(reader, "106B") is None
    stand.insert("card-1")
    assert chosen(reader).is_present


def test_other_cards(stand: RadioStand, reader: Any) -> None:
    stand.insert("driving_licence")
    tag = chosen(reader)
    assert tag.transceive(SELECT_AP) == b"\x6a\x82"
    stand.remove()
    stand.insert("juki")
    tag = chosen(reader)
    assert say(tag, "00A4040C0AF04B4F534B4A554B4901") == "9000"
    stand.remove()
    stand.insert("phone")
    assert found(reader, "106B") is None
    tag = chosen(reader, "106A")
    assert isinstance(tag, nfc.tag.tt4.Type4ATag)
    assert tag.transceive(SELECT_AP) == OK
    assert say(tag, "00A4020C02000A") == "9000"
    assert say(tag, "00B0000004") == "6982"
    stand.remove()
    stand.insert("felica")
    assert found(reader, "106B") is None
    assert found(reader, "106A") is None
    tag = chosen(reader, "212F")
    assert tag.type == "Type3Tag"
    assert tag.is_present


def test_what_nobody_can_talk_to(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1", "driving_licence")
    assert stand.status()["cards"] == ["card-1", "driving_licence"]
    assert found(reader, "106B") is None
    stand.remove()
    stand.mute(True)
    stand.insert("card-1")
    assert not chosen(reader).is_present
    stand.mute(False)
    assert chosen(reader).is_present


def test_a_reader_unplugged_and_back(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1")
    stand.unplug()
    assert found(reader, "106B") is None
    assert stand.status()["reader"] is False
    stand.unplug(down_ms=10)
    until(lambda: stand.status()["reader"] is True)
    assert chosen(reader).transceive(SELECT_AP) == OK


def test_no_pin_in_any_argument_or_log(stand: RadioStand, reader: Any) -> None:
    stand.insert("card-1")
    tag = chosen(reader)
    tag.transceive(SELECT_AP)
    tag.transceive(bytes.fromhex("00A4020C020018"))
    tag.transceive(bytes.fromhex("0020008004") + b"4071")
    assert stand.trace()[-1] == {"header": "00200080", "lc": 4, "sw": "9000"}
    assert b"4071" not in Path(f"/proc/{stand.pid}/cmdline").read_bytes()
    logs = b"".join(path.read_bytes() for path in stand.run_dir.glob("*.log"))
    assert b"4071" not in logs
    assert b"34303731" not in logs


def test_only_while_it_runs(authority_dir: Path, tmp_path: Path) -> None:
    stand = RadioStand(tmp_path, authority_dir)
    with pytest.raises(StandError, match="start"):
        _ = stand.device
    with stand:
        pid = stand.pid
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()


def test_just_the_radio_from_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hardware_sim.card", "--radio", "--kind", "juki", "--run", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        device = demo.stdout.readline().strip()
        assert re.fullmatch(r"udp:127\.0\.0\.1:[0-9]+", device)
        with nfc.ContactlessFrontend(device) as reader:
            assert say(chosen(reader), "00A4040C0AF04B4F534B4A554B4901") == "9000"
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(timeout=DEADLINE_S) == 0
