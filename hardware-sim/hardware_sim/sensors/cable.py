"""A pty in the place of a serial port, under a name that stays."""

from __future__ import annotations

import os
import tty
from contextlib import suppress
from pathlib import Path


class Cable:
    """The line between host and module. Not thread-safe; only the thread that waits on it may pull it."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._module_end: int | None = None
        self._host_end: int | None = None

    @property
    def fileno(self) -> int | None:
        """The module's end; None while the cable is out."""
        return self._module_end

    def plug(self) -> None:
        """A new pty; the symlink points to it. FileExistsError if something else has that path."""
        if self._module_end is not None:
            return
        if self.link.exists() and not self.link.is_symlink():
            raise FileExistsError(f"{self.link} exists and is no symlink; name another directory for the bench")
        self._module_end, self._host_end = os.openpty()
        # The host's end is held open here too: otherwise the line hangs up whenever a host closes it.
        tty.setraw(self._host_end)
        os.set_blocking(self._module_end, False)
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._host_end))
        fresh.replace(self.link)

    def pull(self) -> None:
        """The host's line hangs up, the symlink is gone, what was on the way is lost."""
        if self._module_end is None or self._host_end is None:
            return
        ours = os.ttyname(self._host_end)
        with suppress(OSError):
            if os.readlink(self.link) == ours:
                self.link.unlink()
        os.close(self._module_end)
        os.close(self._host_end)
        self._module_end = self._host_end = None

    def read(self) -> bytes:
        """What the host has sent; b"" if nothing."""
        if self._module_end is None:
            return b""
        try:
            return os.read(self._module_end, 4096)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """To the host; lost, as on any wire, if no one reads for long."""
        if self._module_end is not None:
            with suppress(BlockingIOError):
                os.write(self._module_end, data)
