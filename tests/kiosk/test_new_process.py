"""What a new process knows before anybody came: books, latches, open entries, random names, the parts it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.__main__ import first_session
from kiosk.journal import Journal

AT = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)


@pytest.fixture
def journal(settings, tmp_path: Path):
    opened = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
    yield opened
    opened.close()


def new_process(settings: Any, journal: Journal) -> Any:
    base = SimpleNamespace(settings=settings)
    book = SimpleNamespace(names=tuple)
    return first_session(base, journal, SimpleNamespace(now=lambda: AT), book)  # type: ignore[arg-type]


def test_a_new_process_knows_latch_denials_and_what_was_interrupted(settings, journal) -> None:
    journal.commit([f.Record("session_began", {"tx": "t1"}), f.Record("identity_denied", {"tx": "t1"})], AT)
    journal.commit([f.Record("line_stopped", {"tx": "t1", "what": "subject"})], AT)
    session = new_process(settings, journal)
    assert (session.service.stopped, session.service.denials) == ("subject", 1)
    assert [found.tx for found in session.interrupted] == ["t1"]


def test_a_new_process_waits_for_every_part_this_machine_has(settings, journal) -> None:
    with_sensors = new_process(settings, journal).rules
    assert with_sensors.required >= {e.Part.READER, e.Part.CASH, e.Part.PRINTER, e.Part.ISSUER, e.Part.SENSORS}
    assert with_sensors.sensed
    bare = replace(settings, machine=replace(settings.machine, sensors=None))
    without = new_process(bare, journal).rules
    assert e.Part.SENSORS not in without.required
    assert not without.sensed


def test_every_process_has_names_of_its_own(settings, journal) -> None:
    one, other = new_process(settings, journal).tokens, new_process(settings, journal).tokens
    assert not set(one) & set(other)
    most = max(c.max_copies for c in settings.profile.certificates)
    assert len(set(one)) == 2 + most, "the transaction, each copy, the receipt"


def test_a_new_process_knows_what_was_left_behind(settings, journal) -> None:
    journal.commit([f.Record("left_behind", {"tx": "t1", "what": "change_tray"})], AT)
    session = new_process(settings, journal)
    assert [(what, at) for _, what, at in session.staff.found] == [("change_tray", AT)]
    assert session.reported == {"change_tray"}


def test_a_new_process_waits_for_receipt_paper_only_where_the_city_insists(settings, journal) -> None:
    assert e.Part.RECEIPT not in new_process(settings, journal).rules.required
    insists = replace(settings, profile=replace(settings.profile, receipt_required=True))
    assert e.Part.RECEIPT in new_process(insists, journal).rules.required


def test_a_new_process_waits_for_the_camera_only_where_the_city_requires_it_and_there_is_one(settings, journal) -> None:
    def needs(required: bool, machine: Any) -> bool:
        camera = replace(settings.profile.camera, required=required)
        changed = replace(settings, machine=machine, profile=replace(settings.profile, camera=camera))
        return e.Part.CAMERA in new_process(changed, journal).rules.required

    bare = replace(settings.machine, camera=None, recorder=None)
    assert needs(True, settings.machine)
    assert not needs(False, settings.machine)
    assert not needs(True, bare)
