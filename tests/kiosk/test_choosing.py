"""What is chosen: four certificates, the household and its members, and the fee as it was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from config.schema import Fee
from kiosk import effects as f
from kiosk import events as e
from kiosk import view_model as v
from kiosk.presenter import present
from kiosk.session import State

S = State


def view(world) -> v.View:
    return present(world.session, world.now)


def wished(world) -> f.Wish:
    (order,) = world.see(e.NextPressed()).ordered(f.Issue)
    return order.wish


# ---- kinds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("juki", [False, True])
@pytest.mark.parametrize("kind", ["seal", "income", "tax"])
def test_only_the_residence_record_asks_for_household_and_items(world, kind: str, juki: bool) -> None:
    world.juki = juki
    world.to_kind(kind)
    assert world.state is S.CHOOSING_COPIES
    wish = wished(world.see(e.NextPressed()))
    assert (wish.kind, wish.household, wish.items, wish.members) == (kind, "", frozenset(), frozenset())
    world.answers().see(e.IdentityConfirmed()).answers().coin(100).coin(100).coin(100).answers()
    assert world.session.tally.charged == 300


def test_another_certificate_begins_with_its_own_defaults(world) -> None:
    world.to_confirm(3).see(*[e.BackPressed()] * 4, e.CertificateChosen("seal"))
    assert world.session.choice.copies == 1
    assert not world.session.choice.items


@pytest.mark.parametrize("juki", [False, True])
def test_another_certificate_looked_at_meanwhile_costs_nothing_that_was_chosen(world, juki: bool) -> None:
    world.juki = juki
    world.to_kind().see(e.HouseholdChosen("part")).answers()
    world.see(e.MemberToggled("0000000a"), e.NextPressed(), e.ItemToggled("domicile"), e.NextPressed())
    world.see(e.CopiesChanged(3), e.NextPressed())
    chosen = world.session.choice
    back_to_certificates(world).see(e.CertificateChosen("seal"))
    assert (world.session.choice.copies, world.session.choice.items) == (1, frozenset())
    world.see(e.CopiesChanged(2))
    back_to_certificates(world).see(e.CertificateChosen("residence"))
    assert world.session.choice == chosen
    world.see(e.HouseholdChosen("part"))
    assert [row.on for row in view(world).members] == [True, True, False]
    assert len(world.ordered(f.ListHousehold)) == 1
    back_to_certificates(world).see(e.CertificateChosen("seal"))
    assert world.session.choice.copies == 2


def back_to_certificates(world):
    while world.state is not S.CHOOSING_CERTIFICATE:
        before = world.state
        world.see(e.BackPressed())
        assert world.state is not before
    return world


# ---- household -------------------------------------------------------------------------------------------


def test_a_part_of_the_household_is_the_members_that_are_on(world) -> None:
    world.to_kind().see(e.HouseholdChosen("part"))
    assert world.state is S.LISTING_HOUSEHOLD
    world.answers()
    rows = {row.member: row.on for row in view(world).members}
    assert rows == {"0000000a": False, "0000000b": True, "0000000c": False}, "the holder's own entry at first"
    world.see(e.MemberToggled("0000000c"), e.NextPressed(), e.NextPressed(), e.NextPressed())
    shown = view(world)
    assert isinstance(shown, v.Confirm)
    assert (shown.household, shown.members) == ("part", 2)
    assert wished(world).members == {"0000000b", "0000000c"}


def test_nobody_goes_on_without_a_member(world) -> None:
    world.to_kind().see(e.HouseholdChosen("part")).answers().see(e.MemberToggled("0000000b"))
    assert not view(world).ready
    world.see(e.NextPressed())
    assert world.state is S.CHOOSING_MEMBERS


def test_who_lives_alone_has_no_members_to_choose(world) -> None:
    world.members = world.members[1:2]
    world.to_kind().see(e.HouseholdChosen("part")).answers()
    assert world.state is S.CHOOSING_ITEMS
    world.see(e.BackPressed())
    assert world.state is S.CHOOSING_HOUSEHOLD
    world.see(e.HouseholdChosen("part"), e.NextPressed(), e.NextPressed())
    assert wished(world).members == {"0000000b"}


def test_back_keeps_the_members_and_fetches_them_once(world) -> None:
    world.to_kind().see(e.HouseholdChosen("part")).answers()
    world.see(e.MemberToggled("0000000a"), e.NextPressed(), e.BackPressed(), e.BackPressed())
    assert world.state is S.CHOOSING_HOUSEHOLD
    world.see(e.HouseholdChosen("part"))
    assert world.state is S.CHOOSING_MEMBERS
    assert [row.on for row in view(world).members] == [True, True, False]
    assert len(world.ordered(f.ListHousehold)) == 1


def test_members_chosen_before_do_not_narrow_the_whole_household(world) -> None:
    world.to_kind().see(e.HouseholdChosen("part")).answers().see(e.BackPressed(), e.HouseholdChosen("whole"))
    world.see(e.NextPressed(), e.NextPressed())
    wish = wished(world)
    assert (wish.household, wish.members) == ("whole", frozenset())


@pytest.mark.parametrize(
    "members",
    [
        (),
        (e.Member("0000000a", "a", "世帯主"),),
        (e.Member("0000000a", "a", "世帯主", holder=True), e.Member("0000000b", "b", "妻", holder=True)),
        (e.Member("0000000a", "a", "世帯主", holder=True), e.Member("0000000a", "b", "妻")),
    ],
)
def test_a_list_that_cannot_be_a_household_ends_the_session(world, members) -> None:
    world.members = members
    world.to_kind().see(e.HouseholdChosen("part")).answers()
    assert world.session.refusal == "city_unavailable"


def test_names_of_the_household_are_in_no_repr(world) -> None:
    world.to_kind().see(e.HouseholdChosen("part")).answers()
    assert "花子" not in repr(world.session)
    assert "花子" not in repr(view(world))


def test_a_certificate_for_other_members_stops_the_line(world) -> None:
    world.to_confirm(household="part").see(e.NextPressed())
    arrived = world.reply(world.pending.pop())[0]
    world.see(replace(arrived, facts=replace(arrived.facts, members=frozenset({"0000000a"}))))
    assert world.session.service.stopped == "members"


def test_listing_the_household_can_be_cancelled(world) -> None:
    world.to_kind().see(e.HouseholdChosen("part"))
    assert view(world).frame.cancel
    world.see(e.CancelPressed())
    assert world.session.refusal == "cancelled"


# ---- the fee ---------------------------------------------------------------------------------------------

BEFORE_MIDNIGHT = datetime(2026, 11, 30, 14, 59, 50, tzinfo=UTC)  # 23:59:50 in Japan


@pytest.fixture
def dearer(world):
    """From 1 December a copy costs 400 yen instead of 300."""
    rules = world.session.rules
    certificates = tuple(
        replace(c, fees=(Fee(date(2016, 1, 22), 300), Fee(date(2026, 12, 1), 400))) for c in rules.profile.certificates
    )
    profile = replace(rules.profile, certificates=certificates)
    world.session = replace(world.session, rules=replace(rules, settings=replace(rules.settings, profile=profile)))
    return world


def at(world, utc: datetime) -> None:
    world.utc = utc
    world.see(e.Tick())


def test_the_fee_on_the_confirm_screen_is_the_fee_that_is_paid_past_midnight(dearer) -> None:
    dearer.to_copies()
    at(dearer, BEFORE_MIDNIGHT)
    dearer.see(e.CopiesChanged(2), e.NextPressed())
    assert view(dearer).price_yen == 600
    at(dearer, BEFORE_MIDNIGHT + timedelta(seconds=20))
    assert view(dearer).price_yen == 600, "what was shown is what is asked"
    wish = wished(dearer)
    assert (wish.fee_yen, wish.fee_day) == (300, date(2026, 11, 30))
    dearer.answers().see(e.IdentityConfirmed()).answers()
    assert view(dearer).price_yen == 600
    dearer.coin(500).coin(100).answers()
    assert dearer.session.tally.charged == 600


def test_on_the_other_side_of_midnight_the_new_fee_is_shown_and_paid(dearer) -> None:
    dearer.to_copies()
    at(dearer, BEFORE_MIDNIGHT)
    assert view(dearer).fee_yen == 300
    at(dearer, BEFORE_MIDNIGHT + timedelta(seconds=20))
    assert view(dearer).fee_yen == 400
    dearer.see(e.NextPressed())
    assert view(dearer).price_yen == 400
    wish = wished(dearer)
    assert (wish.fee_yen, wish.fee_day) == (400, date(2026, 12, 1))


def test_back_over_midnight_shows_the_new_fee(dearer) -> None:
    dearer.to_copies()
    at(dearer, BEFORE_MIDNIGHT)
    dearer.see(e.NextPressed())
    at(dearer, BEFORE_MIDNIGHT + timedelta(seconds=20))
    dearer.see(e.BackPressed(), e.NextPressed())
    assert view(dearer).price_yen == 400


def test_a_city_that_has_another_fee_ends_it_and_nothing_is_charged(dearer) -> None:
    dearer.to_confirm().see(e.NextPressed())
    dearer.see(e.IssuerDeclined(dearer.session.awaiting, "fee_changed"))
    shown = view(dearer)
    assert isinstance(shown, v.Refused)
    assert (shown.reason, shown.money) == ("fee_changed", "none")
    assert not dearer.ordered(f.AcceptCoins)
