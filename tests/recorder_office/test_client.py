"""The terminal's side: asks, never waits, and says plainly what went wrong."""

from __future__ import annotations

import base64
import queue
import socket
import threading
from datetime import UTC, datetime

import pytest

from drivers.recorder_office import LONGEST, RecorderOffice
from kiosk.effects import LookAtCamera, ReadKeyBook
from kiosk.events import CameraSeen, KeyBookSeen
from recorder import status
from recorder.parts import Report
from recorder.status import told

AT = "2026-11-24T01:24:05.250+00:00"
JPEG = b"\xff\xd8 a picture"
DEADLINE_S = 30


def state():
    return told(Report(armed=True, faults=frozenset({"dark"}), required_ok=True), 100.0)


def live(**changes):
    answer = {"v": 1, "at_utc": AT, "age_s": 0.5, "jpeg": base64.b64encode(JPEG).decode(), "why": ""}
    return lambda: answer | changes


@pytest.fixture
def asked():
    """Gives one order to a client of that socket, and the answer."""
    clients: list[RecorderOffice] = []

    def ask(path, order):
        heard: queue.SimpleQueue = queue.SimpleQueue()
        client = RecorderOffice(path)
        clients.append(client)
        client.start(heard.put)
        (client.look if isinstance(order, LookAtCamera) else client.read_keys)(order)
        return heard.get(timeout=DEADLINE_S)

    yield ask
    for client in clients:
        client.close()
        client.close()


def test_a_look_brings_the_picture_its_time_and_how_the_recorder_is(served, asked) -> None:
    seen = asked(served(state=state, live=live()), LookAtCamera(7, picture=True))
    assert (seen.look, seen.jpeg, seen.age_s, seen.why) == (7, JPEG, 0.5, "")
    assert seen.taken == datetime(2026, 11, 24, 1, 24, 5, 250_000, tzinfo=UTC)
    assert (seen.recorder.armed, seen.recorder.recording, seen.recorder.faults) == (True, False, {"dark"})
    assert JPEG.decode("latin-1") not in repr(seen)


def test_a_look_without_a_picture_asks_for_none(served, asked) -> None:
    def never():
        raise AssertionError("nobody asked for it")

    seen = asked(served(state=state, live=never), LookAtCamera(8, picture=False))
    assert (seen.look, seen.jpeg, seen.why, seen.recorder.armed) == (8, b"", "", True)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (live(jpeg=None, why="lost"), "lost"),
        (live(jpeg=None, why="busy"), "busy"),
        (live(jpeg="no base64!"), "garbled"),
        (live(jpeg=base64.b64encode(b"no picture").decode()), "garbled"),
        (live(at_utc="2026-11-24T01:24:05"), "garbled"),
        (live(jpeg="A" * LONGEST), "garbled"),
        (lambda: [1], "garbled"),
    ],
)
def test_without_a_picture_it_says_why_and_tells_the_rest(served, asked, answer, why) -> None:
    seen = asked(served(state=state, live=answer), LookAtCamera(9, picture=True))
    assert (seen.jpeg, seen.why) == (b"", why)
    assert seen.recorder.armed


def test_a_recorder_that_is_not_there_hangs_up_or_refuses(tmp_path, served, asked, monkeypatch) -> None:
    assert asked(tmp_path / "nobody", LookAtCamera(1, picture=True)) == CameraSeen(1, why="silent")
    assert asked(tmp_path / "nobody", ReadKeyBook(2)) == KeyBookSeen(2, "silent")
    monkeypatch.setattr(status, "allowed", lambda connection: False)
    path = served(state=state, live=live())
    assert asked(path, LookAtCamera(3, picture=True)) == CameraSeen(3, why="refused")
    assert asked(path, ReadKeyBook(4)) == KeyBookSeen(4, "refused")


def test_the_key_book_comes_as_it_is(served, asked) -> None:
    use = {"kind": "use", "number": 3, "holder": "佐賀 花子", "purpose": "点検", "countersigned": "", "out": AT,
           "back": None, "back_by": "", "openings": [{"opened": AT, "closed": None}], "rows": [3, 4]}  # fmt: skip
    alarm = {"kind": "alarm", "number": 1, "opened": AT, "closed": AT, "found": False, "seen_by": "", "seen_why": "",
             "rows": [1, 2]}  # fmt: skip
    book = {"v": 1, "place": "金庫", "out": use, "entries": [use, alarm], "sound": False, "rows": 0, "bad_row": 4,
            "verdict": "4行目が書き換えられています。"}  # fmt: skip
    seen = asked(served(keys=lambda: book), ReadKeyBook(5))
    assert (seen.look, seen.why, seen.place, seen.bad_row, seen.verdict) == (5, "", "金庫", 4, book["verdict"])
    first, second = seen.entries
    assert (first.alarm, first.holder, first.back, first.rows, len(first.opened)) == (
        False,
        "佐賀 花子",
        None,
        (3, 4),
        1,
    )
    assert (second.alarm, second.out, second.back) == (True, second.out, second.out)
    assert "佐賀" not in repr(seen)
    del book["entries"][0]["out"]
    assert asked(served(keys=lambda: book), ReadKeyBook(6)) == KeyBookSeen(6, "unreadable")


def test_giving_an_order_and_closing_wait_for_nobody(tmp_path) -> None:
    """A recorder that takes the connection and then says nothing at all."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "mute"))
        listening.listen(4)
        client = RecorderOffice(tmp_path / "mute")
        client.start(lambda event: None)
        client.look(LookAtCamera(1, picture=True))
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(DEADLINE_S)
            assert connection.recv(4), "the thread waits for an answer now"
            for number in range(2, 100):
                client.look(LookAtCamera(number, picture=True))
            client.close()
        assert not any(thread.name == "recorder office" for thread in threading.enumerate())
