"""From the card on the reader to the card back in the hand: identify, connect, PIN, sign, recognise."""

from __future__ import annotations

from dataclasses import replace

from kiosk.effects import Authenticate, IdentifyCard, OpenSession, ReleaseCard, SignChallenge
from kiosk.events import (
    Authenticated,
    BackPressed,
    CardFailed,
    CardIdentified,
    CardKind,
    CardPresented,
    CardRemoved,
    CardSigned,
    DigitPressed,
    IdentityMismatched,
    IssuerDeclined,
    IssuerFailed,
    NextPressed,
    PinConfirmed,
    PinCorrected,
    PinRefused,
    SessionOpened,
    Tick,
)
from kiosk.moves import Result, ask_in, erase, go, record, refuse, repeat, stay, stop_line
from kiosk.secret import Pin
from kiosk.session import Card, Moment, Session, State

KIND_REFUSED = {
    CardKind.JUKI: "card_juki_expired",
    CardKind.PHONE: "card_phone",
    CardKind.FELICA: "card_unknown",
    CardKind.SEVERAL: "several_cards",
    CardKind.UNKNOWN: "card_unknown",
}
"""Cards this flow does not serve, with the text that says what to do. (The Juki flow comes with its profile.)"""


def identified(session: Session, event: CardIdentified, now: Moment) -> Result:
    """Only a good My Number card goes on, and only then is the city asked: nobody loses a try for nothing."""
    if reason := KIND_REFUSED.get(event.kind):
        return refuse(session, now, reason)
    if event.trouble:
        return refuse(session, now, "card_" + event.trouble)
    if event.tries_left == 0:
        return refuse(session, now, "pin_blocked")
    card = replace(session.card, kind=event.kind, tries_left=event.tries_left, certificate=event.certificate)
    return ask_in(session, State.CONNECTING, now, OpenSession, card=card)


def card_failed(session: Session, event: CardFailed, now: Moment) -> Result:
    """The exchange broke. Never a second VERIFY by the machine (A12): the person begins anew."""
    if event.verify_sent:
        return refuse(session, now, "card_unreadable", record(session, "verify_outcome_unknown"))
    if event.reason == "tries_changed":
        # Somebody else used a try meanwhile: begin with the card anew, the last-try question may be due now.
        session.card.pin.wipe()
        return ask_in(session, State.READING_CARD, now, IdentifyCard, card=Card(present=session.card.present))
    return refuse(session, now, "card_removed" if event.reason == "removed" else "card_unreadable")


def opened(session: Session, event: SessionOpened, now: Moment) -> Result:
    session = replace(session, awaiting=0, card=replace(session.card, challenge=event.challenge))
    return ask_for_pin(session, now)


def ask_for_pin(session: Session, now: Moment) -> Result:
    """The pad, or first the question whether to use the last try (A12)."""
    state = State.LAST_TRY if session.card.tries_left == 1 else State.AWAITING_PIN
    return go(session, state, now)


def last_try_accepted(session: Session, _event: NextPressed, now: Moment) -> Result:
    return go(session, State.AWAITING_PIN, now)


def digit(session: Session, event: DigitPressed, now: Moment) -> Result:
    session.card.pin.push(event.digit)
    return _count_digits(session, now)


def corrected(session: Session, _event: PinCorrected, now: Moment) -> Result:
    session.card.pin.pop()
    return _count_digits(session, now)


def _count_digits(session: Session, now: Moment) -> Result:
    card = replace(session.card, digits=len(session.card.pin))
    return stay(replace(session, card=card, touched=now.boot, warned=False))


def pin_confirmed(session: Session, _event: PinConfirmed, now: Moment) -> Result:
    """Exactly one VERIFY for one press; four digits or nothing happens."""
    card = session.card
    if not card.pin.complete:
        return stay(replace(session, touched=now.boot, warned=False))

    def order(number: int) -> SignChallenge:
        return SignChallenge(number, card.pin, card.challenge)

    return ask_in(session, State.AUTHENTICATING, now, order, card=replace(card, digits=0))


def pin_refused(session: Session, event: PinRefused, now: Moment) -> Result:
    session.card.pin.wipe()
    card = replace(session.card, tries_left=event.tries_left, wrong=True, digits=0, pin=Pin())
    session = replace(session, card=card, awaiting=0)
    if event.tries_left == 0:
        return refuse(session, now, "pin_blocked")
    if not session.card.present:
        return refuse(session, now, "card_removed")
    return ask_for_pin(session, now)


def signed(session: Session, event: CardSigned, now: Moment) -> Result:
    """The card has vouched for the session key: it may go; the city decides who this is."""
    session.card.pin.wipe()
    certificate = session.card.certificate

    def order(number: int) -> Authenticate:
        return Authenticate(number, certificate, event.signature)

    return ask_in(session, State.RECOGNISING, now, order, ReleaseCard())


def recognised(session: Session, event: Authenticated, now: Moment) -> Result:
    """The card back first; nothing later needs it (A9)."""
    wanted = {c.kind for c in session.rules.on_offer(now.utc)}
    offers = tuple(kind for kind in event.offers if kind in wanted)
    # The certificate has served: nothing of the card is kept past this point.
    card = Card(present=session.card.present)
    session = replace(session, offers=offers, card=card, awaiting=0)
    if not offers:
        return refuse(session, now, "not_available")
    if session.card.present:
        return go(session, State.TAKING_CARD, now)
    return go(session, State.CHOOSING_CERTIFICATE, now)


TEXT_OF_REASON = {
    "certificate_expired": "card_expired",
    "certificate_invalid": "card_unknown_issuer",
    "fee_changed": "city_unavailable",
    "copies_exceeded": "not_available",
    "busy": "city_unavailable",
}
"""Public reasons of the city (docs/protocol.md §8) that share a text with another cause."""


def declined(session: Session, event: IssuerDeclined, now: Moment) -> Result:
    return refuse(session, now, TEXT_OF_REASON.get(event.reason, event.reason))


def failed(session: Session, event: IssuerFailed, now: Moment) -> Result:
    reason = "page_unreadable" if event.reason == "page_unreadable" else "city_unavailable"
    return refuse(session, now, reason, record(session, "issuer_failed", reason=event.reason))


def mismatched(session: Session, event: IdentityMismatched, now: Moment) -> Result:
    return stop_line(session, now, event.what)


def card_pulled(session: Session, _event: CardRemoved, now: Moment) -> Result:
    """The card went before it had signed: begin anew."""
    session = replace(session, card=replace(session.card, present=False))
    return refuse(session, now, "card_removed")


def card_gone_early(session: Session, _event: CardRemoved, now: Moment) -> Result:
    """While the city is recognising: good, it need not be asked back."""
    return stay(replace(session, card=replace(session.card, present=False)))


def card_taken(session: Session, _event: CardRemoved, now: Moment) -> Result:
    session = replace(session, card=replace(session.card, present=False))
    if session.refusal:
        return go(session, State.REFUSED, now)
    return go(session, State.CHOOSING_CERTIFICATE, now)


def card_back_again(session: Session, _event: CardPresented, now: Moment) -> Result:
    """Somebody lays a card down where none belongs: note it; it is asked back before anything ends."""
    return stay(replace(session, card=replace(session.card, present=True)))


def taking_card_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Ask until it is gone; long after, forget the session: the next process calls staff and stays closed (A9)."""
    session, effects = repeat(session, now, "take_card")
    if now.boot - session.entered > session.rules.national.card_left_s:
        left = record(session, "left_behind", what="card")
        session, more = erase(replace(session, refusal="left_behind"), now)
        effects = (*effects, left, *more)
    return session, effects


def pin_back(session: Session, _event: BackPressed, now: Moment) -> Result:
    """Back from the pad is leaving: nothing was chosen yet."""
    return refuse(session, now, "cancelled")
