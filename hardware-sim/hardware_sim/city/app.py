"""The city's HTTP server: exactly the centre may ask (docs/protocol.md §2)."""

from __future__ import annotations

from collections import Counter

import anyio
import anyio.to_thread
from cryptography import x509
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from hardware_sim.centre.http import (
    TransportError,
    answer,
    application,
    body_of,
    client_certificate,
    cut_off,
)
from hardware_sim.city.service import CityService


class CityApp:
    """ASGI application around a :class:`CityService`.

    ``centre`` is the one client certificate that is taken. TLS has checked it before; here it is compared once
    more, so that a wrong trust store alone opens nothing.
    """

    def __init__(self, service: CityService, centre: x509.Certificate) -> None:
        self.service = service
        self.counts: Counter[str] = Counter()
        """Handshakes refused as ``tls.refused``, requests refused before they were read by their code."""
        self._centre = centre
        self.app: Starlette = application(self._step, self._health, self._refused)

    def _refused(self, step: str, status: int, code: str) -> None:
        self.counts[code] += 1
        self.service.refuse(step, status, code)

    def _check_client(self, request: Request) -> None:
        if client_certificate(request) != self._centre:
            raise TransportError(403, "unknown_terminal")

    async def _step(self, step: str, request: Request) -> Response:
        self._check_client(request)
        body = await body_of(request)
        reply = await anyio.to_thread.run_sync(self.service.handle, step, body)
        if reply.delay_s:
            await anyio.sleep(reply.delay_s)
        if reply.cut:
            return await cut_off(request, reply.body)
        return answer(reply.status, reply.body)

    async def _health(self, request: Request) -> Response:
        self._check_client(request)
        return answer(200, b'{"v":1,"city":"ok"}')
