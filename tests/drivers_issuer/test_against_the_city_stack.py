"""The terminal's side against the simulated centre and city, over TLS: both were written from the protocol alone."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from config.clock import ClockFile
from config.schema import CentreSettings
from drivers.certificate import Limits
from drivers.issuer import CertificateIssuer, Line, pinned, tls_context
from hardware_sim.city.bench import CityBench
from kiosk import effects as f
from kiosk import events as e
from kiosk.secret import Pin

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, certificate: bytes) -> Iterator[CityBench]:
    folder = tmp_path_factory.mktemp("city")
    pem = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
    with ClockFile.create(folder / "clock") as clock:
        clock.set_utc(NOW)
        with CityBench(folder / "city", pem, clock_file=folder / "clock", terminals=("saga-0002",)) as it:
            yield it


class Terminal:
    def __init__(self, city: CityBench) -> None:
        folder = city.credentials
        context = tls_context(folder / "centre.pin", folder / "terminal.crt", folder / "terminal.key")
        settings = CentreSettings(city.url, 10, 20)
        trust = pinned((folder / "city-sign.pub").read_bytes(), (folder / "city-hpke.pub").read_bytes())
        self.issuer = CertificateIssuer(
            lambda: Line(settings, context, 20_000_000, 60), trust, "saga-0002", "saga", self,
            Limits(10_000_000, 40), 120,
        )  # fmt: skip
        self.answers: queue.SimpleQueue[e.Event] = queue.SimpleQueue()
        self.issuer.start(self.answers.put)

    def now(self) -> datetime:
        return NOW

    def wait(self) -> Any:
        while isinstance(event := self.answers.get(timeout=30), e.DeviceOnline):
            pass
        return event

    def pin(self, order: int, digits: str) -> Any:
        pin = Pin()
        for digit in digits:
            pin.push(int(digit))
        self.issuer.check_pin(f.CheckPin(order, pin))
        return self.wait()


def test_a_juki_card_all_the_way(city: CityBench) -> None:
    holder = next(one for one in city.residents() if one.juki_id and one.household_size > 2 and one.card_serial)
    terminal = Terminal(city)
    issuer = terminal.issuer
    try:
        for order, home in ((1, "142051"), (3, "412015")):
            issuer.open_session(f.OpenSession(order))
            assert isinstance(terminal.wait(), e.SessionOpened)
            if home != "412015":
                issuer.recognise_card(f.RecogniseCard(order + 1, bytes.fromhex(holder.juki_id), home))
                assert terminal.wait() == e.IssuerDeclined(order + 1, "other_city")
        issuer.recognise_card(f.RecogniseCard(4, bytes.fromhex(holder.juki_id), "412015"))
        recognised = terminal.wait()
        assert (recognised.order, recognised.tries_left, "residence" in recognised.offers) == (4, 3, True)
        assert terminal.pin(5, "9999") == e.PinRefused(5, 2)
        assert "residence" in terminal.pin(6, "1234").offers
        issuer.list_household(f.ListHousehold(7))
        members = terminal.wait().members
        assert len(members) == holder.household_size
        chosen = frozenset(member.member for member in members if not member.holder)
        wish = f.Wish("residence", "part", frozenset({"domicile"}), 2, 300, chosen, date(2026, 11, 24))
        issuer.issue(f.Issue(8, wish))
        arrived = terminal.wait()
        assert isinstance(arrived, e.CertificateArrived), arrived
        facts = arrived.facts
        assert (facts.kind, facts.household, facts.items, facts.members) == ("residence", "part", wish.items, chosen)
        assert [(c.reference, c.names_agree) for c in facts.copies] == [(facts.expected_reference, True)] * 2
        issuer.erase(9)
        assert terminal.wait().clean
    finally:
        issuer.close()
