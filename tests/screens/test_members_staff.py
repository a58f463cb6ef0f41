"""The members of a household, the staff's pages, and lists that are longer than the screen."""

import dataclasses
import functools
import itertools
from collections.abc import Iterator

import pygame
import pytest

from kiosk import events as ev
from kiosk import view_model as vm
from screens.display import Display
from screens.elements import Box, Screen, Text, Turn
from screens.fonts import Faces
from screens.layout import build
from screens.mirror import _describe
from screens.panel import LAYOUTS, REFERENCE, Panel
from screens.samples import samples

SAMPLES = dict(samples())
OWN = {name: view for name, view in SAMPLES.items() if name.startswith(("22-members", "6"))}
TWENTY = SAMPLES["22-members-20"]
every_panel = pytest.mark.parametrize("panel", LAYOUTS.values(), ids=LAYOUTS.keys())


@functools.cache
def leaves(view: vm.View, panel: Panel, faces: Faces) -> list[Screen]:
    count = build(view, panel, faces).parts
    return [build(view, panel, faces, turned=part) for part in range(count)]


def ids(screen: Screen) -> list[str]:
    return [target.id for target in screen.targets()]


def presses(name: str, faces: Faces) -> dict[str, object]:
    return {target.id: target.press for target in build(SAMPLES[name], REFERENCE, faces).targets()}


# ---- every leaf is a good screen -------------------------------------------------------------------------


def screens(panel: Panel, faces: Faces) -> Iterator[tuple[str, Screen]]:
    for name, view in OWN.items():
        for part, screen in enumerate(leaves(view, panel, faces)):
            yield f"{name}, leaf {part}", screen


@every_panel
def test_targets_are_large_and_apart_and_texts_fit_on_every_leaf(panel: Panel, faces: Faces) -> None:
    for name, screen in screens(panel, faces):
        targets = list(screen.targets())
        assert len(set(ids(screen))) == len(targets), name
        for target in targets:
            assert min(target.rect.w, target.rect.h) >= 20.0, (name, target.id)
            assert all(target.rect.encloses(part.rect) for part in target.inside), (name, target.id)
        for one, other in itertools.combinations(targets, 2):
            assert one.rect.gap(other.rect) >= 3.0, (name, one.id, other.id)
        for text in screen.texts():
            assert text.fits, (name, text.id)
            assert text.rect.bottom <= panel.height_mm + 0.01, (name, text.id)


@every_panel
def test_nothing_covers_a_text_on_any_leaf(panel: Panel, faces: Faces) -> None:
    for name, screen in screens(panel, faces):
        texts = list(screen.texts())
        for one, other in itertools.combinations(texts, 2):
            assert not one.rect.overlaps(other.rect), (name, one.id, other.id)
        for target in screen.targets():
            for text in texts:
                if not any(text is part for part in target.inside):
                    assert not target.rect.overlaps(text.rect), (name, target.id, text.id)


@every_panel
def test_the_leaves_together_hold_everybody_once_under_a_lasting_number(panel: Panel, faces: Faces) -> None:
    for name, prefix, count in (
        ("22-members-20", "member-", 20),
        ("60-staff-names-more", "staff-", 15),
        ("64-staff-found-many", "found-", 6),
    ):
        found = [target for screen in leaves(SAMPLES[name], panel, faces) for target in screen.targets()]
        rows = {target.id: target.press for target in found if target.id.startswith(prefix)}
        if prefix == "found-":
            expected: dict[str, object] = {
                f"found-{n}-{became}": ev.FoundHandled(39 + n, became)
                for n in range(1, count + 1)
                for became in ("handed_back", "at_counter", "nothing_there")
            }
        elif prefix == "member-":
            expected = {f"member-{n}": ev.MemberToggled(f"m{n - 1}") for n in range(1, count + 1)}
        else:
            expected = {f"staff-{n}": ev.StaffChosen(f"s{n - 1}") for n in range(1, count + 1)}
        assert rows == expected
        assert len([target for target in found if target.id.startswith(prefix)]) == len(expected)


# ---- turning leaves --------------------------------------------------------------------------------------


def touch(display: Display, target_id: str) -> list[ev.Event]:
    assert display.screen is not None
    rect = next(target.rect for target in display.screen.targets() if target.id == target_id)
    x, y = (rect.x + rect.w / 2) / REFERENCE.width_mm, (rect.y + rect.h / 2) / REFERENCE.height_mm
    for kind in (pygame.FINGERDOWN, pygame.FINGERUP):
        pygame.event.post(
            pygame.event.Event(kind, touch_id=1, finger_id=7, x=x, y=y, dx=0.0, dy=0.0, pressure=1.0, window=None)
        )
    return display.poll()


def first_shown(display: Display) -> str:
    assert display.screen is not None
    return next(name for name in ids(display.screen) if name.startswith("member-"))


def test_a_leaf_is_turned_by_the_display_alone_and_stays_until_the_list_changes(display: Display) -> None:
    assert isinstance(TWENTY, vm.ChooseMembers)
    display.show(TWENTY)
    assert first_shown(display) == "member-1"
    assert touch(display, "page-next") == [ev.Touched()]
    second = first_shown(display)
    assert second != "member-1"
    number = int(second.removeprefix("member-"))
    assert touch(display, second) == [ev.MemberToggled(f"m{number - 1}")]
    # The core answers with the same people, one of them on, and with the warning over them: the leaf stays.
    members = tuple(dataclasses.replace(row, on=True) for row in TWENTY.members)
    display.show(dataclasses.replace(TWENTY, members=members))
    assert first_shown(display) == second
    display.show(dataclasses.replace(TWENTY, frame=dataclasses.replace(TWENTY.frame, warning_s=20)))
    display.show(TWENTY)
    assert first_shown(display) == second
    # Other people, another screen, or a session that was erased: from the beginning.
    display.show(dataclasses.replace(TWENTY, members=TWENTY.members[1:]))
    assert first_shown(display) == "member-1"
    touch(display, "page-next")
    display.show(SAMPLES["22-household"])
    display.show(TWENTY)
    assert first_shown(display) == "member-1"
    touch(display, "page-next")
    display.erase()
    display.show(TWENTY)
    assert first_shown(display) == "member-1"


def test_turning_ends_at_both_ends(faces: Faces) -> None:
    shown = leaves(TWENTY, REFERENCE, faces)
    for part, screen in enumerate(shown):
        turns = {target.id: target.press for target in screen.targets() if isinstance(target.press, Turn)}
        expected = {"page-back": Turn(part - 1), "page-next": Turn(part + 1)}
        if part == 0:
            del expected["page-back"]
        if part == len(shown) - 1:
            del expected["page-next"]
        assert turns == expected
    assert not any(isinstance(t.press, Turn) for t in build(SAMPLES["22-members-02"], REFERENCE, faces).targets())
    assert build(TWENTY, REFERENCE, faces, turned=99) == shown[-1]


# ---- members ---------------------------------------------------------------------------------------------


def test_going_on_needs_somebody(faces: Faces) -> None:
    assert presses("22-members-02", faces)["next"] == ev.NextPressed()
    assert "next" not in presses("22-members-none", faces)


def test_the_holder_is_marked_and_the_state_is_a_word(faces: Faces) -> None:
    screen = build(SAMPLES["22-members-02"], REFERENCE, faces)
    rows = {target.id: {part.shown for part in target.inside if isinstance(part, Text)} for target in screen.targets()}
    assert rows["member-1"] == {"佐賀　花子", "世帯主", "ご本人", "のせる"}
    assert rows["member-2"] == {"佐賀　太郎", "夫", "のせない"}


def test_names_leave_in_no_list_of_texts_and_no_repr(faces: Faces) -> None:
    for name in ("22-members-20", "60-staff-names", "61-staff-number", "62-staff-menu"):
        screen = build(SAMPLES[name], REFERENCE, faces)
        told = repr(screen) + str(_describe(screen, REFERENCE, 1, (540, 960)))
        assert not any(word in told for word in ("花子", "太郎", "世帯主", "FERNANDA", "山田")), name


@every_panel
def test_a_very_long_name_is_cut_where_it_cannot_be_made_smaller(panel: Panel, faces: Faces) -> None:
    first = build(SAMPLES["22-members-longest"], panel, faces)
    name = next(text for text in first.texts() if text.id == "member.1.name")
    assert name.shown.endswith("…")
    whole = build(SAMPLES["22-members-20"], REFERENCE, faces)
    foreign = next(text for text in whole.texts() if text.id == "member.3.name")
    assert not foreign.shown.endswith("…")


# ---- staff -----------------------------------------------------------------------------------------------


def test_staff_pages_look_different_and_are_japanese_in_any_language(faces: Faces) -> None:
    for name, view in OWN.items():
        if not name.startswith("6"):
            continue
        screen = build(view, REFERENCE, faces)
        boxes = [element for element in screen.elements if isinstance(element, Box)]
        assert [box.fill for box in boxes[:2]] == ["ink", "yama"], name
        assert all(box.rect.w == pytest.approx(REFERENCE.width_mm) for box in boxes[:2]), name
        assert any(text.shown == "係員用" for text in screen.texts()), name
        assert screen.phrase == "", name
        english = dataclasses.replace(view, frame=dataclasses.replace(view.frame, language="en"))
        assert build(english, REFERENCE, faces) == screen, name


def test_what_the_buttons_of_staff_mean(faces: Faces) -> None:
    pad = presses("61-staff-number-full", faces)
    assert {pad[f"digit-{n}"] for n in range(10)} == {ev.DigitPressed(n) for n in range(10)}
    assert (pad["erase"], pad["next"], pad["back"]) == (ev.PinCorrected(), ev.PinConfirmed(), ev.StaffChosen(""))
    assert "next" not in presses("61-staff-number", faces)
    assert presses("62-staff-menu-stopped", faces) == {
        "task-reopen": ev.TaskChosen("reopen"),
        "task-found": ev.TaskChosen("found"),
        "task-camera": ev.TaskChosen("camera"),
        "sign-off": ev.TaskChosen("sign_off"),
    }
    chosen = presses("63-staff-reopen-chosen", faces)
    assert chosen["reason-cash_counted"] == ev.ReasonChosen("cash_counted")
    assert (chosen["next"], chosen["back"]) == (ev.NextPressed(), ev.BackPressed())
    assert "next" not in presses("63-staff-reopen", faces)


def test_only_the_count_of_digits_shows(faces: Faces) -> None:
    view = SAMPLES["61-staff-number"]
    assert isinstance(view, vm.StaffSignIn)
    for digits in range(7):
        screen = build(dataclasses.replace(view, digits=digits), REFERENCE, faces)
        squares = [e for e in screen.elements if isinstance(e, Box) and e.border == "ai" and e.rect.w == e.rect.h]
        assert [box.fill for box in squares] == ["ai"] * digits + ["card"] * (6 - digits)


def test_a_lock_says_how_long_and_takes_no_digit(faces: Faces) -> None:
    screen = build(SAMPLES["61-staff-number-locked"], REFERENCE, faces)
    assert ids(screen) == ["back"]
    assert any(text.shown == "あと 4分31秒" for text in screen.texts())


def test_nobody_entered_tells_the_command(faces: Faces) -> None:
    shown = [text.shown for text in build(SAMPLES["60-staff-nobody"], REFERENCE, faces).texts()]
    assert any("管理者" in words for words in shown)
    assert "python -m kiosk.staff_admin" in shown


def told(view: vm.View, faces: Faces) -> set[str]:
    return {text.shown for text in build(view, REFERENCE, faces).texts()}


def test_why_the_line_is_stopped_is_told_in_words(faces: Faces) -> None:
    view = SAMPLES["63-staff-reopen"]
    assert isinstance(view, vm.StaffReopen)
    words = {}
    for stopped in (
        "reference", "name", "kind", "items", "copies", "pages", "signature", "session", "subject", "denied_twice",
        "wipe_failed", "erase_failed", "new_thing",
    ):  # fmt: skip
        screen = build(dataclasses.replace(view, stopped=stopped), REFERENCE, faces)
        words[stopped] = next(text.shown for text in screen.texts() if text.id.startswith("staff.stopped."))
    assert len(set(words.values())) == len(words)
    assert words["erase_failed"] in told(view, faces)  # erase_failed_reader
    assert words["new_thing"] in told(dataclasses.replace(view, stopped="other"), faces)


def test_every_part_is_told_with_what_is_wrong(faces: Faces) -> None:
    view = SAMPLES["62-staff-menu-faulty"]
    assert isinstance(view, vm.StaffMenu)
    states = {text.id: text.shown for text in build(view, REFERENCE, faces).texts() if text.id.startswith("staff.st")}
    assert states["staff.state.reader"] == "正常"
    assert states["staff.state.cash"] == "つながりません"
    assert states["staff.state.printer"] == "紙づまりです"
    assert states["staff.state.display"] == "点検してください"
    assert set(states) == {f"staff.state.{part}" for part, _ in view.parts}
