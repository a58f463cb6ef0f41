"""What was said is found in the sound itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from hardware_sim.bench.changes import Changes
from hardware_sim.bench.ears import PIPE_RATE, Ears, Listener, Phrase, load_phrases
from screens.chime import chime

VOICES = Path(__file__).parents[2] / "screens" / "voices"
NOON = datetime(2026, 5, 13, 3, 0, tzinfo=UTC)
Sound = NDArray[np.float32]


@pytest.fixture(scope="module")
def phrases() -> tuple[Phrase, ...]:
    return load_phrases(VOICES)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * PIPE_RATE), dtype=np.float32)


def said(phrase: str, level_db: float = 0.0, cut_s: float | None = None, language: str = "ja") -> Sound:
    """Chime and phrase as the loudspeaker gets them; cut off ``cut_s`` after the chime began."""
    notes = np.frombuffer(chime(), dtype="<i2").astype(np.float32) / 32768
    voice = soundfile.read(VOICES / language / f"{phrase}.ogg", dtype="float32")[0]
    sound = np.concatenate((notes, voice)) * np.float32(10 ** (level_db / 20))
    return sound if cut_s is None else sound[: round(cut_s * PIPE_RATE)]


class Lines:
    """What a listener tells, the latest of each line."""

    def __init__(self, phrases: tuple[Phrase, ...]) -> None:
        self.lines: dict[int, tuple[str, float, float, bool]] = {}
        self.listener = Listener(phrases, self._report)

    def _report(
        self, index: int, offset_s: float, phrase: Phrase | None, level_db: float, heard_s: float, complete: bool,
        ended: bool,
    ) -> None:  # fmt: skip
        self.lines[index] = (phrase.id if phrase else "", level_db, heard_s, complete)

    def hear(self, *sounds: Sound) -> list[tuple[str, float, float, bool]]:
        whole = np.concatenate((silence(0.7), *sounds, silence(2.5)))
        # As it comes through the pipe: 16 bits, in small blocks.
        samples = (np.round(whole * 32767) / 32768).astype(np.float32)
        for start in range(0, len(samples) // 4098 * 4098, 4098):
            self.listener.feed(samples[start : start + 4098])
        return [line for line in self.lines.values() if line[0]]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_committed_phrases_are_recognised_with_their_loudness(phrases: tuple[Phrase, ...], language: str) -> None:
    """Every third one; many of them begin alike."""
    every = [entry["id"] for entry in json.loads((VOICES / language / "manifest.json").read_text())["phrases"][::3]]
    levels = [(0.0, -2.25, -4.5, -6.75, -9.0)[n % 5] for n in range(len(every))]
    pairs = zip(every, levels, strict=True)
    sounds = (sound for phrase, db in pairs for sound in (said(phrase, db, language=language), silence(1.2)))
    heard = Lines(phrases).hear(*sounds)
    assert [line[0] for line in heard] == every
    assert all(line[3] for line in heard)
    assert all(abs(line[1] - db) < 1.5 for line, db in zip(heard, levels, strict=True)), heard


def test_an_interrupted_phrase_is_told_as_such_and_the_next_one_is_heard(phrases: tuple[Phrase, ...]) -> None:
    heard = Lines(phrases).hear(said("arrived", cut_s=2.4), said("pay", -9.0))
    assert [(line[0], line[3]) for line in heard] == [("arrived", False), ("pay", True)]
    assert heard[0][2] == pytest.approx(1.37, abs=0.2)


def test_a_phrase_that_begins_like_another_is_not_taken_for_it(phrases: tuple[Phrase, ...]) -> None:
    heard = Lines(phrases).hear(said("printing"), silence(2), said("printing_stay"))
    assert [line[0] for line in heard] == ["printing", "printing_stay"]


def test_a_call_that_follows_in_japanese_is_one_line(phrases: tuple[Phrase, ...]) -> None:
    japanese = soundfile.read(VOICES / "ja" / "take_card.ogg", dtype="float32")[0]
    heard = Lines(phrases).hear(said("take_card", language="en"), silence(0.5), japanese)
    assert [(line[0], line[3]) for line in heard] == [("take_card", True)]


def test_chimes_that_are_cut_off_at_once_do_not_hide_what_follows(phrases: tuple[Phrase, ...]) -> None:
    heard = Lines(phrases).hear(said("idle", cut_s=0.1), said("idle", cut_s=0.5), said("take_card", -9.0))
    assert [line[0] for line in heard] == ["take_card"]


def test_noise_and_other_tones_are_no_chime(phrases: tuple[Phrase, ...]) -> None:
    t = np.arange(4 * PIPE_RATE) / PIPE_RATE
    hum = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 0.1, 4 * PIPE_RATE).astype(np.float32)
    lines = Lines(phrases)
    lines.hear(hum, noise)
    assert lines.lines == {}


def test_a_voice_without_chime_is_not_counted(phrases: tuple[Phrase, ...]) -> None:
    voice = soundfile.read(VOICES / "ja" / "pay.ogg", dtype="float32")[0]
    lines = Lines(phrases)
    lines.hear(voice)
    assert lines.lines == {}


def test_little_is_kept_however_long_it_is_listened_to(phrases: tuple[Phrase, ...]) -> None:
    lines = Lines(phrases)
    for _ in range(3):
        lines.hear(said("not_yours"), silence(5))
    kept = [value.nbytes for value in vars(lines.listener).values() if isinstance(value, np.ndarray)]
    assert sum(kept) < 1_000_000


@pytest.fixture
def ears(folder: Path, changes: Changes) -> Iterator[Ears]:
    heard = Ears(folder / "sound", VOICES, changes, lambda: NOON)
    heard.start()
    yield heard
    heard.close()


def play(pipe: Path, *sounds: Sound) -> None:
    """As one process that opens the pipe, writes and ends."""
    samples = (np.concatenate(sounds) * 32767).astype("<i2").tobytes()
    with pipe.open("wb") as out:
        out.write(samples)


def test_the_pipe_outlives_the_process_that_speaks(ears: Ears, changes: Changes, folder: Path) -> None:
    play(folder / "sound", said("pay"), silence(2))
    assert changes.wait_until(lambda: [line.phrase for line in ears.transcript()] == ["pay"], 10)
    mark = ears.count
    play(folder / "sound", silence(1), said("printing"), silence(3))
    assert changes.wait_until(lambda: [line.phrase for line in ears.transcript(mark)] == ["printing"], 10)
    (line,) = ears.transcript(mark)
    assert line.complete
    assert line.ended
    assert timedelta(0) < NOON - line.time < timedelta(seconds=6)
    assert line.to_json()["text"] == "印刷しています。"


def test_a_pipe_that_is_full_of_silence_is_read_on(ears: Ears, changes: Changes, folder: Path) -> None:
    play(folder / "sound", silence(20))
    assert changes.wait_until(lambda: ears.received_s > 19, 10) or ears.received_s > 19
    assert ears.transcript() == []
    assert os.access(folder / "sound", os.R_OK)
