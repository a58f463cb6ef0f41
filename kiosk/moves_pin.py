"""The PIN: typed once, tried once, by the card's own chip (My Number) or by the city (Juki); never by itself (A12)."""

from __future__ import annotations

from dataclasses import replace

from kiosk.effects import Authenticate, CheckPin, Effect, ReleaseCard, SignChallenge
from kiosk.events import BackPressed, CardSigned, DigitPressed, NextPressed, PinConfirmed, PinCorrected, PinRefused
from kiosk.moves import Result, ask_in, go, refuse, stay, touched
from kiosk.moves_way import ask_for_pin
from kiosk.secret import Pin
from kiosk.session import Moment, Session, State


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
    return stay(touched(replace(session, card=card), now))


def pin_confirmed(session: Session, _event: PinConfirmed, now: Moment) -> Result:
    """Exactly one try for one press; four digits or nothing happens."""
    card, taps = session.card, session.taps
    if not card.pin.complete:
        return stay(touched(session, now))

    def order(number: int) -> Effect:
        return CheckPin(number, card.pin) if taps else SignChallenge(number, card.pin, card.challenge)

    return ask_in(session, State.AUTHENTICATING, now, order, card=replace(card, digits=0))


def pin_refused(session: Session, event: PinRefused, now: Moment) -> Result:
    session.card.pin.wipe()
    card = replace(session.card, tries_left=event.tries_left, wrong=True, digits=0, pin=Pin())
    session = replace(session, card=card, awaiting=0)
    if event.tries_left == 0:
        return refuse(session, now, "pin_blocked")
    if not session.taps and not session.card.present:
        return refuse(session, now, "card_removed")
    return ask_for_pin(session, now)


def signed(session: Session, event: CardSigned, now: Moment) -> Result:
    """The card has vouched for the session key: it may go; the city decides who this is."""
    session.card.pin.wipe()
    certificate = session.card.certificate

    def order(number: int) -> Authenticate:
        return Authenticate(number, certificate, event.signature)

    return ask_in(session, State.RECOGNISING, now, order, ReleaseCard())


def pin_back(session: Session, _event: BackPressed, now: Moment) -> Result:
    """Back to the choice of the certificate; where nothing was chosen yet, back is leaving."""
    if not session.taps:
        return refuse(session, now, "cancelled")
    session.card.pin.wipe()
    card = replace(session.card, digits=0, wrong=False)
    return go(replace(session, card=card), State.CHOOSING_CERTIFICATE, now)
