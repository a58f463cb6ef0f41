"""The register: what is in it, and that one reading is of one moment."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hardware_sim.city.register import Register, RegisterError
from hardware_sim.city.residents import BASE_DAY, age, households
from hardware_sim.city.wire import commitment, serial_bytes

NONCE, SESSION = b"n" * 32, b"s" * 16


def now() -> datetime:
    return datetime(2026, 11, 24, tzinfo=UTC)


def test_about_two_hundred_people_in_about_eighty_households(register: Register) -> None:
    people = register.residents()
    assert 190 <= len(people) <= 220
    assert 75 <= len(households()) <= 85
    sizes = {len(household.members) for household in households()}
    assert {1, 2, 3, 4, 5, 9, 20} <= sizes
    assert sum(len(household.members) <= 5 for household in households()) > 70


def test_the_same_seed_gives_the_same_people() -> None:
    def told(seed: int) -> list[object]:
        people = [person for household in households(seed) for person in household.members]
        return [{name: getattr(person, name) for name in person.__dataclass_fields__} for person in people]

    assert told(7) == told(7)
    assert told(7) != told(8)


def test_every_adult_has_a_card_and_no_two_the_same() -> None:
    people = [person for household in households() for person in household.members]
    serials = [person.card_serial for person in people if person.card_serial]
    assert len(serials) == len(set(serials))
    assert all(person.card_serial > 0 for person in people if age(person.birth, BASE_DAY) >= 18)


def test_households_make_sense() -> None:
    for household in households():
        heads = [person for person in household.members if person.relationship == "世帯主"]
        assert len(heads) == 1
        assert household.head_name == heads[0].name
        for person in household.members:
            assert person.birth <= person.became_resident <= BASE_DAY
            assert person.relationship not in {"妻", "母"} or person.sex == "女"
            assert person.relationship not in {"夫", "父"} or person.sex == "男"
            assert bool(person.domicile) is not person.western
        names = [person.name for person in household.members]
        assert len(names) == len(set(names))


def test_hard_cases_are_there(register: Register) -> None:
    names = "".join(resident.name for resident in register.residents())
    for piece in ("髙", "﨑", "𠮷", "邉\U000e0116", "辻\U000e0100", "RODRIGUEZ"):
        assert piece in names
    remarks = " ".join(resident.remarks for resident in register.residents())
    for word in ("転出予定", "転出済み", "支援措置", "15歳未満", "失効", "不明", "旧氏", "通称", "20人世帯"):
        assert word in remarks


def test_the_numbers_of_the_houses_are_made_up() -> None:
    for household in households():
        assert household.address.startswith("佐賀県佐賀市")
        assert "99番" in household.address or any(f"{n}番地" in household.address for n in range(9001, 9900))


def test_a_person_is_found_by_issuer_and_serial(register: Register) -> None:
    issuer = hashlib.sha256(b"issuer").digest()
    resident = register.residents()[0]
    assert register.find(issuer, serial_bytes(resident.card_serial)) == resident.id
    assert register.find(hashlib.sha256(b"other").digest(), serial_bytes(resident.card_serial)) is None
    assert register.find(issuer, b"") is None  # children without a card
    extract = register.extract(resident.id, NONCE, SESSION, now)
    assert extract is not None
    assert extract.subject == commitment(NONCE, SESSION, issuer, serial_bytes(resident.card_serial))


def test_who_has_moved_out_is_not_a_member_any_more(register: Register) -> None:
    extract = register.extract("r002", NONCE, SESSION, now)
    assert extract is not None
    register.change("r003", {"moved_out": 1})
    later = register.extract("r002", NONCE, SESSION, now)
    assert later is not None
    assert len(later.members) == len(extract.members) - 1


def test_one_reading_is_of_one_moment(register: Register) -> None:
    """While a household is renamed over and over, each time as a whole, nobody reads half of it."""
    stop = threading.Event()
    errors: list[str] = []

    def rename() -> None:
        with sqlite3.connect(register._path, isolation_level=None, timeout=10) as db:
            number = 0
            while not stop.is_set():
                number += 1
                db.execute("BEGIN IMMEDIATE")
                db.execute("UPDATE household SET head_name = ? WHERE id = 'h008'", (f"N{number}",))
                db.execute("UPDATE person SET name = ? WHERE household = 'h008'", (f"N{number}",))
                db.execute("COMMIT")
        db.close()

    writer = threading.Thread(target=rename)
    writer.start()
    for _ in range(80):
        extract = register.extract("r027", NONCE, SESSION, now)
        assert extract is not None
        seen = {extract.holder.name, *(person.name for person in extract.members)}
        renamed = any(name.startswith("N") for name in {extract.head_name, *seen})
        if renamed and seen != {extract.head_name}:
            errors.append("mixed")
    stop.set()
    writer.join()
    assert errors == []


def test_serial_numbers_of_issue_are_given_out_once(register: Register) -> None:
    register.record_issue(["0123456789"], "r001", "residence", "2026-11-24")
    with pytest.raises(sqlite3.IntegrityError):
        register.record_issue(["0123456789"], "r002", "residence", "2026-11-24")


def test_a_file_that_is_no_synthetic_register_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with pytest.raises(RegisterError):
        Register(path)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE meta (key, value)")
    db.close()
    with pytest.raises(RegisterError, match="not marked as synthetic"):
        Register(path)


def test_an_old_register_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    Register.build(path, b"issuer").change("r001", {"name": "古い　名前"})
    reader = sqlite3.connect(path)  # keeps the write-ahead log there
    reader.execute("SELECT * FROM meta").fetchone()
    Register(path).change("r002", {"name": "古い　名前"})
    assert (tmp_path / "register.db-wal").exists()
    fresh = Register.build(path, b"issuer", seed=7)
    reader.close()
    assert "古い　名前" not in {resident.name for resident in fresh.residents()}


def test_no_name_in_a_repr(register: Register) -> None:
    extract = register.extract("r001", NONCE, SESSION, now)
    assert extract is not None
    assert "佐賀" not in repr(extract) + repr(extract.holder)
