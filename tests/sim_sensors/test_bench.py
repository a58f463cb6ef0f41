"""The simulated input module as a host sees it: raw bytes over the pty."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.sensors import FAULTS, SensorBench
from hardware_sim.sensors.bench import GAP_S

READ_8 = "01 02 00 00 00 08 79 cc"
ALL_OFF = "01 02 01 00 a1 88"
INPUT_2_ON = "01 02 01 04 a0 4b"
Open = Callable[[Path], Any]


def ask(host: Any, request: str = READ_8, n: int = 6) -> str:
    host.send(request)
    return str(host.read(n))


def test_inputs_are_read_as_they_are_set(bench: SensorBench, host: Any) -> None:
    assert ask(host) == ALL_OFF
    bench.set_input(2, True)
    assert bench.inputs() == (False, False, True, False, False, False, False, False)
    assert ask(host) == INPUT_2_ON
    bench.set_input(2, False)
    assert ask(host) == ALL_OFF


def test_a_request_for_an_input_that_is_not_there(host: Any) -> None:
    assert ask(host, "01 02 00 08 00 01 38 08", 5) == "01 82 02 c1 61"


@pytest.mark.parametrize(
    "request_frame",
    [
        pytest.param("01 02 00 00 00 08 79 cd", id="bad CRC"),
        pytest.param("02 02 00 00 00 08 79 ff", id="another unit"),
        pytest.param("00 02 00 00 00 08 78 1d", id="broadcast"),
    ],
)
def test_silence_and_then_the_next_request_is_answered(host: Any, request_frame: str) -> None:
    host.send(request_frame)
    assert host.is_silent(GAP_S * 5)
    assert ask(host) == ALL_OFF


def test_a_frame_that_a_pty_delivers_in_pieces(tmp_path: Path, open_host: Open) -> None:
    with SensorBench(tmp_path, gap_s=60) as bench:  # however slow this computer is just now
        host = open_host(bench.port)
        for piece in READ_8.split():
            host.send(piece)
        assert host.read(6) == ALL_OFF


def test_half_a_frame_is_forgotten_after_the_gap(host: Any) -> None:
    host.send(READ_8[:11])
    assert host.is_silent(GAP_S * 5)
    assert ask(host) == ALL_OFF


def test_noise_longer_than_any_frame(host: Any) -> None:
    host.send("55" * 600)
    assert host.is_silent(GAP_S * 5)
    assert ask(host) == ALL_OFF


def test_silent(bench: SensorBench, host: Any) -> None:
    bench.fault("silent")
    host.send(READ_8)
    assert host.is_silent(GAP_S * 5)
    bench.clear_faults("silent")
    assert ask(host) == ALL_OFF


def test_garbled_changes_the_crc_only(bench: SensorBench, host: Any) -> None:
    bench.fault("garbled")
    assert ask(host) == "01 02 01 00 a1 98"
    bench.clear_faults()
    assert ask(host) == ALL_OFF


def test_exception(bench: SensorBench, host: Any) -> None:
    bench.fault("exception")
    assert ask(host, n=5) == "01 82 04 41 63"
    bench.fault("exception", code=2)
    assert ask(host, n=5) == "01 82 02 c1 61"
    bench.clear_faults()
    assert ask(host) == ALL_OFF


def test_unplugged_hangs_up_and_comes_back_under_the_same_name(bench: SensorBench, host: Any, open_host: Open) -> None:
    bench.set_input(2, True)
    bench.fault("unplugged")
    assert host.hangs_up()
    assert not bench.port.is_symlink()
    assert bench.snapshot()["plugged"] is False
    bench.clear_faults("silent")  # another fault's end leaves the cable out
    assert bench.snapshot()["plugged"] is False
    bench.clear_faults()
    assert ask(open_host(bench.port)) == INPUT_2_ON


def test_replugged_hangs_up_and_is_back_at_once(bench: SensorBench, host: Any, open_host: Open) -> None:
    bench.fault("unplugged")
    bench.fault("replugged")
    assert host.hangs_up()
    assert bench.snapshot()["plugged"] is True
    assert bench.snapshot()["faults"] == []
    assert ask(open_host(bench.port)) == ALL_OFF


def test_a_host_may_close_and_open_again(bench: SensorBench, open_host: Open) -> None:
    first = open_host(bench.port)
    assert ask(first) == ALL_OFF
    again = open_host(bench.port)
    assert ask(again) == ALL_OFF


def test_another_unit_and_size(tmp_path: Path, open_host: Open) -> None:
    with SensorBench(tmp_path, inputs=16, unit=2) as bench:
        bench.set_input(15, True)
        assert len(bench.inputs()) == 16
        assert ask(open_host(bench.port), "02 02 00 08 00 08 f8 3d") == "02 02 01 80 a0 6c"


def test_snapshot_is_ready_for_json(bench: SensorBench, host: Any) -> None:
    bench.set_input(0, True)
    bench.fault("exception", code=6)
    ask(host, n=5)
    assert json.loads(json.dumps(bench.snapshot())) == {
        "port": str(bench.port),
        "plugged": True,
        "unit": 1,
        "inputs": [True] + [False] * 7,
        "answered": 1,
        "faults": [{"name": "exception", "label": FAULTS["exception"], "values": {"code": 6}}],
    }


def test_what_cannot_be_is_refused_with_the_remedy(bench: SensorBench, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no input 8; the module has 0 … 7"):
        bench.set_input(8, True)
    with pytest.raises(ValueError, match="no input -1"):
        bench.set_input(-1, True)
    with pytest.raises(ValueError, match="known are: silent, garbled, exception, unplugged, replugged"):
        bench.fault("on_fire")
    with pytest.raises(ValueError, match="unknown fault"):
        bench.clear_faults("on_fire")
    with pytest.raises(ValueError, match="takes no code"):
        bench.fault("silent", code=2)
    with pytest.raises(ValueError, match="exception code 0"):
        bench.fault("exception", code=0)
    with pytest.raises(ValueError, match="unit 248"):
        SensorBench(tmp_path, unit=248)
    assert bench.snapshot()["faults"] == []


def test_nothing_is_left_behind_and_nothing_overwritten(tmp_path: Path) -> None:
    with SensorBench(tmp_path) as bench:
        port = bench.port
        assert port == tmp_path / "modbus"
    assert list(tmp_path.iterdir()) == []
    port.write_text("somebody's file")
    with pytest.raises(FileExistsError, match="name another directory"), SensorBench(tmp_path):
        pass
    assert port.read_text() == "somebody's file"
