"""Kiosk and recorder over their two sockets."""

from __future__ import annotations

import json
import queue
import socket
from dataclasses import replace

import pytest

from drivers.recorder_link import RecorderLink
from kiosk.events import CameraTold
from recorder.marks import Marks, read_mark
from recorder.parts import Report
from recorder.status import told
from recorder.visit import Session

SOON_S = 30.0
"""So long a test waits for what comes at once."""
GONE = CameraTold(False, False, False, frozenset({"silent", "no_recorder"}))
SILENT = CameraTold(False, False, False, frozenset({"silent"}))


# ---- what is said, what is heard -------------------------------------------------------------------------


def test_a_change_is_said_at_once_and_all_is_said_again_each_second(pair):
    pair.link.mark("session")
    pair.marks.hear()
    assert pair.heard == [Session.OPEN]
    pair.after(0.5)
    pair.marks.hear()
    assert len(pair.heard) == 1
    pair.after(0.5)
    pair.link.mark("idle")
    pair.link.mark("closed")
    pair.marks.hear()
    assert pair.heard == [Session.OPEN, Session.OPEN, Session.NONE, Session.NONE]


def test_what_the_recorder_says_is_believed_for_less_than_two_seconds(pair):
    pair.marks.tell()
    assert pair.after(0) == CameraTold(True, True, True, frozenset({"dark"}))
    assert pair.after(1.6).armed
    assert pair.after(0.2) == SILENT


def test_nothing_heard_yet_is_no_silence_before_two_seconds_are_over(pair):
    """Between two persons the machine must not say that it is out of service, nor let anybody begin."""
    assert pair.after(1.6) is None
    assert pair.after(0.2) == SILENT


def test_the_first_mark_of_a_new_process_is_answered_at_once(pair):
    """The kiosk has a process for each person: each begins to count with 1 on a socket of its own."""
    for _ in range(3):
        pair.link.mark("idle")
        pair.marks.hear()
        assert pair.after(0).armed
        pair.link.close()
        pair.link = pair.kiosk()
        assert pair.link.told is None


def test_what_is_only_said_again_is_not_answered(pair):
    """Else each side would double the other's messages."""
    pair.link.mark("idle")
    pair.marks.hear()
    assert pair.after(0).armed
    pair.after(1.5)
    pair.marks.hear()
    assert pair.heard == [Session.NONE, Session.NONE]
    assert pair.after(0.6) == SILENT


def test_a_recorder_that_is_started_anew_is_found_by_itself(pair):
    pair.link.mark("session")
    pair.marks.close()
    pair.after(1)
    assert pair.after(1.1) == GONE
    pair.marks = pair.recorder()
    pair.after(1)
    pair.marks.hear()
    assert pair.heard == [Session.OPEN]
    assert pair.after(0).armed


def test_a_recorder_whose_thread_has_hung_is_not_believed(pair):
    """Its sockets go on, its last report does not hold: the sign must not stay lit before a disk that hangs."""
    pair.now_s += 9
    pair.marks.tell()
    assert pair.after(0).armed
    pair.now_s += 2
    pair.marks.tell()
    assert pair.after(0) == CameraTold(False, False, False, frozenset({"hung"}))
    assert told(pair.marks.report, 0.0)["armed"] is False, "staff who ask are told the same"
    assert told(pair.marks.report, 0.0)["faults"] == ["hung"]
    pair.goes_round()
    pair.marks.tell()
    assert pair.after(0).armed


def test_malformed_datagrams_are_counted_and_nothing_else(pair):
    wrong = [b"", b"\xff", b"[1]", b'{"v":2,"seq":1,"state":"idle"}', b'{"v":1,"seq":true,"state":"idle"}', b"[" * 4000]
    wrong += [b'{"v":1,"seq":1,"state":["idle"]}', b'{"v":1,"seq":1,"state":"gone"}']
    wrong += [b'{"v":1,"seq":1,"armed":1,"recording":false,"faults":[],"required_ok":true}']
    wrong += [b'{"v":1,"seq":1,"armed":true,"recording":false,"faults":[1],"required_ok":true}']
    pair.link.turn()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for datagram in wrong:
            stranger.sendto(datagram, str(pair.folder / "marks"))
            pair.marks.hear()
            stranger.sendto(datagram, str(pair.folder / "kiosk"))
            assert pair.after(0) is None
    assert pair.heard == []
    assert (pair.marks.malformed, pair.link.malformed) == (len(wrong), len(wrong))
    assert pair.after(2) == SILENT


def test_a_mark_says_nothing_of_anybody(pair):
    pair.marks.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as recorder:
        recorder.bind(str(pair.folder / "marks"))
        pair.link.mark("session")
        mark = recorder.recv(4096)
    said = json.loads(mark)
    assert set(said) == {"v", "seq", "state"}
    assert read_mark(said) is Session.OPEN


# ---- what is missing -------------------------------------------------------------------------------------


def test_without_its_folder_the_link_keeps_trying_and_says_so(tmp_path, caplog):
    folder = tmp_path / "certkiosk"
    now_s = 100.0
    link = RecorderLink(folder / "marks", folder / "kiosk", lambda: now_s)
    link.mark("idle")
    for _ in range(4):
        link.turn()
        now_s += 1
    assert link.told == CameraTold(False, False, False, frozenset({"silent", "no_folder"}))
    assert [record.getMessage() for record in caplog.records] == [
        f"{folder / 'kiosk'}: No such file or directory; its folder comes from systemd/certkiosk.conf"
    ]
    folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as recorder:
        recorder.bind(str(folder / "marks"))
        link.turn()
        assert json.loads(recorder.recv(4096))["state"] == "idle"
    link.close()
    assert not (folder / "kiosk").exists()


def test_a_socket_that_was_taken_away_is_made_anew(pair):
    pair.link.mark("idle")
    (pair.folder / "kiosk").unlink()
    assert pair.after(2) == SILENT
    pair.after(1)
    pair.marks.tell()
    assert pair.after(0).armed


# ---- with their threads ----------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path):
    """Both ends as they run: (marks, what the kiosk is told, the recorder's report)."""
    told: queue.SimpleQueue[CameraTold] = queue.SimpleQueue()
    reports = [Report(armed=True, required_ok=True)]
    marks = Marks(tmp_path / "marks", tmp_path / "kiosk", lambda mark: None, lambda: reports[0])
    link = RecorderLink(tmp_path / "marks", tmp_path / "kiosk")
    marks.start()
    link.start(told.put)
    link.mark("idle")
    yield marks, told, reports
    link.close()
    marks.close()


def test_the_sign_follows_the_recorder_and_ends_with_it(started):
    marks, told, reports = started
    assert told.get(timeout=SOON_S).armed
    reports[0] = replace(reports[0], armed=False)
    assert told.get(timeout=SOON_S) == CameraTold(False, False, True, frozenset())
    reports[0] = replace(reports[0], armed=True)
    assert told.get(timeout=SOON_S).armed
    marks.close()
    assert told.get(timeout=SOON_S) == GONE
    assert told.empty()
