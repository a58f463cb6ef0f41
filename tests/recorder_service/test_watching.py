"""Faults of picture and books, as the service hears of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drivers.camera import Look
from recorder.ledgers import FILE, Ledgers
from recorder.watching import BookKeeper, PictureHealth

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def ledgers(tmp_path):
    made = Ledgers(tmp_path / FILE, lambda: NOW)
    yield made
    made.close()


def test_a_camera_that_sends_nothing_for_two_seconds_is_lost():
    picture = PictureHealth()
    assert picture.tick(0) == frozenset()
    assert picture.tick(2_500_000_000) == {"lost"}
    picture.heard(2_600_000_000)
    assert picture.tick(3_000_000_000) == frozenset()


def test_each_fault_is_in_the_book_once_with_its_end(ledgers):
    keeper = BookKeeper(ledgers, None)
    for faults in ({"lost"}, {"lost"}, {"lost", "disk"}, set()):
        keeper.write(frozenset(faults))
    rows = [(row.kind, row.data["fault"]) for row in ledgers.rows("health")]
    assert rows == [("began", "lost"), ("began", "disk"), ("ended", "disk"), ("ended", "lost")]
    assert keeper.faults(NOW, 0.0) == frozenset()


def test_a_book_that_cannot_be_written_is_a_fault_itself_and_nothing_worse(tmp_path):
    broken = Ledgers(tmp_path / FILE, lambda: NOW)
    keeper = BookKeeper(broken, None)
    broken.close()
    keeper.write(frozenset({"lost"}))
    assert keeper.faults(NOW, 0.0) == {"books"}


def test_a_dark_picture_is_a_fault_by_its_name():
    picture = PictureHealth()
    for second in range(0, 8, 2):
        boot_ns = second * 1_000_000_000
        picture.heard(boot_ns)
        picture.see(Look(bytes([4 + second % 3]) * (160 * 90), 160, 90, True, boot_ns), False)
    assert "dark" in picture.tick(7_000_000_000)
