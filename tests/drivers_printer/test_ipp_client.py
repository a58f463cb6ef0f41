"""The IPP codec against bytes written out by hand (RFC 8010), and the client against printers that misbehave."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ipp_client import GET_JOBS, JOB, OPERATION, PRINTER, IppClient, decode_response, encode_request
from kiosk.errors import DeviceOffline, DeviceTimeout, PrintError, ProtocolViolation


def attribute(tag: int, name: str, value: bytes) -> bytes:
    raw = name.encode()
    return bytes([tag]) + struct.pack(">H", len(raw)) + raw + struct.pack(">H", len(value)) + value


HEAD = attribute(0x47, "attributes-charset", b"utf-8") + attribute(0x48, "attributes-natural-language", b"en")


def response(body: bytes, status: int = 0, request_id: int = 1) -> bytes:
    return struct.pack(">BBHI", 2, 0, status, request_id) + b"\x01" + HEAD + body + b"\x03"


def test_request_bytes() -> None:
    assert encode_request(GET_JOBS, 7, [(0x45, "printer-uri", ["ipp://p/"]), (0x21, "limit", [258])]) == (
        b"\x02\x00\x00\x0a\x00\x00\x00\x07\x01"
        b"\x47\x00\x12attributes-charset\x00\x05utf-8"
        b"\x48\x00\x1battributes-natural-language\x00\x02en"
        b"\x45\x00\x0bprinter-uri\x00\x08ipp://p/"
        b"\x21\x00\x05limit\x00\x04\x00\x00\x01\x02"
        b"\x03"
    )


def test_additional_values_have_no_name() -> None:
    request = encode_request(GET_JOBS, 1, [(0x44, "requested-attributes", ["job-id", "job-name"])])
    assert request.endswith(b"\x44\x00\x14requested-attributes\x00\x06job-id\x44\x00\x00\x00\x08job-name\x03")


def test_every_kind_of_value() -> None:
    size = (
        attribute(0x34, "", b"")
        + attribute(0x4A, "", b"x-dimension") + attribute(0x21, "", struct.pack(">i", 21000))
        + attribute(0x4A, "", b"y-dimension") + attribute(0x21, "", struct.pack(">i", 29700))
        + attribute(0x37, "", b"")
    )  # fmt: skip
    body = (
        b"\x04"
        + attribute(0x23, "printer-state", struct.pack(">i", 3))
        + attribute(0x22, "printer-is-accepting-jobs", b"\x01")
        + attribute(0x44, "printer-state-reasons", b"media-low-warning") + attribute(0x44, "", b"toner-low-report")
        + attribute(0x33, "copies-supported", struct.pack(">ii", 1, 99))
        + attribute(0x36, "printer-name", b"\x00\x02ja\x00\x03\xe5\x8d\xb0")
        + attribute(0x30, "printer-input-tray", b"level=5;")
        + attribute(0x13, "printer-location", b"")
        + attribute(0x34, "media-col-ready", b"")
        + attribute(0x4A, "", b"media-size") + size
        + attribute(0x4A, "", b"media-source") + attribute(0x44, "", b"tray-1")
        + attribute(0x37, "", b"")
        + attribute(0x21, "printer-up-time", struct.pack(">i", 77))
    )  # fmt: skip
    message = decode_response(response(body), 1)
    assert [group.tag for group in message.groups] == [OPERATION, PRINTER]
    assert message.first(PRINTER) == {
        "printer-state": (3,),
        "printer-is-accepting-jobs": (True,),
        "printer-state-reasons": ("media-low-warning", "toner-low-report"),
        "copies-supported": ((1, 99),),
        "printer-name": ("印",),
        "printer-input-tray": (b"level=5;",),
        "printer-location": (None,),
        "media-col-ready": (
            {"media-size": ({"x-dimension": (21000,), "y-dimension": (29700,)},), "media-source": ("tray-1",)},
        ),
        "printer-up-time": (77,),
    }


def test_jobs_stay_apart() -> None:
    body = b"".join(b"\x02" + attribute(0x21, "job-id", struct.pack(">i", number)) for number in (1, 2))
    groups = [group.attributes for group in decode_response(response(body), 1).groups if group.tag == JOB]
    assert groups == [{"job-id": (1,)}, {"job-id": (2,)}]


OPENED = attribute(0x34, "col", b"")
INTEGER = attribute(0x21, "job-id", struct.pack(">i", 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        response(b"")[:-1],  # no end
        response(b"", request_id=2),  # answers another request
        b"\x05" + response(b"")[1:],  # version 5
        struct.pack(">BBHI", 2, 0, 0, 1) + INTEGER + b"\x03",  # outside any group
        response(b"\x02" + attribute(0x21, "job-id", b"\x01")),  # one-byte integer
        response(b"\x02" + attribute(0x22, "flag", b"\x02")),
        response(b"\x02" + attribute(0x21, "", struct.pack(">i", 1))),  # value without attribute
        response(b"\x02" + INTEGER + INTEGER),  # twice
        response(b"\x02" + attribute(0x42, "job-name", b"\xff\xfe")),
        response(b"\x02" + OPENED + attribute(0x21, "", b"\0\0\0\1") + attribute(0x37, "", b"")),  # no member name
        response(b"\x02" + OPENED),  # never closed
        response(b"\x02" + OPENED + (attribute(0x4A, "", b"m") + attribute(0x34, "", b"")) * 50),  # bottomless
        response(b"\x02" + attribute(0x7F, "x", b"\0\0\0\1")),
        response(b"\x00"),
    ],
)
def test_what_the_standard_forbids_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_response(data, 1)


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_are_refused(junk: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        decode_response(struct.pack(">BBHI", 2, 0, 0, 1) + b"\x02" + junk, 1)


class Wire:
    """A server that answers every connection with what it is told, recording what it was asked."""

    def __init__(self, answer: Callable[[socket.socket, bytes], None]) -> None:
        self._answer = answer
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"ipp://127.0.0.1:{self._listener.getsockname()[1]}/ipp/print"
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._held.append(connection)
            data = b""
            while b"\r\n\r\n" not in data or not data.endswith(b"\x03"):
                piece = connection.recv(65536)
                if not piece:
                    break
                data += piece
            self.asked.append(data.partition(b"\r\n\r\n")[2])
            try:
                self._answer(connection, self.asked[-1])
            except OSError:
                continue

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._held:
            connection.close()


@pytest.fixture
def wire() -> Iterator[Callable[[Callable[[socket.socket, bytes], None]], Wire]]:
    made: list[Wire] = []

    def build(answer: Callable[[socket.socket, bytes], None]) -> Wire:
        made.append(Wire(answer))
        return made[-1]

    yield build
    for each in made:
        each.close()


Build = Callable[[Callable[[socket.socket, bytes], None]], Wire]


def http(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/ipp\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answering(body: Callable[[int], bytes]) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, asked: connection.sendall(http(body(struct.unpack(">I", asked[4:8])[0])))


def test_cancel_names_printer_job_and_user_in_that_order(wire: Build) -> None:
    printer = wire(answering(lambda number: response(b"", request_id=number)))
    assert IppClient(printer.uri, "kiosk").cancel(7)
    (asked,) = printer.asked
    assert asked[2:4] == b"\x00\x08"
    assert asked.endswith(
        attribute(0x45, "printer-uri", printer.uri.encode())
        + attribute(0x21, "job-id", struct.pack(">i", 7))
        + attribute(0x42, "requesting-user-name", b"kiosk")
        + b"\x03"
    )


@pytest.mark.parametrize("status", [0x0404, 0x0406])
def test_nothing_left_to_cancel_is_an_answer(wire: Build, status: int) -> None:
    printer = wire(answering(lambda number: response(b"", status, number)))
    assert not IppClient(printer.uri, "kiosk").cancel(7)


def test_unknown_job_is_none_and_other_refusals_are_violations(wire: Build) -> None:
    gone = wire(answering(lambda number: response(b"", 0x0406, number)))
    assert IppClient(gone.uri, "kiosk").job(1, ("job-id",)) is None
    broken = wire(answering(lambda number: response(b"", 0x0500, number)))
    with pytest.raises(ProtocolViolation):
        IppClient(broken.uri, "kiosk").job(1, ("job-id",))


def test_a_printer_that_cannot_list_all_jobs_is_asked_twice(wire: Build) -> None:
    def answer(connection: socket.socket, asked: bytes) -> None:
        number = struct.unpack(">I", asked[4:8])[0]
        if b"\x00\x03all" in asked:
            connection.sendall(http(response(b"", 0x040B, number)))
            return
        job = 1 if b"\x00\x09completed" in asked else 2
        listed = b"\x02" + attribute(0x21, "job-id", struct.pack(">i", job))
        connection.sendall(http(response(listed, request_id=number)))

    printer = wire(answer)
    assert IppClient(printer.uri, "kiosk").jobs(("job-id",)) == ({"job-id": (1,)}, {"job-id": (2,)})


def test_silence_is_a_timeout(wire: Build) -> None:
    printer = wire(lambda _connection, _asked: None)
    with pytest.raises(DeviceTimeout):
        IppClient(printer.uri, "kiosk", timeout_s=0.1).printer(("printer-state",))


def test_dripping_bytes_do_not_stretch_the_deadline(wire: Build) -> None:
    stop = threading.Event()

    def drip(connection: socket.socket, _asked: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"\x02")

    printer = wire(drip)
    try:
        with pytest.raises(DeviceTimeout):
            IppClient(printer.uri, "kiosk", timeout_s=0.3).printer(("printer-state",))
    finally:
        stop.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n",
        http(b"", "426 Upgrade Required"),
        http(b"not ipp at all"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n\x02\x00",  # and then closed
        http(b"\x02" * (2 << 20)),
    ],
)
def test_anything_but_ipp_is_a_violation(wire: Build, answer: bytes) -> None:
    def send(connection: socket.socket, _asked: bytes) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)

    printer = wire(send)
    with pytest.raises(ProtocolViolation):
        IppClient(printer.uri, "kiosk").printer(("printer-state",))


def test_nobody_there_is_offline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DeviceOffline):
        IppClient(f"ipp://127.0.0.1:{port}/ipp/print", "kiosk").printer(("printer-state",))


@pytest.mark.parametrize("uri", ["http://printer/", "socket://printer:9100", "ipp:///ipp/print", ""])
def test_a_uri_that_is_not_ipp_says_what_to_write(uri: str) -> None:
    with pytest.raises(PrintError, match="ipp://"):
        IppClient(uri, "kiosk")
