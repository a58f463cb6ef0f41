"""While nobody is served: readiness, hours, what is on offer, and the language of the first screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.schema import Fee, Window
from kiosk import effects as f
from kiosk import events as e
from kiosk import view_model as v
from kiosk.catalogue import rules_of
from kiosk.presenter import present
from kiosk.session import State

S = State
JST = ZoneInfo("Asia/Tokyo")


def view(world) -> Any:
    return present(world.session, world.now)


# ---- readiness -------------------------------------------------------------------------------------------


def test_a_card_that_lay_there_before_the_first_screen_begins_nothing(world) -> None:
    """The reader is the last part to come up, and tells of the card as the first thing."""
    reader = e.Part.READER
    others = [e.DeviceOnline(part) for part in world.session.rules.required if part is not reader]
    world.begin().answers().see(*others, *(e.PlaceEmptied(place) for place in e.Place))
    world.see(e.DeviceOnline(reader), e.CardPresented())
    assert world.session.tx == ""
    assert world.state is S.CLEARING
    assert isinstance(view(world), v.TakeCard)
    world.after(0.2)
    assert world.said()[-1] == "take_card"
    world.see(e.CardRemoved())
    assert world.state is S.IDLE
    world.see(e.CardPresented())
    assert world.ordered(f.IdentifyCard)


def test_a_reader_that_does_not_tell_what_lies_there_is_waited_for_a_moment_only(world) -> None:
    world.begin().answers().see(*(e.DeviceOnline(part) for part in world.session.rules.required))
    assert world.state is S.OUT_OF_SERVICE
    assert isinstance(view(world), v.Still)
    world.after(1)
    assert world.state is S.IDLE


def test_a_card_laid_down_while_the_reader_was_away_begins_nothing(world) -> None:
    reader = e.Part.READER
    world.ready().see(e.DeviceFaulted(reader, "offline"), e.DeviceOnline(reader), e.CardPresented())
    assert world.session.tx == ""
    assert world.state is S.CLEARING


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (e.Part.READER, "reader"),
        (e.Part.CASH, "cash"),
        (e.Part.PRINTER, "printer"),
        (e.Part.ISSUER, "issuer"),
        (e.Part.RECEIPT, "receipt"),
        (e.Part.SENSORS, "sensors"),
    ],
)
def test_the_part_that_does_not_answer_is_named(world, part, reason) -> None:
    rules = replace(world.session.rules, required=world.session.rules.required | {part})
    world.session = replace(world.session, rules=rules)
    world.begin().answers().see(*(e.DeviceOnline(other) for other in rules.required if other is not part))
    assert isinstance(view(world), v.Still)
    world.after(9)
    shown = view(world)
    assert isinstance(shown, v.OutOfService)
    assert shown.reason == reason
    world.see(e.DeviceOnline(part)).after(1)
    assert world.state is S.IDLE


def test_a_wipe_that_is_never_answered_stops_the_line(world) -> None:
    world.begin().after(59)
    assert world.state is S.STARTING
    world.after(2)
    assert world.records("line_stopped")[0].data["what"] == "wipe_failed"
    assert view(world).reason == "stopped"
    world.answers().up()
    assert world.state is S.OUT_OF_SERVICE, "a late answer changes nothing"


# ---- hours and offers ------------------------------------------------------------------------------------


def changed(world, at: datetime | None = None, **profile: Any):
    """The same machine under another profile, at another instant."""
    old = world.session.rules
    settings = replace(old.settings, profile=replace(old.profile, **profile))
    world.session = replace(world.session, rules=rules_of(settings, old.required, old.sensed))
    if at is not None:
        world.utc = at
    return world


def certificates(world, kind: str, **changes: Any):
    return tuple(replace(c, **changes) if c.kind == kind else c for c in world.session.rules.profile.certificates)


def until_noon(world):
    """Every day from 9 to 12."""
    days = {day: (Window(9 * 60, 12 * 60),) for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    return replace(world.session.rules.profile.calendar, **days)


def test_the_machine_is_open_only_while_the_citys_server_is(world) -> None:
    changed(world, server=until_noon(world)).ready()
    shown = view(world)
    assert isinstance(shown, v.Idle)
    assert shown.closes_at == datetime(2026, 11, 24, 12, 0, tzinfo=JST)
    world.after(2 * 3600)
    shown = view(world)
    assert isinstance(shown, v.Closed)
    assert (shown.reason, shown.next_opening) == ("server", datetime(2026, 11, 25, 9, 0, tzinfo=JST))
    world.see(e.CardPresented())
    assert world.session.tx == ""


def test_a_certificate_outside_its_own_hours_is_shown_with_the_reason_and_cannot_be_had(world) -> None:
    changed(world, certificates=certificates(world, "seal", calendar=until_noon(world)))
    world.utc = world.utc.replace(hour=4)  # 13:24 in Japan
    world.ready()
    seal = next(offer for offer in view(world).offers if offer.kind == "seal")
    assert not seal.available
    assert seal.note
    world.lay().pin().answers().take_card()
    assert [(o.kind, o.available) for o in view(world).offers if o.kind == "seal"] == [("seal", False)]
    world.see(e.CertificateChosen("seal"))
    assert world.state is S.CHOOSING_CERTIFICATE


def test_who_has_begun_in_the_hours_of_a_certificate_gets_it_after_them(world) -> None:
    changed(world, certificates=certificates(world, "seal", calendar=until_noon(world)))
    world.utc = world.utc.replace(hour=2, minute=59, second=50)  # 11:59:50 in Japan
    world.to_choice().after(20)
    world.see(e.CertificateChosen("seal"))
    assert world.state is S.CHOOSING_COPIES


def test_a_machine_that_can_issue_nothing_now_is_closed_until_it_can(world) -> None:
    noon = until_noon(world)
    everything = tuple(replace(c, calendar=noon) for c in world.session.rules.profile.certificates)
    changed(world, certificates=everything).ready()
    assert view(world).closes_at == datetime(2026, 11, 24, 12, 0, tzinfo=JST)
    world.after(2 * 3600)
    shown = view(world)
    assert isinstance(shown, v.Closed)
    assert shown.next_opening == datetime(2026, 11, 25, 9, 0, tzinfo=JST)


def test_a_suspended_area_vanishes_alone(world) -> None:
    changed(world, suspended_areas=("seal_registration",)).ready()
    assert [offer.kind for offer in view(world).offers] == ["residence", "income", "tax"]
    world.lay().pin().answers().take_card()
    assert [offer.kind for offer in view(world).offers] == ["residence", "income", "tax"]


def test_with_every_area_suspended_nobody_can_begin(world) -> None:
    changed(world, suspended_areas=("resident_registry", "seal_registration", "tax")).ready()
    assert isinstance(view(world), v.Closed)
    world.see(e.CardPresented())
    assert world.session.tx == ""


def test_a_certificate_begins_on_its_day_and_not_a_second_before(world) -> None:
    first = date(2026, 11, 25)
    starts = certificates(world, "tax", service_from=first, fees=(Fee(first, 300),))
    changed(world, at=datetime(2026, 11, 24, 23, 59, 59, tzinfo=JST), certificates=starts)
    offers = world.session.rules.on_offer
    assert "tax" not in {c.kind for c in offers(world.utc)}
    assert "tax" in {c.kind for c in offers(datetime(2026, 11, 25, 8, 30, tzinfo=JST))}
    changed(world, at=datetime(2026, 11, 24, 10, 0, tzinfo=JST)).ready()
    tax = next(offer for offer in view(world).offers if offer.kind == "tax")
    assert (tax.available, tax.fee_yen) == (False, 300)
    assert tax.note


# ---- language --------------------------------------------------------------------------------------------


def test_english_is_chosen_on_the_first_screen_and_kept_to_the_end(world, rules) -> None:
    world.ready()
    assert view(world).frame.languages == ("ja", "en")
    world.see(e.LanguageChosen("en"))
    shown = view(world)
    assert (shown.frame.language, shown.frame.city_name) == ("en", "Saga City")
    assert shown.offers[1].name == "Seal registration certificate"
    world.lay().pin().answers().take_card().after(rules.national.screen_idle_s)
    assert view(world).frame.languages == ()
    assert view(world).frame.language == "en"
    world.see(e.CancelPressed())
    assert view(world).contact == "the Citizens' Affairs Division counter"
    assert view(world).alternatives[0].startswith("Citizens' Affairs Division counter: ")


def test_the_first_screen_goes_back_to_its_language_when_nobody_begins(world, rules) -> None:
    world.ready().see(e.LanguageChosen("en")).after(rules.national.screen_idle_s - 1)
    assert view(world).frame.language == "en"
    world.after(1.1)
    assert view(world).frame.language == "ja"


def test_the_language_ends_with_the_process(world) -> None:
    world.ready().see(e.LanguageChosen("en")).lay()
    fresh = type(world.session)(world.session.rules, world.session.tokens)
    assert fresh.speaks == "ja"


def test_a_language_the_city_does_not_have_is_not_taken(world) -> None:
    world.ready().see(e.LanguageChosen("fr"))
    assert view(world).frame.language == "ja"


def test_why_a_certificate_cannot_be_had_is_said_in_the_chosen_language(world) -> None:
    changed(world, certificates=certificates(world, "seal", calendar=until_noon(world)))
    world.utc = world.utc.replace(hour=4)
    world.ready().see(e.LanguageChosen("en"))
    assert next(offer for offer in view(world).offers if offer.kind == "seal").note.isascii()


def test_whom_the_card_has_failed_is_sent_to_no_machine_that_asks_for_it_again(world, settings) -> None:
    counter = settings.profile.alternatives[0]
    shop = replace(counter, name="コンビニのマルチコピー機", by_card=True)
    profile = replace(settings.profile, alternatives=(counter, shop))
    rules = rules_of(replace(settings, profile=profile), frozenset(), sensed=True)

    def sent_to(refusal: str) -> list[str]:
        session = replace(world.session, rules=rules, state=State.REFUSED, refusal=refusal)
        return [place.partition("　")[0] for place in present(session, world.now).alternatives]

    assert sent_to("city_unavailable") == [counter.name, shop.name]
    for refusal in ("pin_blocked", "pin_never_set", "card_expired", "certificate_revoked"):
        assert sent_to(refusal) == [counter.name], refusal
