"""A shop that records without pause, on the real ring: both policies, and the day on which the forecast says so.

Hours are scaled: one second of the test's clock stands for one hour, a day is 24 of them, and so is all else: 1,920
seconds of capacity, a floor of 5,760.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import config
from config.hours import machine_hours
from config.ledger import LedgerRow
from config.load import load_profile
from drivers.camera import Packet
from recorder.forecast import capacity_s, forecast
from recorder.holds import Holds
from recorder.index import Index
from recorder.record import Group
from recorder.recovery import open_ring
from recorder.ring import Ring
from recorder.ring_facts import RingFull, RingSettings, Stage
from recorder.sizing import open_min
from recorder.times import TrustedTime
from recorder.vault import Vault, empty

KEK = bytes(32)
START = datetime(2027, 4, 1, tzinfo=UTC)
FIRST = date(2027, 4, 1)
DAY, FLOOR, FLOOR_DAYS = 24, 5760.0, 240
GROUPS, RECORD, PACKET = 12, 672, 171
"""Groups in a slot; what one takes; three pictures in each."""
SLOT_BYTES = 8192 + GROUPS * RECORD
GROUP_S = {"fujisawa": 2.75, "saga": 1.75}
"""So that a day is a whole number of groups."""
CAPACITY_S = 1920


class Disk:
    """A `Place` in memory."""

    def __init__(self, slots: int, slot_bytes: int) -> None:
        self.slots, self.slot_bytes = slots, slot_bytes
        self.image = [bytearray(slot_bytes) for _ in range(slots)]

    def read(self, slot: int, offset: int, size: int) -> bytes:
        return bytes(self.image[slot][offset : offset + size])

    def write(self, slot: int, offset: int, data: bytes) -> None:
        self.image[slot][offset : offset + len(data)] = data

    def sync(self, slot: int) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class Rows:
    kept: list[LedgerRow] = field(default_factory=list)

    def append(self, kind: str, data: dict) -> int:
        self.kept.append(LedgerRow(len(self.kept) + 1, START, kind, dict(data), b""))
        return len(self.kept)

    def rows(self, after: int = 0) -> list[LedgerRow]:
        return self.kept[after:]


@dataclass
class Shop:
    """A ring that is filled by the hours of a profile."""

    folder: Path
    name: str
    policy: str
    reserve: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        hours = machine_hours(load_profile(Path(config.__file__).with_name(f"{self.name}.toml")))
        self.open_h = lambda day: open_min(hours, day) / 60
        self.group_s = GROUP_S[self.name]
        slots = int(CAPACITY_S / (GROUPS * self.group_s))
        keys = Disk(1, (slots + 1) * 128)
        keys.image[0][:] = empty(slots, KEK)
        self.told: list[tuple[str, dict]] = []
        self.footage: dict[date, float] = {}
        self.time = TrustedTime(
            self, self.folder / "elapsed", synced=lambda: True, chip=self.now, boot_id=lambda: b"the only start!!"
        )
        rule = RingSettings(b"the one recorder", FLOOR, FLOOR, self.policy, self.reserve)  # type: ignore[arg-type]
        self.index = Index(self.folder / "index.sqlite")
        self.ring: Ring = open_ring(
            Disk(slots, SLOT_BYTES), Vault(keys, slots, KEK), rule, self.time, self.index, Holds(Rows()),
            lambda kind, facts: self.told.append((kind, dict(facts))),
        )  # fmt: skip

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def boot(self) -> float:
        return 1000.0 + self.seconds

    def acknowledge(self) -> None:
        pass

    @property
    def ages(self) -> list[int]:
        """Days of age of all that was written over, not counting what had expired."""
        return [facts["age_s"] // DAY for kind, facts in self.told if kind == "erased" and facts["why"] != "expired"]

    @property
    def stages(self) -> list[str]:
        return [facts["stage"] for kind, facts in self.told if kind == "stage"]

    def day(self, number: int) -> date | None:
        """One day of recording without pause; its date when the ring has to let go of something young, or refuses."""
        today = FIRST + timedelta(days=number)
        open_h = self.open_h(today)
        self.seconds = number * DAY + 6.0
        self.ring.expire()
        for _ in range(round(open_h / self.group_s)):
            stamp = self.time.stamp()
            packets = tuple(
                Packet(bytes(PACKET), n == 0, stamp.boot_ns + round(n * self.group_s / 3 * 1e9), stamp.utc_us)
                for n in range(3)
            )
            self.ring.append(Group(number + 1, stamp, packets))
            self.seconds += self.group_s
        self.footage[today] = open_h
        return today if self.ring.stage is not Stage.NORMAL else None

    def foreseen(self, number: int) -> int | None:
        """Days left, on the morning of a day. What is an hour is a second here."""
        room_s = capacity_s(self.ring.state(), GROUPS * self.group_s, self.reserve)
        today = FIRST + timedelta(days=number)
        return forecast(self.footage, room_s, self.open_h, FLOOR_DAYS, today).days_left


@pytest.fixture
def shop(tmp_path: Path) -> Iterator:
    made: list[Shop] = []

    def make(name: str, policy: str, reserve: int = 0) -> Shop:
        made.append(Shop(tmp_path, name, policy, reserve))
        return made[-1]

    yield make
    for one in made:
        one.ring.close()


def run(shop: Shop) -> tuple[int, dict[int, int | None]]:
    """The day of the conflict, and what was foreseen on the morning of each day."""
    foreseen: dict[int, int | None] = {}
    for number in range(200):
        foreseen[number] = shop.foreseen(number)
        if shop.day(number):
            return number, foreseen
    raise AssertionError("200 days without a conflict")


def in_time(conflict: int, foreseen: dict[int, int | None]) -> bool:
    """30, 14 and 7 days before, as near as slots of two days allow; of the field's there are eighty a day."""
    return all(abs((foreseen[conflict - ahead] or 0) - ahead) <= 2 for ahead in (30, 14, 7, 0))


def test_overwrite_oldest_goes_on_recording_and_says_so(shop) -> None:
    one = shop("fujisawa", "overwrite_oldest")
    conflict, foreseen = run(one)
    assert conflict == 116  # 1,914 hours at 16.5 a day: the 117th day, as the sizing table says
    assert in_time(conflict, foreseen)
    assert one.stages == ["overwriting_young"]
    for number in range(conflict + 1, conflict + 20):
        one.day(number)
    assert set(one.ages) <= {114, 115, 116}, "days of age of what was written over, not 240"
    assert len(one.ages) >= 9
    assert one.ring.state().footage_s >= 0.97 * CAPACITY_S
    first = min(FIRST + timedelta(days=visit.event - 1) for visit in one.index.visits(0, 1 << 62))
    assert (max(one.footage) - first).days >= 114, "the newest 115 days are there, without a gap"


def test_protect_the_floor_takes_the_reserve_then_keyframes_then_refuses(shop) -> None:
    one = shop("fujisawa", "protect_floor_and_alarm", reserve=8)
    conflict, foreseen = run(one)
    assert conflict == 100  # eight of 58 slots are kept back
    assert in_time(conflict, foreseen)
    refused = conflict
    with contextlib.suppress(RingFull):
        while True:
            refused += 1
            one.day(refused)
    assert one.stages == ["reserve", "thinned", "refusing"]
    assert refused - conflict >= 16, "the reserve bought time, and keyframes alone some more"
    assert one.ages == [], "nothing younger than the floor was written over"
    with pytest.raises(RingFull, match="release a hold, or use a larger disk"):
        one.day(refused + 1)
    # When the first days are past the floor there is room again, and recording goes on by itself.
    for number in range(FLOOR_DAYS + 30, FLOOR_DAYS + 34):
        one.day(number)
    assert one.stages[-1] == "normal"
    assert one.ages == []


def test_saga_s_hours_never_reach_the_conflict(shop) -> None:
    one = shop("saga", "protect_floor_and_alarm", reserve=2)
    for number in range(400):
        if number % 50 == 40:
            assert one.foreseen(number) is None
        assert one.day(number) is None
    assert one.ages == []
    assert one.stages == []
