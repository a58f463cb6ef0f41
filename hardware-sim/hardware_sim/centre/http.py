"""The HTTP of both servers: paths and methods, the body's limit, who is at the other end, errors as JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hardware_sim.centre.faults import STEPS

REQUEST_LIMIT: Final = 64 * 1024


class TransportError(Exception):
    """An error of docs/protocol.md §8."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


Handler = Callable[[Request], Awaitable[Response]]
Refusal = Callable[[str, int, str], None]
"""Told of every refusal: step (or path kind), status, code."""


def error_body(code: str) -> bytes:
    return json.dumps({"v": 1, "error": code}, separators=(",", ":")).encode()


def answer(status: int, body: bytes) -> Response:
    return Response(body, status, media_type="application/json", headers={"Cache-Control": "no-store"})


def application(step: Callable[[str, Request], Awaitable[Response]], health: Handler, refused: Refusal) -> Starlette:
    """``POST /v1/<step>`` and ``GET /v1/health``; whatever else comes is 404 or 405."""

    def route(name: str) -> Route:
        async def handle(request: Request) -> Response:
            try:
                return await step(name, request)
            except TransportError as error:
                refused(name, error.status, error.code)
                return answer(error.status, error_body(error.code))
            except ClientDisconnect:
                refused(name, 400, "cut")
                return answer(400, error_body("bad_request"))

        return Route(f"/v1/{name}", handle, methods=["POST"])

    async def handle_health(request: Request) -> Response:
        try:
            return await health(request)
        except TransportError as error:
            refused("health", error.status, error.code)
            return answer(error.status, error_body(error.code))

    async def stray(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        code = {404: "not_found", 405: "method"}.get(status, "busy")  # ours: nothing of it may show
        status = 503 if code == "busy" else status
        refused("other", status, code)
        return answer(status, error_body(code))

    health_route = Route("/v1/health", handle_health, methods=["GET"])
    if health_route.methods is not None:
        health_route.methods.discard("HEAD")
    app = Starlette(
        routes=[*(route(name) for name in STEPS), health_route],
        exception_handlers={404: stray, 405: stray, Exception: stray},
    )
    app.router.redirect_slashes = False
    return app


async def body_of(request: Request) -> bytes:
    """The body of a JSON request.

    Raises:
        TransportError: not declared as JSON, or larger than :data:`REQUEST_LIMIT`.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise TransportError(400, "bad_request")
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > REQUEST_LIMIT:
        raise TransportError(413, "too_large")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > REQUEST_LIMIT:
            raise TransportError(413, "too_large")
    return bytes(body)


def client_certificate(request: Request) -> x509.Certificate | None:
    """The verified client certificate (ASGI TLS extension), or None when there is none."""
    extensions: Mapping[str, Any] = request.scope.get("extensions") or {}
    chain = (extensions.get("tls") or {}).get("client_cert_chain") or ()
    return x509.load_pem_x509_certificate(chain[0].encode()) if chain else None


def client_name(request: Request) -> str:
    """CN of the client certificate; empty without one, or when there is not exactly one CN."""
    certificate = client_certificate(request)
    if certificate is None:
        return ""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


async def cut_off(request: Request, body: bytes) -> Response:
    """Send half of ``body`` and break the connection (a fault of the bench)."""
    extensions: Mapping[str, Any] = request.scope.get("extensions") or {}
    abort: Callable[[], None] | None = extensions.get("certkiosk.abort")
    return _HalfResponse(body, abort)


class _HalfResponse(Response):
    def __init__(self, body: bytes, abort: Callable[[], None] | None) -> None:
        super().__init__(body, 200, media_type="application/json")
        self._abort = abort

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        if self._abort is None:
            raise ConnectionAbortedError("cut off, as asked")
        self._abort()
