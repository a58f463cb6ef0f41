"""What the screen shows for a session: a pure function from the state to one view model."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from config.hours import SERVER, explain
from kiosk import view_model as v
from kiosk.catalogue import JST, KINDS_OF_ISSUE, PART, Names, local_day
from kiosk.events import Part, Place
from kiosk.moves_pay import accepts
from kiosk.moves_service import START_PATIENCE_S, behind_the_picture, fault, first_place, lying
from kiosk.moves_take import expected, remaining
from kiosk.moves_way import way
from kiosk.pace import progress
from kiosk.presenter_staff import present_staff
from kiosk.session import PERSON_DECIDES, STAFF, Moment, Session, State

THING: Final = {
    Place.CERTIFICATE_TRAY: "certificate",
    Place.CHANGE_TRAY: "change",
    Place.RECEIPT_TRAY: "receipt",
}

LABELS: Final = {
    State.READING_CARD: ("card", "card"),
    State.CONNECTING: ("card", "card"),
    State.AWAITING_PIN: ("pin", "pin"),
    State.LAST_TRY: ("pin", "pin"),
    State.AUTHENTICATING: ("pin", "pin"),
    State.RECOGNISING: ("card", "pin"),
    State.TAKING_CARD: ("card", "take_card"),
    State.CHOOSING_CERTIFICATE: ("certificate", "certificate"),
    State.CHOOSING_KIND: ("choose", "kind"),
    State.CHOOSING_HOUSEHOLD: ("choose", "household"),
    State.LISTING_HOUSEHOLD: ("choose", "household"),
    State.CHOOSING_MEMBERS: ("choose", "household"),
    State.CHOOSING_ITEMS: ("choose", "items"),
    State.CHOOSING_COPIES: ("choose", "copies"),
    State.CONFIRMING: ("confirm", "confirm"),
    State.DOWNLOADING: ("identity", "download"),
    State.CONFIRMING_IDENTITY: ("identity", "identity"),
    State.PREPARING: ("pay", "pay"),
    State.PAYING: ("pay", "pay"),
    State.DRAINING: ("pay", "pay"),
    State.PRINTING: ("print", "print"),
    State.ERASING_DOCUMENTS: ("print", "print"),
    State.SETTLING: ("print", "print"),
    State.RECEIPT: ("print", "take"),
    State.TAKING: ("print", "take"),
}
"""The step of each state, and the text id of what is done there."""

HOLD_STEPS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"card"}), frozenset({"pin"}), frozenset({"certificate", "choose"}), frozenset({"confirm"}),
    frozenset({"identity"}), frozenset({"pay"}), frozenset({"print"}),
)  # fmt: skip
TAP_STEPS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"card"}), frozenset({"certificate"}), frozenset({"pin"}), frozenset({"choose"}), frozenset({"confirm"}),
    frozenset({"identity"}), frozenset({"pay"}), frozenset({"print"}),
)  # fmt: skip
"""The steps the person counts, in the order of each flow."""

WAITS: Final = {
    State.READING_CARD: "reading",
    State.CONNECTING: "connecting",
    State.AUTHENTICATING: "checking_pin",
    State.RECOGNISING: "checking_pin",
    State.LISTING_HOUSEHOLD: "connecting",
    State.DOWNLOADING: "downloading",
    State.PREPARING: "preparing",
    State.DRAINING: "stopping_coins",
    State.ERASING_DOCUMENTS: "settling",
    State.SETTLING: "settling",
}

CARD_IS_NO_USE: Final = frozenset(
    {
        *("pin_blocked", "pin_never_set", "card_juki_expired"),
        *("card_expired", "card_not_yet_valid", "card_unknown_issuer", "certificate_revoked"),
    }
)
"""Refusals after which no other machine would take this card either: only a counter helps."""

CARD_STAYS: Final = frozenset({State.READING_CARD, State.CONNECTING, State.AUTHENTICATING})

SOON: Final = {
    State.IDLE: (State.READING_CARD,),
    State.READING_CARD: (State.CONNECTING, State.AWAITING_PIN),
    State.AWAITING_PIN: (State.AUTHENTICATING,),
    State.AUTHENTICATING: (State.TAKING_CARD,),
    State.RECOGNISING: (State.TAKING_CARD,),
    State.CONFIRMING: (State.DOWNLOADING,),
    State.PREPARING: (State.PAYING,),
}
"""What comes after what, as a rule."""

PART_REASON: Final = {
    Part.READER: "reader",
    Part.CASH: "cash",
    Part.PRINTER: "printer",
    Part.ISSUER: "issuer",
    Part.SOUND: "sound",
    Part.SENSORS: "sensors",
    Part.DISPLAY: "display",
    Part.RECEIPT: "receipt",
    Part.CAMERA: "camera",
}


def present(session: Session, now: Moment) -> v.View:
    """One view for one session at one moment."""
    frame = _frame(session, now)
    if session.state in STAFF:
        return present_staff(session, now, frame)
    match session.state:
        case State.STARTING | State.ENDED:
            return v.Still(frame)
        case State.RECOVERING:
            if Part.CASH not in session.service.online and now.boot - session.entered > START_PATIENCE_S:
                return _out_of_service(session, frame, "cash")
            return v.Still(frame, returning_money=session.tally.to_settle > 0)
        case State.CLOSED:
            return _closed(session, now, frame)
        case State.OUT_OF_SERVICE:
            return _at_rest_out_of_service(session, now, frame)
        case State.CLEARING:
            return _clearing(session, frame)
        case State.IDLE:
            return _idle(session, now, frame)
        case State.SETTLING if session.recovering:
            return v.Still(frame, returning_money=session.tally.to_settle > 0)
        case State.RECOGNISING if session.taps:
            return v.Wait(frame, "connecting")
        case state if state in WAITS:
            keep_card = state is State.READING_CARD or (state in CARD_STAYS and not session.taps)
            return v.Wait(frame, WAITS[state], keep_card, progress(session, now))
        case _:
            return _with_person(session, now, frame)


def soon(session: Session, now: Moment) -> tuple[v.View, ...]:
    """What is most likely shown next, for the display to get ready while an answer or a touch is awaited; nothing where
    that depends on the answer. Nothing of it may come of what is not known yet."""
    return tuple(present(replace(session, state=state), now) for state in SOON.get(session.state, ()))


def _with_person(session: Session, now: Moment, frame: v.Frame) -> v.View:
    choice, rules = session.choice, session.rules
    match session.state:
        case State.LAST_TRY:
            return v.LastTry(frame, _names(session).contact)
        case State.AWAITING_PIN:
            card = session.card
            wrong = card.wrong and card.digits == 0
            return v.PinPad(frame, card.digits, card.tries_left, wrong, keep_card=not session.taps)
        case State.TAKING_CARD:
            after = "refused" if session.refusal else "end" if session.outcomes else "choose"
            return v.TakeCard(frame, after)
        case State.CHOOSING_CERTIFICATE:
            return v.ChooseCertificate(frame, _offers(session, now))
        case State.CHOOSING_KIND:
            return v.ChooseKind(frame, KINDS_OF_ISSUE)
        case State.CHOOSING_HOUSEHOLD:
            return v.ChooseHousehold(frame, rules.households(choice.kind))
        case State.CHOOSING_MEMBERS:
            members = tuple(
                v.MemberRow(m.member, m.name, m.relationship, m.member in choice.members, m.holder)
                for m in session.household
            )
            return v.ChooseMembers(frame, members, ready=bool(choice.members))
        case State.CHOOSING_ITEMS:
            items = tuple(v.Item(item, item in choice.items) for item in rules.items(choice.kind))
            return v.ChooseItems(frame, items)
        case State.CHOOSING_COPIES:
            most = rules.certificate(choice.kind).max_copies
            return v.ChooseCopies(frame, choice.copies, most, rules.fee_yen(choice.kind, local_day(now.utc)))
        case State.CONFIRMING:
            assert session.quote is not None
            items_on = tuple(item for item in rules.items(choice.kind) if item in choice.items)
            price = session.quote.fee_yen * choice.copies
            members_on = len(choice.members) if choice.household == PART else 0
            return v.Confirm(frame, _name(session), choice.household, items_on, choice.copies, price, members_on)
        case State.CONFIRMING_IDENTITY:
            assert session.facts is not None
            masked = session.facts.masked_name
            return v.Arrived(frame, _name(session), choice.copies, session.price_yen, masked)
        case State.PAYING:
            accepted = accepts(session)
            over_fee = {yen for yen in (500, 100) if yen not in accepted}
            exact_only = bool(over_fee) and session.tally.inserted == 0
            inserted, note = session.tally.inserted, _names(session).change_note
            return v.Pay(frame, session.price_yen, inserted, accepted, exact_only, session.receipt_ready, note)
        case State.PRINTING:
            copies = session.wish.copies if session.wish else 1
            copy = min(len(session.outcomes) + 1, copies)
            return v.Printing(frame, copy, copies, session.waiting_for, progress(session, now))
        case State.TAKING | State.RECEIPT:
            return _take(session, frame)
        case State.REFUSED:
            return _refused(session, frame)
        case _:
            if session.refusal:
                return v.Wait(frame, "erasing")
            return v.Thanks(frame)


def _take(session: Session, frame: v.Frame) -> v.View:
    """What lies there, or is about to; a receipt still printing is named last, and only when nothing else is left."""
    if session.thanked:
        return v.Thanks(frame)
    things = tuple(THING[place] for place in remaining(session) or expected(session))
    by_touch = bool(things) and not session.rules.sensed
    if not things and session.receipt == "printing":
        things = ("receipt",)
    if not things:
        return v.Wait(frame, "settling")
    tally = session.tally
    return v.Take(frame, things, tally.paid_back, tally.owed, _slip(session), by_touch, session.receipt)


def _refused(session: Session, frame: v.Frame) -> v.View:
    tally = session.tally
    money, amount = "none", 0
    if tally.still_held:
        money, amount = "held", tally.still_held
    elif tally.owed:
        money, amount = "owed", tally.owed
    elif tally.paid_back:
        money, amount = "returned", tally.paid_back
    names, slip = _names(session), _slip(session)
    places = names.counters if session.refusal in CARD_IS_NO_USE else names.alternatives
    return v.Refused(frame, session.refusal, money, names.contact, amount, slip, places)


def _slip(session: Session) -> str:
    """Number under which an owed or held amount is in the books; shown, since it is the person's claim."""
    return session.slip if session.tally.owed or session.tally.in_doubt else ""


def _names(session: Session) -> Names:
    return session.rules.names(session.speaks)


def _frame(session: Session, now: Moment) -> v.Frame:
    profile, national, names = session.rules.profile, session.rules.national, _names(session)
    state = session.state
    asking = state in PERSON_DECIDES
    warning_s = None
    if session.warned and asking:
        warning_s = max(0, int(session.touched + session.idle_s + session.warning_s - now.boot + 0.999))
    step, steps, label = _step(session)
    return v.Frame(
        language=session.speaks,
        city_name=names.city_name,
        machine_title=names.machine_title,
        # To the minute: a view that differs only by seconds would be drawn for nothing.
        moment=now.utc.astimezone(JST).replace(second=0, microsecond=0),
        step=step,
        steps=steps,
        step_label=label,
        back=asking and _can_go_back(session),
        cancel=asking or state in {State.DOWNLOADING, State.LISTING_HOUSEHOLD},
        cancel_returns_money=state is State.PAYING,
        warning_s=warning_s,
        more_time=session.extensions < national.max_extensions,
        languages=tuple(profile.languages) if state is State.IDLE and len(profile.languages) > 1 else (),
        large=session.ease.large,
        high_contrast=session.ease.contrast,
        spoken=session.ease.spoken,
        slow=session.ease.slow,
        switches=_switches(session),
    )


def _switches(session: Session) -> tuple[str, ...]:
    """What can be switched here: everything on the first screen, the speed wherever somebody listens."""
    if not session.rules.speaks:
        return ("large", "contrast") if session.state is State.IDLE else ()
    if session.state is State.IDLE:
        return ("large", "contrast", "spoken", "slow") if session.ease.spoken else ("large", "contrast", "spoken")
    return ("slow",) if session.ease.spoken and session.state not in STAFF else ()


def _can_go_back(session: Session) -> bool:
    if session.state in {State.AWAITING_PIN, State.LAST_TRY}:
        return True
    if session.state in {State.CONFIRMING_IDENTITY, State.PAYING}:
        return False
    return way(session).index(session.state) > 0


def _step(session: Session) -> tuple[int, int, str]:
    """(which, of how many, text id); zeros hide the progress bar."""
    if session.state not in LABELS or session.recovering:
        return 0, 0, ""
    step, label = LABELS[session.state]
    counted = TAP_STEPS if session.taps else HOLD_STEPS
    if session.taps:
        label = "connect" if session.state is State.RECOGNISING else label
    elif session.state in {State.RECOGNISING, State.TAKING_CARD}:
        step = "pin"
    number = next(n for n, names in enumerate(counted, 1) if step in names)
    return number, len(counted), label


def _idle(session: Session, now: Moment, frame: v.Frame) -> v.View:
    rules, profile = session.rules, session.rules.profile
    closes = rules.opening(now.utc).closes_at
    return v.Idle(
        frame,
        _offers(session, now),
        closes.astimezone(JST) if closes else None,
        profile.camera.notice,
        # The sign may only say what is true: until the recorder reports, and when it has fallen silent, it is dark.
        camera_on=session.camera is not None and session.camera.armed,
        caution=_names(session).cautions,
        cards=rules.cards,
    )


def _closed(session: Session, now: Moment, frame: v.Frame) -> v.View:
    opening = session.rules.opening(now.utc)
    following = opening.next_opening.astimezone(JST) if opening.next_opening else None
    # Reasons of dated exceptions and names of holidays are written in Japanese.
    detail = opening.detail if frame.language == "ja" else ""
    reason = "server" if opening.limited_by == SERVER else opening.reason.value
    return v.Closed(frame, reason, detail, following, _names(session).alternatives)


def _offers(session: Session, now: Moment) -> tuple[v.Offer, ...]:
    """Kinds with today's fee. What is shut to everybody at this hour says so; what the city does not offer to this
    person is left out, whatever the cause."""
    rules, names, day = session.rules, _names(session), local_day(now.utc)
    offers = []
    for certificate in rules.listed():
        kind, opening = certificate.kind, rules.opening_of(certificate.kind, now.utc)
        # Who has begun while it was open is carried to the end (A8).
        available = kind in session.offers if session.tx else opening.open
        if available or not opening.open:
            note = "" if available else explain(opening, session.speaks)
            offers.append(v.Offer(kind, names.certificates[kind], rules.fee_yen(kind, day), available, note))
    return tuple(offers)


def _name(session: Session) -> str:
    return _names(session).certificates[session.choice.kind]


def _clearing(session: Session, frame: v.Frame) -> v.View:
    if session.card.present:
        return v.TakeCard(frame, "end")
    place = first_place(session.places)
    return v.Take(frame, (THING[place],), 0)


def _at_rest_out_of_service(session: Session, now: Moment, frame: v.Frame) -> v.View:
    if session.service.stopped:
        return _out_of_service(session, frame, "stopped")
    if lying(session):
        return _out_of_service(session, frame, "left_behind")
    broken = fault(session)
    if broken is None or behind_the_picture(session, now):
        return v.Still(frame)
    part, reason = broken
    empty = part is Part.PRINTER and reason.startswith("media-")
    return _out_of_service(session, frame, "paper" if empty else PART_REASON[part])


def _out_of_service(session: Session, frame: v.Frame, reason: str) -> v.View:
    names = _names(session)
    return v.OutOfService(frame, reason, names.contact, names.alternatives)
