"""Two terminals at the same city: whatever is interleaved, repeated or swapped, no answer reaches the other."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.serialization import Encoding

import config
from config.clock import ClockFile
from hardware_sim.city.bench import BenchError, CityBench
from hardware_sim.city.register import ResidentSummary

ONE, OTHER = "fujisawa-0001", "fujisawa-0002"
CODE = "142051"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, cards: Any) -> Iterator[CityBench]:
    folder = tmp_path_factory.mktemp("two")
    pem = cards.certificate.public_bytes(Encoding.PEM)
    with ClockFile.create(folder / "clock") as clock:
        clock.set_utc(datetime(2026, 11, 24, 1, 24, tzinfo=UTC))
        with CityBench(
            folder / "city", pem, clock_file=folder / "clock", terminals=(ONE, OTHER), municipality="fujisawa"
        ) as it:
            yield it


@pytest.fixture
def clients(bench: CityBench) -> Iterator[dict[str, httpx.Client]]:
    """The line of each terminal, with a client certificate of its own."""
    made = {}
    for terminal, credentials in bench.credentials_of.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(credentials / "centre.pin")
        context.load_cert_chain(credentials / "terminal.crt", credentials / "terminal.key")
        made[terminal] = httpx.Client(verify=context, base_url=bench.url, trust_env=False, timeout=60)
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def session(
    bench: CityBench, clients: dict[str, httpx.Client], cards: Any, terminal_class: Any
) -> Callable[[str], Any]:
    def make(terminal: str, *, line: str = "") -> Any:
        def post(step: str, body: bytes) -> tuple[int, bytes]:
            headers = {"Content-Type": "application/json"}
            reply = clients[line or terminal].post(f"/v1/{step}", content=body, headers=headers)
            return reply.status_code, reply.content

        return terminal_class(post, bench.credentials_of[terminal], cards, terminal, "fujisawa")

    return make


@pytest.fixture(scope="module")
def people(bench: CityBench) -> dict[str, ResidentSummary]:
    return {one.id: one for one in bench.residents()}


def tapped(terminal: Any, resident: ResidentSummary) -> Any:
    terminal.open()
    assert terminal.card(resident, CODE).head["result"] == "ok"
    return terminal


def error(reply: tuple[int, bytes]) -> tuple[int, str]:
    return reply[0], json.loads(reply[1])["error"]


def test_both_at_once_each_gets_its_own(
    bench: CityBench, session: Callable[[str], Any], people: dict[str, ResidentSummary], pages: Any
) -> None:
    """One with Juki cards, one with My Number cards, the same people on both, as fast as they can."""
    start = threading.Barrier(2)

    def serve(terminal: str, order: list[str]) -> list[tuple[str, bytes]]:
        start.wait()
        made = []
        for number, person in enumerate(order):
            here, resident = session(terminal), people[person]
            if terminal == ONE:
                head = tapped(here, resident).pin().head
                own = here.juki_commitment(resident).hex()
            else:
                here.open()
                head = here.authenticate(here.cards.card(resident.card_serial)).head
                own = here.commitment(resident.card_serial).hex()
            kind = ("residence", "seal")[number % 2]
            answer = here.ask("issue", here.wish(kind=kind))
            told = (head["subject"], answer.head["subject"], answer.head["terminal"], answer.head["kind"])
            assert told == (own, own, terminal, kind)
            made.append((resident.name, answer.documents[0]))
        return made

    chosen = ["r001", "r002", "r027", "r018", "r078"]
    with ThreadPoolExecutor(2) as pool:
        # The reverse of an odd number of people: in the middle both serve the same person.
        both = [pool.submit(serve, ONE, chosen[:4]), pool.submit(serve, OTHER, chosen[::-1])]
        issued = [one for done in both for one in done.result()]
    assert len(issued) == len(bench.issued()) == 9
    for name, document in issued:
        assert {plain(side["name"]) for side in pages(document)} == {plain(name)}


def plain(name: str) -> str:
    return "".join(name.split())


def test_the_others_session_id_does_not_help(session: Callable[[str], Any], people: dict[str, ResidentSummary]) -> None:
    mine = tapped(session(ONE), people["r001"])
    thief = session(OTHER)
    assert error(thief.post("open", mine.open_body())) == (403, "wrong_terminal")  # the body says whose it is
    thief.session, thief.public = mine.session, mine.public
    assert error(thief.post("open", thief.open_body())) == (409, "replay")
    thief.seq = mine.seq
    body, _ = thief.request("pin", {"v": 1, "pin": "1234"})
    assert error(thief.post("pin", body)) == (403, "wrong_terminal")
    assert mine.pin().head["result"] == "ok"


def test_swapped_bodies_are_refused_or_cannot_be_opened(
    session: Callable[..., Any], people: dict[str, ResidentSummary]
) -> None:
    mine, yours = tapped(session(ONE), people["r001"]), tapped(session(OTHER), people["r027"])
    my_body, my_sealed = mine.request("pin", {"v": 1, "pin": "1234"})
    your_body, your_sealed = yours.request("pin", {"v": 1, "pin": "1234"})
    # Each on the other's line.
    assert error(mine.post("pin", your_body)) == (403, "wrong_terminal")
    assert error(yours.post("pin", my_body)) == (403, "wrong_terminal")
    # Each's sealed part in the other's envelope.
    assert error(mine.post("pin", mine.sealed_body(your_sealed, mine.seq))) == (400, "bad_request")
    assert error(yours.post("pin", yours.sealed_body(my_sealed, yours.seq))) == (400, "bad_request")
    my_answer, your_answer = mine.post("pin", my_body)[1], yours.post("pin", your_body)[1]
    # Each's answer to the other, even with the outside put right.
    for here, sealed, foreign in ((mine, my_sealed, your_answer), (yours, your_sealed, my_answer)):
        forged = {**json.loads(foreign), "session": here.session.hex()}
        with pytest.raises(InvalidTag):
            here.opened("pin", sealed, json.dumps(forged).encode())
    assert mine.opened("pin", my_sealed, my_answer).head["result"] == "ok"
    assert yours.opened("pin", your_sealed, your_answer).head["result"] == "ok"


def test_tries_are_of_the_card_and_not_of_the_terminal(
    bench: CityBench, session: Callable[[str], Any], people: dict[str, ResidentSummary]
) -> None:
    person = people["r090"]
    one, other = tapped(session(ONE), person), tapped(session(OTHER), person)
    assert one.pin("0000").head["tries_left"] == 2
    assert other.pin("0000").head["tries_left"] == 1
    assert one.pin("1111").head["result"] == "pin_blocked"
    assert other.pin("1234").head["result"] == "pin_blocked"
    bench.change_juki(person.id, tries=1)
    assert other.pin("1234").head["result"] == "ok"


def test_the_profile_decides_what_this_city_issues(
    bench: CityBench, session: Callable[[str], Any], people: dict[str, ResidentSummary]
) -> None:
    here = session(ONE)
    here.open()
    assert here.card(people["r001"], CODE).head["offers"] == ["residence", "seal"]
    assert people["r001"].name == "藤沢　太郎"
    assert people["r001"].juki_expires is not None
    assert people["r083"].juki_id == ""
    bench.cancel_seal("r091")
    other = tapped(session(OTHER), people["r091"])
    assert other.pin().head["offers"] == ["residence"]
    with pytest.raises(BenchError, match="no registered seal"):
        bench.cancel_seal("r091")


def test_a_city_of_which_there_is_nobody(tmp_path: Path, cards: Any) -> None:
    pem = cards.certificate.public_bytes(Encoding.PEM)
    with pytest.raises(BenchError, match="saga, fujisawa"):
        CityBench(tmp_path, pem, municipality="atlantis")
    profile = Path(config.__file__).with_name("saga.toml")
    with pytest.raises(BenchError, match="a profile of saga"):
        CityBench(tmp_path, pem, municipality="fujisawa", profile=profile)
