"""What must be there before the bench starts, asked once and told in full."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from contextlib import closing

from hardware_sim.card import StandError
from hardware_sim.card.namespace import find_tools

from .errors import BenchError

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROGRAMS = {"cupsd": "cups-daemon", "setpriv": "util-linux"}
"""Program to Debian package, besides those of the virtual card."""


def find_program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=_SYSTEM_PATH)


def check_packages(which: Callable[[str], str | None] = find_program) -> None:
    """Raises BenchError naming every Debian package that is missing."""
    texts = []
    missing = sorted({package for program, package in PROGRAMS.items() if which(program) is None})
    if missing:
        texts.append(
            f"these Debian packages are missing: {', '.join(missing)}. Put them in with\n"
            f"  sudo apt-get install {' '.join(missing)}"
        )
    try:
        find_tools(which)
    except StandError as error:
        texts.append(str(error))
    if texts:
        raise BenchError("\n".join(texts))


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; ``port`` 0: any that is free.

    Raises:
        BenchError: the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        if port:
            again = _free_port()
            raise BenchError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}): another bench may be running. "
                f"Stop it, or choose another port, for example --port {again}"
            ) from None
        raise BenchError(f"no port on 127.0.0.1 is free: {error.strerror}") from None
    return listener


def _free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
