"""The kinds of card that can be laid on the simulated readers, and how to build one from its description.

===============  =====================================================================================
mynumber         My Number card: JPKI token 2, PIN on the card; type B
juki             Juki card with the issuing application of our own profile, no JPKI; type B
juki_jpki        Juki card as they were given out: old JPKI token, certificate long expired; type B
phone, iphone    phone with JPKI (Android, Apple); certificate only after its own PIN; type A, random UID
driving_licence  type B card of another system: every application unknown
felica           transit card: FeliCa, no APDUs
===============  =====================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from .air import Air, TypeA, TypeB, TypeF
from .files import Card
from .model import AUTH_PIN_TRIES, JpkiCard, KeyPair, Token
from .others import FelicaCard, ForeignCard, JukiCard, juki_content
from .pki import DEFAULT_NOT_AFTER, DEFAULT_NOT_BEFORE, CardAuthority, Flaw, Purpose


class CardSpecError(ValueError):
    """A card's description is wrong; the text says which field and what it should hold. Never holds the PIN."""


@dataclass(frozen=True)
class CardSpec:
    """One card of the bench. Kinds: see :data:`KINDS`.

    ``card_id`` is the bench's own label (never a resident's name), ``serial`` the serial number of both
    certificates, ``pin`` four digits, ``pin_set`` false for a card handed out without a PIN, ``tries_left`` 0
    (blocked) to 3, ``sign_password`` 6 to 16 of A-Z and 0-9, validity aware times, ``certificate`` what is wrong with
    the 利用者証明 one (a value of :class:`~.pki.Flaw`).

    Juki card: ``juki_id`` 32 hexadecimal digits (whoever has it can pose as the card, so it is out of ``repr``),
    ``home`` the six digits of the municipality, ``expires`` its last day, ``profile_version`` 0 to 65535. ``juki_data``
    (hexadecimal) takes the place of the whole file, for what a card should not hold.
    """

    card_id: str
    kind: str = "mynumber"
    serial: int = 1
    pin: str = field(default="1234", repr=False)
    pin_set: bool = True
    tries_left: int = AUTH_PIN_TRIES
    sign_password: str = field(default="SIGN1234", repr=False)
    not_before: datetime = DEFAULT_NOT_BEFORE
    not_after: datetime = DEFAULT_NOT_AFTER
    certificate: str = Flaw.NONE.value
    juki_id: str = field(default="", repr=False)
    home: str = ""
    expires: date | None = None
    profile_version: int = 1
    juki_data: str = field(default="", repr=False)

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
        flaws = [flaw.value for flaw in Flaw]
        if self.certificate not in flaws:
            raise CardSpecError(f"certificate must be one of {', '.join(flaws)}")
        self._check_juki()

    def _check_juki(self) -> None:
        if self.kind != "juki":
            if self.juki_id or self.home or self.expires or self.juki_data:
                raise CardSpecError("juki_id, home, expires and juki_data belong to a card of kind juki")
            return
        if self.juki_data:
            if not re.fullmatch(r"([0-9A-Fa-f]{2}){1,4096}", self.juki_data, re.ASCII):
                raise CardSpecError("juki_data must be whole bytes in hexadecimal, at most 4096 of them")
            return
        if not re.fullmatch(r"[0-9A-Fa-f]{32}", self.juki_id, re.ASCII):
            raise CardSpecError("juki_id of a Juki card must be 32 hexadecimal digits")
        if not re.fullmatch(r"[0-9]{6}", self.home, re.ASCII):
            raise CardSpecError("home of a Juki card must be the six digits of its municipality, such as 412015")
        if self.expires is None or isinstance(self.expires, datetime):
            raise CardSpecError("expires of a Juki card must be its last day, such as 2028-03-31")
        if not 0 <= self.profile_version <= 0xFFFF:
            raise CardSpecError("profile_version must be 0 to 65535")

    def to_json(self) -> dict[str, Any]:
        """For the control socket or a file of mode 0600: it holds the PIN."""
        values = asdict(self)
        values["not_before"] = self.not_before.isoformat()
        values["not_after"] = self.not_after.isoformat()
        values["expires"] = "" if self.expires is None else self.expires.isoformat()
        return values

    @classmethod
    def from_json(cls, values: object) -> CardSpec:
        """Inverse of :meth:`to_json`; absent keys take their defaults, unknown ones are errors."""
        if not isinstance(values, dict):
            raise CardSpecError("a card is described by a JSON object")
        for name, value in values.items():
            if name not in _JSON_TYPES:
                raise CardSpecError(f"unknown key {name!r} in a card; known are {', '.join(_JSON_TYPES)}")
            if type(value) is not _JSON_TYPES[name]:
                raise CardSpecError(f"{name} of a card must be of type {_JSON_TYPES[name].__name__}")
        if "card_id" not in values:
            raise CardSpecError("a card needs a card_id")
        arguments: dict[str, Any] = dict(values)
        for name in ("not_before", "not_after"):
            if name in arguments:
                try:
                    arguments[name] = datetime.fromisoformat(arguments[name])
                except ValueError:
                    raise CardSpecError(f"{name} must be a time such as 2026-04-01T00:00:00+09:00") from None
        if "expires" in arguments:
            try:
                arguments["expires"] = date.fromisoformat(arguments["expires"]) if arguments["expires"] else None
            except ValueError:
                raise CardSpecError("expires must be a day such as 2028-03-31") from None
        return cls(**arguments)


_JSON_TYPES: dict[str, type] = {
    "card_id": str,
    "kind": str,
    "serial": int,
    "pin": str,
    "pin_set": bool,
    "tries_left": int,
    "sign_password": str,
    "not_before": str,
    "not_after": str,
    "certificate": str,
    "juki_id": str,
    "home": str,
    "expires": str,
    "profile_version": int,
    "juki_data": str,
}

MY_NUMBER_AIR = TypeB(bytes.fromhex("000041E0"), bytes.fromhex("B381A1"))
JUKI_AIR = TypeB(bytes.fromhex("000014E0"), bytes.fromhex("B38191"))
DRIVING_LICENCE_AIR = TypeB(bytes.fromhex("00000000"), bytes.fromhex("9181C1"))
#: A phone maker chooses its own FWI; this one leaves a busy bench time to answer.
PHONE_AIR = TypeA(fwi=10)
#: A transit card: system code 0003, IC code of a FeliCa standard card in PMm; IDm of nobody's card.
TRANSIT_AIR = TypeF(bytes.fromhex("0114000000000001"), bytes.fromhex("05310000FFFF0000"), bytes.fromhex("0003"))

_OLD_NOT_BEFORE, _OLD_NOT_AFTER = datetime(2012, 4, 1, tzinfo=UTC), datetime(2015, 4, 1, tzinfo=UTC)


def _jpki(air: Air, token: Token) -> Callable[[CardSpec, CardAuthority], Card]:
    def make(spec: CardSpec, authority: CardAuthority) -> Card:
        dates = (spec.not_before, spec.not_after)
        if token is Token.JUKI:
            dates = (_OLD_NOT_BEFORE, _OLD_NOT_AFTER)
        auth = authority.issue(spec.serial, *dates, flaw=Flaw(spec.certificate))
        sign = authority.issue(spec.serial, *dates, purpose=Purpose.SIGN)
        return JpkiCard(
            air=air,
            token=token,
            auth=KeyPair(auth.certificate_der, auth.key, authority.auth_ca_certificate_der),
            pin=spec.pin.encode("ascii") if spec.pin_set else None,
            sign=KeyPair(sign.certificate_der, sign.key, authority.sign_ca_certificate_der),
            sign_password=spec.sign_password.encode("ascii"),
            tries_left=spec.tries_left,
        )

    return make


def _juki(spec: CardSpec, _authority: CardAuthority) -> Card:
    if spec.juki_data or spec.expires is None:
        return JukiCard(air=JUKI_AIR, content=bytes.fromhex(spec.juki_data))
    content = juki_content(
        version=spec.profile_version,
        home=spec.home,
        card_id=bytes.fromhex(spec.juki_id),
        expires=spec.expires,
    )
    return JukiCard(air=JUKI_AIR, content=content)


def _driving_licence(_spec: CardSpec, _authority: CardAuthority) -> Card:
    return ForeignCard(air=DRIVING_LICENCE_AIR)


def _felica(_spec: CardSpec, _authority: CardAuthority) -> Card:
    return FelicaCard(air=TRANSIT_AIR)


#: name -> builder. A new kind of card is one more row.
KINDS: dict[str, Callable[[CardSpec, CardAuthority], Card]] = {
    "mynumber": _jpki(MY_NUMBER_AIR, Token.MY_NUMBER),
    "juki": _juki,
    "juki_jpki": _jpki(JUKI_AIR, Token.JUKI),
    "phone": _jpki(PHONE_AIR, Token.ANDROID),
    "iphone": _jpki(PHONE_AIR, Token.IPHONE),
    "driving_licence": _driving_licence,
    "felica": _felica,
}


def build(spec: CardSpec, authority: CardAuthority) -> Card:
    """The card itself. Makes keys on first use (RSA-2048, a few tenths of a second)."""
    return KINDS[spec.kind](spec, authority)


def demonstration(card_id: str, kind: str) -> CardSpec:
    """A card of this kind that belongs to nobody, PIN 1234."""
    if kind == "juki":
        return CardSpec(card_id, kind, juki_id="00" * 15 + "01", home="142051", expires=date(2035, 3, 31))
    return CardSpec(card_id, kind)
