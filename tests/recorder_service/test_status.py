"""How the recorder is, asked over its socket."""

from __future__ import annotations

import socket
import struct

import pytest

from config.framed import receive, send
from recorder import status
from recorder.parts import Report
from recorder.status import Status, told


@pytest.fixture
def asked(tmp_path):
    """Sends bytes or a question, gives the answer; None when the recorder hung up."""
    report = Report(armed=True, faults=frozenset({"dark"}), required_ok=True, since_boot_s=40.0)
    served = Status(tmp_path / "status", {"state": lambda: told(report, 100.0)})
    served.start()

    def ask(what):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(tmp_path / "status"))
            if isinstance(what, bytes):
                connection.sendall(what)
            else:
                send(connection, what)
            return receive(connection)

    yield ask
    served.close()
    assert not (tmp_path / "status").exists()


def test_state_is_told(asked):
    answer = asked({"ask": "state"})
    assert answer["armed"] is True
    assert answer["faults"] == ["dark"]
    assert answer["for_s"] == 60
    assert answer["ring"] is None


def test_what_is_not_there_yet_is_said_plainly(asked):
    for what in ("search", "export", "", None):
        assert asked({"ask": what})["error"].startswith("not yet")
    assert asked([1])["error"].startswith("not yet")


def test_nonsense_ends_that_connection_only(asked):
    assert asked(struct.pack(">I", 1 << 30)) is None
    assert asked(struct.pack(">I", 3) + b"{{{") is None
    assert asked({"ask": "state"})["armed"] is True


def test_another_user_is_refused(asked, monkeypatch):
    monkeypatch.setattr(status.os, "geteuid", lambda: 4711)
    monkeypatch.setattr(status.os, "getegid", lambda: 4711)
    assert "not allowed" in asked({"ask": "state"})["error"]
