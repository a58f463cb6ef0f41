"""What a card that answers says of itself, as `CardIdentified`: its kind, its trouble, what opens a session."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from drivers import card_juki
from drivers.apdu import Channel
from drivers.card_application import CardApplication, CertificateLocked, PinNeverSet
from drivers.card_certificate import CardTrust, trouble_of
from drivers.card_juki import JukiProfile
from kiosk import errors
from kiosk.events import CardIdentified, CardKind

PIN_NEVER_SET: Final = "pin_never_set"


def my_number_card(order: int, application: CardApplication, trust: CardTrust, now: datetime) -> CardIdentified:
    """A card whose token says My Number. Raises CardRemoved, CardDamaged and the transport's errors."""
    tries_left, pin_trouble = 0, ""
    try:
        certificate = application.certificate()
        try:
            tries_left = application.tries_left()
        except PinNeverSet:
            pin_trouble = PIN_NEVER_SET
    except CertificateLocked:
        return CardIdentified(order, CardKind.PHONE)
    except (errors.ProtocolViolation, errors.CardUnknown):
        return CardIdentified(order, CardKind.MY_NUMBER, trouble="unreadable")
    trouble = trouble_of(certificate, trust, now) or pin_trouble
    return CardIdentified(order, CardKind.MY_NUMBER, tries_left, trouble, certificate)


def juki_card(
    order: int, channel: Channel, kind: CardKind, profile: JukiProfile | None, now: datetime
) -> CardIdentified:
    """Any card that is neither My Number nor a phone. `kind` is what the JPKI application said: Juki or unknown.

    `profile` None: the Juki application is not asked for. Raises as `my_number_card`.
    """
    try:
        record = card_juki.read_record(channel, profile) if profile else None
    except (errors.ProtocolViolation, errors.CardUnknown):
        return CardIdentified(order, CardKind.JUKI, trouble="unreadable")
    if record is None:
        trouble = card_juki.trouble_without_application(now) if kind is CardKind.JUKI else ""
        return CardIdentified(order, kind, trouble=trouble)
    trouble = card_juki.trouble_of(record, now)
    return CardIdentified(order, CardKind.JUKI, trouble=trouble, handle=record.card_id, home=record.home)
