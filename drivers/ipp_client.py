"""Asking the printer itself, past CUPS: four IPP/2.0 operations over HTTP (RFC 8010, RFC 8011, PWG 5100.x).

Every exchange is one connection with one deadline. Decoding is strict: a message that is cut, oversized, answers
another request or contradicts its own lengths is a `ProtocolViolation`; silence is a `DeviceTimeout`; a printer
that cannot be reached is `DeviceOffline`. No text of an error repeats anything the printer sent.
"""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from kiosk.errors import DeviceOffline, DeviceTimeout, PrintError, ProtocolViolation

GET_JOB_ATTRIBUTES: Final = 0x0009
GET_JOBS: Final = 0x000A
GET_PRINTER_ATTRIBUTES: Final = 0x000B
CANCEL_JOB: Final = 0x0008

OPERATION, JOB, END, PRINTER, UNSUPPORTED = 0x01, 0x02, 0x03, 0x04, 0x05
_INTEGER, _BOOLEAN, _ENUM = 0x21, 0x22, 0x23
_TEXT_WITH_LANGUAGE, _NAME_WITH_LANGUAGE = 0x35, 0x36
_BEGIN_COLLECTION, _END_COLLECTION, _MEMBER_NAME = 0x34, 0x37, 0x4A
_NAME, _KEYWORD, _URI, _CHARSET, _LANGUAGE = 0x42, 0x44, 0x45, 0x47, 0x48
_RANGE = 0x33

NOT_FOUND: Final = 0x0406
NOT_POSSIBLE: Final = 0x0404
_ATTRIBUTES_NOT_SUPPORTED: Final = 0x040B

_BODY_MAX: Final = 1 << 20
_DEPTH_MAX: Final = 8
_WORD: Final = struct.Struct(">H")

Value: TypeAlias = "int | bool | str | bytes | tuple[int, int] | dict[str, tuple[Value, ...]] | None"
Attributes: TypeAlias = dict[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """One attribute group of a message; `tag` is its delimiter (RFC 8010 §3.5.1)."""

    tag: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Message:
    status: int
    request_id: int
    groups: tuple[Group, ...]

    def first(self, tag: int) -> Attributes:
        return next((group.attributes for group in self.groups if group.tag == tag), {})


# ---- encoding --------------------------------------------------------------------------------------------


def encode_request(
    operation: int, request_id: int, attributes: Sequence[tuple[int, str, Sequence[str | int | bool]]]
) -> bytes:
    """Version 2.0 request with one operation group: charset, language, then `attributes` (tag, name, values)."""
    head = [(_CHARSET, "attributes-charset", ("utf-8",)), (_LANGUAGE, "attributes-natural-language", ("en",))]
    out = bytearray(struct.pack(">BBHIB", 2, 0, operation, request_id, OPERATION))
    for tag, name, values in (*head, *attributes):
        for index, value in enumerate(values):
            raw_name = name.encode("ascii") if index == 0 else b""
            raw = _encode_value(tag, value)
            out += struct.pack(">BH", tag, len(raw_name)) + raw_name + _WORD.pack(len(raw)) + raw
    out.append(END)
    return bytes(out)


def _encode_value(tag: int, value: str | int | bool) -> bytes:
    if tag == _BOOLEAN:
        return b"\x01" if value else b"\x00"
    if isinstance(value, int):
        return struct.pack(">i", value)
    return value.encode("utf-8")


# ---- decoding --------------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise ProtocolViolation("IPP message is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def counted(self) -> bytes:
        return self.take(int(_WORD.unpack(self.take(2))[0]))


def decode_response(data: bytes, request_id: int) -> Message:
    """Raises ProtocolViolation on anything RFC 8010 forbids, and when another request is answered."""
    reader = _Reader(data)
    major, _minor, status, answered = struct.unpack(">BBHI", reader.take(8))
    if major not in (1, 2):
        raise ProtocolViolation("not an IPP version this terminal speaks")
    if answered != request_id:
        raise ProtocolViolation("the answer belongs to another request")
    groups: list[Group] = []
    values: list[Value] | None = None
    names: Attributes = {}
    name = ""

    def finish() -> None:
        nonlocal values
        if values is not None:
            if name in names:
                raise ProtocolViolation("an attribute appears twice in a group")
            names[name] = tuple(values)
        values = None

    while True:
        tag = reader.byte()
        if tag < 0x10:
            finish()
            if tag == END:
                return Message(status, answered, tuple(groups))
            if tag == 0:
                raise ProtocolViolation("reserved IPP group")
            names = {}
            groups.append(Group(tag, names))
            continue
        if not groups:
            raise ProtocolViolation("an IPP attribute outside any group")
        raw_name = reader.counted()
        if raw_name:
            finish()
            name, values = _text(raw_name), []
        if values is None:
            raise ProtocolViolation("an additional IPP value without its attribute")
        values.append(_value(tag, reader.counted(), reader, 0))


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolViolation("IPP text is not UTF-8") from None


def _value(tag: int, raw: bytes, reader: _Reader, depth: int) -> Value:
    if tag == _BEGIN_COLLECTION:
        return _collection(raw, reader, depth + 1)
    if tag in (_END_COLLECTION, _MEMBER_NAME):
        raise ProtocolViolation("a member outside any collection")
    if tag < 0x20:
        return None  # out of band: unsupported, unknown, no-value
    if tag in (_INTEGER, _ENUM):
        return int(struct.unpack(">i", _sized(raw, 4))[0])
    if tag == _BOOLEAN:
        if _sized(raw, 1) not in (b"\0", b"\1"):
            raise ProtocolViolation("an IPP boolean that is neither true nor false")
        return raw == b"\1"
    if tag == _RANGE:
        low, high = struct.unpack(">ii", _sized(raw, 8))
        return int(low), int(high)
    if tag in (_TEXT_WITH_LANGUAGE, _NAME_WITH_LANGUAGE):
        inner = _Reader(raw)
        inner.counted()
        return _text(inner.counted())
    if 0x40 <= tag < 0x60:
        return _text(raw)
    if tag == 0x7F:
        raise ProtocolViolation("IPP extension tags are not used by any printer we know")
    return raw


def _sized(raw: bytes, size: int) -> bytes:
    if len(raw) != size:
        raise ProtocolViolation("an IPP value of the wrong length")
    return raw


def _collection(raw: bytes, reader: _Reader, depth: int) -> dict[str, tuple[Value, ...]]:
    if raw or depth > _DEPTH_MAX:
        raise ProtocolViolation("a malformed IPP collection")
    members: dict[str, list[Value]] = {}
    current: list[Value] | None = None
    while True:
        tag, name, value = reader.byte(), reader.counted(), reader.counted()
        if name:
            raise ProtocolViolation("a named attribute inside a collection")
        if tag == _END_COLLECTION:
            return {key: tuple(values) for key, values in members.items()}
        if tag == _MEMBER_NAME:
            current = members.setdefault(_text(value), [])
        elif current is None:
            raise ProtocolViolation("a collection value without its member")
        else:
            current.append(_value(tag, value, reader, depth))


# ---- exchange --------------------------------------------------------------------------------------------


class IppClient:
    """One printer URI. Not shared between threads. `user` is the requesting-user-name of every request."""

    def __init__(self, uri: str, user: str, timeout_s: float = 3.0) -> None:
        parts = urlsplit(uri)
        if parts.scheme not in ("ipp", "ipps") or not parts.hostname:
            raise PrintError("the printer's URI must begin with ipp:// or ipps:// and name a host")
        self._uri = uri
        self._host, self._port = parts.hostname, parts.port or 631
        self._path = parts.path or "/"
        self._user = user
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        # A printer makes its own certificate; who it is, is told by the cable inside the housing. The
        # document's secrecy does not rest on this leg, but what can be encrypted is.
        self._tls = ssl.create_default_context() if parts.scheme == "ipps" else None
        if self._tls is not None:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def printer(self, names: Sequence[str]) -> Attributes:
        """Get-Printer-Attributes (RFC 8011 §4.2.5)."""
        message = self._ask(GET_PRINTER_ATTRIBUTES, [(_KEYWORD, "requested-attributes", names)])
        return message.first(PRINTER)

    def jobs(self, names: Sequence[str]) -> tuple[Attributes, ...]:
        """Get-Jobs (§4.2.6) of everybody, waiting and done; where `all` is unknown to it, in two questions."""
        try:
            return self._jobs("all", names)
        except _Refused as refusal:
            if refusal.status not in (_ATTRIBUTES_NOT_SUPPORTED, 0x0400):
                raise
        done = self._jobs("completed", names)  # asked first: a job that ends in between is seen twice, not never
        return done + self._jobs("not-completed", names)

    def job(self, job_id: int, names: Sequence[str]) -> Attributes | None:
        """Get-Job-Attributes (§4.3.4); None when the printer does not know the job."""
        try:
            message = self._ask(
                GET_JOB_ATTRIBUTES, [(_INTEGER, "job-id", [job_id]), (_KEYWORD, "requested-attributes", names)]
            )
        except _Refused as refusal:
            if refusal.status == NOT_FOUND:
                return None
            raise
        return message.first(JOB)

    def cancel(self, job_id: int) -> bool:
        """Cancel-Job (§4.3.3). False when the printer says that there is nothing left to cancel."""
        try:
            self._ask(CANCEL_JOB, [(_INTEGER, "job-id", [job_id])])
        except _Refused as refusal:
            if refusal.status in (NOT_FOUND, NOT_POSSIBLE):
                return False
            raise
        return True

    def _jobs(self, which: str, names: Sequence[str]) -> tuple[Attributes, ...]:
        question = [(_KEYWORD, "which-jobs", [which]), (_KEYWORD, "requested-attributes", names)]
        message = self._ask(GET_JOBS, question)
        if "which-jobs" in message.first(UNSUPPORTED):  # ignored instead of refused: another list than asked for
            raise _Refused(_ATTRIBUTES_NOT_SUPPORTED)
        return tuple(group.attributes for group in message.groups if group.tag == JOB)

    def _ask(self, operation: int, more: Sequence[tuple[int, str, Sequence[str | int | bool]]]) -> Message:
        # The order is that of RFC 8011: target first (printer-uri, job-id), then the user, then the rest.
        target = [item for item in more if item[1] == "job-id"]
        rest = [item for item in more if item[1] != "job-id"]
        request_id = next(self._ids)
        request = encode_request(
            operation,
            request_id,
            [(_URI, "printer-uri", [self._uri]), *target, (_NAME, "requesting-user-name", [self._user]), *rest],
        )
        message = decode_response(self._exchange(request), request_id)
        if message.status >= 0x0100:
            raise _Refused(message.status)
        return message

    def _exchange(self, request: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        connection: http.client.HTTPConnection
        if self._tls is not None:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", self._path, request, {"Content-Type": "application/ipp"})
            sock = connection.sock  # the response takes it over where the printer closes after each answer
            with connection.getresponse() as response:
                if response.status != 200:
                    raise ProtocolViolation(f"HTTP status {response.status} instead of an IPP answer")
                return _read_until(response, sock, deadline)
        except TimeoutError:
            raise DeviceTimeout("the printer did not answer in time") from None
        except http.client.HTTPException as error:
            raise ProtocolViolation(f"not HTTP as agreed ({type(error).__name__})") from None
        except OSError as error:
            raise DeviceOffline(f"the printer cannot be reached ({type(error).__name__})") from None
        finally:
            connection.close()


def _read_until(response: http.client.HTTPResponse, sock: socket.socket, deadline: float) -> bytes:
    """The whole body, within one deadline for all of it: a printer that drips bytes must not hold us."""
    body = bytearray()
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        if sock.fileno() >= 0:  # closed by the response once all has been read
            sock.settimeout(left_s)
        piece = response.read1(65536)
        if not piece:
            if response.length not in (None, 0):
                raise ProtocolViolation("the printer's answer broke off")
            return bytes(body)
        body += piece
        if len(body) > _BODY_MAX:
            raise ProtocolViolation("the printer's answer is too long")


class _Refused(ProtocolViolation):
    """The printer answered with an IPP error status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the printer refused with IPP status 0x{status:04x}")
        self.status = status


def texts(attributes: Mapping[str, tuple[Value, ...]], name: str) -> tuple[str, ...]:
    """All text-like values of an attribute."""
    return tuple(value for value in attributes.get(name, ()) if isinstance(value, str))


def number(attributes: Mapping[str, tuple[Value, ...]], name: str) -> int | None:
    """The single integer or enum of an attribute; None where it is absent or out of band."""
    values = attributes.get(name, ())
    value = values[0] if len(values) == 1 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
