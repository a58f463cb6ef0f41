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


HANDSHAKES = (
    "plain_http", "unknown_ca", "expired_certificate", "not_yet_valid_certificate", "no_certificate", "tls_version",
    "tls_other",
)  # fmt: skip
"""Why handshakes fail."""
_EXPIRED, _NOT_YET_VALID = 10, 9
"""X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID."""
_BY_REASON = {
    "HTTP_REQUEST": "plain_http",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no_certificate",
    "UNSUPPORTED_PROTOCOL": "tls_version",
    "CERTIFICATE_VERIFY_FAILED": "unknown_ca",
}


class _PeerProtocol(H11Protocol):
    """HTTP/1.1 that tells the application who the client is (ASGI TLS extension)."""

    admits: Callable[[str], bool]
    _turned_away = False

    def data_received(self, data: bytes) -> None:
        if not self._turned_away:
            super().data_received(data)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.admits(transport.get_extra_info("peername")[0]):
            self._turned_away = True
            transport.abort()
            return
        link = transport.get_extra_info("ssl_object")
        der = link.getpeercert(binary_form=True) if link is not None else None
        chain = [ssl.DER_cert_to_PEM_cert(der)] if der else []
        extensions = {"tls": {"client_cert_chain": chain}, "certkiosk.abort": transport.abort}
        inner = self.app

        async def with_peer(scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, "extensions": {**(scope.get("extensions") or {}), **extensions}}, receive, send)

        self.app = with_peer


def count_handshakes(context: ssl.SSLContext, failed: Callable[[str], None]) -> ssl.SSLContext:
    """Call ``failed`` with one of :data:`HANDSHAKES` for each handshake on this context that the server refuses."""

    class Counting(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                failed(_why(error))
                raise

    context.sslobject_class = Counting
    return context


def _why(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        if code in {_EXPIRED, _NOT_YET_VALID}:
            return "expired_certificate" if code == _EXPIRED else "not_yet_valid_certificate"
    return _BY_REASON.get(error.reason or "", "tls_other")


def _anybody(_address: str) -> bool:
    return True


class Server(uvicorn.Server):
    """A uvicorn server on 127.0.0.1 that can go off the line and come back."""

    def __init__(self, app: Any, context: ssl.SSLContext, port: int, admits: Callable[[str], bool] = _anybody) -> None:
        """``admits``: asked with the address of each client before it is listened to."""
        super().__init__(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=port,
                http=type("PeerProtocol", (_PeerProtocol,), {"admits": staticmethod(admits)}),
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
