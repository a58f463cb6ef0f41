"""The voice: the rendered phrases, and what becomes of them in the sound device."""

import array
import hashlib
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from kiosk.events import DeviceFaulted, DeviceOnline, Event, Part
from kiosk.moves_take import THANKS_S
from kiosk.phrases import PHRASES
from screens.chime import RATE, chime
from screens.render_voices import measure
from screens.strings import languages, spoken
from screens.voice import BETWEEN_S, FOLDER, RETRY_S, STUCK_S, Voice, VoiceError, gain

LANGUAGES = ("ja", "en")
CHIME_S = len(chime()) / 2 / RATE


def manifest(language: str) -> dict[str, dict[str, Any]]:
    read = json.loads((FOLDER / language / "manifest.json").read_text(encoding="utf-8"))
    assert read["credit"]
    assert read["language"] == language
    return {entry["id"]: entry for entry in read["phrases"]}


# ---- what is rendered ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_machine_may_say_is_rendered_as_it_is_written_and_evenly_loud(language: str) -> None:
    folder, entries = FOLDER / language, manifest(language)
    assert set(languages()) == set(LANGUAGES)
    assert entries.keys() == spoken(language).keys()
    assert entries.keys() >= PHRASES
    assert {path.name for path in folder.glob("*.ogg")} == {entry["file"] for entry in entries.values()}
    for phrase, entry in entries.items():
        assert entry["text"] == spoken(language)[phrase], f"{phrase}: python -m screens.render_voices"
        assert entry["sha256"] == hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
        assert entry["lufs"] == pytest.approx(-20.0, abs=0.5), phrase
        assert entry["peak_dbfs"] <= -1.0, phrase
        assert 0.8 <= entry["seconds"] <= 7.0, phrase
    assert CHIME_S + entries["thanks"]["seconds"] <= THANKS_S


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg measures the loudness (EBU R 128)")
@pytest.mark.parametrize("language", LANGUAGES)
def test_measured_anew_the_manifest_is_right(language: str) -> None:
    """A few of them; `make voices` measures all."""
    entries = manifest(language)
    for phrase in ("take_card", "arrived"):
        loudness, peak = measure(FOLDER / language / entries[phrase]["file"])
        assert loudness == pytest.approx(-20.0, abs=1.0)
        assert loudness == pytest.approx(entries[phrase]["lufs"], abs=0.2)
        assert peak <= -1.0


READINGS = {
    "idle": "カードヲ、ヨミトリダイニオイテクダサイ。",
    "pin_pad": "アンショーバンゴー、ヨンケタヲオシテクダサイ。",
    "last_try": "アンショーバンゴーヲオセルノワ、アトイッカイデス。",
    "choose_copies": "ナンブ、ヒツヨーデスカ。",
    "not_yours": "アナタノショーメーショデナイトキワ、ワタクシデワナイ、ヲオシテクダサイ。",
    "take_certificate": "ショーメーショヲオトリクダサイ。",
    "take_receipt": "リョーシューショヲオトリクダサイ。",
    "thanks": "アリガトーゴザイマシタ。",
    "printer_cover": "キカイノフタガ、アイテイマス。ショクインニオシラセクダサイ。",
    "refused_card_removed": "カードガ、ダイカラハナレマシタ。モーイチド、オイテクダサイ。",
    "refused_card_juki_expired": "ジューキカードノ、キゲンガキレテイマス。ガメンノゴアンナイヲ、ゴランクダサイ。",
    "refused_other_city": "ホカノシクチョーソンノカードデス。ガメンノゴアンナイヲ、ゴランクダサイ。",
    "refused_several_cards": "カードガ、ニマイイジョーアリマス。イチマイダケヲ、オイテクダサイ。",
}
PHONES = {
    "pin_wrong": "dh ae t p ih n ih z r ao ng",
    "refused": "l uh k ae t dh ax s k r iy n",
    "refused_card_juki_expired": "jh uw k iy k aa r d",
    "wait_pin": "ch eh k ih ng y ao r p ih n n aw",
}


def test_the_difficult_readings_are_right() -> None:
    kana = {phrase: entry["kana"] for phrase, entry in manifest("ja").items()}
    assert {phrase: kana[phrase] for phrase in READINGS} == READINGS
    said = {phrase: entry["kana"] for phrase, entry in manifest("en").items()}
    assert [phrase for phrase, phones in PHONES.items() if phones not in said[phrase]] == []


# ---- what sounds -----------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "sound.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(path))
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "0")
    return path


@pytest.fixture
def voice() -> Iterator[Voice]:
    opened = Voice(FOLDER)
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


def phrase(name: str, language: str = "ja") -> np.ndarray:
    import soundfile

    wave, rate = soundfile.read(FOLDER / language / f"{name}.ogg", dtype="int16")
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


def test_a_call_in_another_language_is_repeated_in_japanese(voice: Voice, written: Path) -> None:
    voice.start()
    voice.say("take_card", 4, "en")
    finish(voice)
    voice.say("pay", 4, "en")
    finish(voice)
    voice.say("pay", 4, "tlh")
    finish(voice)
    voice.close()
    sound = samples(written)
    likeness, english, _ = found(sound, phrase("take_card", "en"))
    assert likeness > 0.98
    likeness, japanese, _ = found(sound, phrase("take_card"))
    assert likeness > 0.98
    assert japanese - english == pytest.approx(len(phrase("take_card", "en")) + BETWEEN_S * RATE, abs=50)
    likeness, title, _ = found(sound, phrase("pay", "en"))
    assert likeness > 0.98
    # A title is said once; a language that was never rendered falls back to Japanese.
    likeness, fallback, _ = found(sound, phrase("pay"))
    assert likeness > 0.98
    assert japanese < title < fallback
    assert found(sound[title : fallback - round(CHIME_S * RATE)], phrase("pay"))[0] < 0.5


def test_levels_rise_by_even_steps_up_to_full() -> None:
    levels = [20 * np.log10(gain(level)) for level in range(5)]
    assert levels[0] == pytest.approx(-9.0)
    assert levels[4] == 0.0
    assert all(after - before > 1.5 for before, after in itertools.pairwise(levels))
    assert gain(99) == 1.0


def test_hushing_is_immediate(voice: Voice) -> None:
    heard: list[tuple[str, int]] = []
    voice = Voice(FOLDER, heard=lambda name, level, _language: heard.append((name, level)))
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
    voice = Voice(FOLDER, required=required, report=reported.append, clock=clock)  # type: ignore[arg-type]
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


class Broken:
    """A mixer channel that does not play any more."""

    def __init__(self, *, raises: bool) -> None:
        self._raises = raises

    def play(self, sound: object) -> None:
        if self._raises:
            raise pygame.error("Device lost")

    def stop(self) -> None:
        pass

    def get_busy(self) -> bool:
        return True


@pytest.mark.parametrize("how", ["refuses", "stuck", "removed"])
@pytest.mark.parametrize("required", [True, False])
def test_a_device_that_goes_away_is_a_fault_and_is_taken_up_again(
    monkeypatch: pytest.MonkeyPatch, clock: Any, how: str, required: bool
) -> None:
    reported: list[Event] = []
    voice = Voice(FOLDER, required=required, report=reported.append, clock=clock)
    pygame.display.init()
    voice.start()
    voice.poll()
    assert reported == [DeviceOnline(Part.SOUND)]
    reported.clear()
    with monkeypatch.context() as broken:
        if how == "removed":
            # One that nobody has opened, and a microphone: neither is ours.
            for which, capture in ((0, False), (3, True)):
                pygame.event.post(pygame.event.Event(pygame.AUDIODEVICEREMOVED, which=which, iscapture=capture))
            voice.poll()
            assert voice.available
            pygame.event.post(pygame.event.Event(pygame.AUDIODEVICEREMOVED, which=2, iscapture=False))
        else:
            broken.setattr(pygame.mixer, "Channel", lambda number: Broken(raises=how == "refuses"))
        voice.say("take_card", 1)
        if how == "stuck":
            clock.now += CHIME_S + manifest("ja")["take_card"]["seconds"] + STUCK_S - 0.1
            voice.poll()
            assert voice.available
            clock.now += 0.2
        voice.poll()
        assert not voice.available
        assert voice.saying == ""
    assert reported == ([DeviceFaulted(Part.SOUND, "hardware_error")] if required else [])
    clock.now += RETRY_S - 0.1
    voice.poll()
    assert not voice.available
    # Nothing has to be said for that: a machine out of service is silent.
    clock.now += 0.2
    voice.poll()
    assert voice.available
    assert reported[-1:] == [DeviceOnline(Part.SOUND)]
    voice.say("take_card", 1)
    assert voice.saying == "take_card"
    voice.close()


def test_an_unknown_phrase_is_silent_and_no_crash(voice: Voice) -> None:
    voice.start()
    voice.say("no_such_phrase", 0)
    assert not voice.busy


def test_missing_phrases_are_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="make voices"):
        Voice(tmp_path)
    (tmp_path / "ja").mkdir()
    (tmp_path / "ja" / "manifest.json").write_text("{")
    with pytest.raises(VoiceError, match="render_voices"):
        Voice(tmp_path)
    (tmp_path / "ja" / "manifest.json").write_text('{"phrases": [{"id": "idle", "file": "idle.ogg"}]}')
    with pytest.raises(VoiceError, match=r"idle\.ogg"):
        Voice(tmp_path)


def test_the_chime_is_soft_and_low() -> None:
    wave = array.array("h", chime())
    assert max(abs(value) for value in wave) < 0.3 * 32767
    spectrum = np.abs(np.fft.rfft(np.array(wave, dtype=float)))
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    assert spectrum[frequency > 2500].max() < 0.01 * spectrum.max()
