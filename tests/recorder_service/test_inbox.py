"""What waits while the disk is slow."""

from __future__ import annotations

from drivers.camera import Look, Packet
from recorder.inbox import Dropped, Inbox


def drained(inbox):
    found = []
    while (item := inbox.get(0)) is not None:
        found.append(item)
    return found


def fill(inbox, seconds, size=100):
    """Ten packets a second, a keyframe and a look every two."""
    for tenth in range(seconds * 10):
        keyframe = tenth % 20 == 0
        inbox.put(Packet(bytes(size), keyframe, tenth * 100_000_000, 0))
        if keyframe:
            inbox.put(Look(b"", 160, 90, True, tenth * 100_000_000))


def test_ten_seconds_wait_whole():
    inbox = Inbox()
    fill(inbox, 11)
    items = drained(inbox)
    assert sum(isinstance(item, Packet) for item in items) == 110
    assert not any(isinstance(item, Dropped) for item in items)


def test_beyond_that_the_oldest_groups_go_whole_and_are_told():
    inbox = Inbox()
    fill(inbox, 30)
    items = drained(inbox)
    packets = [item for item in items if isinstance(item, Packet)]
    assert packets[0].keyframe
    assert 10 <= (packets[-1].boot_ns - packets[0].boot_ns) / 1e9 <= 14
    gone_ms = sum(item.ms for item in items if isinstance(item, Dropped))
    assert gone_ms + len(packets) * 100 == 30_000
    assert sum(isinstance(item, Look) for item in items) == 15, "who was there is still told"


def test_memory_is_bounded_by_bytes_as_well():
    inbox = Inbox(most_bytes=50_000)
    fill(inbox, 8, size=1000)
    assert sum(len(item.data) for item in drained(inbox) if isinstance(item, Packet)) <= 70_000
