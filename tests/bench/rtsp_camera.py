"""A camera for measuring: H.264 over RTSP (RFC 2326), interleaved on its one TCP connection, at real-time pace.

It shows a lead of the empty place again and again; `play` lets the clip follow, and the lead again after it. Everybody
who is connected gets the same pictures at the same moment, from the next keyframe on.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from drivers.camera import parameter_sets, units
from hardware_sim.camera.film import Unit

PAYLOAD: Final = 96
LONGEST: Final = 1400
"""Bytes of one RTP packet, as a camera on Ethernet sends them."""
HZ: Final = 90_000
_FU_A: Final = 28
_RTP: Final = struct.Struct(">BBHII")


@dataclass
class _Client:
    connection: socket.socket
    playing: bool = False
    begun: bool = False
    number: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class RtspCamera:
    """Use as a context. lead and clip: whole groups of pictures, parameter sets before each keyframe."""

    def __init__(self, lead: Sequence[Unit], clip: Sequence[Unit], fps: float) -> None:
        self._lead, self._clip, self._fps = list(lead), list(clip), fps
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients: list[_Client] = []
        self._wanted, self._shown, self._ending = threading.Event(), threading.Event(), threading.Event()
        self._began_s = 0.0

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/stream"

    @property
    def watched_by(self) -> int:
        """How many get pictures now."""
        return sum(client.begun for client in self._clients)

    def __enter__(self) -> RtspCamera:
        for work in (self._accept, self._send):
            threading.Thread(target=work, name=f"camera{work.__name__}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.connection.shutdown(socket.SHUT_RDWR)

    def play(self) -> float:
        """The clip, as soon as the lead is through. Monotonic second of its first picture, once that is sent."""
        self._wanted.set()
        self._shown.wait()
        return self._began_s

    # ---- pictures ----------------------------------------------------------------------------------------------

    def _programme(self) -> Iterator[tuple[Unit, bool]]:
        while not self._wanted.is_set():
            yield from ((unit, False) for unit in self._lead)
        yield from ((unit, number == 0) for number, unit in enumerate(self._clip))
        while True:
            yield from ((unit, False) for unit in self._lead)

    def _send(self) -> None:
        began_s = time.monotonic()
        for number, (unit, first) in zip(itertools.count(), self._programme(), strict=False):
            if self._ending.wait(max(0.0, began_s + number / self._fps - time.monotonic())):
                return
            if first:
                self._began_s = time.monotonic()
                self._shown.set()
            nals = [one.lstrip(b"\0")[1:] for _, one in units(unit.data)]
            for client in list(self._clients):
                if client.playing and (client.begun or unit.keyframe):
                    client.begun = True
                    self._send_to(client, nals, round(number * HZ / self._fps))

    def _send_to(self, client: _Client, nals: Sequence[bytes], at: int) -> None:
        packets = [part for nal in nals for part in fragments(nal)]
        wire = bytearray()
        for place, part in enumerate(packets):
            marker = 0x80 if place == len(packets) - 1 else 0
            head = _RTP.pack(0x80, marker | PAYLOAD, client.number & 0xFFFF, at & 0xFFFFFFFF, 1)
            wire += struct.pack(">cBH", b"$", 0, len(head) + len(part)) + head + part
            client.number += 1
        try:
            with client.lock:
                client.connection.sendall(wire)
        except OSError:
            client.playing = client.begun = False

    # ---- asking for them ---------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = _Client(connection)
            self._clients.append(client)
            threading.Thread(target=self._talk, args=(client,), name="camera_talk", daemon=True).start()

    def _talk(self, client: _Client) -> None:
        with client.connection, contextlib.suppress(OSError, ValueError), client.connection.makefile("rb") as asked:
            while line := asked.readline():
                if line[:1] == b"$":  # a receiver report; its length may hold a line's end
                    asked.read(struct.unpack(">H", (line + asked.read(max(0, 4 - len(line))))[2:4])[0] + 4 - len(line))
                    continue
                method, _, fields = line.decode().partition(" ")
                sequence = "0"
                while (field_ := asked.readline().decode().strip()) != "":
                    name, _, value = field_.partition(":")
                    sequence = value.strip() if name.lower() == "cseq" else sequence
                self._answer(client, method, fields.split()[0], sequence)
        client.playing = client.begun = False

    def _answer(self, client: _Client, method: str, url: str, sequence: str) -> None:
        more, body = "", ""
        match method:
            case "OPTIONS":
                more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
            case "DESCRIBE":
                body = self._description()
                more = f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n"
            case "SETUP":
                more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            case _:
                more = "Session: 1\r\n"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        with client.lock:
            client.connection.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{more}{length}\r\n{body}".encode())
        client.playing = client.playing or method == "PLAY"

    def _description(self) -> str:
        """SDP (RFC 4566) with the parameter sets (RFC 6184)."""
        sets = [one[4:] for _, one in units(parameter_sets(self._lead[0].data))]
        coded = ",".join(base64.b64encode(one).decode() for one in sets)
        lines = [
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "t=0 0", f"m=video 0 RTP/AVP {PAYLOAD}",
            "c=IN IP4 0.0.0.0", f"a=rtpmap:{PAYLOAD} H264/{HZ}", f"a=framerate:{self._fps:g}",
            f"a=fmtp:{PAYLOAD} packetization-mode=1;profile-level-id={sets[0][1:4].hex()};sprop-parameter-sets={coded}",
            "a=control:trackID=0", "",
        ]  # fmt: skip
        return "\r\n".join(lines)


def fragments(nal: bytes) -> Iterator[bytes]:
    """A NAL unit as payloads of RTP (RFC 6184: single, or FU-A)."""
    if len(nal) <= LONGEST:
        yield nal
        return
    indicator, kind = nal[0] & 0x60 | _FU_A, nal[0] & 0x1F
    for at in range(1, len(nal), LONGEST):
        ends = (0x80 if at == 1 else 0) | (0x40 if at + LONGEST >= len(nal) else 0)
        yield bytes((indicator, ends | kind)) + nal[at : at + LONGEST]
