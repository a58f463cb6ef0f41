"""From the card on the reader to the card back in the hand: identify, connect, recognise; who the city says it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.effects import Effect, IdentifyCard, OpenSession, RecogniseCard, ReleaseCard
from kiosk.events import (
    Authenticated,
    CardFailed,
    CardIdentified,
    CardKind,
    CardPresented,
    CardRecognised,
    CardRemoved,
    IdentityMismatched,
    IssuerDeclined,
    IssuerFailed,
    SessionOpened,
    Tick,
)
from kiosk.moves import Result, ask_in, erase, go, record, refuse, repeat, stay, stop_line
from kiosk.moves_way import ask_for_pin, enter, onward
from kiosk.session import Card, Moment, Session, State

KIND_REFUSED: Final = {
    CardKind.PHONE: "card_phone",
    CardKind.FELICA: "card_felica",
    CardKind.SEVERAL: "several_cards",
    CardKind.UNKNOWN: "card_unknown",
}
"""Cards that no flow serves, with the text that says what to do."""

TROUBLES: Final = {
    (CardKind.JUKI, "expired"): "card_juki_expired",
    (CardKind.JUKI, "pin_never_set"): "pin_never_set",
    (CardKind.MY_NUMBER, "pin_never_set"): "pin_never_set",
}
"""Troubles whose text is not `card_<trouble>`."""

CARD_GONE_S: Final = 0.2
"""A reader that was opened anew tells of a removal and, at once, of the card that still lies there."""


def identified(session: Session, event: CardIdentified, now: Moment) -> Result:
    """The card's kind chooses the flow. The city is asked only for a card it can do something with (A12)."""
    if reason := cannot_serve(session, event):
        return refuse(session, now, reason)
    card = replace(
        session.card,
        kind=event.kind,
        tries_left=event.tries_left,
        certificate=event.certificate,
        handle=event.handle,
        home=event.home,
    )
    session = replace(session, card=card)
    # A card that goes back at once has said all it has to say.
    release: tuple[Effect, ...] = (ReleaseCard(),) if session.taps else ()
    return ask_in(session, State.CONNECTING, now, OpenSession, *release)


def cannot_serve(session: Session, event: CardIdentified) -> str:
    """Why this card goes back without a word to the city; empty if it does not."""
    if reason := KIND_REFUSED.get(event.kind):
        return reason
    if session.rules.flow(event.kind) is None:
        return "card_not_served"
    if event.trouble:
        return TROUBLES.get((event.kind, event.trouble), "card_" + event.trouble)
    if event.kind is CardKind.JUKI:
        return "" if event.home == session.rules.profile.municipality_code else "other_city"
    return "" if event.tries_left else "pin_blocked"


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
    """The line to the city stands: now the PIN, or (Juki) who the card says it is."""
    card = session.card
    if not session.taps:
        return ask_for_pin(replace(session, awaiting=0, card=replace(card, challenge=event.challenge)), now)

    def order(number: int) -> RecogniseCard:
        return RecogniseCard(number, card.handle, card.home)

    return ask_in(session, State.RECOGNISING, now, order)


def card_recognised(session: Session, event: CardRecognised, now: Moment) -> Result:
    """The city knows this Juki card. Of the person nothing is known before the PIN."""
    if not session.taps:
        return stay(session)
    if event.tries_left == 0:
        return refuse(session, now, "pin_blocked")
    card = Card(present=session.card.present, kind=session.card.kind, tries_left=event.tries_left)
    return card_back(replace(session, card=card), event.offers, now)


def authenticated(session: Session, event: Authenticated, now: Moment) -> Result:
    """The PIN was right and the city knows the person; nothing later needs the card (A9)."""
    session.card.pin.wipe()
    if session.taps and session.state is not State.AUTHENTICATING:
        return stay(session)
    # What the card gave has served: nothing of it but its kind is kept past this point.
    card = Card(present=session.card.present, kind=session.card.kind)
    session = replace(session, card=card, known=True)
    if not session.taps:
        return card_back(session, event.offers, now)
    session = replace(session, offers=offered(session, event.offers, now), awaiting=0)
    if session.choice.kind not in session.offers:
        # Said in the same words whatever the cause: the screen is no place to learn of a restriction.
        return refuse(session, now, "not_available")
    return onward(session, now, State.CHOOSING_CERTIFICATE)


def offered(session: Session, kinds: tuple[str, ...], now: Moment) -> tuple[str, ...]:
    """Of the kinds the city offers, those this machine issues now, in the profile's order."""
    return tuple(c.kind for c in session.rules.on_offer(now.utc) if c.kind in kinds)


def card_back(session: Session, kinds: tuple[str, ...], now: Moment) -> Result:
    """The card back first, then the choice (A9)."""
    session = replace(session, offers=offered(session, kinds, now), awaiting=0)
    if not session.offers:
        return refuse(session, now, "not_available")
    if session.card.present:
        return go(session, State.TAKING_CARD, now)
    return enter(session, State.CHOOSING_CERTIFICATE, now)


TEXT_OF_REASON: Final = {
    "certificate_expired": "card_expired",
    "certificate_invalid": "card_unknown_issuer",
    "busy": "city_unavailable",
}
"""Public reasons of the city (docs/protocol.md §8) that share a text with another cause."""


def declined(session: Session, event: IssuerDeclined, now: Moment) -> Result:
    if event.reason == "certificate_expired" and session.taps:
        return refuse(session, now, "card_juki_expired")
    return refuse(session, now, TEXT_OF_REASON.get(event.reason, event.reason))


def failed(session: Session, event: IssuerFailed, now: Moment) -> Result:
    reason = "page_unreadable" if event.reason == "page_unreadable" else "city_unavailable"
    return refuse(session, now, reason, record(session, "issuer_failed", reason=event.reason))


def mismatched(session: Session, event: IdentityMismatched, now: Moment) -> Result:
    return stop_line(session, now, event.what)


def card_pulled(session: Session, _event: CardRemoved, now: Moment) -> Result:
    """The card went before it had done its part: begin anew. One that goes back at once has done it already."""
    session = replace(session, card=replace(session.card, present=False))
    if session.taps:
        return stay(session)
    return refuse(session, now, "card_removed")


def card_gone_early(session: Session, _event: CardRemoved, now: Moment) -> Result:
    """While the city is recognising: good, it need not be asked back."""
    return stay(replace(session, card=replace(session.card, present=False)))


def card_taken(session: Session, _event: CardRemoved, now: Moment) -> Result:
    """Believed at the next tick, not at once: see CARD_GONE_S."""
    return stay(replace(session, card=replace(session.card, present=False), touched=now.boot))


def card_back_again(session: Session, _event: CardPresented, now: Moment) -> Result:
    """Somebody lays a card down where none belongs: note it; it is asked back before anything ends."""
    return stay(replace(session, card=replace(session.card, present=True)))


def taking_card_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Ask until it is gone; long after, forget the session: the next process calls staff and stays closed (A9)."""
    if not session.card.present:
        return stay(session) if now.boot - session.touched < CARD_GONE_S else after_card(session, now)
    session, effects = repeat(session, now, "take_card")
    if now.boot - session.entered > session.rules.national.card_left_s:
        left = record(session, "left_behind", what="card")
        session, more = erase(replace(session, refusal="left_behind"), now)
        effects = (*effects, left, *more)
    return session, effects


def after_card(session: Session, now: Moment) -> Result:
    """The card is back in the hand."""
    if session.refusal:
        return go(session, State.REFUSED, now)
    if session.outcomes:
        return erase(session, now)
    return enter(session, State.CHOOSING_CERTIFICATE, now)
