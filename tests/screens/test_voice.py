"""The voice: what SDL's disk driver wrote is what the loudspeaker would have got."""

import array
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from kiosk.events import DeviceFaulted, DeviceOnline, Event, Part
from screens.chime import RATE, chime
from screens.voice import FOLDER, Voice, VoiceError, gain

JA = FOLDER / "ja"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "sound.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(path))
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "0")
    return path


@pytest.fixture
def voice() -> Iterator[Voice]:
    opened = Voice(JA)
    yield opened
    opened.close()
    opened.close()


def finish(voice: Voice) -> None:
    clock = pygame.time.Clock()
    while voice.busy:
        clock.tick(200)


def samples(path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), dtype="<i2").astype(float)


def found(sound: np.ndarray, piece: np.ndarray) -> tuple[float, int, float]:
    """Best correlation of `piece` in `sound` (0 … 1), where, and the gain with which it was played."""
    size = 1 << (len(sound) + len(piece)).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(sound)]
    at = int(np.argmax(product))
    window = sound[at : at + len(piece)]
    energy = float(np.sqrt((window**2).sum() * (piece[: len(window)] ** 2).sum())) or 1.0
    return float(product[at]) / energy, at, float(product[at] / (piece**2).sum())


def phrase(name: str) -> np.ndarray:
    import soundfile

    wave, rate = soundfile.read(JA / f"{name}.ogg", dtype="int16")
    assert rate == RATE
    return wave.astype(float)


def test_chime_then_the_right_phrase_louder_each_time(voice: Voice, written: Path) -> None:
    voice.start()
    voice.say("take_card", 0)
    finish(voice)
    voice.say("take_certificate", 4)
    finish(voice)
    voice.close()
    sound = samples(written)
    bell = np.frombuffer(chime(), dtype="<i2").astype(float)
    likeness, first, quiet = found(sound, phrase("take_card"))
    assert likeness > 0.98
    likeness, second, loud = found(sound, phrase("take_certificate"))
    assert likeness > 0.98
    assert first < second
    assert found(sound, phrase("thanks"))[0] < 0.5
    assert found(sound[:first], bell)[0] > 0.98
    assert found(sound[first:second], bell)[0] > 0.98
    assert quiet == pytest.approx(gain(0), abs=0.02)
    assert loud == pytest.approx(1.0, abs=0.02)


def test_levels_rise_by_even_steps_up_to_full() -> None:
    levels = [20 * np.log10(gain(level)) for level in range(5)]
    assert levels[0] == pytest.approx(-9.0)
    assert levels[4] == 0.0
    assert all(after - before > 1.5 for before, after in itertools.pairwise(levels))
    assert gain(99) == 1.0


def test_hushing_is_immediate(voice: Voice) -> None:
    heard: list[tuple[str, int]] = []
    voice = Voice(JA, heard=lambda name, level: heard.append((name, level)))
    voice.start()
    voice.say("take_card", 1)
    assert voice.busy
    voice.hush()
    assert not voice.busy
    voice.hush()
    voice.close()
    assert heard == [("take_card", 1), ("", 0)]


def test_a_new_phrase_replaces_the_old_one(voice: Voice) -> None:
    voice.start()
    voice.say("idle")
    voice.say("pay")
    assert voice.busy
    voice.hush()


@pytest.mark.parametrize("required", [True, False])
def test_without_a_device_it_is_a_fault_and_no_crash(
    monkeypatch: pytest.MonkeyPatch, clock: object, required: bool
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no-such-driver")
    reported: list[Event] = []
    voice = Voice(JA, required=required, report=reported.append, clock=clock)  # type: ignore[arg-type]
    voice.start()
    voice.say("take_card", 4)
    voice.hush()
    assert not voice.busy
    assert not voice.available
    assert reported == ([DeviceFaulted(Part.SOUND, "offline")] if required else [])
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    clock.now += 59  # type: ignore[attr-defined]
    voice.say("take_card", 4)
    assert not voice.available
    clock.now += 2  # type: ignore[attr-defined]
    voice.say("take_card", 4)
    assert voice.available
    assert voice.busy
    assert reported[-1] == DeviceOnline(Part.SOUND)
    voice.close()


def test_an_unknown_phrase_is_silent_and_no_crash(voice: Voice) -> None:
    voice.start()
    voice.say("no_such_phrase", 0)
    assert not voice.busy


def test_missing_phrases_are_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="render_voices"):
        Voice(tmp_path)
    (tmp_path / "manifest.json").write_text('{"phrases": [{"id": "idle", "file": "idle.ogg"}]}')
    with pytest.raises(VoiceError, match=r"idle\.ogg"):
        Voice(tmp_path)


def test_the_chime_is_soft_and_low() -> None:
    wave = array.array("h", chime())
    assert max(abs(value) for value in wave) < 0.3 * 32767
    spectrum = np.abs(np.fft.rfft(np.array(wave, dtype=float)))
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    assert spectrum[frequency > 2500].max() < 0.01 * spectrum.max()
