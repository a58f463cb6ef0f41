"""Who is answered, and that nobody waits for anybody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from recorder import status

STRANGER = 48_151
ASK = """
import socket, struct, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(30)
    connection.connect(sys.argv[1])
    connection.sendall(struct.pack(">I", 15) + b'{"ask":"state"}')
    print(connection.recv(4096)[4:].decode())
"""


def fine() -> dict[str, int]:
    return {"v": 1}


def test_who_is_in_the_group_by_the_way_is_answered_and_who_is_not_is_refused(served, monkeypatch) -> None:
    """The terminal's user has the recorder's group as one of its supplementary groups."""
    own = [group for group in os.getgroups() if group != os.getgid()]
    if os.geteuid() and not own:
        pytest.skip("this user has no supplementary group, and may not take one")
    group, more = (STRANGER, {"extra_groups": [STRANGER]}) if not os.geteuid() else (own[0], {})
    path = served(state=fine)
    monkeypatch.setattr(status.os, "geteuid", lambda: STRANGER + 1)

    def said(**options) -> str:
        done = subprocess.run([sys.executable, "-c", ASK, str(path)], stdout=subprocess.PIPE, check=True, **options)
        return done.stdout.decode()

    monkeypatch.setattr(status.os, "getegid", lambda: group)
    assert said(**more).strip() == '{"v":1}'
    monkeypatch.setattr(status.os, "getegid", lambda: STRANGER + 2)
    assert "not allowed" in said(**more)


def test_one_who_says_nothing_and_one_who_does_not_listen_keep_nobody_waiting(served, ask) -> None:
    waiting, go = threading.Event(), threading.Event()

    def slow() -> dict[str, str]:
        waiting.set()
        assert go.wait(30)
        return {"much": "x" * (1 << 20)}

    path = served(state=fine, live=slow)
    with socket.socket(socket.AF_UNIX) as mute, socket.socket(socket.AF_UNIX) as deaf:
        for one in (mute, deaf):
            one.connect(str(path))
        deaf.sendall(b'\0\0\0\x0e{"ask":"live"}')
        assert waiting.wait(30)
        go.set()
        assert ask(path, {"ask": "state"}) == {"v": 1}


def test_so_many_dead_askers_that_none_would_be_left_make_room(served, ask) -> None:
    path = served(state=fine)
    dead = [socket.socket(socket.AF_UNIX) for _ in range(3 * status.MOST_ASKERS)]
    try:
        for one in dead:
            one.connect(str(path))
        assert ask(path, {"ask": "state"}) == {"v": 1}
        dead[0].settimeout(30)
        assert dead[0].recv(1) == b"", "who was there for longest is cut off"
    finally:
        for one in dead:
            one.close()
