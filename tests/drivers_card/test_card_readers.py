"""The machine file decides which reader is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from drivers.card_nfc import NfcReader
from drivers.card_pcsc import PcscReader
from drivers.card_readers import make_reader


@dataclass(frozen=True)
class Settings:
    driver: str
    name_contains: str = "[PICC]"
    device: str = "usb:054c:06c1"
    csock: str = "/run/kiosk/pcscd.comm"


@pytest.mark.parametrize(
    ("driver", "kind", "kept"),
    [
        ("pcsc", PcscReader, {"_name_contains": "[PICC]", "_csock": "/run/kiosk/pcscd.comm"}),
        ("nfc", NfcReader, {"_device": "usb:054c:06c1"}),
    ],
)
def test_the_configured_reader_is_made(pki: Any, driver: str, kind: type, kept: dict[str, str]) -> None:
    reader = make_reader(Settings(driver), pki.trust, None, None)._reader  # type: ignore[arg-type]
    assert isinstance(reader, kind)
    assert {name: getattr(reader, name) for name in kept} == kept
