"""The first moments of a start: the still picture of the last run is up while everything else is being read.

Reading the program and its tables takes many times as long as putting up a window. So a process is forked before
anything is imported; it shows the kept picture and does nothing else. The parent ends it before it forks the first
process that serves somebody: two windows would fight over one panel, and nothing of it is inherited by anyone.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress


def main(arguments: list[str] | None = None) -> int:
    """`kiosk-ui --config machine.toml`; returns the exit status."""
    asked = sys.argv[1:] if arguments is None else arguments
    picture = put_up() if any(word.partition("=")[0] == "--config" for word in asked) else None
    try:
        from kiosk.__main__ import main as serve

        return serve(asked, picture)
    finally:
        if picture is not None:
            picture.end()


class Picture:
    """The process that shows the kept picture. `line`: our end of a pipe to it, closed at the latest when we end."""

    def __init__(self, pid: int, line: int) -> None:
        self._pid, self._line = pid, line

    def end(self) -> None:
        """Its window is gone when this returns; may be called twice."""
        pid, self._pid = self._pid, 0
        if pid:
            os.close(self._line)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def put_up() -> Picture | None:
    """Fork the process that shows it; None where no state is kept."""
    state = os.environ.get("STATE_DIRECTORY", "")
    if not state:
        return None
    starter, line = os.pipe()
    pid = os.fork()
    if pid:
        os.close(starter)
        return Picture(pid, line)
    status = 1
    try:
        os.close(line)
        _hold(state, starter)
        status = 0
    except BaseException as error:
        # A picture that cannot be shown keeps nobody from being served; the display's own error comes later.
        with suppress(OSError):
            os.write(2, f"INFO kiosk.begin: no picture while starting ({type(error).__name__})\n".encode())
    finally:
        os._exit(status)
    raise AssertionError("not reached")


def _hold(state: str, starter: int) -> None:
    # Nothing that is not needed for it: whatever is imported here is waited for.
    from pathlib import Path

    from screens.kept import hold

    hold(Path(state), starter)
