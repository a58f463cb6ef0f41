"""Whether a serial port can be had, and if not, why; before the driver opens it in its own way."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import Final

from config.probing import NotTried, Report

BY_ID: Final = "/dev/serial/by-id"


def port_is_free(port: str, key: str, report: Report) -> bool:
    """Report on `port`, named by `key` of the machine file. Raises NotTried when another program holds it.

    The drivers lock their ports (flock(2)); so does this look, for its own moment.
    """
    try:
        opened = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        report.fault(f"port {port}: {error.strerror}", _remedy(error.errno, key))
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotTried(
            f"another program holds {port}, perhaps a running kiosk; `sudo fuser -v {port}` names it. Stop that first"
        ) from None
    finally:
        os.close(opened)
    report.ok(f"port {port} is there and free")
    return True


def _remedy(number: int | None, key: str) -> str:
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return f"plug the adapter in, or correct {key} of the machine file; `ls {BY_ID}` shows what is there"
    if number in (errno.EACCES, errno.EPERM):
        return "this user may not open it: join the group dialout (sudo usermod -aG dialout $USER) and sign in again"
    return f"{key} of the machine file must name a serial port; `ls {BY_ID}` shows what is there"
