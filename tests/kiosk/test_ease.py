"""What a person switches on for themselves: it holds to the end, gives time, and is gone before the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk import events as e
from kiosk import view_model as v
from kiosk.presenter import present
from kiosk.session import PERSON_DECIDES, STAFF, Ease, State

S = State
ALL = ("large", "contrast", "spoken", "slow")


def view(world) -> Any:
    return present(world.session, world.now)


def switched(world) -> tuple[bool, ...]:
    frame = view(world).frame
    return frame.large, frame.high_contrast, frame.spoken, frame.slow


def with_ease(world, *names: str):
    return world.see(*(e.EaseChosen(name, True) for name in names))


# ---- choosing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_each_is_switched_on_and_off_on_the_first_screen(world, name: str) -> None:
    with_ease(world.ready(), name)
    assert switched(world) == tuple(name == each for each in ALL)
    world.see(e.EaseChosen(name, False))
    assert switched(world) == (False,) * 4


STATES = {
    S.READING_CARD: lambda w: w.ready().see(e.CardPresented()),
    S.AWAITING_PIN: lambda w: w.to_pin(),
    S.CHOOSING_COPIES: lambda w: w.to_copies(),
    S.DOWNLOADING: lambda w: w.to_confirm().see(e.NextPressed()),
    S.PAYING: lambda w: w.to_paying(),
    S.PRINTING: lambda w: w.to_paying().coin(500).until(S.PRINTING),
    S.REFUSED: lambda w: w.to_confirm().see(e.CancelPressed()),
}


@pytest.mark.parametrize("state", STATES)
def test_it_can_be_switched_while_somebody_is_served(world, state: State) -> None:
    STATES[state](world)
    assert world.state is state
    with_ease(world, *ALL)
    assert (switched(world), world.state) == ((True,) * 4, state)


def test_a_name_that_is_none_changes_nothing(world) -> None:
    world.ready()
    before = world.session
    world.see(e.EaseChosen("loud", True), e.EaseChosen("", True), e.EaseChosen("__class__", True))
    assert world.session == before
    before = STATES[S.PAYING](type(world)(world.session)).session
    assert type(world)(before, boot=1001).see(e.EaseChosen("loud", True)).session == before


def test_it_is_carried_to_the_end_and_the_next_process_begins_plain(world) -> None:
    seen: list[tuple[bool, ...]] = []
    world.watch = lambda _before, _event, after, _orders: seen.append(
        (after.ease.large, after.ease.contrast, after.ease.spoken, after.ease.slow)
    )
    with_ease(world.ready(), *ALL)
    seen.clear()
    world.lay().pin().answers().take_card().see(e.CertificateChosen("seal"), e.NextPressed(), e.NextPressed()).answers()
    world.see(e.IdentityConfirmed()).answers().coin(500).answers().take_all().after(9).answers()
    assert world.state is S.ENDED
    assert set(seen) == {(True,) * 4}
    fresh = type(world.session)(world.session.rules, world.session.tokens)
    assert fresh.ease == Ease()


def test_the_first_screen_is_plain_again_when_nobody_begins(world, rules) -> None:
    with_ease(world.ready(), "large", "contrast").after(rules.national.screen_idle_s - 1)
    assert switched(world) == (True, True, False, False)
    world.after(1)
    assert switched(world) == (False,) * 4


def test_who_listens_has_more_time_to_find_the_reader(world, rules) -> None:
    longer = rules.national.screen_idle_s * rules.national.slow_factor
    with_ease(world.ready(), "spoken").after(longer - 1)
    assert switched(world) == (False, False, True, False)
    world.after(1)
    assert switched(world) == (False,) * 4


def test_staff_screens_are_the_same_for_all(world) -> None:
    with_ease(world.ready().see(e.LanguageChosen("en")), *ALL).see(e.ServiceKeyTurned(True))
    for state in STAFF:
        staff = replace(world.session.staff, post=e.Post.MANAGER)
        shown = present(replace(world.session, state=state, staff=staff), world.now).frame
        assert (shown.large, shown.high_contrast, shown.spoken, shown.slow) == (False,) * 4, state
        assert (shown.switches, shown.languages, shown.language, shown.city_name) == ((), (), "ja", "佐賀市"), state
    world.see(e.ServiceKeyTurned(False))
    assert world.state is S.IDLE
    assert (switched(world), view(world).frame.language) == ((False,) * 4, "ja"), "staff's time is nobody's"


def test_the_speed_can_be_switched_wherever_somebody_listens(world) -> None:
    assert view(world.ready()).frame.switches == ("large", "contrast", "spoken")
    with_ease(world, "spoken")
    assert view(world).frame.switches == ALL
    world.see(e.CardPresented())
    assert view(world).frame.switches == ("slow",)


# ---- a touch that chose nothing --------------------------------------------------------------------------


@pytest.mark.parametrize("state", [s for s in STATES if s in PERSON_DECIDES])
def test_a_touch_keeps_the_persons_time_alive(world, state: State) -> None:
    STATES[state](world)
    for _ in range(5):
        world.after(world.session.idle_s - 1).see(e.Touched())
    assert not world.session.warned
    assert world.state is state


def test_a_refusal_stays_while_somebody_has_it_read_out(world) -> None:
    STATES[S.REFUSED](world).after(19).see(e.Touched()).after(19)
    assert world.state is S.REFUSED
    world.after(2)
    assert world.state is S.ERASING


@pytest.mark.parametrize(
    "begin",
    [
        lambda w: w.ready().see(e.DeviceFaulted(e.Part.CASH, "offline")),
        lambda w: w.ready().see(e.PlaceOccupied(e.Place.CHANGE_TRAY)),
        lambda w: w.ready().see(e.ServiceKeyTurned(True)),
        lambda w: w.ready().see(e.CardPresented()),
        lambda w: w.to_paying().coin(500).until(S.PRINTING),
    ],
)
def test_where_nobody_is_waited_for_a_touch_is_no_sign_of_time(world, begin) -> None:
    before = begin(world).session
    assert world.after(3).see(e.Touched()).session.touched == before.touched


@pytest.mark.parametrize("touch", [e.Touched(), e.EaseChosen("slow", True)])
def test_who_has_the_question_read_out_again_has_time_anew_and_still_has_to_answer(world, rules, touch) -> None:
    """The page under it cannot be touched; were the question gone, so were the button under the finger."""
    world.ready().see(e.EaseChosen("spoken", True)).lay().pin().answers().take_card()
    idle_s, warning_s = world.session.idle_s, world.session.warning_s
    world.after(idle_s).after(warning_s - 1)
    assert view(world).frame.warning_s == 1
    world.see(touch)
    assert view(world).frame.warning_s == warning_s
    assert world.session.extensions == 0
    world.see(e.MoreTimePressed())
    assert (view(world).frame.warning_s, world.session.extensions) == (None, 1)


# ---- time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ease", [(), ("large", "contrast"), ("spoken",), ("slow",), ("spoken", "slow")])
@pytest.mark.parametrize("road", ["to_pin", "to_copies", "to_paying"])
def test_who_listens_or_wants_it_slower_has_the_factor_of_the_nation(world, rules, road: str, ease) -> None:
    national = rules.national
    factor = national.slow_factor if {"spoken", "slow"} & set(ease) else 1
    with_ease(getattr(world, road)(), *ease)
    idle_s = factor * (national.pin_idle_s if world.state is S.AWAITING_PIN else national.screen_idle_s)
    here = world.state
    world.after(idle_s - 0.1)
    assert view(world).frame.warning_s is None
    world.after(0.11)
    assert view(world).frame.warning_s == factor * national.warning_s
    world.after(factor * national.warning_s - 0.11)
    assert (view(world).frame.warning_s, world.state) == (1, here)
    world.after(0.11)
    assert world.session.refusal == "timed_out"


def test_thanks_and_refusals_last_as_long_as_their_reading(world, rules) -> None:
    with_ease(world.to_paying(), "spoken").coin(500).answers().after(3)
    world.see(*(e.PlaceEmptied(place) for place in e.Place)).after(0.1)
    assert isinstance(view(world), v.Thanks)
    world.after(3 * rules.national.slow_factor - 1)
    assert isinstance(view(world), v.Thanks)
    world.after(1)
    assert world.state is S.ERASING


def test_the_calls_to_take_something_are_not_slower(world) -> None:
    def levels(session, *ease: str) -> list[float]:
        other = with_ease(type(world)(session).to_paying(), *ease).coin(500).answers()
        other.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY))
        began, said = other.boot, []
        for _ in range(60):
            count = len(other.said())
            other.after(0.5)
            said += [other.boot - began] * (len(other.said()) - count)
        return said

    assert levels(world.session) == levels(world.session, "spoken", "slow")
