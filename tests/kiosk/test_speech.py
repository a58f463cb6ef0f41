"""What is said: a phrase for every title, nothing into an empty hall, nothing that is cut off, silence at last."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.money import Tally
from kiosk.moves import PHRASE_OF
from kiosk.moves_card import KIND_REFUSED, TEXT_OF_REASON, TROUBLES
from kiosk.moves_print import PRINTER_WAITS
from kiosk.moves_service import SHUT as SHUT_PHRASES
from kiosk.moves_service import SHUT_SAID_S
from kiosk.moves_take import THANKS_S
from kiosk.phrases import CALLS, PHRASES, REFUSALS, TITLES, WAITS, refusal
from kiosk.presenter import present
from kiosk.session import NOBODY, Card, Interrupted, State
from kiosk.view_model import OutOfService, StaffMenu
from screens.chime import LENGTH_S, PAUSE_S

S = State
KIOSK = Path(__file__).parents[2] / "kiosk"


def fresh(world):
    """What was said up to here is forgotten by the test."""
    world.orders.clear()
    return world


# ---- the list --------------------------------------------------------------------------------------------


@cache
def calls() -> tuple[tuple[str, tuple[ast.expr, ...]], ...]:
    """Every call of a plain name in the room, with its arguments."""
    trees = [ast.parse(path.read_text("utf-8")) for path in KIOSK.glob("*.py")]
    found = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return tuple((call.func.id, tuple(call.args)) for call in found if isinstance(call.func, ast.Name))


def literals(name: str, argument: int) -> Iterator[str]:
    """Texts given as the n-th argument of every call of `name` in the room."""
    for called, args in calls():
        if called == name and len(args) > argument and isinstance(text := args[argument], ast.Constant):
            yield str(text.value)


def test_every_phrase_the_machine_can_name_is_in_the_list() -> None:
    assert len(PHRASES) == len(TITLES) + len(WAITS) + len(CALLS)
    assert set(PHRASE_OF.values()) | set(literals("Say", 0)) | set(literals("repeat", 2)) <= PHRASES
    assert {f"printer_{what}" for what in PRINTER_WAITS.values()} == {p for p in PHRASES if p.startswith("printer_")}


def test_every_refusal_of_the_machine_has_a_phrase_of_its_own() -> None:
    own = {*literals("refuse", 2), *literals("drain", 2), *KIND_REFUSED.values(), *TROUBLES.values()}
    own |= {*TEXT_OF_REASON.values(), "mismatch", "printing_failed", "printing_unknown"}
    assert own <= REFUSALS
    assert refusal("something the city has thought of since") == "refused"


def test_a_refusal_says_why(world) -> None:
    world.to_confirm().see(e.CancelPressed())
    assert world.said()[-1] == "refused_cancelled"
    other = type(world)(replace(world.session, state=S.DOWNLOADING, awaiting=7, refusal=""))
    other.see(e.IssuerDeclined(7, "new_reason"))
    assert other.said() == ["refused"]


# ---- waits -----------------------------------------------------------------------------------------------

WAITING = {
    "wait_card": lambda w: w.ready().see(e.CardPresented()),
    "wait_city_card": lambda w: w.ready().see(e.CardPresented()).answer(),
    "wait_pin_card": lambda w: w.to_pin().pin(),
    "wait_pin": lambda w: w.to_pin().pin().answer(),
    "wait_city": lambda w: w.to_kind().see(e.HouseholdChosen("part")),
    "wait_download": lambda w: w.to_confirm().see(e.NextPressed()),
    "wait_prepare": lambda w: w.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed()),
    "wait_coins": lambda w: w.to_paying().coin(100).see(e.CancelPressed()),
    "wait_money": lambda w: w.to_paying().coin(500).until(S.ERASING_DOCUMENTS),
    "wait_receipt": lambda w: receipt_alone(w),
    "returning_money": lambda w: in_the_dark(w),
}


def in_the_dark(world, dark_s: float = 5):
    """Started again after a power cut, with 500 yen to give back."""
    tx = Interrupted("ab" * 16, 300, Tally(inserted=500), (), None, world.utc)
    world.session = replace(world.session, interrupted=(tx,))
    return fresh(world.after(dark_s)).begin().answers()


def receipt_alone(world):
    """Everything is taken and the receipt is still being printed."""
    world.to_paying().coin(500).until(S.RECEIPT)
    return world.see(*(e.PlaceEmptied(place) for place in (e.Place.CERTIFICATE_TRAY, e.Place.CHANGE_TRAY)))


def test_every_phrase_of_a_wait_is_tried() -> None:
    assert set(WAITING) == WAITS


@pytest.mark.parametrize("phrase", WAITING)
def test_a_wait_is_said_once_it_lasts_and_once_only(world, phrase: str) -> None:
    fresh(WAITING[phrase](world)).after(0.9)
    assert world.said() == [], "over in a moment, it would be cut off"
    world.after(2.1)
    assert world.said() == [phrase]
    world.after(3).after(3)
    assert world.said() == [phrase]


def test_with_a_juki_card_nobody_is_told_to_leave_it_there(world) -> None:
    world.juki = True
    fresh(world.ready().see(e.CardPresented()).answer()).after(3)
    world.answer().after(3)
    assert world.said() == ["wait_city", "wait_city"]
    fresh(world.answers().take_card().see(e.CertificateChosen("seal")).pin()).after(3)
    assert world.said() == ["wait_pin"]


# ---- at rest ---------------------------------------------------------------------------------------------


def test_nobody_is_talked_to_where_nobody_is(world) -> None:
    world.ready()
    for _ in range(200):
        world.after(30)
    assert world.said() == []
    assert {S.IDLE} == set(world.states) & {S.IDLE, S.CLOSED}


@pytest.mark.parametrize("touch", [e.Touched(), e.EaseChosen("large", True), e.LanguageChosen("en")])
def test_the_first_screen_speaks_once_to_who_touches_it(world, rules, touch: e.Event) -> None:
    world.ready().see(touch)
    assert world.said() == ["idle"]
    world.after(5).see(e.Touched(), e.EaseChosen("contrast", True))
    assert world.said() == ["idle"]
    world.after(rules.national.screen_idle_s).see(e.Touched())
    assert world.said() == ["idle", "idle"], "that is somebody else"


def test_another_language_is_heard_at_once(world) -> None:
    world.ready().see(e.LanguageChosen("en"), e.LanguageChosen("en"), e.LanguageChosen("ja"))
    assert world.said() == ["idle", "idle"]


def test_the_first_screen_does_not_talk_into_its_own_reading(world) -> None:
    world.ready().see(e.EaseChosen("spoken", True), e.Touched())
    assert world.said() == []


def closed(world):
    world.utc = world.utc.replace(hour=11)  # 20:24 in Japan
    world.ready()
    assert world.state is S.CLOSED
    return world


def out_of_service(world):
    return world.ready().see(e.DeviceFaulted(e.Part.CASH, "offline"))


SHUT = {"closed": closed, "out_of_service": out_of_service}


@pytest.mark.parametrize("phrase", SHUT)
def test_a_shut_machine_answers_a_touch_but_does_not_chatter(world, phrase: str) -> None:
    SHUT[phrase](world).after(60)
    assert world.said() == []
    world.see(e.Touched(), e.Touched()).after(9).see(e.Touched())
    assert world.said() == [phrase]
    world.after(2).see(e.Touched())
    assert world.said() == [phrase, phrase]


@pytest.mark.parametrize("phrase", SHUT)
def test_a_card_laid_on_a_shut_machine_is_told_why_and_then_asked_back(world, phrase: str) -> None:
    SHUT[phrase](world).see(e.CardPresented()).after(0.2).after(4)
    assert world.said() == [phrase], "said to its end"
    world.after(1)
    assert world.said() == [phrase, "take_card"]
    world.see(e.CardRemoved())
    assert isinstance(world.orders[-1], f.Hush)
    assert world.state in {S.CLOSED, S.OUT_OF_SERVICE}


def test_a_card_that_has_lain_there_from_before_is_only_asked_back(world) -> None:
    world.begin().answers().see(e.DeviceOnline(e.Part.READER), e.CardPresented()).after(0.2)
    assert world.said() == ["take_card"]
    other = out_of_service(type(world)(replace(world.session, card=Card(), state=S.STARTING)))
    other.see(e.DeviceFaulted(e.Part.READER, "offline"), e.DeviceOnline(e.Part.READER), e.CardPresented())
    assert other.said() == [], "the reader was away and tells what it finds"


def test_a_card_laid_down_just_after_closing_time_is_told_so(world) -> None:
    world.ready()
    world.utc = world.utc.replace(hour=11)
    world.see(e.CardPresented())
    assert world.said() == ["closed"]


def test_behind_the_still_picture_nothing_is_said(world) -> None:
    world.begin().answers().see(e.DeviceOnline(e.Part.READER), e.CardRemoved(), e.Touched(), e.CardPresented())
    assert world.said() == []


# ---- while it prints -------------------------------------------------------------------------------------


def printing(world, copies: int = 1):
    return fresh(world.to_paying(copies).coin(500).coin(100).until(S.PRINTING))


def progressed(world, *reasons: str):
    return world.see(e.PrintProgressed(world.session.awaiting, 0, reasons))


@pytest.mark.parametrize(
    ("reason", "phrase"),
    [
        ("media-empty-error", "printer_paper"),
        ("media-jam-error", "printer_jam"),
        ("cover-open-warning", "printer_cover"),
        ("toner-empty", "printer_toner"),
        ("output-area-full-report", "printer_tray_full"),
    ],
)
def test_what_the_printer_waits_for_is_said_and_said_again(world, reason: str, phrase: str) -> None:
    progressed(progressed(printing(world), reason), reason)
    assert world.said() == [phrase]
    world.after(31)
    assert world.said() == [phrase, phrase], "not that it prints"
    progressed(world).after(1)
    assert world.said() == [phrase, phrase, "printing"]
    world.after(31)
    assert world.said()[-1] == "printing_stay"


# ---- whose certificate -----------------------------------------------------------------------------------


def test_who_hesitates_is_told_what_to_press_if_it_is_not_theirs(world) -> None:
    fresh(world.to_confirm().see(e.NextPressed()).answers()).after(9)
    assert world.said() == []
    world.after(1.1).after(20)
    assert world.said() == ["not_yours"]


def test_who_has_it_read_out_is_not_interrupted(world) -> None:
    world.ready().see(e.EaseChosen("spoken", True))
    world.lay().pin().answers().take_card().see(e.CertificateChosen("seal"), e.NextPressed(), e.NextPressed())
    fresh(world.answers())
    assert world.state is S.CONFIRMING_IDENTITY
    assert world.after(15).said() == []


# ---- warning ---------------------------------------------------------------------------------------------


def test_more_time_is_confirmed_and_the_last_warning_is_another_one(world, rules) -> None:
    fresh(world.to_copies())
    for _ in range(rules.national.max_extensions):
        world.after(rules.national.screen_idle_s).see(e.MoreTimePressed())
    world.after(rules.national.screen_idle_s).see(e.MoreTimePressed())
    assert world.said() == ["warning", "more_time"] * rules.national.max_extensions + ["warning_last"]


# ---- the taking ------------------------------------------------------------------------------------------


def taking(world):
    """Paper and change lie there."""
    world.to_paying().coin(500).answers()
    return fresh(world).see(*(e.PlaceOccupied(p) for p in (e.Place.CERTIFICATE_TRAY, e.Place.CHANGE_TRAY))).after(0.2)


def test_taken_means_silence_at_once_and_thanks_in_the_end(world) -> None:
    taking(world).see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    assert world.said() == ["take_certificate", "take_change"]
    world.after(3).see(e.PlaceEmptied(e.Place.CHANGE_TRAY)).after(2.9)
    assert world.said() == ["take_certificate", "take_change", "thanks"]
    assert world.state is S.TAKING, "heard to its end"
    world.after(0.1).answers()
    assert world.state is S.ENDED


def test_what_is_taken_is_not_asked_for_to_the_end_of_the_sentence(world) -> None:
    fresh(receipt_alone(world)).see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).after(0.2)
    assert world.said() == ["take_certificate"]
    world.see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    assert isinstance(world.orders[-1], f.Hush)


def test_taking_one_thing_makes_the_call_for_another_no_softer(world) -> None:
    taking(world).after(4.1).see(e.PlaceEmptied(e.Place.CHANGE_TRAY)).after(8.1)
    assert [(say.phrase, say.level) for say in world.ordered(f.Say)] == [
        ("take_certificate", level) for level in (0, 1, 2)
    ]


def test_the_card_in_the_hand_is_silence(world) -> None:
    world.to_pin().pin().answers().after(0.2).see(e.CardRemoved())
    assert isinstance(world.orders[-1], f.Hush)


def test_after_the_erase_began_nothing_is_said(world) -> None:
    taking(world).take_all()
    hushed = max(n for n, order in enumerate(world.orders) if isinstance(order, f.EraseDocuments))
    assert not [order for order in world.orders[hushed:] if isinstance(order, f.Say)]


# ---- after a power cut -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("dark_s", "said"), [(5, ["returning_money"]), (3600, [])])
def test_who_has_waited_in_the_dark_hears_that_the_money_comes_back(world, dark_s: float, said: list[str]) -> None:
    in_the_dark(world, dark_s).after(2)
    assert world.said() == [], "it may be over in a moment"
    world.see(e.DeviceOnline(e.Part.CASH)).after(1).after(4)
    assert world.said() == said
    world.answers()
    assert world.session.interrupted == ()
    assert "returning_money" not in world.said()[1:]


# ---- a municipality that wants it silent -----------------------------------------------------------------


def test_where_the_profile_says_so_not_a_word_is_said(world) -> None:
    rules = world.session.rules
    silent = replace(rules, settings=replace(rules.settings, profile=replace(rules.profile, voice="off")))
    world.session = replace(world.session, rules=silent)
    world.ready().see(e.Touched(), e.EaseChosen("spoken", True), e.EaseChosen("large", True))
    frame = present(world.session, world.now).frame
    assert (frame.spoken, frame.large, frame.switches) == (False, True, ("large", "contrast"))
    world.see(e.CardPresented()).after(5).answers().pin().answers().after(9).take_card()
    assert world.state is S.CHOOSING_CERTIFICATE
    world.after(world.session.idle_s).see(e.MoreTimePressed(), e.CertificateChosen("seal"))
    world.see(e.NextPressed(), e.NextPressed()).after(5).answers().see(e.IdentityConfirmed()).answers()
    world.coin(500).until(S.PRINTING).after(40).answers()
    world.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).after(1).after(9)
    world.take_all().answers()
    assert world.state is S.ENDED
    assert world.said() == []


# ---- the sound itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_must_be_heard_to_its_end_has_the_time(language: str) -> None:
    voices = KIOSK.parent / "screens" / "voices" / language / "manifest.json"
    seconds = {entry["id"]: entry["seconds"] for entry in json.loads(voices.read_text("utf-8"))["phrases"]}
    chime_s = LENGTH_S + PAUSE_S
    assert chime_s + seconds["thanks"] <= THANKS_S
    assert chime_s + max(seconds[phrase] for phrase in SHUT_PHRASES) <= SHUT_SAID_S


def test_without_a_loudspeaker_nobody_begins_and_staff_are_told(world) -> None:
    rules = world.session.rules
    world.session = replace(world.session, rules=replace(rules, required=rules.required | {e.Part.SOUND}))
    world.begin().answers().see(*(e.DeviceOnline(part) for part in rules.required), e.CardRemoved())
    world.see(*(e.PlaceEmptied(place) for place in e.Place), e.DeviceFaulted(e.Part.SOUND, "offline")).after(1)
    shown = present(world.session, world.now)
    assert isinstance(shown, OutOfService)
    assert shown.reason == "sound"
    (fault,) = world.records("fault")
    assert dict(fault.data) == {"part": "sound", "reason": "offline"}
    staff = replace(world.session, state=S.STAFF_MENU, staff=replace(world.session.staff, post=e.Post.MANAGER))
    menu = present(staff, world.now)
    assert isinstance(menu, StaffMenu)
    assert ("sound", "offline") in menu.parts
    world.see(e.CardPresented())
    assert world.session.tx == ""
    world.see(e.CardRemoved(), e.DeviceOnline(e.Part.SOUND))
    assert world.state is S.IDLE


# ---- every screen ----------------------------------------------------------------------------------------


def test_every_state_a_resident_sees_has_a_phrase_or_a_reason_for_silence() -> None:
    by_wait = {
        S.READING_CARD, S.CONNECTING, S.LISTING_HOUSEHOLD, S.AUTHENTICATING, S.RECOGNISING, S.DOWNLOADING,
        S.PREPARING, S.DRAINING, S.ERASING_DOCUMENTS, S.SETTLING, S.RECEIPT,
    }  # fmt: skip
    by_thing = {S.TAKING, S.RECOVERING}
    over_in_a_moment = {S.ERASING, S.ENDED}
    assert set(State) - NOBODY == set(PHRASE_OF) | by_wait | by_thing | over_in_a_moment
