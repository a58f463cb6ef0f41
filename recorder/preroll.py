"""The last seconds of the stream, compressed as they came, in memory only: what was before somebody was seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from drivers.camera import Packet


class Preroll:
    """Whole groups of pictures, each from a keyframe, that reach back at least `seconds`.

    most_bytes: what it may hold at most; then the oldest group goes early. `late` counts those.
    """

    def __init__(self, seconds: float, most_bytes: int = 32 << 20) -> None:
        self._reach_ns = round(seconds * 1e9)
        self._most_bytes = most_bytes
        self._groups: deque[list[Packet]] = deque()
        self._bytes = 0
        self.late = 0

    def add(self, packet: Packet) -> None:
        """The next packet of the stream. Before the first keyframe there is nothing that could be shown."""
        if packet.keyframe:
            self._groups.append([])
        if not self._groups:
            return
        self._groups[-1].append(packet)
        self._bytes += len(packet.data)
        while len(self._groups) > 1 and packet.boot_ns - self._groups[1][0].boot_ns >= self._reach_ns:
            self._drop()
        while len(self._groups) > 1 and self._bytes > self._most_bytes:
            self._drop()
            self.late += 1

    def take(self, since_ns: int, until_ns: int | None = None) -> Iterator[tuple[Packet, ...]]:
        """The whole groups that show anything since then, oldest first; they are gone from the memory.

        The first begins with a keyframe, so up to one group earlier than asked for; the one still growing is left, and
        so are those that begin after `until_ns`.
        """
        while len(self._groups) > 1 and (until_ns is None or self._groups[0][0].boot_ns <= until_ns):
            ends_ns = self._groups[1][0].boot_ns
            group = self._drop()
            if ends_ns > since_ns:
                yield tuple(group)

    def growing(self) -> tuple[Packet, ...]:
        """The group that is not finished, because the stream ends here; it is gone from the memory. Often empty."""
        return tuple(self._drop()) if len(self._groups) == 1 else ()

    def grows_at(self, boot_ns: int) -> bool:
        """Whether the group that holds this instant is still growing."""
        return len(self._groups) == 1 and self._groups[0][0].boot_ns <= boot_ns

    def finished(self) -> Iterator[tuple[Packet, ...]]:
        """Every whole group, oldest first, as `take` from the beginning."""
        return self.take(-1)

    def forget(self) -> None:
        """Nothing of before: the doors were closed, or the stream is another one."""
        self._groups.clear()
        self._bytes = 0

    def _drop(self) -> list[Packet]:
        group = self._groups.popleft()
        self._bytes -= sum(len(packet.data) for packet in group)
        return group
