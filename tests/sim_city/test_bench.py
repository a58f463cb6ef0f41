"""The two real processes: mutual TLS on both legs, faults, control, and an end with their parent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from config.clock import ClockFile
from hardware_sim.city.bench import BenchError, CityBench
from hardware_sim.tls import BenchPki, Flaw, client_context


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, cards: Any) -> Iterator[CityBench]:
    folder = tmp_path_factory.mktemp("bench")
    with ClockFile.create(folder / "clock") as clock:
        clock.set_utc(datetime(2026, 11, 24, 1, 24, tzinfo=UTC))
        pem = cards.certificate.public_bytes(Encoding.PEM)
        with CityBench(folder / "city", pem, clock_file=folder / "clock", terminals=("saga-0002", "saga-0003")) as it:
            yield it


@pytest.fixture(autouse=True)
def no_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "bench" in request.fixturenames:
        request.getfixturevalue("bench").clear()


def context_of(credentials: Path) -> ssl.SSLContext:
    """As docs/protocol.md §2 tells a terminal to do it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(credentials / "centre.pin")
    context.load_cert_chain(credentials / "terminal.crt", credentials / "terminal.key")
    return context


@pytest.fixture
def terminal(bench: CityBench, cards: Any, terminal_class: Any) -> Callable[..., Any]:
    def make(terminal_id: str = "saga-0002") -> Any:
        credentials = bench.credentials_of[terminal_id]

        def post(step: str, body: bytes) -> tuple[int, bytes]:
            with httpx.Client(verify=context_of(credentials), base_url=bench.url, trust_env=False) as client:
                reply = client.post(f"/v1/{step}", content=body, headers={"Content-Type": "application/json"})
                return reply.status_code, reply.content

        return terminal_class(post, credentials, cards, terminal_id)

    return make


def identified(bench: CityBench, terminal: Any, person: str = "r001") -> Any:
    terminal.open()
    serial = next(one.card_serial for one in bench.residents() if one.id == person)
    assert terminal.authenticate(terminal.cards.card(serial)).head["result"] == "ok"
    return terminal


def test_a_certificate_over_both_legs(bench: CityBench, terminal: Callable[..., Any], pages: Any) -> None:
    here = identified(bench, terminal())
    answer = here.ask("issue", here.wish(copies=2))
    assert answer.signed
    assert answer.head["at"].startswith("2026-11-24T01:2")
    assert bench.issued()[-1]["copies"] == answer.head["copies"]
    assert bench.issued()[-1]["person"] == "r001"
    assert pages(answer.documents[0])[0]["name"] == "佐賀　太郎"
    assert {row["result"] for row in bench.journal("city")} == {"ok"}


def test_only_loopback_is_listened_on(bench: CityBench) -> None:
    for pid in bench.pids.values():
        inodes = {os.readlink(link) for link in _links(pid)}
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                    assert fields[1].startswith("0100007F:")


def _links(pid: int) -> list[Path]:
    return [link for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]


@contextlib.contextmanager
def refusing(bench: CityBench, why: str) -> Iterator[None]:
    """What is done inside is refused by the centre and counted once, under this name and no other."""
    before = bench.refusals()
    yield
    expected = {**before, why: before[why] + 1}
    deadline = time.monotonic() + 30
    while bench.refusals() != expected:
        assert time.monotonic() < deadline, (bench.refusals(), expected)
        time.sleep(0.01)


@contextlib.contextmanager
def refused_by_the_city(bench: CityBench) -> Iterator[None]:
    before = bench.snapshot()["city"]["counts"].get("tls.refused", 0)
    yield
    deadline = time.monotonic() + 30
    while bench.snapshot()["city"]["counts"].get("tls.refused", 0) <= before:
        assert time.monotonic() < deadline, "not counted"
        time.sleep(0.01)


def get_health(url: str, context: ssl.SSLContext) -> httpx.Response:
    with httpx.Client(verify=context, base_url=url, trust_env=False) as client:
        return client.get("/v1/health")


def test_health(bench: CityBench) -> None:
    reply = get_health(bench.url, context_of(bench.credentials))
    assert reply.json() == {"v": 1, "centre": "ok", "city": "ok"}


def test_plain_http_is_refused(bench: CityBench) -> None:
    with refusing(bench, "plain_http"), pytest.raises(httpx.HTTPError):
        httpx.get(bench.url.replace("https", "http") + "/v1/health", trust_env=False)


def trusting_the_centre(bench: CityBench) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(bench.credentials / "centre.pin")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def test_tls_1_2_is_refused(bench: CityBench) -> None:
    context = trusting_the_centre(bench)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with refusing(bench, "tls_version"), pytest.raises(httpx.HTTPError):
        get_health(bench.url, context)


def test_no_client_certificate_is_refused(bench: CityBench) -> None:
    with refusing(bench, "no_certificate"), pytest.raises(httpx.HTTPError):
        get_health(bench.url, trusting_the_centre(bench))


def test_another_ca_is_refused(bench: CityBench) -> None:
    with refusing(bench, "unknown_ca"), pytest.raises(httpx.HTTPError):
        get_health(bench.url, context_of(bench.flawed_credentials("wrong_ca")))


@pytest.mark.parametrize(
    ("flaw", "why"), [("expired", "expired_certificate"), ("not_yet_valid", "not_yet_valid_certificate")]
)
def test_a_certificate_out_of_its_dates_is_refused(bench: CityBench, flaw: Flaw, why: str) -> None:
    with refusing(bench, why), pytest.raises(httpx.HTTPError):
        get_health(bench.url, context_of(bench.flawed_credentials(flaw)))


def test_an_unlisted_certificate_is_refused(bench: CityBench) -> None:
    with refusing(bench, "unknown_terminal"):
        reply = get_health(bench.url, context_of(bench.flawed_credentials("unlisted")))
    assert (reply.status_code, reply.json()["error"]) == (403, "unknown_terminal")


def test_another_terminals_certificate_is_refused(bench: CityBench, terminal: Callable[..., Any]) -> None:
    context = context_of(bench.flawed_credentials("other_terminal"))
    with refusing(bench, "wrong_terminal"):
        status, answer = post(bench, context, "/v1/open", terminal().open_body())
    assert (status, answer["error"]) == (403, "wrong_terminal")


def test_a_terminal_refuses_another_centre(bench: CityBench) -> None:
    with pytest.raises(httpx.HTTPError, match="CERTIFICATE_VERIFY_FAILED"):
        get_health(bench.url, context_of(bench.flawed_credentials("wrong_centre")))


def test_an_unlisted_address_is_not_listened_to(bench: CityBench, terminal: Callable[..., Any]) -> None:
    context = context_of(bench.credentials)

    def health_from(address: str) -> int:
        way = httpx.HTTPTransport(verify=context, local_address=address)
        with httpx.Client(transport=way, base_url=bench.url) as client:
            return client.get("/v1/health").status_code

    assert health_from("127.0.0.1") == 200
    with refusing(bench, "unknown_address"), pytest.raises(httpx.HTTPError):
        health_from("127.0.0.2")
    bench.allow_addresses(["127.0.0.2"])
    try:
        assert health_from("127.0.0.2") == 200
        with refusing(bench, "unknown_address"), pytest.raises(httpx.HTTPError):
            health_from("127.0.0.1")
    finally:
        bench.allow_addresses(["127.0.0.1"])
    bench.fault("centre", "unlisted_address")
    with refusing(bench, "unknown_address"), pytest.raises(httpx.HTTPError):
        health_from("127.0.0.1")


@pytest.mark.parametrize(
    ("method", "path", "size", "why"),
    [
        ("POST", "/v2/open", 10, "not_found"),
        ("GET", "/v1/open", 0, "method"),
        ("POST", "/v1/open", 64 * 1024 + 1, "too_large"),
        ("POST", "/v1/open", 10, "bad_request"),
    ],
)
def test_requests_that_are_refused(bench: CityBench, method: str, path: str, size: int, why: str) -> None:
    kind = {"Content-Type": "application/json"}
    with refusing(bench, why):
        with httpx.Client(verify=context_of(bench.credentials), base_url=bench.url, trust_env=False) as client:
            reply = client.request(method, path, content=b" " * size, headers=kind)
        assert reply.json()["error"] == why


def test_too_many_at_once_are_refused(bench: CityBench, terminal: Callable[..., Any]) -> None:
    bench.fault("centre", "busy", step="open", times=1)
    with refusing(bench, "busy"):
        status, answer = post(bench, context_of(bench.credentials), "/v1/open", terminal().open_body())
    assert (status, answer["error"]) == (503, "busy")


def test_a_terminal_cannot_speak_for_another(bench: CityBench, terminal: Callable[..., Any]) -> None:
    one, other = terminal("saga-0002"), terminal("saga-0003")
    with refusing(bench, "wrong_terminal"):
        status, body = one.post("open", other.open_body())
    assert (status, json.loads(body)["error"]) == (403, "wrong_terminal")


def post(bench: CityBench, context: ssl.SSLContext, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    with httpx.Client(verify=context, base_url=bench.url, trust_env=False) as client:
        reply = client.post(path, content=body, headers={"Content-Type": "application/json"})
        found: dict[str, Any] = reply.json()
        return reply.status_code, found


def test_the_pin_takes_the_centre_only(bench: CityBench) -> None:
    """Another server of the same operations CA is not the centre."""
    with httpx.Client(verify=context_of(bench.credentials), trust_env=False) as client, pytest.raises(httpx.HTTPError):
        client.get(city_url(bench) + "/v1/health")


def city_url(bench: CityBench) -> str:
    inodes = {os.readlink(link) for link in _links(bench.pids["city"])}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            return f"https://127.0.0.1:{int(fields[1].split(':')[1], 16)}"
    raise AssertionError("the city does not listen")


def test_the_city_takes_the_centre_only(bench: CityBench) -> None:
    trusted = bench.pki.path("city-server")[1]
    good = client_context(bench.pki.path("centre-client"), trusted)
    assert get_health(city_url(bench), good).status_code == 200
    # A client certificate from the very authority that issued the centre's.
    authority, stem = bench.pki._operations_ca, bench.pki.directory / "colleague"
    bench.pki._leaf(authority, stem, "centre-client.bench.invalid", ExtendedKeyUsageOID.CLIENT_AUTH)
    for name in ("colleague", "centre-server", "terminals/saga-0002", "operations-ca"):
        with refused_by_the_city(bench), pytest.raises(httpx.HTTPError):
            get_health(city_url(bench), client_context(bench.pki.path(name), trusted))


def test_centre_down_refuses_connections_and_comes_back(bench: CityBench, terminal: Callable[..., Any]) -> None:
    here = identified(bench, terminal())
    with httpx.Client(verify=context_of(bench.credentials), base_url=bench.url, trust_env=False) as client:
        assert client.get("/v1/health").status_code == 200
        bench.fault("centre", "down")
        with pytest.raises(httpx.HTTPError):  # the connection that was there is gone too
            client.get("/v1/health")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", bench.port), timeout=5).close()
    bench.clear("centre", "down")
    assert here.ask("issue", here.wish()).head["result"] == "ok"


def test_the_city_cuts_the_connection(bench: CityBench, terminal: Callable[..., Any]) -> None:
    here = identified(bench, terminal())
    bench.fault("city", "cut", times=1)
    body, sealed = here.request("issue", here.wish())
    status, answer = here.post("issue", body)
    assert (status, json.loads(answer)["error"]) == (502, "city_unreachable")
    status, answer = here.post("issue", body)  # asked again, it is there
    assert here.opened("issue", sealed, answer).head["result"] == "ok"


def test_the_centre_cuts_the_connection(bench: CityBench, terminal: Callable[..., Any]) -> None:
    here = terminal()
    bench.fault("centre", "cut", step="open", times=1)
    with pytest.raises(httpx.HTTPError):
        here.post("open", here.open_body())
    assert here.open()["signed"]


def test_the_tile(bench: CityBench, terminal: Callable[..., Any]) -> None:
    tile = os.urandom(32 * 32)
    bench.tile(tile)
    here = identified(bench, terminal())
    [document] = here.ask("issue", here.wish()).documents
    assert tile in document
    bench.tile(None)
    with pytest.raises(BenchError, match="square"):
        bench.tile(b"123")


def test_time_moves_for_both(bench: CityBench, terminal: Callable[..., Any]) -> None:
    with ClockFile(bench.directory.parent / "clock") as clock:
        assert clock.advance(3600, timeout_s=10)  # both loops have seen it
    assert terminal().open()["at"] >= "2026-11-24T02:24:00Z"


def test_wrong_faults_say_what_is_right(bench: CityBench) -> None:
    with pytest.raises(BenchError, match="known are"):
        bench.fault("city", "nonsense")
    assert bench.vocabulary("centre")["down"]["label"] == "センター停止"
    assert bench.vocabulary("city")["refuse"]["parameters"]["step"] == "issue"


def test_nothing_of_a_person_in_logs_and_arguments(bench: CityBench, terminal: Callable[..., Any]) -> None:
    here = identified(bench, terminal())
    here.ask("issue", here.wish())
    for name, pid in bench.pids.items():
        assert (bench.directory / f"{name}.log").read_bytes() == b""
        assert b"\xe4\xbd\x90" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_keys_are_private_and_have_their_names(bench: CityBench) -> None:
    names = {path.name: path for path in bench.credentials.iterdir()}
    assert set(names) == {"terminal.key", "terminal.crt", "centre.pin", "city-sign.pub", "city-hpke.pub"}
    assert names["city-hpke.pub"].stat().st_size == 1216
    assert b"BEGIN PUBLIC KEY" in names["city-sign.pub"].read_bytes()
    for path in [*names.values(), *bench.pki.directory.glob("*.key"), *bench.pki.directory.glob("terminals/*.key")]:
        assert path.stat().st_mode & 0o077 == 0


def test_keys_stay_over_a_restart(tmp_path: Path) -> None:
    first = BenchPki(tmp_path).fill_credentials("saga-0002", tmp_path / "one")
    second = BenchPki(tmp_path).fill_credentials("saga-0002", tmp_path / "two")
    for name in ("terminal.crt", "centre.pin", "city-sign.pub", "city-hpke.pub"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_both_end_when_their_parent_is_killed(tmp_path: Path, cards: Any) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(cards.certificate.public_bytes(Encoding.PEM))
    program = (
        "import pathlib, sys, time\n"
        "from hardware_sim.city.bench import CityBench\n"
        "bench = CityBench(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes())\n"
        "print(*bench.pids.values(), flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "b"), str(ca)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        watched = [os.pidfd_open(pid) for pid in pids]
        parent.send_signal(signal.SIGKILL)
    for watch in watched:
        with open(watch, "rb", buffering=0) as handle:
            _wait_readable(handle)


def _wait_readable(handle: Any) -> None:
    import select

    assert select.select([handle], [], [], 15)[0], "it lives on without its parent"
