"""What the city's server takes from the municipality's profile, and when it serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import config
from config.load import load_national, load_profile
from config.schema import CalendarSettings, Fee, Profile, Window
from hardware_sim.city.register import Register
from hardware_sim.city.residents import households
from hardware_sim.city.rules import KINDS, Refused, Rules, check_fee
from hardware_sim.city.towns import TownError

DAY = (Window(9 * 60, 17 * 60),)
HOURS = CalendarSettings(DAY, DAY, DAY, DAY, DAY, (), (), "as_weekday")
FIRST = date(2016, 1, 22)
TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
"""09:00 in Japan."""


@pytest.fixture(scope="module")
def saga() -> Profile:
    return load_profile(Path(config.__file__).with_name("saga.toml"))


def rules(profile: Profile, **changes: Any) -> Rules:
    return Rules.of(replace(profile, **changes), load_national())


def refusal(call: Any, *arguments: Any) -> str:
    try:
        call(*arguments)
    except Refused as refused:
        return refused.reason
    return ""


@pytest.mark.parametrize("name", ["saga", "fujisawa", "fujisawa-hall"])
def test_everything_comes_from_the_profile(name: str) -> None:
    profile = load_profile(Path(config.__file__).with_name(f"{name}.toml"))
    made = rules(profile)
    assert made.municipality == profile.municipality
    assert made.town.code == profile.municipality_code
    assert made.town.name == profile.city_name
    assert made.service_from == profile.service_from
    assert (made.min_age, made.foretell_planned_move) == (profile.minimum_age, profile.foretell_planned_move)
    assert set(made.kinds) == {one.kind for one in profile.certificates if one.enabled}
    for one in profile.certificates:
        found = made.kinds[one.kind]
        assert (found.service_from, found.max_copies) == (one.service_from, one.max_copies)
        assert [found.fee_yen(fee.from_date) for fee in one.fees] == [fee.yen for fee in one.fees]


def test_what_the_profile_says_otherwise(saga: Profile) -> None:
    changed = [replace(one, enabled=one.kind != "seal") for one in saga.certificates]
    made = rules(saga, certificates=tuple(changed), suspended_areas=("tax",), minimum_age=18)
    assert made.on_offer(TUESDAY) == ["residence"]
    assert made.min_age == 18


@pytest.mark.parametrize(
    ("hour", "minute", "second", "reason"),
    [(23, 59, 59, "outside_hours"), (0, 0, 0, ""), (7, 59, 59, ""), (8, 0, 0, "outside_hours")],
)
def test_the_servers_hours(saga: Profile, hour: int, minute: int, second: int, reason: str) -> None:
    day = 23 if hour == 23 else 24
    now = datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)
    made = rules(saga, server=HOURS)
    assert refusal(made.check_open, now) == reason
    assert made.on_offer(now) == ([] if reason else list(KINDS))


def test_a_certificates_own_hours(saga: Profile) -> None:
    certificates = tuple(replace(one, calendar=HOURS if one.kind == "tax" else None) for one in saga.certificates)
    made = rules(saga, certificates=certificates)
    evening = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert made.on_offer(TUESDAY) == list(KINDS)
    assert made.on_offer(evening) == ["residence", "seal", "income"]
    assert refusal(made.check_kind, "tax", evening) == "outside_hours"


def test_first_days_begin_at_midnight_in_japan(saga: Profile) -> None:
    made = rules(saga, service_from=date(2026, 11, 24))
    midnight = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert refusal(made.check_open, midnight.replace(hour=14, minute=59, second=59)) == "not_in_service"
    assert refusal(made.check_open, midnight) == ""
    later = tuple(replace(one, service_from=date(2026, 11, 24)) for one in saga.certificates)
    made = rules(saga, certificates=later)
    assert refusal(made.check_kind, "seal", midnight.replace(hour=14)) == "not_in_service"
    assert refusal(made.check_kind, "seal", midnight) == ""


def test_a_certificate_free_of_charge(saga: Profile) -> None:
    free = tuple(replace(one, fees=(Fee(FIRST, 300), Fee(date(2026, 11, 1), 0))) for one in saga.certificates)
    kind = rules(saga, certificates=free).kinds["residence"]
    assert refusal(check_fee, kind, 0, date(2026, 11, 24), TUESDAY) == ""
    assert refusal(check_fee, kind, 300, date(2026, 11, 24), TUESDAY) == "fee_changed"


def test_a_city_without_residents(saga: Profile) -> None:
    with pytest.raises(TownError, match="saga, fujisawa"):
        rules(saga, municipality="atlantis")


def test_hours_are_those_of_the_beginning(far_with: Any) -> None:
    """Who has begun in time is served to the end; who begins later is not."""
    far = far_with(Rules(hours=_calendar()))
    far.clock.instant = datetime(2026, 11, 24, 7, 59, tzinfo=UTC)
    mine, tapped = far.identified(), far.tapped()
    far.clock.advance(120)
    assert mine.ask("issue", mine.wish()).head["result"] == "ok"
    assert tapped.pin().head["result"] == "ok"
    late = far.terminal()
    late.open()
    assert late.authenticate(far.cards.card(far.serial("r001"))).head["result"] == "outside_hours"
    late = far.terminal()
    late.open()
    assert late.card(far.resident("r001")).head["result"] == "outside_hours"


def _calendar() -> Any:
    from config.calendar import Calendar

    return Calendar(HOURS)


def test_fujisawa_is_a_town_of_its_own(tmp_path: Path) -> None:
    there, here = households(municipality="fujisawa"), households()
    register = Register.build(tmp_path / "f.db", b"issuer", municipality="fujisawa")
    assert register.residents()[0].name == "藤沢　太郎"
    for household in there:
        assert household.address.startswith("神奈川県藤沢市")
        assert "99番" in household.address or any(f"{n}番地" in household.address for n in range(9001, 9900))
    # Nobody's card of one city is a card in the other.
    for name in ("card_serial", "juki_id"):
        cards = [{getattr(one, name) for h in town for one in h.members if one.remarks == ""} for town in (there, here)]
        assert cards[0] & cards[1] <= {0, ""}
    # The same cases lie at the same places.
    assert [[p.remarks for p in h.members] for h in there] == [[p.remarks for p in h.members] for h in here]
