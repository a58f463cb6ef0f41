"""The national centre: relays between terminals and cities, and keeps nothing (docs/protocol.md §2)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Collection, Mapping
from typing import Any

import anyio
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from config.clock import Clock
from hardware_sim.centre.faults import CENTRE_FAULTS, Faults
from hardware_sim.centre.http import TransportError, answer, application, body_of, client_name

CITY_ERRORS = frozenset({400, 403, 404, 405, 409, 413, 503})
"""What a city may say beside 200; anything else is a city that does not work."""
JOURNAL_ROWS = 1000


class Centre:
    """The relay. ``cities`` holds one HTTP client for each municipality, its base URL set."""

    def __init__(
        self,
        terminals: Collection[str],
        cities: Mapping[str, httpx.AsyncClient],
        clock: Clock,
        *,
        faults: Faults | None = None,
        max_document_bytes: int = 10_000_000,
        parallel: int = 64,
    ) -> None:
        self.faults = faults or Faults(CENTRE_FAULTS)
        self.counts: Counter[str] = Counter()
        """Requests by ``<step>.<result>``; handshakes refused as ``tls.refused``."""
        self._terminals = frozenset(terminals)
        self._cities = dict(cities)
        self._clock = clock
        self._limit = max_document_bytes * 4 // 3 + 64 * 1024
        self._parallel = parallel
        self._under_way = 0
        self._journal: deque[dict[str, Any]] = deque(maxlen=JOURNAL_ROWS)
        self._crossed: dict[str, tuple[object, int, bytes]] = {}
        """Only while the fault ``cross_reply`` is at work: step -> session, status, body."""
        self.app: Starlette = application(self._step, self._health, self._refused)

    def journal(self) -> list[dict[str, Any]]:
        """Requests, oldest first: ``at``, ``step``, ``result``. Nothing of their content."""
        return [dict(row) for row in self._journal]

    def forget_crossed(self) -> None:
        """Drop what ``cross_reply`` kept, unless it is at work."""
        if "cross_reply" not in self.faults.active():
            self._crossed.clear()

    def _refused(self, step: str, _status: int, code: str) -> None:
        self._count(step, code)

    def _count(self, step: str, result: str) -> None:
        self.counts[f"{step}.{result}"] += 1
        at = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._journal.append({"at": at, "step": step, "result": result})

    def _listed(self, request: Request) -> str:
        name = client_name(request)
        if name not in self._terminals:
            raise TransportError(403, "unknown_terminal")
        return name

    # --- relay ---

    async def _step(self, step: str, request: Request) -> Response:
        terminal = self._listed(request)
        body = await body_of(request)
        message = _addressed(body)
        if message["terminal"] != terminal:
            raise TransportError(403, "wrong_terminal")
        city = self._cities.get(message["municipality"])
        if city is None:
            raise TransportError(404, "not_found")
        if self._under_way >= self._parallel:
            raise TransportError(503, "busy")
        self._under_way += 1
        try:
            return await self._relay(step, city, body, message["session"])
        finally:
            self._under_way -= 1

    async def _relay(self, step: str, city: httpx.AsyncClient, body: bytes, session: object) -> Response:
        if self.faults.strikes("duplicate", step):
            await self._ask(city, step, body)
        status, content = await self._ask(city, step, body)
        if slow := self.faults.strikes("slow", step):
            await anyio.sleep(float(slow["s"]))
        status, content = self._cross(step, session, status, content)
        if self.faults.strikes("garble", step):
            middle = len(content) // 2
            content = content[:middle] + bytes((content[middle] ^ 1,)) + content[middle + 1 :]
        if self.faults.strikes("truncate", step):
            content = content[: len(content) // 2]
        self._count(step, "relayed" if status == 200 else f"city_{status}")
        return answer(status, content)

    def _cross(self, step: str, session: object, status: int, content: bytes) -> tuple[int, bytes]:
        """With ``cross_reply``: the answer to another session's request for the same step, once there is one."""
        if "cross_reply" not in self.faults.active():
            return status, content
        before = self._crossed.get(step)
        self._crossed[step] = (session, status, content)
        if before is None or before[0] == session or not self.faults.strikes("cross_reply", step):
            return status, content
        return before[1], before[2]

    async def _ask(self, city: httpx.AsyncClient, step: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the city's answer, both unchanged."""
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        content = bytearray()
        try:
            async with city.stream("POST", f"/v1/{step}", content=body, headers=headers) as reply:
                if reply.status_code != 200 and reply.status_code not in CITY_ERRORS:
                    raise TransportError(502, "city_unreachable")
                async for chunk in reply.aiter_raw():
                    content += chunk
                    if len(content) > self._limit:
                        raise TransportError(502, "city_unreachable")
        except httpx.HTTPError:
            raise TransportError(502, "city_unreachable") from None
        return reply.status_code, bytes(content)

    async def _health(self, request: Request) -> Response:
        self._listed(request)
        reached = await asyncio.gather(*(self._alive(city) for city in self._cities.values()))
        state = "ok" if reached and all(reached) else "unreachable"
        return answer(200, json.dumps({"v": 1, "centre": "ok", "city": state}).encode())

    async def _alive(self, city: httpx.AsyncClient) -> bool:
        try:
            return (await city.get("/v1/health", timeout=5)).status_code == 200
        except httpx.HTTPError:
            return False


def _addressed(body: bytes) -> dict[str, Any]:
    """The message as far as the relay needs it. A key that is there twice could be read in two ways: refused."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError
        return found

    try:
        message = json.loads(body.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise TransportError(400, "bad_request") from None
    texts = ("session", "terminal", "municipality")
    if not isinstance(message, dict) or any(not isinstance(message.get(name), str) for name in texts):
        raise TransportError(400, "bad_request")
    return message
