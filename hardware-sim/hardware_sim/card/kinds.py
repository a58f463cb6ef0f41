"""The kinds of card that can be laid on the simulated reader, and how to build one from its description."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from .model import AUTH_PIN_TRIES, Card, ForeignCard, KeyPair, MyNumberCard
from .pki import DEFAULT_NOT_AFTER, DEFAULT_NOT_BEFORE, CardAuthority, Purpose


class CardSpecError(ValueError):
    """A card's description is wrong; the text says which field and what it should hold. Never holds the PIN."""


@dataclass(frozen=True)
class CardSpec:
    """One card of the bench.

    ``card_id`` is the bench's own label (never a resident's name), ``serial`` the serial number of both
    certificates, ``pin`` four digits, ``tries_left`` 0 (blocked) to 3, ``sign_password`` 6 to 16 of A-Z and 0-9,
    validity aware times. Kinds: see :data:`KINDS`.
    """

    card_id: str
    kind: str = "mynumber"
    serial: int = 1
    pin: str = field(default="1234", repr=False)
    tries_left: int = AUTH_PIN_TRIES
    sign_password: str = field(default="SIGN1234", repr=False)
    not_before: datetime = DEFAULT_NOT_BEFORE
    not_after: datetime = DEFAULT_NOT_AFTER

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", self.card_id):
            raise CardSpecError("card_id must be 1 to 64 of letters, digits, dot, dash and underscore")
        if self.kind not in KINDS:
            raise CardSpecError(f"kind {self.kind!r} is unknown; choose one of {', '.join(sorted(KINDS))}")
        if not re.fullmatch(r"[0-9]{4}", self.pin, re.ASCII):
            raise CardSpecError("pin must be four digits")
        if not re.fullmatch(r"[A-Z0-9]{6,16}", self.sign_password, re.ASCII):
            raise CardSpecError("sign_password must be 6 to 16 of A-Z and 0-9")
        if not 0 <= self.tries_left <= AUTH_PIN_TRIES:
            raise CardSpecError(f"tries_left must be 0 to {AUTH_PIN_TRIES}")
        if self.serial < 1:
            raise CardSpecError("serial must be a positive integer")
        if self.not_before.tzinfo is None or self.not_after.tzinfo is None or self.not_before >= self.not_after:
            raise CardSpecError("not_before and not_after must be times with a zone, in this order")

    def to_json(self) -> dict[str, Any]:
        """For the control socket or a file of mode 0600: it holds the PIN."""
        values = asdict(self)
        values["not_before"] = self.not_before.isoformat()
        values["not_after"] = self.not_after.isoformat()
        return values

    @classmethod
    def from_json(cls, values: object) -> CardSpec:
        """Inverse of :meth:`to_json`; absent keys take their defaults, unknown ones are errors."""
        if not isinstance(values, dict):
            raise CardSpecError("a card is described by a JSON object")
        known: dict[str, type] = {"card_id": str, "kind": str, "serial": int, "pin": str, "tries_left": int}
        known |= {"sign_password": str, "not_before": str, "not_after": str}
        for name, value in values.items():
            if name not in known:
                raise CardSpecError(f"unknown key {name!r} in a card; known are {', '.join(known)}")
            if not isinstance(value, known[name]) or isinstance(value, bool):
                raise CardSpecError(f"{name} of a card must be of type {known[name].__name__}")
        if "card_id" not in values:
            raise CardSpecError("a card needs a card_id")
        arguments: dict[str, Any] = dict(values)
        for name in ("not_before", "not_after"):
            if name in arguments:
                try:
                    arguments[name] = datetime.fromisoformat(arguments[name])
                except ValueError:
                    raise CardSpecError(f"{name} must be a time such as 2026-04-01T00:00:00+09:00") from None
        return cls(**arguments)


def type_b_atr(application_data: bytes, protocol_info: bytes, mbli: int = 0) -> bytes:
    """ATR that a PC/SC reader makes for a Type B card (PC/SC part 3 §3.1.3.2.3.2) out of its SENSB_RES.

    ``application_data`` four bytes, ``protocol_info`` three bytes of SENSB_RES, ``mbli`` the upper half of the
    answer to ATTRIB.
    """
    body = bytes.fromhex("888001") + application_data + protocol_info + bytes((mbli << 4,))
    return b"\x3b" + body + bytes((reduce(lambda a, b: a ^ b, body),))


MY_NUMBER_ATR = type_b_atr(bytes.fromhex("000041E0"), bytes.fromhex("B381A1"))
DRIVING_LICENCE_ATR = type_b_atr(bytes.fromhex("00000000"), bytes.fromhex("9181C1"))


def _my_number(spec: CardSpec, authority: CardAuthority) -> Card:
    auth = authority.issue(spec.serial, spec.not_before, spec.not_after)
    sign = authority.issue(spec.serial, spec.not_before, spec.not_after, purpose=Purpose.SIGN)
    return MyNumberCard(
        atr=MY_NUMBER_ATR,
        auth=KeyPair(auth.certificate_der, auth.key, authority.auth_ca_certificate_der),
        pin=spec.pin.encode("ascii"),
        sign=KeyPair(sign.certificate_der, sign.key, authority.sign_ca_certificate_der),
        sign_password=spec.sign_password.encode("ascii"),
        tries_left=spec.tries_left,
    )


def _driving_licence(_spec: CardSpec, _authority: CardAuthority) -> Card:
    return ForeignCard(atr=DRIVING_LICENCE_ATR)


#: name -> builder. A new kind of card is one more row.
KINDS: dict[str, Callable[[CardSpec, CardAuthority], Card]] = {
    "mynumber": _my_number,
    "driving_licence": _driving_licence,
}


def build(spec: CardSpec, authority: CardAuthority) -> Card:
    """The card itself. Makes keys on first use (RSA-2048, a few tenths of a second)."""
    return KINDS[spec.kind](spec, authority)
