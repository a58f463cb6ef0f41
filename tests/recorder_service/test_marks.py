"""Kiosk and recorder over their two sockets."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass

import pytest

from drivers.recorder_link import NOTHING_HEARD, RecorderLink
from recorder.marks import Marks, read_mark
from recorder.parts import Report
from recorder.visit import Session


@dataclass
class Pair:
    marks: Marks
    link: RecorderLink
    heard: list
    report: Report
    now_s: float = 100.0


@pytest.fixture
def pair(tmp_path):
    """Both ends, without their threads."""
    heard = []
    made = Pair(None, None, heard, Report(armed=True, recording=True, faults=frozenset({"dark"}), required_ok=True))
    made.marks = Marks(
        tmp_path / "marks", tmp_path / "status", lambda mark: heard.append(mark.session), lambda: made.report
    )
    made.link = RecorderLink(tmp_path / "marks", tmp_path / "status", lambda: made.now_s)
    yield made
    made.link.close()
    made.marks.close()


def test_a_change_is_said_at_once_and_all_is_said_again_each_second(pair):
    pair.link.say("session")
    pair.marks.hear()
    assert pair.heard == [Session.OPEN]
    pair.now_s += 0.5
    pair.link.turn()
    pair.marks.hear()
    assert len(pair.heard) == 1
    pair.now_s += 0.5
    pair.link.turn()
    pair.link.say("idle")
    pair.link.say("closed")
    pair.marks.hear()
    assert pair.heard == [Session.OPEN, Session.OPEN, Session.NONE, Session.NONE]


def test_what_the_recorder_says_is_believed_for_two_seconds(pair):
    assert pair.link.health == NOTHING_HEARD
    pair.marks.tell()
    pair.link.turn()
    assert pair.link.armed
    assert pair.link.health.faults == {"dark"}
    assert pair.link.health.required_ok
    pair.now_s += 1.9
    assert pair.link.armed
    pair.now_s += 0.2
    assert not pair.link.armed
    assert not pair.link.health.required_ok


def test_malformed_datagrams_are_counted_and_nothing_else(pair, tmp_path):
    wrong = [b"", b"\xff", b"[1]", b'{"v":2,"seq":1,"state":"idle"}', b'{"v":1,"seq":true,"state":"idle"}', b"[" * 4000]
    wrong += [b'{"v":1,"seq":1,"state":["idle"]}', b'{"v":1,"seq":1,"state":"gone"}']
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for datagram in wrong:
            stranger.sendto(datagram, str(tmp_path / "marks"))
            pair.marks.hear()
            stranger.sendto(datagram, str(tmp_path / "status"))
            pair.link.turn()
        stranger.sendto(b'{"v":1,"seq":1,"armed":1,"recording":false,"faults":[],"required_ok":true}',
                        str(tmp_path / "status"))  # fmt: skip
        pair.link.turn()
    # The link itself has said "closed" meanwhile.
    assert set(pair.heard) <= {Session.NONE}
    assert pair.marks.malformed == len(wrong)
    assert pair.link.malformed == len(wrong) + 1
    assert pair.link.health == NOTHING_HEARD


def test_a_side_that_is_not_there_is_no_error(tmp_path):
    link = RecorderLink(tmp_path / "nobody", tmp_path / "own")
    link.say("session")
    link.turn()
    assert not link.armed
    link.close()
    assert not (tmp_path / "own").exists()


def test_a_mark_says_nothing_of_anybody(pair, tmp_path):
    pair.marks.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as recorder:
        recorder.bind(str(tmp_path / "marks"))
        pair.link.say("session")
        mark = recorder.recv(4096)
    said = json.loads(mark)
    assert set(said) == {"v", "seq", "state"}
    assert read_mark(said) is Session.OPEN
