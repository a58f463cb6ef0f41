"""Every bad answer at every step against the table of docs/protocol.md §8: the session ends, or the line stops.

Whatever comes, the order is answered exactly once and the PIN is gone.
"""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.schema import CentreSettings
from drivers import envelope
from drivers.issuer import Line
from kiosk import events as e
from kiosk.errors import IssuerUnavailable

STEPS = ("authenticate", "card", "pin", "household", "issue")


def asked(rig: Any, step: str) -> Any:
    """Come to `step`, whose answer is spoilt; return what the core gets, once it is sure that it is all."""
    rig.city.at = step
    number = rig.until(step).number + 1
    event = rig.step(step)
    assert event.order == number
    assert rig.pin.expose() == bytearray(4)
    with pytest.raises(IssuerUnavailable):
        rig.issuer.document(1)
    assert rig.silent()
    return event


# ---- opened, and it contradicts the session: the line stops ---------------------------------------------------

CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "session": ({"session": "00" * 16}, "{step}_session"),
    "terminal": ({"terminal": "SAGA-0001"}, "{step}_terminal"),
    "seq": ({"seq": 9}, "{step}_seq"),
    "request": ({"request": "00" * 32}, "{step}_request"),
    "version": ({"v": 2}, "{step}_v"),
    "late": ({"at": "2026-11-24T01:21:59Z"}, "time"),
    "early": ({"at": "2026-11-24T01:26:01Z"}, "time"),
    "no time": ({"at": "yesterday"}, "time"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", CONTRADICTIONS)
def test_an_answer_that_contradicts_the_session_stops_the_line(rig: Any, step: str, fault: str) -> None:
    rig.city.change, what = CONTRADICTIONS[fault]
    assert asked(rig, step) == e.IdentityMismatched(rig.number, what.format(step=step))


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_signed_by_somebody_else_stops_the_line(rig: Any, step: str) -> None:
    rig.city.signer = Ed25519PrivateKey.generate()
    assert asked(rig, step) == e.IdentityMismatched(rig.number, f"{step}_signature")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"signer": Ed25519PrivateKey.generate()}, "open_signature"),
        ({"change": {"session": "00" * 16}}, "open_session"),
        ({"change": {"seq": 1}}, "open_session"),
        ({"change": {"nonce": base64.b64encode(b"n" * 32).decode()}}, "open_signature"),
        ({"change": {"at": "2026-11-24T01:21:59Z"}}, "time"),
    ],
)
def test_an_opening_of_another_session_stops_the_line(rig: Any, change: dict[str, Any], what: str) -> None:
    for name, value in change.items():
        setattr(rig.city, name, value)
    assert asked(rig, "open") == e.IdentityMismatched(1, what)


@pytest.mark.parametrize(
    ("swap", "what"),
    [
        (lambda documents: (documents[0] + b"\n% more", documents[1]), "digest"),
        (lambda documents: documents[::-1], "digest"),
        (lambda documents: documents[:1], "count"),
    ],
)
def test_a_certificate_unlike_its_manifest_stops_the_line(rig: Any, swap: Callable[..., Any], what: str) -> None:
    """What goes to the printer is what was signed, byte for byte, not only what the pages show."""
    rig.city.swap = swap
    assert asked(rig, "issue") == e.IdentityMismatched(4, what)


def test_a_household_in_which_nobody_can_tell_who_is_meant_stops_the_line(rig: Any, household: list[Any]) -> None:
    holder, other = household
    nobody, two = holder | {"holder": False}, other | {"holder": True}
    twins = other | {"id": holder["id"]}
    cases = (([nobody, other], "holder"), ([holder, two], "holder"), ([holder, twins], "ids"))
    rig.until("household")
    for members, what in cases:
        rig.city.change = {"members": members}
        assert rig.step("household") == e.IdentityMismatched(rig.number, f"household_{what}")


# ---- cannot be used: the session ends, nothing charged --------------------------------------------------------


def to_another_key(step: str, seq: int, request: bytes, _key: bytes) -> tuple[str, int, bytes, bytes]:
    return step, seq, request, envelope.SessionKey().public_bytes


def to_another_step(_step: str, seq: int, request: bytes, key: bytes) -> tuple[str, int, bytes, bytes]:
    return "open", seq, request, key


def to_another_number(step: str, seq: int, request: bytes, key: bytes) -> tuple[str, int, bytes, bytes]:
    return step, seq + 1, request, key


def to_another_request(step: str, seq: int, _request: bytes, key: bytes) -> tuple[str, int, bytes, bytes]:
    return step, seq, b"an earlier one", key


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("meant", [to_another_key, to_another_step, to_another_number, to_another_request])
def test_a_foreign_or_reordered_answer_cannot_be_opened(rig: Any, step: str, meant: Callable[..., Any]) -> None:
    rig.city.sealed_for = meant
    assert asked(rig, step) == e.IssuerFailed(rig.number, "foreign_envelope")


def truncated(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"sealed": base64.b64encode(base64.b64decode(answer["sealed"])[:-40]).decode()}


def altered(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    sealed = bytearray(base64.b64decode(answer["sealed"]))
    sealed[-1] ^= 1
    return {"sealed": base64.b64encode(sealed).decode()}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (truncated, "foreign_envelope"),
        (altered, "foreign_envelope"),
        (lambda _answer: {"sealed": ""}, "foreign_envelope"),
        (lambda _answer: {"sealed": "not base64!"}, "garbled"),
        (lambda _answer: {}, "garbled"),
    ],
)
def test_a_spoilt_envelope_ends_the_session(rig: Any, step: str, spoil: Callable[..., Any], reason: str) -> None:
    rig.city.wire = spoil
    assert asked(rig, step) == e.IssuerFailed(rig.number, reason)


@pytest.mark.parametrize("step", STEPS[1:])
def test_the_answer_to_the_step_before_repeated_ends_the_session(rig: Any, step: str) -> None:
    rig.city.wire = lambda _answer: rig.city.answers[-1]
    reason = "garbled" if step == "card" else "foreign_envelope"  # before `card` comes `open`, which is not sealed
    assert asked(rig, step) == e.IssuerFailed(rig.number, reason)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("blob", [b"not json", b"[1, 2]", b"\xff"])
def test_signed_rubbish_ends_the_session(rig: Any, step: str, blob: bytes) -> None:
    rig.city.blob = blob
    assert asked(rig, step) == e.IssuerFailed(rig.number, "garbled")


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("authenticate", {"offers": "residence"}),
        ("authenticate", {"offers": [["residence"]]}),
        ("card", {"offers": None}),
        ("card", {"tries_left": 0}),
        ("card", {"tries_left": 4}),
        ("pin", {"offers": 4}),
        ("household", {"members": []}),
        ("household", {"members": {"0a1b2c3d": "name"}}),
        ("household", {"members": ["0a1b2c3d"]}),
        ("household", {"members": [{"id": "0A1B2C3D", "name": "n", "relationship": "", "holder": True}]}),
        ("household", {"members": [{"id": "1", "name": "n", "relationship": "", "holder": True}]}),
        ("household", {"members": [{"id": "0a1b2c3d", "name": "　", "relationship": "", "holder": True}]}),
        ("household", {"members": [{"id": "0a1b2c3d", "name": "n", "relationship": "", "holder": 1}]}),
        ("issue", {"members": "0a1b2c3d"}),
        ("issue", {"members": ["0a1b2c3d", "0a1b2c3d"]}),
        ("issue", {"copies": None}),
    ],
)
def test_a_head_of_another_shape_ends_the_session(rig: Any, step: str, change: dict[str, Any]) -> None:
    rig.city.change = change
    assert asked(rig, step) == e.IssuerFailed(rig.number, "garbled")


@pytest.mark.parametrize("nonce", ["", "AAAA", "!", None])
def test_an_opening_without_a_whole_nonce_ends_the_session(rig: Any, nonce: object) -> None:
    rig.city.change = {"nonce": nonce}
    assert asked(rig, "open") == e.IssuerFailed(1, "garbled")


# ---- on the wire ----------------------------------------------------------------------------------------------


class Wire:
    """An HTTP server that answers well by the city, but at step `at` does `fault` to the connection."""

    def __init__(self, city: Any) -> None:
        self.city, self.at = city, ""
        self.fault: Callable[[Wire, socket.socket, bytes], None] = reply
        self.seconds = 0.0
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.serve(self.rfile, self.connection)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def serve(self, lines: Any, connection: socket.socket) -> None:
        request = lines.readline().decode()
        headers = dict(line.decode().lower().split(": ", 1) for line in iter(lines.readline, b"\r\n"))
        body = lines.read(int(headers.get("content-length", 0)))
        step = request.split()[1].rpartition("/")[2]
        answer = self.city.health() if step == "health" else self.city.post(step, json.loads(body))
        (self.fault if step == self.at else reply)(self, connection, json.dumps(answer).encode())

    def line(self) -> _Lines:
        def patient_for(read_s: float) -> Line:
            settings = CentreSettings(f"http://127.0.0.1:{self.server.server_address[1]}/", 30, read_s)
            return Line(settings, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), 400_000, 50, lambda: self.seconds)

        return _Lines(self, patient_for(30), patient_for(0.1))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class _Lines:
    """One line whose patience is short only at the step where nothing will come."""

    def __init__(self, wire: Wire, patient: Line, short: Line) -> None:
        self.wire, self.patient, self.short = wire, patient, short

    def post(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        nothing_comes = step == self.wire.at and self.wire.fault is silence
        return (self.short if nothing_comes else self.patient).post(step, body)

    def health(self) -> Mapping[str, Any]:
        return self.patient.health()

    def close(self) -> None:
        self.patient.close()
        self.short.close()


def reply(_wire: Wire, connection: socket.socket, body: bytes, status: str = "200 OK", more: str = "") -> None:
    connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)


def silence(_wire: Wire, connection: socket.socket, _body: bytes) -> None:
    connection.recv(1)  # until the terminal gives up


def trickle(wire: Wire, connection: socket.socket, body: bytes) -> None:
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    wire.seconds += 51
    connection.sendall(body[-1:])


def cut(_wire: Wire, connection: socket.socket, body: bytes) -> None:
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2])


def hang_up(_wire: Wire, connection: socket.socket, _body: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def no_http(_wire: Wire, connection: socket.socket, _body: bytes) -> None:
    connection.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")


def half_a_json(wire: Wire, connection: socket.socket, body: bytes) -> None:
    reply(wire, connection, body[: len(body) // 2])


def a_list(wire: Wire, connection: socket.socket, body: bytes) -> None:
    reply(wire, connection, b"[" + body + b"]")


def oversized(wire: Wire, connection: socket.socket, body: bytes) -> None:
    reply(wire, connection, body.ljust(400_001))


def refused(wire: Wire, connection: socket.socket, _body: bytes) -> None:
    reply(wire, connection, b'{"v":1,"error":"replay"}', "409 Conflict")


def redirected(wire: Wire, connection: socket.socket, body: bytes) -> None:
    reply(wire, connection, body, "307 Temporary Redirect", "Location: /v1/open\r\n")


WIRE = {
    silence: "silent", trickle: "slow", cut: "unreachable", hang_up: "unreachable", no_http: "unreachable",
    half_a_json: "garbled", a_list: "garbled", oversized: "too_large", refused: "http_409", redirected: "http_307",
}  # fmt: skip


@pytest.fixture
def wire(rig: Any) -> Iterator[Wire]:
    made = Wire(rig.city)
    rig.line = made.line
    yield made
    rig.issuer.close()
    made.close()


@pytest.mark.parametrize("step", ["open", *STEPS])
@pytest.mark.parametrize("fault", WIRE, ids=lambda fault: fault.__name__)
def test_a_line_that_fails_ends_the_session(rig: Any, wire: Wire, step: str, fault: Callable[..., None]) -> None:
    rig.erase()  # gives the first line back, so that the next is ours
    wire.at, wire.fault = step, fault
    assert asked(rig, step) == e.IssuerFailed(rig.number, WIRE[fault])
