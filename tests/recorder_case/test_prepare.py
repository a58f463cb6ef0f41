"""A new video disk: made once, on a file system that writes in place, never over anything; and looked at later."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.schema import RecorderSettings
from recorder import slot as slots
from recorder.place import SlotFiles, slot_path
from recorder.prepare import (
    EXTENTS,
    IN_PLACE,
    VAULT,
    PrepareError,
    file_system,
    main,
    make,
    mount_options,
    moved,
    told_moved,
    writes_in_place,
)
from recorder.slot import SlotHeader, State
from recorder.times import Quality, Stamp
from recorder.vault import Vault

KEK = bytes(range(32))
MACHINE = Path(__file__).parents[1] / "config" / "machine.toml"


@dataclass
class Disk:
    recorder: RecorderSettings
    state: Path

    def make(self) -> None:
        make(self.recorder, self.state, KEK, simulation=True)

    def path(self, slot: int) -> Path:
        return slot_path(self.recorder.video, slot)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    for name in ("video", "state"):
        (tmp_path / name).mkdir()
    recorder = RecorderSettings(
        video=tmp_path / "video", slots=5, marks=tmp_path / "m", status=tmp_path / "s", slot_kib=64
    )
    return Disk(recorder, tmp_path / "state")


def test_a_new_disk_is_filled_and_its_keys_are_there(disk: Disk) -> None:
    disk.make()
    for slot in range(5):
        assert disk.path(slot).stat().st_size == 64 * 1024
        assert disk.path(slot).stat().st_blocks * 512 >= 64 * 1024, "promised, but not filled"
    Vault.open(disk.state / VAULT, 5, KEK).close()
    assert (disk.state / VAULT).stat().st_mode & 0o077 == 0
    assert moved(disk.recorder, disk.state) == ()


def test_nothing_that_is_there_is_written_over(disk: Disk) -> None:
    disk.make()
    keys, content = (disk.state / VAULT).read_bytes(), [disk.path(slot).read_bytes() for slot in range(5)]
    with pytest.raises(PrepareError, match="is there already: this recorder is prepared"):
        disk.make()
    (disk.state / VAULT).rename(disk.state / "away")
    stamp = Stamp(bytes(16), 1, 1, Quality.SYNCED, 0, 1.0)
    files = SlotFiles(disk.recorder.video, 5, 64 * 1024)
    slots.write(files, SlotHeader(3, 7, State.SEALED, bytes(16), stamp, stamp))
    files.close()
    with pytest.raises(PrepareError, match=r"slot-000003\.video holds video, but its keys are not here"):
        disk.make()
    assert not (disk.state / VAULT).exists()
    assert (disk.state / "away").read_bytes() == keys
    assert [disk.path(slot).read_bytes() for slot in (0, 1, 2, 4)] == [content[slot] for slot in (0, 1, 2, 4)]


def test_an_interrupted_preparation_goes_on(disk: Disk) -> None:
    disk.path(0).parent.mkdir()
    disk.path(0).write_bytes(bytes(64 * 1024))
    inode = disk.path(0).stat().st_ino
    disk.path(1).with_suffix(".filling").write_bytes(b"half")
    disk.make()
    assert disk.path(0).stat().st_ino == inode
    assert sorted(path.name for path in disk.path(0).parent.iterdir()) == [f"slot-{n:06}.video" for n in range(5)]


def test_a_disk_too_small_is_told_before_it_is_filled(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(disk.recorder.video)
    small = os.statvfs_result((4096, 4096, 100, 50, 40, *real[5:]))
    monkeypatch.setattr("os.statvfs", lambda _: small)
    with pytest.raises(PrepareError, match=r"0\.0 GB are free: 1 slots would fit"):
        disk.make()
    assert not list(disk.recorder.video.iterdir())


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (0x9123683E, "rw", "the file system is btrfs, which does not write in place"),
        (0x794C7630, "rw", "is overlayfs"),
        (0x01021994, "rw", "is tmpfs"),
        (0x12345, "rw", "of the kind 0x12345"),
        (0xEF53, "rw,data=journal", "data=journal, which keeps copies"),
        (0xEF53, "ro", "mounted read-only"),
    ],
)
def test_a_file_system_on_which_old_video_would_stay_is_refused(
    disk: Disk, kind: int, options: str, words: str
) -> None:
    with pytest.raises(PrepareError, match=words):
        writes_in_place(disk.recorder.video, kind, frozenset(options.split(",")))
    writes_in_place(disk.recorder.video, 0xEF53, frozenset({"rw", "relatime"}))


def test_a_real_disk_is_asked_what_it_is(disk: Disk) -> None:
    with pytest.raises(PrepareError, match="is tmpfs"):
        make(disk.recorder, disk.state, KEK, kind=lambda _: 0x01021994)
    assert not list(disk.recorder.video.iterdir())
    assert file_system(Path("/proc")) == 0x9FA0  # PROC_SUPER_MAGIC
    with pytest.raises(FileNotFoundError):
        file_system(disk.state / "gone")
    device = disk.state.stat().st_dev
    line = f"36 35 {os.major(device)}:{os.minor(device)} / /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,data=journal\n"
    assert mount_options(disk.state, f"1 1 0:99 / / rw - proc proc rw\n{line}") == {"rw", "noatime", "data=journal"}


def test_a_slot_that_was_copied_has_moved(disk: Disk) -> None:
    if file_system(disk.recorder.video) not in IN_PLACE:
        pytest.skip("this file system does not tell where a file lies")
    disk.make()
    copy = disk.path(2).with_suffix(".copy")
    copy.write_bytes(disk.path(2).read_bytes())
    copy.replace(disk.path(2))
    with disk.path(2).open("rb") as file:
        os.fsync(file.fileno())
    with disk.path(1).open("r+b") as file:  # in place: stays
        file.write(b"over" * 1000)
        os.fsync(file.fileno())
    assert moved(disk.recorder, disk.state) == (2,)
    heard: list[tuple[str, dict[str, int | str]]] = []
    told_moved(disk.recorder, disk.state, lambda kind, facts: heard.append((kind, dict(facts))))
    (disk.state / EXTENTS).unlink()
    told_moved(disk.recorder, disk.state, lambda kind, facts: heard.append((kind, dict(facts))))
    assert heard == [("slot_moved", {"slot": 2})], "told, and nothing worse when the note is lost"


@pytest.mark.parametrize("content", [None, "", "{}", '{"slots": [], "slot_bytes": 65536}', '{"slots": [7]}'])
def test_a_note_that_is_lost_or_of_another_disk_is_told(disk: Disk, content: str | None) -> None:
    disk.make()
    (disk.state / EXTENTS).unlink()
    if content is not None:
        (disk.state / EXTENTS).write_text(content)
    with pytest.raises(PrepareError, match=r"put (its backup|the numbers)"):
        moved(disk.recorder, disk.state)


@pytest.fixture
def command(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    config = tmp_path / "machine.toml"
    config.write_text(
        MACHINE.read_text()
        + f"""
[camera]
source = "http://127.0.0.1:9/camera"
width = 640
height = 360
fps = 10
max_kbit_s = 100
zone = [[0, 0], [1, 0], [1, 1]]
shows_keypad_or_screen = false
[recorder]
video = "{disk.recorder.video}"
slot_kib = 64
slots = 5
marks = "/run/test/marks"
status = "/run/test/status"
"""
    )
    monkeypatch.setenv("STATE_DIRECTORY", str(disk.state))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return lambda *more: main(["--config", str(config), *more])


def test_the_command_makes_and_checks(
    command: Callable[..., int], tmp_path: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 78
    assert "recorder-kek: cannot be read" in capsys.readouterr().err
    (tmp_path / "recorder-kek").write_bytes(KEK)
    assert command() == 0
    assert "prepared: 5 slots of 65536 bytes" in capsys.readouterr().out
    assert command("--check") == 0
    assert "all 5 slots lie where they lay" in capsys.readouterr().out
    assert command() == 1
    disk.path(4).unlink()
    assert command("--check") == 1
    assert "slot-000004.video" in capsys.readouterr().err


def test_a_machine_without_a_recorder_has_nothing_to_prepare(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(MACHINE)]) == 1
    assert "has no [recorder]" in capsys.readouterr().err
