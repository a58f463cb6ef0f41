"""The relay: whom it lets in, what it passes on, what it counts, how it fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidTag


def refused(reply: httpx.Response) -> tuple[int, str]:
    message = reply.json()
    assert set(message) == {"v", "error"}
    return reply.status_code, message["error"]


def test_health(far: Any) -> None:
    reply = far.send("GET", "/v1/health")
    assert (reply.status_code, reply.json()) == (200, {"v": 1, "centre": "ok", "city": "ok"})


def test_health_without_the_city(far: Any) -> None:
    far.centre._cities["saga"] = unreachable()
    assert far.send("GET", "/v1/health").json() == {"v": 1, "centre": "ok", "city": "unreachable"}


def unreachable(status: int | None = None, content: bytes = b"") -> httpx.AsyncClient:
    """A city that cannot be connected to, or answers like this."""

    def handle(request: httpx.Request) -> httpx.Response:
        if status is None:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status, stream=httpx.ByteStream(content))

    return httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="https://city")


@pytest.mark.parametrize("terminal", [None, "saga-0099"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/open"), ("GET", "/v1/health")])
def test_only_listed_terminals(far: Any, terminal: str | None, method: str, path: str) -> None:
    body = far.terminal().open_body() if method == "POST" else b""
    assert refused(far.send(method, path, body, terminal)) == (403, "unknown_terminal")
    assert far.centre.counts[f"{path[4:]}.unknown_terminal"] == 1
    assert far.service.journal() == []


def test_a_terminal_speaks_for_itself_only(far: Any) -> None:
    body = far.terminal("saga-0003").open_body()
    assert refused(far.send("POST", "/v1/open", body)) == (403, "wrong_terminal")
    assert far.centre.counts["open.wrong_terminal"] == 1
    assert far.service.journal() == []


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", (404, "not_found")),
        ("POST", "/v1/pins", (404, "not_found")),
        ("POST", "/v1/open/", (404, "not_found")),
        ("POST", "/V1/open", (404, "not_found")),
        ("GET", "/v1/open", (405, "method")),
        ("PUT", "/v1/issue", (405, "method")),
        ("POST", "/v1/health", (405, "method")),
        ("OPTIONS", "/v1/open", (405, "method")),
    ],
)
def test_other_paths_and_methods(far: Any, method: str, path: str, expected: tuple[int, str]) -> None:
    assert refused(far.send(method, path, b"{}" if method == "POST" else b"")) == expected
    assert far.centre.counts[f"other.{expected[1]}"] == 1


def test_head_is_a_method_too(far: Any) -> None:
    assert far.send("HEAD", "/v1/health").status_code == 405


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "text/plain"),
        (b"not json", "application/json"),
        (b"[1]", "application/json"),
        (b'{"v":1}', "application/json"),
        (b'{"session":"","terminal":"saga-0002","terminal":"x","municipality":"saga"}', "application/json"),
        (b'{"session":"","terminal":["saga-0002"],"municipality":"saga"}', "application/json"),
        (b"\xff\xfe", "application/json"),
    ],
)
def test_bodies_that_are_no_message(far: Any, body: bytes, kind: str) -> None:
    reply = far.send("POST", "/v1/open", body, **{"Content-Type": kind})
    assert refused(reply) == (400, "bad_request")
    assert far.service.journal() == []


def test_a_request_has_a_limit(far: Any) -> None:
    room = 64 * 1024 - len(far.terminal().open_body(more=""))
    fits, too_large = (far.terminal().open_body(more="x" * (room + more)) for more in (0, 1))
    assert refused(far.send("POST", "/v1/open", fits)) == (400, "bad_request")  # the city's: one key too many
    assert refused(far.send("POST", "/v1/open", too_large)) == (413, "too_large")
    assert far.centre.counts["open.too_large"] == 1


def test_the_limit_holds_without_a_declared_length(far: Any) -> None:
    async def endless() -> Any:
        for _ in range(70):
            yield b" " * 1024

    reply = far.send("POST", "/v1/open", endless(), **{"Content-Type": "application/json"})
    assert refused(reply) == (413, "too_large")


def test_an_unknown_municipality(far: Any) -> None:
    body = far.terminal().open_body(municipality="fujisawa")
    assert refused(far.send("POST", "/v1/open", body)) == (404, "not_found")


@pytest.mark.parametrize(("status", "content"), [(None, b""), (500, b"oops"), (302, b""), (200, b"x" * 13_500_000)])
def test_a_city_that_does_not_work(far: Any, status: int | None, content: bytes) -> None:
    far.centre._cities["saga"] = unreachable(status, content)
    reply = far.send("POST", "/v1/open", far.terminal().open_body())
    assert refused(reply) == (502, "city_unreachable")
    assert far.centre.counts["open.city_unreachable"] == 1


def test_the_city_takes_the_centre_only(far: Any) -> None:
    body = far.terminal().open_body()
    terminal_pem = far.pki.terminal("saga-0002")[1].read_text()
    assert refused(far.send_city("POST", "/v1/open", body, terminal_pem)) == (403, "unknown_terminal")
    assert refused(far.send_city("GET", "/v1/health", b"", terminal_pem)) == (403, "unknown_terminal")
    assert far.city.counts["unknown_terminal"] == 2
    assert refused(far.send_city("DELETE", "/v1/open")) == (405, "method")


def test_bodies_pass_unchanged_both_ways(far: Any) -> None:
    terminal = far.terminal()
    spaced = terminal.open_body().replace(b",", b" ,\n")
    seen: list[bytes] = []
    handle = far.service.handle
    far.service.handle = lambda step, body: (seen.append(body), handle(step, body))[1]
    answer = far.send("POST", "/v1/open", spaced)
    assert seen == [spaced]
    assert answer.content == far.service.handle("open", spaced).body


def test_nothing_of_a_session_stays_at_the_centre(far: Any) -> None:
    terminal = far.identified()
    terminal.ask("issue", terminal.wish())
    assert far.centre._crossed == {}
    assert far.centre.counts == {"open.relayed": 1, "authenticate.relayed": 1, "issue.relayed": 1}
    assert terminal.session.hex() not in json.dumps(far.centre.journal())


def test_too_many_at_a_time(far: Any) -> None:
    far.centre._parallel = 0
    assert refused(far.send("POST", "/v1/open", far.terminal().open_body())) == (503, "busy")


# --- faults ---


def test_cross_reply_gives_the_answer_to_another_session(far: Any) -> None:
    first, second = far.identified("r005"), far.identified()
    far.centre.faults.set("cross_reply", {"step": "issue"})
    assert first.ask("issue", first.wish()).head["result"] == "ok"
    body, sealed = second.request("issue", second.wish())
    status, answer = second.post("issue", body)
    assert status == 200
    assert json.loads(answer)["session"] == first.session.hex()
    with pytest.raises(AssertionError):
        second.opened("issue", sealed, answer)
    far.centre.faults.clear()
    far.centre.forget_crossed()
    assert far.centre._crossed == {}


def test_duplicate_is_answered_with_the_same_bytes(far: Any) -> None:
    far.centre.faults.set("duplicate", {})
    terminal = far.identified()
    assert terminal.ask("issue", terminal.wish()).head["result"] == "ok"
    assert [row["result"] for row in far.service.journal()] == ["ok", "repeated"] * 3
    assert len(far.service.issuing.issued()) == 1


def test_garble_and_truncate(far: Any) -> None:
    terminal = far.identified()
    body, sealed = terminal.request("issue", terminal.wish())
    far.centre.faults.set("garble", {})
    with pytest.raises((InvalidTag, AssertionError, ValueError)):
        terminal.opened("issue", sealed, terminal.post("issue", body)[1])
    far.centre.faults.clear()
    far.centre.faults.set("truncate", {})
    with pytest.raises(ValueError):
        json.loads(terminal.post("issue", body)[1])


def test_slow(far: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("hardware_sim.centre.app.anyio.sleep", sleep)
    far.centre.faults.set("slow", {"s": 7})
    far.terminal().open()
    assert slept == [7.0]
