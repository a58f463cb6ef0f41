"""The oracle finds what is there, wherever it hides, and does not find what is not."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hardware_sim.bench import canary
from hardware_sim.bench.canary import Needle, deflate_streams, of_name, of_pin, scan_files, scan_memory, slices
from hardware_sim.bench.canary_key import candidates, find_private, session_keys, windows

Holder = Callable[[str], int]
"""Starts a process that holds something in its memory and waits; gives its id."""


@pytest.fixture
def holder() -> Iterator[Holder]:
    started: list[subprocess.Popen[bytes]] = []

    def start(program: str) -> int:
        waiting = f"import sys\n{program}\nprint('ready', flush=True)\nsys.stdin.read()"
        process = subprocess.Popen([sys.executable, "-c", waiting], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process.pid

    yield start
    for process in started:
        process.communicate()


def found(needles: list[Needle], root: Path) -> set[str]:
    return {hit.needle for hit in scan_files({"root": root}, needles)}


# ---- needles ----------------------------------------------------------------------------------------------


def test_a_name_is_looked_for_in_every_form() -> None:
    needles = {needle.name: needle.value for needle in of_name("name", "佐賀　花子")}
    assert needles["name (wide space, utf-8)"] == "佐賀　花子".encode()
    assert needles["name (joined, utf-16-be)"] == "佐賀花子".encode("utf-16-be")
    assert needles["name (space, PDF HEX)"] == b"4F508CC0002082B15B50"
    assert "花子" not in repr(of_name("name", "佐賀　花子"))


def test_the_pin_is_looked_for_as_the_card_gets_it() -> None:
    assert of_pin("1234")[0].value == bytes.fromhex("0020008004") + b"1234"


def test_what_is_too_short_is_no_needle() -> None:
    with pytest.raises(ValueError, match="too short"):
        Needle("x", b"abc")


def test_a_tile_is_found_by_a_fragment(tmp_path: Path) -> None:
    tile = secrets.token_bytes(1024)
    (tmp_path / "crumb").write_bytes(b"\0" * 999 + tile[300:500] + b"\0" * 7)
    assert found(slices("tile", tile), tmp_path) == {"tile [384]"}


def test_the_deflate_stream_of_a_page_is_cut_out() -> None:
    tile = secrets.token_bytes(256)
    stream = zlib.compress(tile)
    pdf = b"%PDF-1.4\n1 0 obj <<>> stream\n" + zlib.compress(b"text") + b"\nendstream\nstream\r\n" + stream
    assert deflate_streams(pdf + b"\nendstream endobj", tile) == [stream]


# ---- files ------------------------------------------------------------------------------------------------


def test_free_database_pages_and_write_ahead_logs_are_looked_at(tmp_path: Path) -> None:
    needle = Needle("name", "古賀　さくら".encode())
    with closing(sqlite3.connect(tmp_path / "db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("CREATE TABLE t (x TEXT)")
        db.execute("INSERT INTO t VALUES (?)", ("古賀　さくら" + "x" * 5000,))
        db.commit()
        db.execute("DELETE FROM t")
        db.commit()
        assert {hit.place for hit in scan_files({"db": tmp_path}, [needle])} == {"file db/db-wal"}
    assert [hit.place for hit in scan_files({"db": tmp_path}, [needle])] == ["file db/db"]
    with closing(sqlite3.connect(tmp_path / "db")) as db:
        db.execute("VACUUM")
    assert scan_files({"db": tmp_path}, [needle]) == []


def test_a_needle_across_two_chunks_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_CHUNK", 64)
    needles = [Needle("odd", b"odd-needle"), Needle("even", b"even-needle-of-more-bytes")]
    for at in range(150):
        content = b"." * at + needles[0].value + b"." * 31 + needles[1].value + b"." * 70
        (tmp_path / "f").write_bytes(content)
        hits = scan_files({"r": tmp_path / "f"}, needles)
        assert sorted((hit.needle, hit.offset) for hit in hits) == [("even", at + 41), ("odd", at)]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(secrets.token_bytes(300_000))
    assert found([*of_name("name", "副島　恵子"), *of_pin("7391")], tmp_path) == set()


# ---- memory -----------------------------------------------------------------------------------------------


def test_live_memory_and_deleted_files_are_looked_at(holder: Holder, tmp_path: Path) -> None:
    secret = secrets.token_hex(16)
    left, right = secret[:16], secret[16:]
    pid = holder(
        f"kept = bytes.fromhex({left!r}) + bytes.fromhex({right!r}) + b'here'\n"
        f"import os\nfile = open({str(tmp_path / 'gone')!r}, 'wb+')\nfile.write(kept)\nfile.flush()\n"
        f"os.unlink({str(tmp_path / 'gone')!r})"
    )
    needle = Needle("secret", bytes.fromhex(secret) + b"here")
    hits = scan_memory({pid: "holder"}, [needle])
    assert any(hit.place.startswith("memory of holder") for hit in hits)
    assert any(hit.place == "deleted file of holder" for hit in hits)
    assert scan_memory({pid: "holder"}, [Needle("other", bytes.fromhex(secret) + b"else")]) == []


def test_a_process_that_has_ended_holds_nothing(holder: Holder) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert scan_memory({process.pid: "gone"}, [Needle("name", b"whatever")]) == []


def test_a_private_key_is_found_without_knowing_it(holder: Holder) -> None:
    """The kiosk's stand-in holds the private half, the city's the public one; only the numbers tell."""
    before = holder("pass")
    known = windows({before: "before"})
    key = X25519PrivateKey.generate()
    private, public = key.private_bytes_raw().hex(), key.public_key().public_bytes_raw().hex()
    kiosk = holder(
        "from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey\n"
        f"key = X25519PrivateKey.from_private_bytes(bytes.fromhex('{private}'))"
    )
    city = holder(f"public = bytes(1184) + bytes.fromhex('{public}')")
    (found_key,) = session_keys(candidates({kiosk: "kiosk"}, known), city)
    assert found_key.public == key.public_key().public_bytes_raw()
    assert find_private({kiosk: "kiosk"}, found_key.public, known)
    assert find_private({city: "city"}, found_key.public, known) == []
    assert private not in repr(found_key)


def test_another_users_memory_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> str:
        raise PermissionError

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(canary.NotAllowed, match="root"):
        scan_memory({os.getpid(): "us"}, [Needle("name", b"whatever")])
