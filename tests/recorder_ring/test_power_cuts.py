"""The power goes, at any step of any write, and any part of what was not synced is lost.

A hundred times; a thousand with ``RING_CUTS=1000 pytest tests/recorder_ring/test_power_cuts.py``. The same with a real
process that is killed is `tests/bench/ring_kills.py`.
"""

from __future__ import annotations

import os
import random
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.ring_facts import RingSettings
from recorder.vault import Vault

from .conftest import KEK, Machine, PowerCut

CUTS = int(os.environ.get("RING_CUTS", "100"))
BATCHES = max(1, CUTS // 100)
SMALL = RingSettings(b"the one recorder", 40.0, None, "overwrite_oldest")


def live(machine, video, dice, tried, promised):
    """Record until the power goes; `tried` gets every group, `promised` those whose writing has returned."""
    ring = machine.start()
    for number in range(10_000):
        if dice.random() < 0.05:
            ring.seal()
        group = machine.group(video, number, event=ring.next_event() if dice.random() < 0.2 else 1)
        machine.hands.seconds += 2.0
        tried.append(group)
        ring.append(group)
        promised.append(group)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_second_that_was_stored_plays_after_a_cut_and_nothing_of_an_older_lap_is_left(batch, tmp_path, video):
    played, pictures = bytearray(), 0
    for number in range(CUTS // BATCHES):
        dice = random.Random(batch * 1000 + number)
        folder = tmp_path / str(number)
        folder.mkdir()
        machine = Machine(folder, slots=4, slot_bytes=24 * 1024, rule=SMALL)
        tried, promised = [], []
        for _life in range(dice.choice((1, 1, 2, 3))):
            machine.power.cut_at = machine.power.steps + dice.randrange(1, 260)
            with pytest.raises(PowerCut):
                live(machine, video, dice, tried, promised)
            machine.power.cut_at = None
            machine.disk.go_dark(dice)
            machine.keys.go_dark(dice)
            machine.hands.seconds += dice.choice((0.5, 3.0, 600.0))

        ring = machine.start()
        found = machine.read(ring)
        _nothing_is_lost_or_mixed(tried, promised, found)
        for group in found:
            played += b"".join(packet.data for packet in group.packets)
            pictures += len(group.packets)
        _the_index_says_what_lies_there(machine, ring, found)
    assert pictures > 1000
    assert _plays(tmp_path / "all.h264", bytes(played)) == pictures


def _nothing_is_lost_or_mixed(tried, promised, found):
    by_time = {group.first.boot_ns: group for group in tried}
    assert [group.first.boot_ns for group in found] == sorted(group.first.boot_ns for group in found)
    for group in found:
        assert by_time.get(group.first.boot_ns) == group, "a group that nobody stored, or another one's pictures"
    if not promised:
        return
    # From the oldest that is still there on everything is there: no hole, and not one at the end.
    assert found, "something was stored and nothing is there"
    seen = {group.first.boot_ns for group in found}
    kept = [group.first.boot_ns for group in promised if group.first.boot_ns >= found[0].first.boot_ns]
    assert set(kept) <= seen
    assert promised[-1].first.boot_ns in seen


def _the_index_says_what_lies_there(machine, ring, found):
    visits = ring.visits(machine.at_us(-1e9), machine.at_us(1e9))
    assert {visit.event for visit in visits} == {group.event for group in found}
    again = Machine.read(machine, ring, found[0].first.utc_us / 1e6 - machine.at_us(0) / 1e6) if found else found
    assert again == found


def _plays(path: Path, stream: bytes) -> int:
    """How many pictures other people's programs can decode of it, without one complaint."""
    path.write_bytes(stream)
    decoded = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    assert decoded.stderr == ""
    counted = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames",
         "-of", "default=nk=1:nw=1", path],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(counted.stdout.split()[0])


def record(machine, ring, video, groups):
    for number in range(groups):
        machine.hands.seconds += 2.0
        ring.append(machine.group(video, number))


@pytest.mark.parametrize("steps", range(1, 16))
def test_a_cut_within_a_claim_leaves_the_old_video_or_none_of_it(steps, tmp_path, video):
    machine = Machine(tmp_path, slots=3, slot_bytes=24 * 1024, rule=replace(SMALL, min_elapsed_s=0.0))
    ring = machine.start()
    while not any(kind == "erased" for kind, _ in machine.told):
        record(machine, ring, video, 1)
    ring.seal()
    spans = ring.find(0, 1 << 62)
    oldest = min(spans, key=lambda span: span.header.generation)
    before = {group.first.boot_ns: group for group in ring.read(oldest)}
    machine.power.cut_at = machine.power.steps + steps
    with pytest.raises(PowerCut):
        record(machine, ring, video, 100)
    machine.power.cut_at = None
    for disk in (machine.disk, machine.keys):
        disk.go_dark(random.Random(steps))
    ring = machine.start()
    after = {
        g.first.boot_ns: g for s in ring.find(0, 1 << 62) if s.header.slot == oldest.header.slot for g in ring.read(s)
    }
    old = before.keys() & after.keys()
    assert old in (set(), before.keys()), "part of the old video is left"
    assert not old or after == before, "old and new video in one slot"


def test_what_was_claimed_over_cannot_be_opened_with_what_the_machine_still_has(machine, video):
    ring = machine.start()
    machine.rule = replace(machine.rule, min_elapsed_s=0.0)
    ring = machine.start()
    generations = set()
    for number in range(200):
        ring.append(machine.group(video, number))
        machine.hands.seconds += 2.0
    vault = Vault(machine.keys, machine.slots, KEK)
    erased = [facts for kind, facts in machine.told if kind == "erased"]
    assert len(erased) > machine.slots
    for facts in erased:
        generations.add(facts["generation"])
        assert vault.key(facts["slot"], facts["generation"]) is None
    assert generations.isdisjoint(span.header.generation for span in ring.find(0, 1 << 62))
