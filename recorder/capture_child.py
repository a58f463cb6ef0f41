"""The process that holds the camera (``python -m recorder.capture_child``): started by `capture.py`, never by hand.

It hands on every packet as it is stored later, and small grey pictures to look at: of keyframes as they come, and of
every picture of a group when it is asked to look into one. It keeps the packets of the last groups for that.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import av
from av.video.reformatter import Interpolation, VideoReformatter

from drivers.camera import CameraError, Codec, Packet, StreamFacts, make_source
from recorder.frugal import settle
from recorder.masking import Masker
from recorder.quiet import Quiet
from recorder.wire import OF_KEYFRAME, STIRRED, Kind, Message, Wire, WireClosed, message, together

LOOK_WIDTH: Final = 160
LOOKS_A_SECOND: Final = 2.0
"""Of a stream whose every picture is a keyframe (MJPEG)."""
GROUPS: Final = 3
TOGETHER_NS: Final = 500_000_000
"""Packets wait for so long at most to be handed on together."""
GATHER_S: Final = 0.45
"""So long nobody reads when the newest picture has been read: most of what a packet costs is to wake up for it."""
LONGEST_S: Final = 10.0
"""Without a keyframe for so long nothing that is stored could be shown."""


class Looker:
    """Small grey pictures of packets. Keyframes and whole groups have a decoder each: neither confuses the other."""

    def __init__(self, facts: StreamFacts) -> None:
        self._facts = facts
        self._size = LOOK_WIDTH, max(2, round(LOOK_WIDTH * facts.height / facts.width / 2) * 2)
        self._shrink = VideoReformatter()
        self._keyframes = self._decoder()
        self._newest_ns = -(1 << 62)
        self._quiet = Quiet()

    def closely(self, every: bool) -> None:
        """Whether somebody is there, or may be."""
        self._quiet.closely = every

    def look(self, packet: Packet, frame: Any = None) -> Message | None:
        """Told of every packet on the way: of a keyframe, unless the stream's sizes say that nothing has changed.

        frame: what it shows, if that is known anyway.
        """
        if not packet.keyframe:
            self._quiet.add(len(packet.data))
            return None
        left_out = self._facts.codec is Codec.H264 and self._quiet.leave_out(len(packet.data))
        if frame is not None:
            return self.picture(frame, packet.boot_ns, self._flag())
        return None if left_out else self.keyframe(packet)

    def keyframe(self, packet: Packet) -> Message | None:
        """Of a keyframe on the way; None where there was one a moment ago, or where it cannot be decoded."""
        if packet.boot_ns - self._newest_ns < 0.9e9 / LOOKS_A_SECOND:
            return None
        self._newest_ns = packet.boot_ns
        frames = list(self._decode(self._keyframes, [packet]))
        return self.picture(frames[0], packet.boot_ns, self._flag()) if frames else None

    def group(self, packets: list[Packet]) -> list[Message]:
        """Of every picture of a group."""
        # One after the other: a large picture takes more than a megabyte.
        return [self.picture(frame, 1000 * frame.pts, 0) for frame in self._decode(self._decoder(), packets)]

    def picture(self, frame: Any, boot_ns: int, flag: int) -> Message:
        width, height = self._size
        small = self._shrink.reformat(frame, width, height, "gray", interpolation=Interpolation.AREA, threads=1)
        plane = small.planes[0]
        view, step = memoryview(plane).cast("B"), plane.line_size
        rows = b"".join(bytes(view[row * step : row * step + width]) for row in range(height))
        return Message(Kind.LOOK, boot_ns, flag, struct.pack("<HH", width, height) + rows)

    def _flag(self) -> int:
        return OF_KEYFRAME | (STIRRED if self._quiet.stirred else 0)

    def _decoder(self) -> Any:
        decoder: Any = av.CodecContext.create(self._facts.codec.value, "r")
        decoder.thread_count = 1
        # No point of a keyframe is predicted from filtered ones (ITU-T H.264, 8.3), within a group it makes less than a
        # grey level, and a small picture does not show the edges of blocks: a third of the work for nothing.
        h264 = {"flags": "low_delay", "skip_loop_filter": "all"}
        decoder.options = h264 if self._facts.codec is Codec.H264 else {"lowres": "2"}
        return decoder

    def _decode(self, decoder: Any, packets: list[Packet]) -> Iterator[Any]:
        """Their pictures, in order; pts is boot time in microseconds. Afterwards the decoder knows nothing of them."""
        for packet in [*packets, None]:
            raw = None if packet is None else av.Packet(packet.data)
            if packet is not None and raw is not None:
                raw.pts = raw.dts = packet.boot_ns // 1000
            try:
                yield from decoder.decode(raw)
            except av.error.FFmpegError:
                continue  # a damaged picture: what is stored is the camera's own, whatever it is
        decoder.flush_buffers()


class Child:
    """Reads, sends, looks, until the camera fails or the recorder has gone."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._groups: deque[list[Packet]] = deque(maxlen=GROUPS)
        self._waiting: list[Packet] = []
        self._keyframe_ns: int | None = None
        self._masker: Masker | None = None
        self._looker: Looker | None = None

    def run(self) -> None:
        """Raises WireClosed when the recorder has gone, CameraError when the camera fails."""
        settings = self._wire.receive(None)
        assert settings is not None
        wish = settings.facts
        source = make_source(wish["source"], wish["width"], wish["height"], wish["fps"])
        try:
            facts = source.open()
            if wish["mask"]:
                self._masker = Masker(facts, wish["mask"])
                facts = self._masker.facts
            self._looker = Looker(facts)
            self._say(facts)
            settle()
            while True:
                packet = source.read()
                if packet is not None:
                    self._take(packet)
                newest = source.keeps and packet is not None and _age_s(packet) < 1 / facts.fps
                if newest:
                    self._hand_on()
                self._asked(GATHER_S if newest else 0.0)
        finally:
            self._hand_on()
            source.close()

    def _say(self, facts: StreamFacts) -> None:
        self._wire.send(
            message(
                Kind.FACTS,
                codec=facts.codec.value,
                width=facts.width,
                height=facts.height,
                fps=facts.fps,
                sets=facts.parameter_sets.hex(),
            )
        )

    def _take(self, packet: Packet) -> None:
        assert self._looker is not None
        if self._masker is None:
            self._store(packet, self._looker.look(packet))
            return
        for masked, frame in self._masker.feed(packet):
            self._store(masked, self._looker.look(masked, frame))

    def _store(self, packet: Packet, look: Message | None) -> None:
        if packet.keyframe:
            self._keyframe_ns = packet.boot_ns
            self._groups.append([])
        elif self._keyframe_ns is None or packet.boot_ns - self._keyframe_ns > LONGEST_S * 1e9:
            if self._keyframe_ns is None:
                self._keyframe_ns = packet.boot_ns
                return
            raise CameraError("no_keyframes", "no keyframe for 10 s: set the camera's GOP to 2 s or less")
        if self._groups:
            self._groups[-1].append(packet)
            self._waiting.append(packet)
            if packet.boot_ns - self._waiting[0].boot_ns >= TOGETHER_NS:
                self._hand_on()
        if look is not None:
            self._hand_on()
            self._wire.send(look)

    def _hand_on(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._wire.send(together(waiting))

    def _asked(self, wait_s: float) -> None:
        """What the recorder asks; waits so long for it."""
        until_s = time.monotonic() + wait_s
        while (asked := self._wire.receive(max(0.0, until_s - time.monotonic()))) is not None:
            if asked.kind is Kind.INTO:
                self._look_into(asked.boot_ns)
            elif asked.kind is Kind.CLOSELY and self._looker is not None:
                self._looker.closely(bool(asked.flag))

    def _look_into(self, boot_ns: int) -> None:
        assert self._looker is not None
        groups = list(self._groups)
        at = max((n for n, group in enumerate(groups) if group[0].boot_ns <= boot_ns), default=0)
        for group in groups[max(0, at - 1) : at + 1]:
            for look in self._looker.group(group):
                self._wire.send(look)
        self._wire.send(Message(Kind.DONE, boot_ns))


def _age_s(packet: Packet) -> float:
    return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - packet.boot_ns) / 1e9


def main() -> int:
    wire = Wire(socket.socket(fileno=int(sys.argv[1])))
    try:
        Child(wire).run()
    except WireClosed:
        return 0
    except CameraError as error:
        print(error, file=sys.stderr)
        try:
            wire.send(message(Kind.LOST, reason=error.reason))
        except WireClosed:
            return 0
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
