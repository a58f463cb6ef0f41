"""Reading the screens out: all of them, in order, what changes, and nothing of a person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pygame
import pytest

from kiosk import view_model as vm
from screens import reading
from screens.elements import Button, Screen, Text
from screens.fonts import Faces
from screens.layout import build
from screens.narrator import AFTER_PHRASE_S, PAUSE_S, Narrator
from screens.panel import REFERENCE, SMALL_WIDE
from screens.pieces import Clips
from screens.render_clips import lines_of
from screens.samples import LOCAL, samples, wished
from screens.strings import spoken_words
from screens.voice import FOLDER, READ

LANGUAGES = ("ja", "en")
TOLD_OTHERWISE = ("copies.", "pay.", "common.yen", "pin_pad.next", "common.next")
"""Amounts, numbers of copies, and labels of what cannot be pressed yet."""


@dataclass
class Loudspeaker:
    """Plays nothing; remembers what it was given. `over()`: what sounds has come to its end."""

    played: list[tuple[str, str]] = field(default_factory=list)
    saying: str = ""
    hushed: int = 0
    polled: int = 0

    @property
    def busy(self) -> bool:
        return bool(self.saying)

    def read(self, text_id: str, clip: Path, language: str) -> None:
        self.played.append((text_id, clip.name))
        self.saying = f"{READ}{text_id}"

    def say(self, phrase: str) -> None:
        self.saying = phrase

    def hush(self) -> None:
        self.saying = ""
        self.hushed += 1

    def poll(self) -> None:
        self.polled += 1

    def ids(self) -> list[str]:
        """Lines that were read, each once however many clips it has."""
        found: list[str] = []
        for text_id, _ in self.played:
            if not found or found[-1] != text_id:
                found.append(text_id)
        return found


@pytest.fixture(scope="module")
def faces() -> Faces:
    pygame.font.init()
    return Faces()


class Everything(Clips):
    """A clip for each text, rendered or not."""

    def of(self, text: str, language: str, *, slow: bool = False) -> list[Path]:
        return [Path(f"{text}-{slow}")]


@dataclass
class Room:
    """A narrator, its loudspeaker, and a clock."""

    narrator: Narrator
    speaker: Loudspeaker
    clock: Any
    faces: Faces
    screen: Screen | None = None

    def show(self, view: vm.View) -> None:
        self.screen = build(view, REFERENCE, self.faces)
        self.narrator.showed(view, self.screen)

    def clip(self) -> bool:
        """Time passes until another clip begins; False: nothing more comes."""
        before = len(self.speaker.played)
        self.speaker.saying = ""
        for _ in range(20):
            self.clock.now += 0.1
            self.narrator.poll()
            if len(self.speaker.played) > before:
                return True
        return False

    def all(self) -> list[str]:
        """Everything that is read now, to the end."""
        self.speaker.played.clear()
        self.speaker.saying = ""
        while self.clip():
            pass
        return self.speaker.ids()

    def target(self, name: str) -> Any:
        assert self.screen is not None
        return next(target for target in self.screen.targets() if target.id == name)


@pytest.fixture
def room(faces: Faces, clock: Any) -> Room:
    speaker = Loudspeaker()
    return Room(Narrator(speaker, Everything(FOLDER), clock=clock), speaker, clock, faces)


def listened(name: str, language: str = "ja", **changes: Any) -> Any:
    view = wished(dict(samples(language))[name], spoken=True)
    return replace(view, **changes)


def text_of(lines: list[reading.Line]) -> str:
    return " ".join(word for line in lines for word in line.words)


# ---- nothing personal ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_private_text_reaches_the_narrator(faces: Faces, language: str) -> None:
    private: set[str] = set()
    for _, sample in samples(language):
        if isinstance(sample, vm.ChooseMembers):
            private |= {word for row in sample.members for word in (row.name, row.relationship)}
        if isinstance(sample, vm.Arrived):
            private.add(sample.masked_name)
        if isinstance(sample, (vm.ChooseMembers, vm.Arrived)):
            texts = build(wished(sample, spoken=True), REFERENCE, faces).texts()
            private |= {words for text in texts if text.private for words in (text.shown, *text.lines)}
    assert len(private) > 10
    lines = {line for _, line in lines_of(language, LOCAL[language])}
    said = {word for line in lines for word in line.words}
    # 世帯主 is also a word of 世帯主・続柄, an item that can be chosen; a single letter is in many words.
    shared = {name for name in private if name == "世帯主" or len(name) == 1}
    assert not private & said
    assert not [(name, word) for name in private - shared for word in said if name in word]
    assert {line.id for line in lines if "name" in line.id} == {"name"}


def test_a_secret_number_is_told_by_its_count_only(room: Room) -> None:
    room.show(listened("11-pin", digits=0))
    read = text_of(reading.whole(listened("11-pin", digits=0), room.screen))  # type: ignore[arg-type]
    assert "電話と同じ並び" in read
    assert not {f"digit-{n}" for n in range(10)} & set(room.all())
    counts = []
    for digits in (1, 2, 3, 4, 0):
        room.show(listened("11-pin", digits=digits))
        counts.append(tuple(room.all()))
    assert set(counts) == {("digits",)}
    lines = [reading.changed(listened("11-pin", digits=9), listened("11-pin", digits=n), room.screen) for n in range(5)]  # type: ignore[arg-type]
    assert [line[0].words[0] for line in lines if line] == [  # type: ignore[index]
        spoken_words("ja", "read")["digits_none"], "1けた", "2けた", "3けた", "4けた",
    ]  # fmt: skip
    # Staff's number is not read out at all: they see.
    room.show(listened("61-staff-number"))
    assert room.all() == []


def test_members_are_told_by_their_order(room: Room) -> None:
    view = listened("22-members-02")
    room.show(view)
    lines = {line.id: line.words for line in reading.whole(view, room.screen)}  # type: ignore[arg-type]
    assert lines["member-1"][:2] == ("1人目", "のせます。")
    assert lines["member-2"][:2] == ("2人目", "のせません。")
    assert "members" in lines
    room.all()
    other = replace(view, members=(view.members[0], replace(view.members[1], on=True)))
    room.show(other)
    assert room.all() == ["member-2"]


# ---- the whole screen ------------------------------------------------------------------------------------


def test_title_texts_targets_and_once_how_it_is_used(room: Room) -> None:
    room.show(listened("25-confirm"))
    ids = room.all()
    assert ids[0] == "confirm.title"
    texts = [text_id for text_id in ids if text_id.startswith("confirm.") or text_id == "household.whole"]
    assert texts.index("confirm.certificate") + 1 == texts.index("confirm.certificate.value")
    assert texts.index("confirm.certificate.value") < texts.index("confirm.total.value") < texts.index("confirm.note")
    assert ids[-7:-2] == ["next", "back", "cancel", "again", "slow"]
    assert ids[-2:] == ["how", "how_again"]
    room.show(listened("24-copies"))
    assert "how" not in room.all()
    # For the next person it is said again.
    room.narrator.forget()
    room.show(listened("24-copies"))
    assert "how" in room.all()


def test_a_title_is_not_said_twice(room: Room) -> None:
    room.speaker.say("confirm")
    room.show(listened("25-confirm"))
    assert "confirm.title" not in room.all()
    room.narrator.again()
    assert room.all()[0] == "confirm.title"
    room.speaker.say("refused_pin_blocked")
    room.show(listened("50-refused-pin_blocked"))
    assert room.all()[0] == "refused.pin_blocked.what"


def test_the_masked_name_is_only_said_to_stand_there(room: Room) -> None:
    room.show(listened("30-arrived"))
    assert "name" in room.all()
    assert "職員" in spoken_words("ja", "read")["name"]


def test_places_are_told_in_simple_words(room: Room) -> None:
    view = listened("25-confirm")
    room.show(view)
    lines = {line.id: line.words[-1] for line in reading.whole(view, room.screen)}  # type: ignore[arg-type]
    words = spoken_words("ja", "read")
    assert (lines["back"], lines["cancel"]) == (words["bottom_left"], words["bottom_right"])
    assert lines["next"] == words["bottom"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_read_from_its_title_to_its_last_target(faces: Faces, language: str) -> None:
    for name, sample in samples(language):
        view = wished(sample, spoken=True)
        if isinstance(view, reading.SILENT):
            assert not reading.readable(view)
            continue
        screen = build(view, SMALL_WIDE, faces)
        ids = [line.id for line in reading.whole(view, screen)]
        assert ids[0] == screen.title, name
        assert {element.id for element in screen.elements if isinstance(element, Button)} <= set(ids), name
        shown = {text.id for text in screen.elements if isinstance(text, Text) and not text.private}
        otherwise = (*reading.UNREAD, *TOLD_OTHERWISE)
        assert {text_id for text_id in shown if not text_id.startswith(otherwise)} <= set(ids), name


# ---- what changes ----------------------------------------------------------------------------------------


def test_money_and_copies_are_told_as_they_change(room: Room) -> None:
    room.show(listened("31-pay"))
    room.all()
    room.show(listened("31-pay", inserted_yen=500))
    assert room.all() == ["pay.remaining"]
    room.show(listened("31-pay", inserted_yen=500))
    assert room.all() == []
    room.show(listened("24-copies"))
    room.all()
    room.show(listened("24-copies", copies=3))
    assert room.all() == ["copies.number"]
    lines = reading.changed(listened("24-copies"), listened("24-copies", copies=3), room.screen)  # type: ignore[arg-type]
    assert lines is not None
    assert lines[0].words == ("3部", "合計", "900円")


def test_the_seconds_of_a_warning_and_the_clock_are_no_news(room: Room) -> None:
    view = listened("33-warning")
    room.show(view)
    room.all()
    later = replace(view.frame, warning_s=19, moment=view.frame.moment.replace(minute=59))
    room.show(replace(view, frame=later))
    assert room.all() == []


def test_a_touch_and_another_screen_stop_what_is_read(room: Room) -> None:
    room.show(listened("25-confirm"))
    assert room.clip()
    room.narrator.touched(room.target("next"))
    assert room.speaker.saying == ""
    lines = [room.all()]
    room.narrator.touched(room.target("back"))
    lines.append(room.all())
    room.narrator.touched(None)
    lines.append(room.all())
    assert lines == [["next"], ["back"], ["nothing"]]
    room.show(listened("25-confirm"))
    room.narrator.again()
    assert room.clip()
    room.show(listened("31-pay"))
    assert set(room.all()).isdisjoint({"confirm.note", "confirm.total"})


def test_that_a_second_touch_decides_is_said_twice_and_then_known(room: Room) -> None:
    room.show(listened("25-confirm"))
    room.all()
    spoken = []
    for _ in range(3):
        room.narrator.touched(room.target("next"))
        room.all()
        spoken.append(len(room.speaker.played))
    assert spoken == [2, 2, 1]


def test_the_machine_s_own_words_come_first_and_the_line_they_cut_off_again(room: Room) -> None:
    room.show(listened("25-confirm"))
    assert room.clip()
    assert room.clip()
    cut = room.speaker.played[-1]
    room.speaker.say("warning")
    room.narrator.poll()
    room.clock.now += 60
    room.narrator.poll()
    assert room.speaker.played[-1] == cut
    room.speaker.saying = ""
    room.clock.now += AFTER_PHRASE_S - 0.1
    room.narrator.poll()
    assert len(room.speaker.played) == 2
    room.clock.now += 0.2
    room.narrator.poll()
    assert room.speaker.played[-1] == cut
    assert len(room.speaker.played) == 3
    assert PAUSE_S < AFTER_PHRASE_S


def test_slower_begins_anew(room: Room) -> None:
    view = listened("25-confirm")
    room.show(view)
    room.clip()
    assert room.speaker.played[-1][1].endswith("-False")
    room.show(replace(view, frame=replace(view.frame, slow=True)))
    assert room.all()[0] == "confirm.title"
    assert all(clip.endswith("-True") for _, clip in room.speaker.played)


def test_without_speech_nothing_is_read_and_forgetting_is_silence(room: Room) -> None:
    room.show(dict(samples("ja"))["25-confirm"])
    assert room.all() == []
    room.narrator.again()
    room.narrator.touched(None)
    assert room.all() == []
    room.show(listened("25-confirm"))
    assert room.clip()
    room.narrator.forget()
    assert room.speaker.saying == ""
    assert not room.clip()
    # A phrase of the machine is not cut off by the narrator's forgetting.
    room.speaker.say("thanks")
    room.narrator.forget()
    assert room.speaker.saying == "thanks"
    assert room.speaker.polled > 0
