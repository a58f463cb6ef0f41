"""Card laid down → PIN screen, beside the same commands to the same card and one trip to the centre, both bare.

The card behind the real pcscd (vpcd) takes 30 ms for each command. Ours is the kiosk itself, from `CardPresented` in
its queue until the PIN screen is on the panel. Bare, right after it with the same card still lying there: a loop over
pyscard that connects and sends the very bytes that the kiosk has just sent; then one TLS connection to the centre with
one `open` over it, made of a plain socket. Keys and requests are ready before the clock of the bare one runs.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import statistics
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from harness import Measure, Unavailable
from smartcard import scard
from whole_run import RESIDENT, Note, Terminal

from drivers.card_pcsc import SOCKET_VARIABLE
from drivers.centre_line import tls_context
from drivers.envelope import Identity, SessionKey
from hardware_sim.bench.machine_file import READER_NAME

SLOW_MS = 30
PAIRS = 15


class Visits:
    """Each visit gives one time of ours and one bare; whoever is asked first makes it."""

    def __init__(self) -> None:
        self._terminal: Terminal | None = None
        self._ours: deque[float] = deque()
        self._bare: deque[float] = deque()
        self._parts: list[dict[str, float]] = []
        self._units = 0

    def ours(self) -> float:
        if not self._ours:
            self._visit()
        return self._ours.popleft()

    def bare(self) -> float:
        if not self._bare:
            self._visit()
        return self._bare.popleft()

    def close(self) -> None:
        if self._terminal is not None:
            self._terminal.__exit__(None, None, None)
            self._terminal = None

    def report(self) -> str:
        """Median of each part, in the order of time."""
        names = self._parts[0]
        medians = {name: statistics.median(parts[name] for parts in self._parts) * 1000 for name in names}
        shown = ", ".join(f"{name} {value:.0f}" for name, value in medians.items())
        return f"{self._units} commands to the card. In ms: {shown}."

    def _open(self) -> Terminal:
        if self._terminal is None:
            self._terminal = Terminal({"refused": ["next"]}).__enter__()
            stand: Any = self._terminal.bench.stand
            stand.slow(SLOW_MS)
            os.environ[SOCKET_VARIABLE] = str(stand.csock)
        return self._terminal

    def _visit(self) -> None:
        terminal = self._open()
        mark = terminal.mark()
        terminal.bench.lay_card(RESIDENT)
        drawn = terminal.wait_drawn("pin_pad", mark)
        notes = [note for note in terminal.since(mark) if note["t"] <= drawn["t"]]
        presented = next(note["t"] for note in notes if note.get("what") == "CardPresented")
        self._ours.append(drawn["t"] - presented)
        units = [bytes.fromhex(note["unit"]) for note in notes if note.get("what") == "transmit"]
        self._units = len(units)
        card_s, trip_s = bare_card(units), bare_trip(terminal)
        self._bare.append(card_s + trip_s)
        self._parts.append({**_parts(notes, presented, drawn["t"]), "bare card": card_s, "bare trip": trip_s})
        terminal.bench.take_card()
        gone = terminal.wait_drawn("refused", mark)
        terminal.wait(lambda n: n["do"] == "draw" and n["screen"] == "idle" and n["t"] > gone["t"], mark)


def _parts(notes: list[Note], presented: float, drawn: float) -> dict[str, float]:
    def of(part: str) -> list[Note]:
        return [n for n in notes if n["do"] == "wire" and n["part"] == part and n["t0"] >= presented]

    card = [note for note in of("card") if note["what"] == "transmit"]
    (trip,) = of("centre")
    opened = next(note["t"] for note in notes if note.get("what") == "SessionOpened")
    return {
        "until the first command": card[0]["t0"] - presented,
        "commands": card[-1]["t1"] - card[0]["t0"],
        "certificate judged, session key made": trip["t0"] - card[-1]["t1"],
        "trip": trip["t1"] - trip["t0"],
        "answer checked": opened - trip["t1"],
        "PIN screen drawn": drawn - opened,
    }


def bare_card(units: list[bytes]) -> float:
    """Seconds from connecting to the last answer."""
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if result != scard.SCARD_S_SUCCESS:
        raise Unavailable("pcscd does not answer")
    try:
        _, readers = scard.SCardListReaders(context, [])
        reader = next(name for name in readers if READER_NAME in name)
        began = time.monotonic()
        result, card, _ = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        assert result == scard.SCARD_S_SUCCESS, f"no connection to the card ({result & 0xFFFFFFFF:08X})"
        for unit in units:
            result, answer = scard.SCardTransmit(card, scard.SCARD_PCI_T1, list(unit))
            assert result == scard.SCARD_S_SUCCESS, "the card did not answer"
            assert answer, "an empty answer of the card"
        took_s = time.monotonic() - began
        scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)
        return took_s
    finally:
        scard.SCardReleaseContext(context)


def bare_trip(terminal: Terminal) -> float:
    """Seconds for one connection to the centre and one `open` over it."""
    bench = terminal.bench
    name = bench.options.spot.terminal_id
    folder = bench.city.credentials_of[name]
    context = tls_context(folder / "centre.pin", folder / "terminal.crt", folder / "terminal.key")
    key = SessionKey()
    who = Identity(secrets.token_bytes(16), name, bench.city.municipality)
    body = json.dumps(
        {
            "v": 1,
            "session": who.session.hex(),
            "terminal": who.terminal,
            "municipality": who.municipality,
            "seq": 0,
            "public_key": base64.b64encode(key.public_bytes).decode(),
        }
    ).encode()
    address = urlsplit(bench.city.url)
    began = time.monotonic()
    line = http.client.HTTPSConnection(str(address.hostname), address.port, context=context, timeout=10)
    try:
        line.request("POST", f"{address.path.rstrip('/')}/v1/open", body, {"Content-Type": "application/json"})
        with line.getresponse() as response:
            response.read()
            took_s = time.monotonic() - began
            assert response.status == 200, f"the centre refused with {response.status}"
    finally:
        line.close()
    return took_s


_visits = Visits()


def measures() -> list[Measure]:
    note = f"{SLOW_MS} ms for each command to the card; both ways through the same pcscd and the same centre."
    return [
        Measure("card laid down → PIN screen", _visits.ours, _visits.bare, 1.25, PAIRS, note, report=_visits.report)
    ]


def close() -> None:
    _visits.close()
