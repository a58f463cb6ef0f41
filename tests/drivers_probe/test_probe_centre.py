"""The line to the centre as the probe tells of it, against a TLS server with the bench's keys in this process."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.probing import NotTried
from config.schema import Settings
from drivers import probe_centre
from hardware_sim.tls import BenchPki, Flaw

TERMINAL = "saga-0002"


class Greeting(BaseHTTPRequestHandler):
    city = "ok"

    def do_GET(self) -> None:
        peer = self.connection.getpeercert()  # type: ignore[attr-defined]
        name = dict(pair for relative in peer["subject"] for pair in relative)["commonName"]
        status = 200 if name == TERMINAL else 403
        body = json.dumps({"v": 1, "centre": "ok", "city": self.city}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A refused handshake is what is tried."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> BenchPki:
    return BenchPki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def centre(pki: BenchPki) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Greeting)
    context = pki.centre_server_context()
    # As in a real server, a handshake that fails is its own thread's business.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def machine(centre: Server, settings: Callable[..., Settings]) -> Settings:
    url = f"https://127.0.0.1:{centre.server_address[1]}/"
    return settings(centre={"url": url, "connect_s": 5.0, "read_s": 5.0})


@pytest.fixture
def good(pki: BenchPki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    return pki.fill_credentials(TERMINAL, tmp_path / "credentials")


def test_a_good_line_is_told_step_by_step(machine: Settings, good: Path, said: Any) -> None:
    probe_centre.probe(machine, said, credentials=good)
    assert said.wrong == [], said.text
    for words in ("terminal_id, saga-0002", "TCP: the connection is taken", "TLSv1.3", "greets this terminal"):
        assert words in said.text


@pytest.mark.parametrize(
    ("flaw", "wrong"),
    [
        ("wrong_ca", "does not know the authority of our certificate"),
        ("expired", "expired"),
        ("not_yet_valid", "not valid yet"),
        ("unlisted", "403"),
        ("other_terminal", "the name in our certificate is bench-other"),
        ("wrong_centre", "another certificate than the pinned one"),
    ],
)
def test_every_refusal_is_explained(
    machine: Settings, pki: BenchPki, tmp_path: Path, good: Path, said: Any, flaw: Flaw, wrong: str
) -> None:
    flawed = pki.flawed_credentials(TERMINAL, flaw, "bench-other", tmp_path / "flawed")
    probe_centre.probe(machine, said, credentials=flawed)
    assert any(wrong in line for line in said.wrong), said.text
    assert said.each_fault_has_a_remedy()


def test_a_city_that_is_not_reached_is_told_apart(
    machine: Settings, good: Path, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Greeting, "city", "unreachable")
    probe_centre.probe(machine, said, credentials=good)
    assert said.wrong == ["the centre does not reach the city (unreachable)"]


def test_nobody_there_and_somebody_else_there(good: Path, said: Any, settings: Callable[..., Settings]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                taken, _ = plain.accept()
                with taken, contextlib.suppress(OSError):
                    taken.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                    taken.recv(4096)

        thread = threading.Thread(target=answer)
        thread.start()
        probe_centre.probe(settings(centre={"url": f"https://127.0.0.1:{port}/"}), said, credentials=good)
        thread.join()
    assert any("does not speak TLS" in line for line in said.wrong), said.text
    probe_centre.probe(settings(centre={"url": f"https://127.0.0.1:{port}/"}), said, credentials=good)
    assert "TCP: refused" in said.wrong[-1]
    assert said.each_fault_has_a_remedy()


def test_credentials_that_are_not_there(machine: Settings, good: Path, said: Any, tmp_path: Path) -> None:
    with pytest.raises(NotTried, match="--credentials"):
        probe_centre.probe(machine, said, credentials=tmp_path / "nowhere")
    (good / "city-hpke.pub").write_bytes(b"short")
    (good / "terminal.key").unlink()
    probe_centre.probe(machine, said, credentials=good)
    assert said.wrong
    assert said.each_fault_has_a_remedy()


def test_a_key_that_belongs_to_another_certificate(machine: Settings, good: Path, pki: BenchPki, said: Any) -> None:
    (good / "terminal.key").write_bytes(pki.terminal("bench-other")[0].read_bytes())
    probe_centre.probe(machine, said, credentials=good)
    assert any("terminal.crt" in line for line in said.text.splitlines() if line.strip().startswith("->"))
    assert said.status == 1
