"""Runs one of the two servers: TLS on loopback, its control socket, and an end when its parent ends.

The server can stop listening and start again on the same port (the fault ``down``). Handshakes that fail (plain
HTTP, another CA, an expired certificate) never reach the application; they are counted here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from config.clock import Clock
from hardware_sim.centre.faults import FaultError

LINE_MAX = 4 * 1024 * 1024
_TICK_S = 0.02
Command = Callable[[dict[str, Any]], Any]


class ControlError(ValueError):
    """A request on the control socket that cannot be carried out; the text goes back."""


class _PeerProtocol(H11Protocol):
    """HTTP/1.1 that tells the application who the client is (ASGI TLS extension)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        link = transport.get_extra_info("ssl_object")
        der = link.getpeercert(binary_form=True) if link is not None else None
        chain = [ssl.DER_cert_to_PEM_cert(der)] if der else []
        extensions = {"tls": {"client_cert_chain": chain}, "certkiosk.abort": transport.abort}
        inner = self.app

        async def with_peer(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "extensions": {**(scope.get("extensions") or {}), **extensions}}, receive, send)

        self.app = with_peer


def count_handshakes(context: ssl.SSLContext, failed: Callable[[], None]) -> ssl.SSLContext:
    """Call ``failed`` for each handshake on this context that the server refuses."""

    class Counting(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError:
                failed()
                raise

    context.sslobject_class = Counting
    return context


class Server(uvicorn.Server):
    """A uvicorn server on 127.0.0.1 that can go off the line and come back."""

    def __init__(self, app: Any, context: ssl.SSLContext, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=port,
                http=_PeerProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                ssl_context_factory=lambda _config, _default: context,
                log_config=None,
                access_log=False,  # a request line is nobody's business
                server_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=1,
            )
        )
        self.port = port

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.port = self.config.port = self.servers[0].sockets[0].getsockname()[1]

    def off_line(self) -> None:
        """Refuse connections and break those there are."""
        for server in self.servers:
            server.close()
        self.servers = []
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def on_line(self) -> None:
        """Listen again on the same port."""
        if not self.servers:
            await self.startup()


async def run(
    server: Server,
    control: Path,
    commands: Mapping[str, Command],
    *,
    clock: Clock,
    on_change: Callable[[], Any] | None = None,
) -> None:
    """Serve until the parent closes our standard input or a signal comes.

    Prints one line ``{"ready": true, "port": n}`` when both sockets listen. ``on_change`` runs in the event loop
    after each control command. ``clock`` is acknowledged all the while, so that the bench can move time.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    control.unlink(missing_ok=True)
    listener = await asyncio.start_unix_server(
        lambda reader, writer: _converse(reader, writer, commands, on_change), control, limit=LINE_MAX
    )
    control.chmod(0o600)
    tasks = [asyncio.create_task(_tick(clock)), asyncio.create_task(_ready(server))]
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), _parent_spoke, server, loop)
    try:
        await server.serve()
    finally:
        loop.remove_reader(sys.stdin.fileno())
        listener.close()
        for task in tasks:
            task.cancel()
        control.unlink(missing_ok=True)


def _parent_spoke(server: Server, loop: asyncio.AbstractEventLoop) -> None:
    """End of standard input: whoever started us is gone or wants us gone."""
    if not os.read(sys.stdin.fileno(), 4096):
        loop.remove_reader(sys.stdin.fileno())
        server.should_exit = server.force_exit = True


async def _ready(server: Server) -> None:
    while not server.started:
        await asyncio.sleep(0.005)
    print(json.dumps({"ready": True, "port": server.port}), flush=True)


async def _tick(clock: Clock) -> None:
    while True:
        clock.acknowledge()
        await asyncio.sleep(_TICK_S)


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    commands: Mapping[str, Command],
    on_change: Callable[[], Any] | None,
) -> None:
    """One JSON object a line each way: ``{"do": name, …}`` to ``{"ok": true, "result": …}``."""
    with contextlib.suppress(ConnectionError, ValueError, asyncio.CancelledError):
        while line := await reader.readline():
            result = await _obey(line, commands)
            if on_change is not None:
                await on_change()
            writer.write(json.dumps(result, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
    writer.close()


async def _obey(line: bytes, commands: Mapping[str, Command]) -> dict[str, Any]:
    try:
        request = json.loads(line)
        command = commands[request.pop("do")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"ok": False, "error": f'a request is an object with "do", one of {", ".join(commands)}'}
    try:
        return {"ok": True, "result": command(request)}
    except (FaultError, ControlError) as error:
        return {"ok": False, "error": str(error)}
