"""HTTP/1.1 transport of IPP (RFC 8010 section 4) on the loopback interface only.

The printer is at /ipp/print. Bodies may be chunked; `Expect: 100-continue` is honoured. Connections are kept
alive, and cut when the machine restarts, loses its network or its power.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

from hardware_sim.printer.engine import Engine
from hardware_sim.printer.ipp import IppError
from hardware_sim.printer.operations import PRINTER_PATH, Operations
from hardware_sim.printer.request import Arrivals

LOOPBACK: Final = "127.0.0.1"
IPP_TYPE: Final = "application/ipp"
ROOM_FOR_ATTRIBUTES: Final = 1024 * 1024
_CHUNK_LINE: Final = 1024


class _TransportError(Exception):
    """An HTTP request that cannot be read; answered with `status` and the connection closed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PrinterServer:
    """The network side of one engine. `start()` binds; `sync()` follows power, network and restarts."""

    def __init__(self, engine: Engine, port: int = 0) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None
        # Bound for as long as the machine stands there: while it does not listen, callers are refused, and
        # nobody else can take the port.
        self._reserved: socket.socket | None = self._bind(port)
        self.port: int = self._reserved.getsockname()[1]
        self.uri = f"ipp://{LOOPBACK}:{self.port}{PRINTER_PATH}"
        self.operations = Operations(engine, self.uri)

    @staticmethod
    def _bind(port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK, port))
        except OSError:
            sock.close()
            raise
        return sock

    def sync(self) -> None:
        """Listen exactly while the machine has power and network."""
        with self._lock:
            if self._engine.powered and self._engine.troubles.network:
                self._listen()
            else:
                self._hang_up()

    def drop_connections(self) -> None:
        """Cut every connection, as a restart does; new ones are welcome."""
        with self._lock:
            if self._http is not None:
                self._http.cut()

    def stop(self) -> None:
        with self._lock:
            self._hang_up()
            if self._reserved is not None:
                self._reserved.close()
                self._reserved = None

    def _listen(self) -> None:
        if self._http is not None or self._reserved is None:
            return
        self._reserved.listen(16)
        self._http = _Http(self._reserved, self._engine, self.operations)
        self._reserved = None
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="printer-http", daemon=True
        )
        self._thread.start()

    def _hang_up(self) -> None:
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._thread.join()
        self._http.socket.close()
        self._reserved = self._bind(self.port)
        self._http.cut()
        self._http.server_close()
        self._http = self._thread = None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listening: socket.socket, engine: Engine, operations: Operations) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.engine = engine
        self.operations = operations
        self.closing = False
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who went away is no news; anything else is for the log."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.engine.log.add("internal-error", kind=type(error).__name__)

    def cut(self) -> None:
        """Reset all connections; their threads end with an error on the socket."""
        with self._guard:
            for connection in self._open:
                try:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def server_close(self) -> None:
        self.closing = True
        with self.engine.changed:
            self.engine.changed.notify_all()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    server_version = "SimulatedPrinter"
    sys_version = ""
    disable_nagle_algorithm = True
    # An idle connection is given up after this many seconds.
    timeout: ClassVar[float] = 120.0

    def do_POST(self) -> None:
        try:
            body, arrivals = self._body()
            if self.path != PRINTER_PATH and not self.path.startswith(PRINTER_PATH + "/"):
                raise _TransportError(404, f"the printer is at {PRINTER_PATH}")
            kind = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
            if kind != IPP_TYPE:
                raise _TransportError(415, f"the body must be {IPP_TYPE}")
            if not self._awake():
                self.close_connection = True
                return
            try:
                answer = self.server.operations.answer(body, arrivals)
            except IppError as error:
                raise _TransportError(400, error.message) from None
            if not self._awake():
                self.close_connection = True
                return
            self._send(200, IPP_TYPE, answer)
        except _TransportError as error:
            self.close_connection = True
            self._send(error.status, "text/plain; charset=utf-8", f"{error}\n".encode())

    def do_GET(self) -> None:
        if self.path == "/icon.png":
            self._send(200, "image/png", _icon())
        elif self.path == "/":
            self._send(200, "text/plain; charset=utf-8", b"Simulated printer. IPP is at /ipp/print.\n")
        else:
            self._send(404, "text/plain; charset=utf-8", b"not found\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what matters is in the oracle log."""

    def _awake(self) -> bool:
        """Wait while the machine hangs; False if it restarted or went away meanwhile."""
        engine = self.server.engine
        with engine.changed:
            epoch = engine.epoch
            engine.changed.wait_for(lambda: self.server.closing or not engine.troubles.hanging)
            return not self.server.closing and engine.epoch == epoch

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> tuple[bytes, Arrivals]:
        """The request body, and when its parts were there."""
        limit = self.server.engine.config.max_document_bytes + ROOM_FOR_ATTRIBUTES
        coding = self.headers.get("Transfer-Encoding", "").strip().lower()
        if coding:
            if coding != "chunked":
                raise _TransportError(501, "Transfer-Encoding must be chunked")
            return self._chunked(limit)
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise _TransportError(411, "Content-Length or chunked encoding is needed")
        if int(length) > limit:
            raise _TransportError(413, "the request is too large")
        begin = self._exactly(min(int(length), 1))
        first = Arrivals([(0, time.monotonic())])
        return begin + self._exactly(int(length) - len(begin)), first

    def _chunked(self, limit: int) -> tuple[bytes, Arrivals]:
        out, parts = bytearray(), []
        while size := self._chunk_size():
            parts.append((len(out), time.monotonic()))
            if len(out) + size > limit:
                raise _TransportError(413, "the request is too large")
            out += self._exactly(size)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _TransportError(400, "a chunk does not end where it should")
        while self.rfile.readline(_CHUNK_LINE) not in (b"\r\n", b"\n", b""):
            pass  # trailers
        return bytes(out), Arrivals(parts)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(_CHUNK_LINE).split(b";")[0].strip()
        try:
            size = int(line, 16)
        except ValueError:
            raise _TransportError(400, "a chunk size is not a number") from None
        if size < 0:
            raise _TransportError(400, "a chunk size is not a number")
        return size

    def _exactly(self, length: int) -> bytes:
        data = self.rfile.read(length)
        if len(data) != length:
            raise _TransportError(400, "the body is shorter than announced")
        return data


def _icon() -> bytes:
    """A grey 48-pixel square as PNG, for printer-icons."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + b"\x80" * 48) * 48)
    header = part(b"IHDR", struct.pack(">IIBBBBB", 48, 48, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + part(b"IDAT", rows) + part(b"IEND", b"")
