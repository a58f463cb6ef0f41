"""The page's server: uvicorn in a thread of its own, on a socket that listens already."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from .api import application
from .world import Bench

_STOP_S = 3


class PageServer:
    """Serves a running bench until the ``with`` block ends."""

    def __init__(self, bench: Bench, listener: socket.socket) -> None:
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        settings = uvicorn.Config(
            application(bench, self.port),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=_STOP_S,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()
