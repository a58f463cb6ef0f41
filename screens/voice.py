"""The loudspeaker: a chime, then a phrase rendered beforehand. Louder by steps, silent at once."""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pygame

from kiosk.events import DeviceFaulted, DeviceOnline, Event, Part
from screens.chime import RATE, chime
from screens.strings import DEFAULT_LANGUAGE

FOLDER: Final = Path(__file__).parent / "voices"
HIGHEST_LEVEL: Final = 4
STEP_DB: Final = 2.25
"""Level 4 is the full loudness the site has set, level 0 is 9 dB below it."""
RETRY_S: Final = 60.0
BUFFER: Final = 1024
STUCK_S: Final = 3.0
"""A sound that lasts so much longer than it is long is heard by nobody: the device takes nothing any more."""
BETWEEN_S: Final = 0.5
"""Silence between a call in another language and the same in Japanese."""
IN_BOTH: Final = frozenset({"take_card", "take_certificate", "take_change", "take_receipt", "take_all"})
"""Said in the person's language, then in Japanese: whoever stands near and can help must understand it, too."""
READ: Final = "read:"
"""Before the id of a text that is read out, where `heard` is told of phrases."""

log = logging.getLogger(__name__)


class VoiceError(RuntimeError):
    """The rendered phrases are missing or not those of the manifest; the message says what to do."""


def gain(level: int) -> float:
    """Share of the full amplitude for a level 0 … 4."""
    level = max(0, min(HIGHEST_LEVEL, level))
    return float(10 ** (-STEP_DB * (HIGHEST_LEVEL - level) / 20))


class Voice:
    """Says the phrases of the languages that lie in one folder (``screens/voices``); one at a time, on channel 0.

    volume: 0 … 1, set at the site with a meter. required: a missing sound device is a fault (`DeviceFaulted`
    through `report`, and `DeviceOnline` once it is there); otherwise it is only logged. It is looked for again every
    minute. heard: told of each phrase that begins (phrase, level, language), of each text that is read out
    ("read:" and the id of the text), and of ("", 0, language) when it is hushed.

    Raises VoiceError when a folder lacks a phrase of its manifest, or there is no Japanese.
    """

    def __init__(
        self,
        folder: Path,
        *,
        volume: float = 1.0,
        required: bool = True,
        report: Callable[[Event], None] = lambda event: None,
        heard: Callable[[str, int, str], None] = lambda phrase, level, language: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._volume = max(0.0, min(1.0, volume))
        self._required = required
        self._report = report
        self._heard = heard
        self._clock = clock
        self._phrases = manifests(folder)
        self._chime = chime()
        self._kept: tuple[tuple[str, str], pygame.mixer.Sound] | None = None
        self._saying = ""
        self._language = DEFAULT_LANGUAGE
        self._ends = 0.0
        self._open = False
        self._tried: float | None = None

    def start(self) -> None:
        """Open the sound device; a failure is reported, never raised."""
        if self._open:
            return
        self._tried = self._clock()
        try:
            pygame.mixer.init(frequency=RATE, size=-16, channels=1, buffer=BUFFER, allowedchanges=0)
        except pygame.error as error:
            log.warning("no sound device: %s", error)
            if self._required:
                self._report(DeviceFaulted(Part.SOUND, "offline"))
            return
        pygame.mixer.set_num_channels(2)
        pygame.mixer.set_reserved(1)
        if pygame.display.get_init():
            pygame.event.set_allowed(pygame.AUDIODEVICEREMOVED)
        self._open = True
        self._report(DeviceOnline(Part.SOUND))

    @property
    def available(self) -> bool:
        return self._open

    @property
    def busy(self) -> bool:
        """Whether something sounds."""
        return self._open and pygame.mixer.Channel(0).get_busy()

    @property
    def saying(self) -> str:
        """What sounds now: a phrase, "read:" and the id of a text, or nothing."""
        return self._saying if self.busy else ""

    def say(self, phrase: str, level: int = 0, language: str = DEFAULT_LANGUAGE) -> None:
        """Chime and phrase instead of whatever sounds now. level: 0 … 4, see `gain`."""
        spoken = language if phrase in self._phrases.get(language, {}) else DEFAULT_LANGUAGE
        if phrase not in self._phrases[spoken]:
            log.error("no such phrase: %s; render the voices anew", phrase)
            return
        self._look_for_it()
        # The bench's transcript says what was ordered, with or without a loudspeaker.
        self._heard(phrase, level, spoken)
        self._play(lambda: self._sound(phrase, spoken), phrase, level, spoken)

    def read(self, text_id: str, clip: Path, language: str) -> None:
        """A text of the screen, without chime, as loud as a first call."""
        self._heard(f"{READ}{text_id}", 0, language)
        self._play(lambda: pygame.mixer.Sound(str(clip)), f"{READ}{text_id}", 0, language)

    def hush(self) -> None:
        """Silence, now."""
        if self.busy:
            pygame.mixer.Channel(0).stop()
            self._heard("", 0, self._language)
        self._saying = ""

    def poll(self) -> None:
        """Called often: looks for a device that is missing, notices one that has gone."""
        if not self._open:
            self._look_for_it()
            return
        if self._saying and not pygame.mixer.Channel(0).get_busy():
            self._saying = ""
        if self._saying and self._clock() > self._ends + STUCK_S:
            self._lost("it plays nothing any more")
        elif pygame.display.get_init():
            for event in pygame.event.get(pygame.AUDIODEVICEREMOVED):
                # SDL gives a number only to a device that is in use.
                if event.which and not event.iscapture:
                    self._lost("it was removed")
                    break

    def close(self) -> None:
        """Let go of the device; may be called twice."""
        self._saying = ""
        if self._open:
            pygame.mixer.Channel(0).stop()
            self._kept = None
            pygame.mixer.quit()
            self._open = False

    def _look_for_it(self) -> None:
        if not self._open and (self._tried is None or self._clock() - self._tried >= RETRY_S):
            self.start()

    def _play(self, make: Callable[[], pygame.mixer.Sound], name: str, level: int, language: str) -> None:
        if not self._open:
            return
        try:
            sound = make()
            channel = pygame.mixer.Channel(0)
            channel.stop()
            # The sound's own volume: playing sets the channel's back to full, and the first buffer would be loud.
            sound.set_volume(gain(level) * self._volume)
            channel.play(sound)
            self._saying, self._language = name, language
            self._ends = self._clock() + sound.get_length()
        except pygame.error as error:
            self._lost(str(error))

    def _sound(self, phrase: str, language: str) -> pygame.mixer.Sound:
        # Warnings repeat: the last phrase is kept, the others would only take memory.
        if self._kept is None or self._kept[0] != (phrase, language):
            samples = self._chime + self._samples(phrase, language)
            if language != DEFAULT_LANGUAGE and phrase in IN_BOTH:
                samples += bytes(2 * round(BETWEEN_S * RATE)) + self._samples(phrase, DEFAULT_LANGUAGE)
            self._kept = ((phrase, language), pygame.mixer.Sound(buffer=samples))
        return self._kept[1]

    def _samples(self, phrase: str, language: str) -> bytes:
        return pygame.mixer.Sound(str(self._folder / language / self._phrases[language][phrase])).get_raw()

    def _lost(self, why: str) -> None:
        log.warning("the sound device failed: %s", why)
        self.close()
        self._tried = self._clock()
        if self._required:
            self._report(DeviceFaulted(Part.SOUND, "hardware_error"))


@functools.cache
def manifests(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Language → phrase id → file name; every file is there. Read once in a process and its children."""
    found = {path.parent.name: _read_manifest(path.parent) for path in sorted(folder.glob("*/manifest.json"))}
    if DEFAULT_LANGUAGE not in found:
        raise VoiceError(
            f"no usable manifest.json in {folder / DEFAULT_LANGUAGE}: make it anew with 'make voices' "
            "(python -m screens.render_voices)"
        )
    return MappingProxyType(found)


def _read_manifest(directory: Path) -> Mapping[str, str]:
    advice = "make them anew with 'python -m screens.render_voices'"
    try:
        entries = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))["phrases"]
        files = {str(entry["id"]): str(entry["file"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VoiceError(f"no usable manifest.json in {directory}: {advice}") from error
    there = {path.name for path in directory.iterdir()}
    if missing := sorted(set(files.values()) - there):
        raise VoiceError(f"phrases missing in {directory}: {', '.join(missing)}; {advice}")
    return MappingProxyType(files)
