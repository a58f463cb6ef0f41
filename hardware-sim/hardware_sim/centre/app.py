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
from hardware_sim.centre.http import TransportError, answer, application, body_of, client_name, cut_off
from hardware_sim.centre.serving import HANDSHAKES

_KEEPING = {"cross_reply", "replay"}
"""Faults for which answers are kept while they are at work, and not a moment longer."""
CITY_ERRORS = frozenset({400, 403, 404, 405, 409, 413, 503})
"""What a city may say beside 200; anything else is a city that does not work."""
REFUSALS = (
    *HANDSHAKES, "unknown_address", "unknown_terminal", "wrong_terminal", "not_found", "method", "bad_request",
    "too_large", "busy",
)  # fmt: skip
"""Each refusal has a counter of its own: the handshake's, the connection's, then those of docs/protocol.md §8."""
JOURNAL_ROWS = 1000


class Centre:
    """The relay. ``cities`` holds one HTTP client for each municipality, its base URL set."""

    def __init__(
        self,
        terminals: Collection[str],
        cities: Mapping[str, httpx.AsyncClient],
        clock: Clock,
        *,
        addresses: Collection[str] = ("127.0.0.1",),
        faults: Faults | None = None,
        max_document_bytes: int = 10_000_000,
        parallel: int = 64,
    ) -> None:
        self.faults = faults or Faults(CENTRE_FAULTS)
        self.counts: Counter[str] = Counter()
        """Requests by ``<step>.<result>``; handshakes refused as ``tls.refused``."""
        self.refusals: Counter[str] = Counter(dict.fromkeys(REFUSALS, 0))
        """Whom and what was not let in, by :data:`REFUSALS`."""
        self._terminals = frozenset(terminals)
        self.addresses = frozenset(addresses)
        """Client addresses that may connect."""
        self._cities = dict(cities)
        self._clock = clock
        self._limit = max_document_bytes * 4 // 3 + 64 * 1024
        self._parallel = parallel
        self._under_way = 0
        self._journal: deque[dict[str, Any]] = deque(maxlen=JOURNAL_ROWS)
        self._crossed: dict[str, tuple[object, int, bytes]] = {}
        """Only while ``cross_reply`` or ``replay`` is at work: step -> session, status, body."""
        self.app: Starlette = application(self._step, self._health, self._refused)

    def journal(self) -> list[dict[str, Any]]:
        """Requests, oldest first: ``at``, ``step``, ``result``. Nothing of their content."""
        return [dict(row) for row in self._journal]

    def forget_crossed(self) -> None:
        """Drop what ``cross_reply`` and ``replay`` kept, unless one of them is at work."""
        if not _KEEPING & set(self.faults.active()):
            self._crossed.clear()

    def handshake_refused(self, why: str) -> None:
        """Count a handshake that failed; ``why`` is one of HANDSHAKES."""
        self.counts["tls.refused"] += 1
        self.refusals[why] += 1

    def admits(self, address: str) -> bool:
        """Whether this address may connect; one that may not is counted."""
        if address in self.addresses and self.faults.strikes("unlisted_address", "any") is None:
            return True
        self.refusals["unknown_address"] += 1
        return False

    def _refused(self, step: str, _status: int, code: str) -> None:
        self._count(step, code)
        if code in REFUSALS:
            self.refusals[code] += 1

    def _count(self, step: str, result: str) -> None:
        self.counts[f"{step}.{result}"] += 1
        at = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        self._journal.append({"at": at, "step": step, "result": result})

    def _listed(self, request: Request, step: str) -> str:
        name = client_name(request)
        if name not in self._terminals or self.faults.strikes("unlisted_terminal", step):
            raise TransportError(403, "unknown_terminal")
        return name

    # --- relay ---

    async def _step(self, step: str, request: Request) -> Response:
        terminal = self._listed(request, step)
        body = await body_of(request)
        message = _addressed(body)
        if message["terminal"] != terminal:
            raise TransportError(403, "wrong_terminal")
        city = self._cities.get(message["municipality"])
        if city is None:
            raise TransportError(404, "not_found")
        if self._under_way >= self._parallel or self.faults.strikes("busy", step):
            raise TransportError(503, "busy")
        self._under_way += 1
        try:
            return await self._relay(request, step, city, body, message["session"])
        finally:
            self._under_way -= 1

    async def _relay(
        self, request: Request, step: str, city: httpx.AsyncClient, body: bytes, session: object
    ) -> Response:
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
        if oversized := self.faults.strikes("oversized", step):
            content += b" " * int(oversized["bytes"])
        self._count(step, "relayed" if status == 200 else f"city_{status}")
        if self.faults.strikes("cut", step):
            return await cut_off(request, content)
        return answer(status, content)

    def _cross(self, step: str, session: object, status: int, content: bytes) -> tuple[int, bytes]:
        """With ``cross_reply`` (another session's) or ``replay``: the answer given to this step before."""
        if not _KEEPING & set(self.faults.active()):
            return status, content
        before = self._crossed.get(step)
        self._crossed[step] = (session, status, content)
        if before is None:
            return status, content
        foreign = before[0] != session and self.faults.strikes("cross_reply", step)
        if foreign or self.faults.strikes("replay", step):
            return before[1], before[2]
        return status, content

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
        self._listed(request, "health")
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
