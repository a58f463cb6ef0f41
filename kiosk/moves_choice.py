"""What the person wants, from the certificate to the confirm screen; then the download and "is it you?"."""

from __future__ import annotations

from dataclasses import replace

from kiosk.catalogue import PART
from kiosk.effects import Issue, PreparePrinter, WarmPrinter, Wish
from kiosk.events import (
    CancelPressed,
    CertificateArrived,
    CertificateChosen,
    CertificateFacts,
    CopiesChanged,
    HouseholdChosen,
    HouseholdListed,
    IdentityConfirmed,
    IdentityDenied,
    ItemToggled,
    MemberToggled,
    NextPressed,
)
from kiosk.moves import Result, ask_in, go, record, refuse, stay, stop_line, touched
from kiosk.moves_way import onward
from kiosk.session import Choice, Moment, Session, State

DENIALS_THAT_STOP = 2
"""The second 私ではない within a day stops the line (A7): a borrowed card is common, a mix-up must not pass."""


def cancelled(session: Session, _event: CancelPressed, now: Moment) -> Result:
    return refuse(session, now, "cancelled")


def certificate_chosen(session: Session, event: CertificateChosen, now: Moment) -> Result:
    if event.kind not in session.offers:
        return stay(session)
    if event.kind != session.choice.kind:
        others = {choice.kind: choice for choice in (*session.aside, session.choice)}
        choice = others.pop(event.kind, None) or first_choice(session, event.kind)
        session = replace(session, choice=choice, aside=tuple(others.values()))
    return onward(session, now)


def first_choice(session: Session, kind: str) -> Choice:
    """What is on at first."""
    rules = session.rules
    return Choice(kind, rules.households(kind)[0], rules.default_items(kind), members=holder(session))


def household_chosen(session: Session, event: HouseholdChosen, now: Moment) -> Result:
    if event.household not in session.rules.households(session.choice.kind):
        return stay(session)
    return onward(replace(session, choice=replace(session.choice, household=event.household)), now)


def household_listed(session: Session, event: HouseholdListed, now: Moment) -> Result:
    """The members of the household; the holder's own entry is on. One who lives alone has nothing to choose."""
    ids = {member.member for member in event.members}
    if len(ids) != len(event.members) or sum(member.holder for member in event.members) != 1:
        return refuse(session, now, "city_unavailable", record(session, "issuer_failed", reason="household"))
    session = replace(session, household=event.members, awaiting=0)
    session = replace(session, choice=replace(session.choice, members=holder(session)))
    return onward(session, now, State.CHOOSING_HOUSEHOLD)


def holder(session: Session) -> frozenset[str]:
    """The entry of the card's holder; nobody's until the list is there."""
    return frozenset(member.member for member in session.household if member.holder)


def member_toggled(session: Session, event: MemberToggled, now: Moment) -> Result:
    if all(member.member != event.member for member in session.household):
        return stay(session)
    choice = replace(session.choice, members=session.choice.members ^ {event.member})
    return stay(touched(replace(session, choice=choice), now))


def members_chosen(session: Session, event: NextPressed, now: Moment) -> Result:
    """On with at least one entry; without any, nothing happens."""
    if not session.choice.members:
        return stay(touched(session, now))
    return next_pressed(session, event, now)


def item_toggled(session: Session, event: ItemToggled, now: Moment) -> Result:
    if event.item not in session.rules.items(session.choice.kind):
        return stay(session)
    choice = replace(session.choice, items=session.choice.items ^ {event.item})
    return stay(touched(replace(session, choice=choice), now))


def copies_changed(session: Session, event: CopiesChanged, now: Moment) -> Result:
    most = session.rules.certificate(session.choice.kind).max_copies
    choice = replace(session.choice, copies=max(1, min(most, event.copies)))
    return stay(touched(replace(session, choice=choice), now))


def next_pressed(session: Session, _event: NextPressed, now: Moment) -> Result:
    return onward(session, now)


def confirmed(session: Session, _event: NextPressed, now: Moment) -> Result:
    """Ask the city for exactly what the screen shows, the fee included."""
    choice, quote = session.choice, session.quote
    assert quote is not None
    members = choice.members if choice.household == PART else frozenset()
    wish = Wish(choice.kind, choice.household, choice.items, choice.copies, quote.fee_yen, members, quote.day)

    def order(number: int) -> Issue:
        return Issue(number, wish)

    # What printing needs is started meanwhile; nothing of the person is in it.
    return ask_in(session, State.DOWNLOADING, now, order, WarmPrinter(), wish=wish)


def arrived(session: Session, event: CertificateArrived, now: Moment) -> Result:
    """A1: what came must be what was confirmed, for the subject whose card opened this session, on every page."""
    wish = session.wish
    assert wish is not None
    if what := differs(wish, event.facts):
        return stop_line(session, now, what)
    if any(not copy.reference for copy in event.facts.copies):
        return refuse(session, now, "page_unreadable", record(session, "issuer_failed", reason="page_unreadable"))
    session = replace(session, facts=event.facts)
    return go(session, State.CONFIRMING_IDENTITY, now)


def differs(wish: Wish, facts: CertificateFacts) -> str:
    """What contradicts the confirmed wish, as a word for the journal; empty if nothing does."""
    if facts.kind != wish.kind:
        return "kind"
    if facts.household != wish.household or facts.items != wish.items:
        return "items"
    if facts.members != wish.members:
        return "members"
    if len(facts.copies) != wish.copies or [c.index for c in facts.copies] != list(range(1, wish.copies + 1)):
        return "copies"
    if any(copy.pages < 2 or copy.pages % 2 for copy in facts.copies):
        return "pages"
    if any(copy.reference and copy.reference != facts.expected_reference for copy in facts.copies):
        return "reference"
    if any(copy.reference and not copy.names_agree for copy in facts.copies):
        return "name"
    return ""


def identity_confirmed(session: Session, _event: IdentityConfirmed, now: Moment) -> Result:
    """The person agrees. Before money is asked for, printer and change are looked at once more (A2)."""
    facts = session.facts
    assert facts is not None
    sheets = sum((copy.pages + 1) // 2 for copy in facts.copies)

    def order(number: int) -> PreparePrinter:
        return PreparePrinter(number, sheets)

    return ask_in(session, State.PREPARING, now, order)


def identity_denied(session: Session, _event: IdentityDenied, now: Moment) -> Result:
    """私ではない: erase, take no money, tell the custodian; the second within a day stops the line (A7)."""
    denials = session.service.denials + 1
    session = replace(session, service=replace(session.service, denials=denials))
    denied = record(session, "identity_denied")
    if denials >= DENIALS_THAT_STOP:
        session = replace(session, service=replace(session.service, stopped="denied_twice"))
        stopped = record(session, "line_stopped", what="denied_twice")
        return refuse(session, now, "not_me", denied, stopped)
    return refuse(session, now, "not_me", denied)
