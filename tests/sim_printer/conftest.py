"""Helpers for the simulated printer: a pace the test moves by hand, IPP requests put together octet by octet."""

from __future__ import annotations

import http.client
import io
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from hardware_sim.printer import PrinterBench, PrinterConfig, ipp
from hardware_sim.printer.ipp import Message, Tag

DEADLINE_S = 30.0


class StepPace:
    """A sheet is through when the test says so."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._permits = 0
        self._seconds = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        with self._changed:
            return self._seconds

    def wall(self) -> datetime:
        return datetime(2026, 7, 1, 9, 0, tzinfo=UTC) + timedelta(seconds=self.now())

    def wait(self, seconds_s: float, interrupted: threading.Event) -> None:
        with self._changed:
            self.waits.append(seconds_s)
            self._changed.notify_all()
            while self._permits == 0 and not interrupted.is_set():
                self._changed.wait(0.005)
            if not interrupted.is_set():  # who was interrupted must not use up what is meant for the next sheet
                self._permits -= 1

    def advance(self, seconds_s: float) -> None:
        with self._changed:
            self._seconds += seconds_s

    def sheets(self, count: int = 1) -> None:
        """Let `count` sheets through."""
        with self._changed:
            self._permits += count
            self._changed.notify_all()

    def under_way(self, nth: int) -> None:
        """Wait until the nth sheet (from 1, lost ones count) is in the paper path."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.waits) >= nth, DEADLINE_S)


def attr(tag: int, name: str, value: bytes | str | int) -> bytes:
    """One attribute value: value-tag, name-length, name, value-length, value (RFC 8010 section 3.1.4)."""
    raw = value.encode() if isinstance(value, str) else struct.pack(">i", value) if isinstance(value, int) else value
    return bytes([tag]) + struct.pack(">H", len(name)) + name.encode() + struct.pack(">H", len(raw)) + raw


def words(name: str, *values: str) -> bytes:
    return attr(0x44, name, values[0]) + b"".join(attr(0x44, "", v) for v in values[1:])


def media_source(source: str) -> bytes:
    """media-col={media-source=...} as a collection."""
    member = attr(0x4A, "", "media-source") + attr(0x44, "", source)
    return attr(0x34, "media-col", b"") + member + attr(0x37, "", b"")


def media_size(x: int, y: int, source: str = "") -> bytes:
    """media-col={media-size={x-dimension=... y-dimension=...} media-source=...}, in hundredths of a millimetre."""
    inside = b"".join(attr(0x4A, "", f"{n}-dimension") + attr(0x21, "", v) for n, v in (("x", x), ("y", y)))
    size = attr(0x4A, "", "media-size") + attr(0x34, "", b"") + inside + attr(0x37, "", b"")
    from_tray = attr(0x4A, "", "media-source") + attr(0x44, "", source) if source else b""
    return attr(0x34, "media-col", b"") + size + from_tray + attr(0x37, "", b"")


@dataclass
class Client:
    """Speaks IPP to the bench over http.client."""

    bench: PrinterBench

    def head(self, user: str = "kiosk") -> bytes:
        return (
            b"\x01"
            + attr(0x47, "attributes-charset", "utf-8")
            + attr(0x48, "attributes-natural-language", "en")
            + attr(0x45, "printer-uri", self.bench.uri)
            + attr(0x42, "requesting-user-name", user)
        )

    def raw(self, body: bytes, timeout_s: float = DEADLINE_S, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.bench.port, timeout=timeout_s)
        try:
            connection.request("POST", "/ipp/print", body, {"Content-Type": "application/ipp", **headers})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(
        self,
        operation: int,
        attributes: bytes = b"",
        *,
        job: bytes = b"",
        data: bytes = b"",
        user: str = "kiosk",
        timeout_s: float = DEADLINE_S,
    ) -> Message:
        body = struct.pack(">BBHI", 2, 0, operation, 77) + self.head(user) + attributes
        if job:
            body += b"\x02" + job
        status, answer = self.raw(body + b"\x03" + data, timeout_s)
        assert status == 200
        message = ipp.decode(answer)
        assert message.request_id == 77
        return message

    def print_pdf(
        self,
        data: bytes,
        *,
        sides: str | None = "two-sided-long-edge",
        name: str = "J-1",
        job: bytes = b"",
        user: str = "kiosk",
    ) -> int:
        template = (words("sides", sides) if sides else b"") + job
        answer = self.ask(
            2,
            attr(0x42, "job-name", name) + attr(0x49, "document-format", "application/pdf"),
            job=template,
            data=data,
            user=user,
        )
        assert answer.code == 0, hex(answer.code)
        return int(str(one(answer, "job-id")))

    def job(self, job_id: int) -> dict[str, Any]:
        answer = self.ask(9, attr(0x21, "job-id", job_id))
        assert answer.code == 0
        return {a.name: many(a) for a in answer.group(Tag.JOB).attributes}

    def printer(self, *names: str) -> dict[str, Any]:
        answer = self.ask(0x0B, words("requested-attributes", *names))
        assert answer.code == 0
        return {a.name: many(a) for a in answer.group(Tag.PRINTER).attributes}

    def reaches(self, job_id: int, state: int) -> dict[str, Any]:
        """Wait until the job is in `state`, then its attributes."""
        engine = self.bench.engine

        def there() -> bool:
            job = engine.job(job_id)
            return job is not None and job.state == state

        assert engine.wait_until(there, DEADLINE_S), f"job {job_id} did not reach state {state}"
        return self.job(job_id)


def many(attribute: ipp.Attribute) -> Any:
    values = [v.data for v in attribute.values]
    return values[0] if len(values) == 1 else values


def one(message: Message, name: str) -> Any:
    for group in message.groups:
        found = group.get(name)
        if found is not None:
            return many(found)
    raise AssertionError(f"no {name} in the answer")


def make_pdf(pages: int, encrypt: str | None = None) -> bytes:
    """A4 pages; page n has a black square whose side is n centimetres."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, encrypt=encrypt, invariant=1)
    for page in range(1, pages + 1):
        canvas.rect(100, 100, page * 28.35, page * 28.35, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.fixture
def pace() -> StepPace:
    return StepPace()


@pytest.fixture
def bench() -> Iterator[PrinterBench]:
    """A machine in a hurry."""
    with PrinterBench(config=PrinterConfig(seconds_per_sheet_s=0.01)) as it:
        yield it


@pytest.fixture
def stepped(pace: StepPace) -> Iterator[PrinterBench]:
    """A machine that moves a sheet only when the test lets it."""
    with PrinterBench(pace=pace) as it:
        yield it


@pytest.fixture
def client(bench: PrinterBench) -> Client:
    return Client(bench)


@pytest.fixture
def client_of() -> type[Client]:
    return Client


@pytest.fixture
def slow_client(stepped: PrinterBench) -> Client:
    return Client(stepped)


@pytest.fixture
def pdf() -> Callable[..., bytes]:
    return make_pdf


@pytest.fixture
def wire() -> Any:
    """The builders of octets: `wire.attr`, `wire.words`, `wire.media_source`, `wire.media_size`, `wire.one`."""

    class Wire:
        attr = staticmethod(attr)
        words = staticmethod(words)
        media_source = staticmethod(media_source)
        media_size = staticmethod(media_size)
        one = staticmethod(one)

    return Wire
