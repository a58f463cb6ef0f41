"""What is missing is named with its package; a taken port is told before anything starts."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.preflight import check_packages, find_program, listen


def test_every_missing_package_is_named() -> None:
    def which(name: str) -> str | None:
        return None if name in {"cupsd", "pcscd"} else find_program(name)

    with pytest.raises(BenchError) as told:
        check_packages(which)
    assert "sudo apt-get install cups-daemon" in str(told.value)
    assert "pcscd" in str(told.value)


def test_a_taken_port_is_told_with_another_one() -> None:
    with closing(listen(0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(BenchError, match=f"port {port} on 127.0.0.1 is taken.*--port"):
            listen(port)


def test_it_listens_on_loopback_only() -> None:
    with closing(listen(0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.family == socket.AF_INET
