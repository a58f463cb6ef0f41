"""The forget-warnings as the loudspeaker got them: the machine decides, the voice speaks, SDL's disk driver writes.

The machine's clock is the sound itself: it goes on as far as the driver has written. So nothing here depends on how
fast this computer is, and what is found in the file is where it would have been heard.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

from kiosk import effects as f
from kiosk import events as e
from kiosk.presenter import present
from kiosk.session import State
from screens.chime import RATE, chime
from screens.strings import spoken
from screens.voice import BETWEEN_S, FOLDER, IN_BOTH, Voice

DEADLINE_S = 60.0
TICK_S = 0.1
IN_FLIGHT = 4096
"""Samples that may still be on their way when the voice is silenced: a buffer of the mixer and one of the file."""

LAST_BITS = 4
"""Of 32767: what decoding and setting the loudness may round."""


def _world() -> ModuleType:
    """The world that answers the machine's orders, of the machine's own tests."""
    name = "world_of_the_machine"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "kiosk" / "conftest.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def machine(**changes: Any) -> Any:
    kit = _world()
    settings = kit.load(Path(__file__).parents[2] / "config" / "machine.example.toml")
    parts = frozenset({e.Part.READER, e.Part.CASH, e.Part.PRINTER, e.Part.ISSUER})
    rules = kit.rules_of(settings, parts, sensed=True)
    hoppers = tuple(kit.Hopper(h.serial, h.yen, 60) for h in settings.machine.cash.hoppers)
    return kit.World(kit.Session(rules, kit.TOKENS, hoppers=hoppers, service=kit.Service()), **changes)


@dataclass
class Said:
    """What the machine ordered, how far the file was before and after that (samples). phrase "": hushed."""

    phrase: str
    level: int
    language: str
    before: int
    at: int


@dataclass
class Booth:
    """The machine, its voice and the recording."""

    world: Any
    voice: Voice
    file: Path
    orders: list[Said] = field(default_factory=list)
    handed: int = 0

    @property
    def written(self) -> int:
        return self.file.stat().st_size // 2 if self.file.exists() else 0

    def hand_out(self) -> None:
        """As the loop does; the presenter's view is made with every step, too."""
        present(self.world.session, self.world.now)
        language = self.world.session.speaks
        for order in self.world.orders[self.handed :]:
            before = self.written
            if isinstance(order, f.Say):
                self.voice.say(order.phrase, order.level, language)
                self.orders.append(Said(order.phrase, order.level, language, before, self.written))
            elif isinstance(order, f.Hush):
                self.voice.hush()
                self.orders.append(Said("", 0, language, before, self.written))
        self.handed = len(self.world.orders)

    def see(self, *events: e.Event) -> None:
        self.world.see(*events)
        self.hand_out()

    def until(self, reached: Callable[[], bool]) -> None:
        """Let time pass, as much as was written."""
        deadline, before = time.monotonic() + DEADLINE_S, self.written
        while not reached():
            assert time.monotonic() < deadline, self.orders
            passed_s = ((now := self.written) - before) / RATE
            if passed_s < TICK_S:
                time.sleep(0.0005)
                continue
            before = now
            self.world.after(passed_s).answers()
            self.hand_out()

    def seconds(self, seconds: float) -> None:
        end = self.written + round(seconds * RATE)
        self.until(lambda: self.written >= end)

    def count(self, phrase: str) -> int:
        return [order.phrase for order in self.orders].count(phrase)


@pytest.fixture
def booth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Booth]:
    file = tmp_path / "sound.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(file))
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "1")  # a buffer of 21 ms in a little more than 1 ms
    voice = Voice(FOLDER)
    voice.start()
    yield Booth(machine(), voice, file)
    voice.close()


def pcm(phrase: str, language: str) -> np.ndarray:
    wave, rate = soundfile.read(FOLDER / language / f"{phrase}.ogg", dtype="int16")
    assert rate == RATE
    return wave.astype(float)


def sound_of(said: Said) -> np.ndarray:
    """Chime and words at full loudness."""
    parts = [np.frombuffer(chime(), dtype="<i2").astype(float), pcm(said.phrase, said.language)]
    if said.language != "ja" and said.phrase in IN_BOTH:
        parts += [np.zeros(round(BETWEEN_S * RATE)), pcm(said.phrase, "ja")]
    return np.concatenate(parts)


def place(window: np.ndarray, probe: np.ndarray) -> int:
    """Where the window is most like the probe, whatever the loudness."""
    size = 1 << len(window).bit_length()
    product = np.fft.irfft(np.fft.rfft(window, size) * np.conj(np.fft.rfft(probe, size)), size)
    energy = np.concatenate(([0.0], np.cumsum(window**2)))
    energy = energy[len(probe) :] - energy[: -len(probe)]
    return int(np.argmax(product[: len(energy)] / np.sqrt(np.maximum(energy, 1e4))))


@dataclass
class Found:
    said: Said
    begin: int
    end: int
    gain: float


def take_apart(recording: np.ndarray, orders: list[Said]) -> tuple[list[Found], np.ndarray]:
    """Each phrase where it sounds, how loud, and what is left of the recording without them."""
    rest = recording.copy()
    found: list[Found] = []
    for number, said in enumerate(orders):
        if not said.phrase:
            continue
        whole = sound_of(said)
        # The chime tells where it begins: not before the order, nor later than what was in flight.
        probe = whole[: round(0.8 * RATE)]
        first = max(0, said.before - IN_FLIGHT)
        begin = first + place(recording[first : said.at + 2 * IN_FLIGHT + len(probe)], probe)
        later = [other.at for other in orders[number + 1 :]][:1]
        end = min([begin + len(whole), len(recording), *(at + IN_FLIGHT for at in later)])
        part, wanted = recording[begin:end], whole[: end - begin]
        if later and end < begin + len(whole):
            # Cut off: up to its last sample.
            quiet = np.flatnonzero((part == 0) & (np.abs(wanted) > 50))
            end = begin + (int(quiet[0]) if len(quiet) else len(part))
            part, wanted = recording[begin:end], whole[: end - begin]
        gain = float(part @ wanted / (wanted @ wanted))
        rest[begin:end] -= gain * wanted
        found.append(Found(said, begin, end, gain))
    return found, rest


def decibel(share: float) -> float:
    return float(20 * np.log10(share))


@pytest.mark.parametrize(("language", "calls"), [("ja", 6), ("en", 2)])
def test_the_card_is_called_for_louder_and_louder_until_it_is_taken(booth: Booth, language: str, calls: int) -> None:
    world = booth.world
    world.ready()
    if language != "ja":
        world.see(e.LanguageChosen(language))
    world.lay().pin().answers()
    assert world.state is State.TAKING_CARD
    # The last order of these is the first call; the titles before it were hurried through.
    booth.handed = max(n for n, order in enumerate(world.orders) if isinstance(order, f.Say))
    booth.hand_out()
    booth.until(lambda: booth.count("take_card") == calls)
    booth.seconds(1.2)  # in the middle of the last call
    taken_at = booth.written
    booth.see(e.CardRemoved())
    booth.until(lambda: world.state is State.CHOOSING_CERTIFICATE and booth.count("choose_certificate") == 1)
    booth.seconds(10)
    booth.voice.close()

    recording = np.frombuffer(booth.file.read_bytes(), dtype="<i2").astype(float)
    assert [said.phrase for said in booth.orders if said.phrase] == [*["take_card"] * calls, "choose_certificate"]
    found, rest = take_apart(recording, booth.orders)
    # Right phrase, right order, nothing else in it: without them, silence is left, but for roundings.
    assert np.abs(rest).max() <= LAST_BITS
    assert [each.begin for each in found] == sorted(each.begin for each in found)
    levels = [decibel(each.gain) for each in found]
    # By measure: each call 2.25 dB above the one before, up to the full loudness; a title is quiet again.
    assert levels[0] == pytest.approx(-9, abs=0.2)
    assert all(1.9 < step < 2.6 for step in np.diff(levels[: min(calls, 5)])), levels
    assert levels[4:calls] == pytest.approx([0] * len(levels[4:calls]), abs=0.05)
    assert levels[-1] == pytest.approx(-9, abs=0.2)
    # Not sooner than 4, 8, 6, 6, 6 seconds after the call before.
    pauses = np.diff([each.begin for each in found[:-1]]) / RATE
    assert all(pause > least - 0.2 for pause, least in zip(pauses, (4, 8, 6, 6, 6), strict=False)), pauses
    # Taken in the middle of the call: it is not said to its end, and never again.
    call, title = found[-2], found[-1]
    assert call.begin < taken_at < call.end + IN_FLIGHT
    assert call.end - call.begin < len(sound_of(call.said))
    assert title.end - title.begin == len(sound_of(title.said))
    assert not recording[title.end :].any()
    assert len(recording) - title.end > 5 * RATE


def test_what_lies_in_the_trays_is_called_for_in_turn_then_thanks_then_silence(booth: Booth) -> None:
    world = booth.world
    world.to_paying().coin(500).answer()
    world.see(*(e.PlaceOccupied(place) for place in (e.Place.CERTIFICATE_TRAY, e.Place.CHANGE_TRAY))).answers()
    world.see(e.PlaceOccupied(e.Place.RECEIPT_TRAY)).answers()
    assert world.state is State.TAKING
    booth.handed = len(world.orders)
    booth.until(lambda: booth.count("take_certificate") == 2)
    booth.seconds(1.1)
    booth.see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    booth.until(lambda: booth.count("take_change") == 2)
    booth.seconds(5)
    booth.see(e.PlaceEmptied(e.Place.CHANGE_TRAY))
    booth.until(lambda: booth.count("take_receipt") == 1)
    booth.seconds(1.3)
    booth.see(e.PlaceEmptied(e.Place.RECEIPT_TRAY))
    booth.until(lambda: world.state is State.ENDED)
    booth.seconds(5)
    booth.voice.close()

    recording = np.frombuffer(booth.file.read_bytes(), dtype="<i2").astype(float)
    found, rest = take_apart(recording, booth.orders)
    assert [(each.said.phrase, each.said.level) for each in found] == [
        ("take_certificate", 0), ("take_certificate", 1),
        ("take_change", 0), ("take_change", 1),
        ("take_receipt", 0),
        ("thanks", 0),
    ]  # fmt: skip
    assert np.abs(rest).max() <= LAST_BITS
    assert [round(decibel(each.gain)) for each in found] == [-9, -7, -9, -7, -9, -9]
    # The thanks are heard to their end; after them nothing sounds any more.
    thanks = found[-1]
    assert thanks.end - thanks.begin == len(sound_of(thanks.said))
    assert not recording[thanks.end :].any()
    # Each was taken in the middle of its call, which is not said to its end.
    for call, after in ((found[1], found[2]), (found[4], found[5])):
        assert call.end <= after.said.at + IN_FLIGHT
        assert call.end - call.begin < len(sound_of(call.said))


def test_a_hushed_call_ends_at_once(booth: Booth) -> None:
    booth.voice.say("take_all", 4)
    booth.orders.append(Said("take_all", 4, "ja", 0, booth.written))
    booth.seconds(1.6)
    booth.voice.hush()
    booth.orders.append(Said("", 0, "ja", booth.written, booth.written))
    booth.seconds(3)
    booth.voice.close()
    recording = np.frombuffer(booth.file.read_bytes(), dtype="<i2").astype(float)
    found, rest = take_apart(recording, booth.orders)
    assert np.abs(rest).max() <= LAST_BITS
    assert RATE < found[0].end - found[0].begin < len(sound_of(found[0].said)) / 2
    assert not recording[booth.orders[1].at + IN_FLIGHT :].any()


def test_nothing_of_a_person_decides_what_is_said() -> None:
    """Two people with other names in everything: the same phrases in the same order, and none with a value in it."""
    said = []
    for family, name in (("佐賀", "花子"), ("髙﨑", "𠮷郎")):
        members = (e.Member("0000000a", f"{family} {name}", "世帯主", holder=True), e.Member("0000000b", name, "子"))
        world = machine(members=members)
        world.to_confirm(2, household="part").see(e.NextPressed())
        facts = _world().facts_for(world.pending[-1].wish, masked_name=f"{family[0]}〇　〇{name[-1]}")
        world.answer(facts=facts)
        world.after(11).see(e.IdentityConfirmed()).answers()
        world.coin(500).coin(500).answers()
        world.see(*(e.PlaceOccupied(place) for place in e.Place)).after(5).after(9).take_all()
        assert world.state is State.ENDED
        said.append([(order.phrase, order.level) for order in world.ordered(f.Say)])
    assert said[0] == said[1]
    assert {"arrived", "not_yours", "choose_members", "take_certificate"} <= {phrase for phrase, _ in said[0]}
    for language in ("ja", "en"):
        assert not [text for text in spoken(language).values() if "{" in text]
