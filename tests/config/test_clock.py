"""One settable time for several processes; real time on a real machine."""

import dataclasses
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import Clock, ClockFault, ClockFile, SimulatedClock, SystemClock, open_clock
from config.errors import ConfigError
from config.schema import BenchSettings, Machine, Settings

NEAR = timedelta(seconds=30)
"""Far more than a test takes, far less than any step made here."""
NOON = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clock"


@pytest.fixture
def bench(path: Path) -> Iterator[ClockFile]:
    with ClockFile.create(path) as bench:
        yield bench


@pytest.fixture
def join(path: Path, bench: ClockFile) -> Iterator[Callable[[str], SimulatedClock]]:
    joined: list[SimulatedClock] = []

    def join(slot: str) -> SimulatedClock:
        joined.append(SimulatedClock(path, slot))
        return joined[-1]

    yield join
    for clock in joined:
        clock.close()


@pytest.fixture
def turning() -> Iterator[Callable[[Clock], None]]:
    """Loops that go on turning beside the test."""
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def turn(clock: Clock) -> None:
        while not ended.wait(0.001):
            clock.acknowledge()

    def start(clock: Clock) -> None:
        threads.append(threading.Thread(target=turn, args=(clock,)))
        threads[-1].start()

    yield start
    ended.set()
    for thread in threads:
        thread.join()


def word(path: Path, at: int, value: int | None = None) -> int:
    """Read, or write, one eight-byte word of the file, past all rules."""
    with path.open("r+b") as file:
        file.seek(8 * at)
        found: int = struct.unpack("=q", file.read(8))[0]
        if value is not None:
            file.seek(8 * at)
            file.write(struct.pack("=q", value))
    return found


SEQUENCE, UTC_OFFSET = 2, 3

JOIN = "import sys; from config.clock import *; clock = SimulatedClock(Path(sys.argv[1]), 'kiosk'); "
"""Program of another process."""


# --- real time ---


def test_the_systems_clock_is_real_time() -> None:
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(UTC)) < NEAR
    assert clock.now().tzinfo is UTC
    first = clock.boot()
    clock.acknowledge()
    assert clock.boot() >= first
    assert abs(first - time.clock_gettime(time.CLOCK_BOOTTIME)) < NEAR.total_seconds()


# --- settable time ---


def test_a_new_clock_file_shows_real_time(bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    real = SystemClock()
    for clock in (bench, join("kiosk")):
        assert abs(clock.now() - real.now()) < NEAR
        assert abs(clock.boot() - real.boot()) < NEAR.total_seconds()


def test_setting_the_wall_clock_leaves_durations_alone(bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    clock = join("kiosk")
    before = clock.boot()
    bench.set_utc(NOON)
    assert timedelta(0) <= clock.now() - NOON < NEAR
    assert clock.now().utcoffset() == timedelta(0)
    assert 0 <= clock.boot() - before < NEAR.total_seconds()
    bench.set_utc(NOON - timedelta(days=400))
    assert timedelta(0) <= bench.now() - (NOON - timedelta(days=400)) < NEAR
    with pytest.raises(ValueError, match="naive"):
        bench.set_utc(datetime(2026, 1, 1))


def test_advancing_moves_both_clocks(bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    bench.set_utc(NOON)
    clock = join("kiosk")
    before = clock.boot()
    bench.advance(3600.5, timeout_s=0)
    assert timedelta(0) <= clock.now() - NOON - timedelta(seconds=3600.5) < NEAR
    assert 3600.5 <= clock.boot() - before < 3600.5 + NEAR.total_seconds()
    with pytest.raises(ValueError, match="never goes back"):
        bench.advance(-1, timeout_s=0)


def test_two_processes_see_the_same_time(bench: ClockFile, path: Path) -> None:
    bench.set_utc(NOON)
    code = JOIN + "print(clock.now().isoformat())"
    shown = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout
    assert timedelta(0) <= datetime.fromisoformat(shown.strip()) - NOON < NEAR


# --- acknowledging ---


def test_nobody_listening_is_nobody_to_wait_for(bench: ClockFile) -> None:
    assert bench.advance(1, timeout_s=0)


def test_advance_returns_when_every_loop_has_turned(
    bench: ClockFile, join: Callable[[str], SimulatedClock], turning: Callable[[Clock], None]
) -> None:
    turning(join("kiosk"))
    turning(join("recorder"))
    assert bench.advance(60, timeout_s=20)


def test_advance_tells_when_a_loop_stands_still(
    bench: ClockFile, join: Callable[[str], SimulatedClock], turning: Callable[[Clock], None]
) -> None:
    turning(join("kiosk"))
    standing = join("recorder")
    assert not bench.advance(60, timeout_s=0.01)
    standing.close()
    assert bench.advance(60, timeout_s=20)


def test_a_turn_begun_in_the_old_time_does_not_count(bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    clock = join("kiosk")
    clock.acknowledge()
    clock.now()
    assert not bench.advance(60, timeout_s=0)
    clock.acknowledge()  # the end of the turn that read the old time
    assert not bench.advance(0, timeout_s=0)
    clock.acknowledge()
    target = word(clock._file.path, SEQUENCE)
    assert bench._late(target)
    clock.acknowledge()  # the end of a turn that could only read the new one
    assert not bench._late(target)


def test_a_process_that_died_does_not_block(bench: ClockFile, path: Path) -> None:
    code = JOIN + "print('in', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        assert not bench.advance(1, timeout_s=0)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, not yet collected
        assert bench.advance(1, timeout_s=0)
    assert bench.advance(1, timeout_s=0)


@pytest.fixture
def forked() -> Iterator[Callable[[Callable[[], None]], int]]:
    """Children that do one thing, say so, and live until the test ends."""
    children: list[tuple[int, int]] = []

    def fork(first: Callable[[], None]) -> int:
        told_r, told_w = os.pipe()
        held_r, held_w = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the fork
            try:
                os.close(held_w)
                first()
                os.write(told_w, b"!")
                os.read(held_r, 1)
            finally:
                os._exit(0)
        os.close(told_w)
        os.close(held_r)
        assert os.read(told_r, 1) == b"!"
        os.close(told_r)
        children.append((child, held_w))
        return child

    yield fork
    for child, held in children:
        os.close(held)
        os.waitpid(child, 0)


def test_a_slot_is_whose_loop_turns(
    bench: ClockFile, join: Callable[[str], SimulatedClock], forked: Callable[[Callable[[], None]], int]
) -> None:
    clock = join("kiosk")
    forked(clock.acknowledge)
    clock.close()
    assert not bench.advance(1, timeout_s=0), "the parent left, but its child still lives by the slot"


def test_the_parent_can_have_its_slot_back(bench: ClockFile, path: Path) -> None:
    with SimulatedClock(path, "kiosk") as clock:
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the fork
            try:
                clock.acknowledge()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert bench.advance(1, timeout_s=0), "the slot was the child's, and the child is gone"
        clock.acknowledge()
        assert not bench.advance(1, timeout_s=0)


def test_a_process_started_anew_takes_its_old_slot(bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    join("kiosk")
    again = join("kiosk")
    for _ in range(2):
        again.acknowledge()
    assert bench.advance(0, timeout_s=0) is False
    for _ in range(2):
        again.acknowledge()
    assert not bench._late(word(again._file.path, SEQUENCE))


def test_there_are_eight_slots(path: Path, bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    clocks = [join(f"loop {n}") for n in range(8)]
    with pytest.raises(ConfigError, match="all 8 slots are taken"):
        SimulatedClock(path, "one more")
    clocks[3].close()
    clocks[3] = join("one more")


@pytest.mark.parametrize("slot", ["", "x" * 33])
def test_a_slot_needs_a_name_that_fits(path: Path, bench: ClockFile, slot: str) -> None:
    with pytest.raises(ValueError, match="is not a slot name"):
        SimulatedClock(path, slot)


# --- never half a time ---


def test_no_reader_ever_sees_half_a_change(bench: ClockFile, join: Callable[[str], SimulatedClock]) -> None:
    """Each change sets both offsets to one value; a reader that ever sees two saw half a change."""
    code = (
        "import sys; from config.clock import *; b = ClockFile(Path(sys.argv[1])); print('go', flush=True)\n"
        "n = 0\n"
        "while True: n += 1; b._file.write(lambda *_: (n << 20, n << 20))"
    )
    reader = join("kiosk")._file
    with subprocess.Popen([sys.executable, "-c", code, reader.path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = set()
        give_up = time.monotonic() + 20
        while len(seen) < 500 and time.monotonic() < give_up:
            sequence, utc_ns, boot_ns = reader.read()
            assert (utc_ns, sequence % 2) == (boot_ns, 0)
            seen.add(sequence)
        process.kill()
    assert len(seen) == 500


def test_a_reader_waits_for_a_writer_in_the_middle(bench: ClockFile, path: Path) -> None:
    bench.set_utc(NOON)
    word(path, SEQUENCE, word(path, SEQUENCE) + 1)
    shown: list[datetime] = []
    reader = threading.Thread(target=lambda: shown.append(bench.now()))
    reader.start()
    reader.join(0.05)
    assert not shown
    word(path, SEQUENCE, word(path, SEQUENCE) - 1)
    reader.join(20)
    assert shown[0] - NOON < NEAR


def test_values_that_do_not_belong_together_are_never_given(
    bench: ClockFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.clock._PATIENCE_S", 0.01)
    word(path, UTC_OFFSET, 12345)
    with pytest.raises(ClockFault, match="restart the bench"):
        bench.now()


def test_what_a_dead_writer_left_is_mended_by_the_next(bench: ClockFile, path: Path) -> None:
    word(path, SEQUENCE, 1)
    bench.set_utc(NOON)
    assert bench.now() - NOON < NEAR
    assert word(path, SEQUENCE) == 2


# --- opening ---


def machine(settings: Settings, clock_file: Path, **changes: object) -> Machine:
    bench = BenchSettings(clock_file, Path("/run/m"), Path("/run/v"))
    return dataclasses.replace(settings.machine, bench=bench, **changes)


def test_a_simulation_lives_by_the_benchs_clock(settings: Settings, bench: ClockFile, path: Path) -> None:
    bench.set_utc(NOON)
    clock = open_clock(machine(settings, path), "kiosk")
    assert clock.now() - NOON < NEAR
    assert isinstance(clock, SimulatedClock)
    with clock:
        pass


def test_without_a_bench_there_is_real_time(settings: Settings) -> None:
    for simulation in (True, False):
        real = dataclasses.replace(settings.machine, bench=None, simulation=simulation)
        assert isinstance(open_clock(real, "kiosk"), SystemClock)


def test_real_devices_refuse_the_benchs_clock(settings: Settings, bench: ClockFile, path: Path) -> None:
    with pytest.raises(ConfigError, match=r"bench.clock_file: .*simulation is false"):
        open_clock(machine(settings, path, simulation=False), "kiosk")


def test_a_missing_clock_file_says_what_to_do(settings: Settings, path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file.*start the bench first"):
        open_clock(machine(settings, path), "kiosk")


@pytest.mark.parametrize("content", [b"", b"x" * 576, b"KIOSKCLK" + bytes([9]) + bytes(567)])
def test_another_file_is_not_taken_for_a_clock(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    before = path.read_bytes()
    for opener in (ClockFile, lambda file: SimulatedClock(file, "kiosk")):
        with pytest.raises(ConfigError, match="not a clock file of this version"):
            opener(path)
    assert path.read_bytes() == before


def test_a_new_clock_file_replaces_an_old_one(path: Path, bench: ClockFile) -> None:
    bench.set_utc(NOON + timedelta(days=400))
    with ClockFile.create(path) as fresh:
        assert abs(fresh.now() - datetime.now(UTC)) < NEAR
    assert [file.name for file in path.parent.iterdir()] == [path.name]
