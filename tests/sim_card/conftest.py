from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hardware_sim.card.kinds import CardSpec, build
from hardware_sim.card.model import JpkiCard
from hardware_sim.card.pki import CardAuthority

PIN = "4071"
PASSWORD = "PASSW0RD"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def authority_dir(authority: CardAuthority) -> Path:
    return authority.auth_ca_certificate_path.parent


@pytest.fixture
def card(authority: CardAuthority) -> JpkiCard:
    built = build(CardSpec("card-1", serial=7, pin=PIN, sign_password=PASSWORD), authority)
    assert isinstance(built, JpkiCard)
    built.activate()
    return built


@pytest.fixture
def send(card: JpkiCard) -> Callable[[str], str]:
    """Hex in, hex out."""

    def exchange(command: str) -> str:
        return card.exchange(bytes.fromhex(command)).hex().upper()

    return exchange
