"""The clock as the probe tells of it: a kernel and a folder of real-time clocks made up here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.schema import Settings
from drivers.probe_clock import Kernel, kernel_clock, probe

NOW = 1_795_000_000.0


def rtc(folder: Path, seconds: float) -> Path:
    clock = folder / "rtc0"
    clock.mkdir()
    (clock / "name").write_text("rtc-ds1307 1-0068\n")
    (clock / "since_epoch").write_text(f"{seconds:.0f}\n")
    return folder


def test_a_clock_that_is_right(tmp_path: Path, settings: Callable[..., Settings], said: Any) -> None:
    probe(settings(), said, kernel=lambda: Kernel(True, 0.012), rtc_folder=rtc(tmp_path, NOW), now=lambda: NOW)
    assert said.wrong == []
    assert "estimated error 12 ms" in said.text
    assert "rtc-ds1307" in said.text


@pytest.mark.parametrize(
    ("apart", "wrong"), [(-86400.0, "is -86400.0 s from the system's"), (None, "no real-time clock")]
)
def test_a_clock_that_is_wrong(
    tmp_path: Path, settings: Callable[..., Settings], said: Any, apart: float | None, wrong: str
) -> None:
    folder = tmp_path / "none" if apart is None else rtc(tmp_path, NOW + apart)
    probe(settings(), said, kernel=lambda: Kernel(False, 16.0), rtc_folder=folder, now=lambda: NOW)
    assert "not synchronised" in said.wrong[0]
    assert wrong in said.wrong[1]
    assert said.each_fault_has_a_remedy()


def test_a_kernel_that_does_not_tell(tmp_path: Path, settings: Callable[..., Settings], said: Any) -> None:
    def refuse() -> Kernel:
        raise PermissionError(1, "Operation not permitted")

    probe(settings(), said, kernel=refuse, rtc_folder=rtc(tmp_path, NOW), now=lambda: NOW)
    assert said.faults == 1


def test_the_real_kernel_is_asked_without_being_changed() -> None:
    assert kernel_clock().error_s >= 0
