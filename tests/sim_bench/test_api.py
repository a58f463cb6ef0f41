"""The page's door: only this machine's own page may come in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from hardware_sim.bench.door import OnlyOurselves

PORT = 8700
OWN = {"host": f"127.0.0.1:{PORT}"}


async def inside(scope: Scope, _receive: Receive, send: Send) -> None:
    """Whoever comes here was let in."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})


def knock(kind: str, headers: dict[str, str]) -> list[Message]:
    """What is answered to one request of ``kind`` http or websocket."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request" if kind == "http" else "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": kind, "method": "POST", "path": "/", "headers": raw}
    asyncio.run(OnlyOurselves(inside, PORT)(scope, receive, send))
    return sent


def test_its_own_page_is_answered_and_nothing_is_kept() -> None:
    start, body = knock("http", {**OWN, "origin": f"http://localhost:{PORT}"})
    assert start["status"] == 200
    assert body["body"] == b"hello"
    headers = dict(start["headers"])
    assert headers[b"cache-control"] == b"no-store"
    assert b"default-src 'self'" in headers[b"content-security-policy"]


def test_the_live_picture_is_for_its_own_page() -> None:
    assert [message["type"] for message in knock("websocket", OWN)] == ["websocket.accept"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "bench.example:8700"},
        {"host": "127.0.0.1:9999"},
        {**OWN, "origin": "http://evil.example"},
        {**OWN, "origin": "null"},
    ],
)
def test_another_name_or_origin_is_refused(headers: dict[str, str]) -> None:
    assert knock("http", headers)[0]["status"] == 403
    assert [message["type"] for message in knock("websocket", headers)] == ["websocket.close"]
