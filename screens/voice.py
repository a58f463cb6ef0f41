"""The loudspeaker: a chime, then a phrase rendered beforehand. Louder by steps, silent at once."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pygame

from kiosk.events import DeviceFaulted, DeviceOnline, Event, Part
from screens.chime import RATE, chime

FOLDER: Final = Path(__file__).parent / "voices"
HIGHEST_LEVEL: Final = 4
STEP_DB: Final = 2.25
"""Level 4 is the full loudness the site has set, level 0 is 9 dB below it."""
RETRY_S: Final = 60.0
BUFFER: Final = 1024

log = logging.getLogger(__name__)


class VoiceError(RuntimeError):
    """The rendered phrases are missing or not those of the manifest; the message says what to do."""


def gain(level: int) -> float:
    """Share of the full amplitude for a level 0 … 4."""
    level = max(0, min(HIGHEST_LEVEL, level))
    return float(10 ** (-STEP_DB * (HIGHEST_LEVEL - level) / 20))


class Voice:
    """Says phrases of one folder (``screens/voices/ja``); one at a time, on channel 0.

    volume: 0 … 1, set at the site with a meter. required: a missing sound device is a fault (`DeviceFaulted`
    through `report`, and `DeviceOnline` once it is there); otherwise it is only logged. It is looked for again
    every minute, when there is something to say. heard: told of each phrase that begins (phrase, level), and
    of ("", 0) when it is hushed.

    Raises VoiceError when the folder lacks a phrase of its manifest.
    """

    def __init__(
        self,
        directory: Path,
        *,
        volume: float = 1.0,
        required: bool = True,
        report: Callable[[Event], None] = lambda event: None,
        heard: Callable[[str, int], None] = lambda phrase, level: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._volume = max(0.0, min(1.0, volume))
        self._required = required
        self._report = report
        self._heard = heard
        self._clock = clock
        self._phrases = _read_manifest(directory)
        self._chime = chime()
        self._kept: tuple[str, pygame.mixer.Sound] | None = None
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
        self._open = True
        self._report(DeviceOnline(Part.SOUND))

    @property
    def available(self) -> bool:
        return self._open

    @property
    def busy(self) -> bool:
        """Whether something sounds."""
        return self._open and pygame.mixer.Channel(0).get_busy()

    def say(self, phrase: str, level: int = 0, language: str = "ja") -> None:
        """Chime and phrase instead of whatever sounds now. level: 0 … 4, see `gain`."""
        if phrase not in self._phrases:
            log.error("no such phrase: %s; render the voices anew", phrase)
            return
        if not self._open and (self._tried is None or self._clock() - self._tried >= RETRY_S):
            self.start()
        # The bench's transcript says what was ordered, with or without a loudspeaker.
        self._heard(phrase, level)
        if not self._open:
            return
        try:
            sound = self._sound(phrase)
            channel = pygame.mixer.Channel(0)
            channel.stop()
            # The sound's own volume: playing sets the channel's back to full, and the first buffer would be loud.
            sound.set_volume(gain(level) * self._volume)
            channel.play(sound)
        except pygame.error as error:
            self._lost(str(error))

    def hush(self) -> None:
        """Silence, now."""
        if self.busy:
            pygame.mixer.Channel(0).stop()
            self._heard("", 0)

    def close(self) -> None:
        """Let go of the device; may be called twice."""
        if self._open:
            pygame.mixer.Channel(0).stop()
            self._kept = None
            pygame.mixer.quit()
            self._open = False

    def _sound(self, phrase: str) -> pygame.mixer.Sound:
        # Warnings repeat: the last phrase is kept, the others would only take memory.
        if self._kept is None or self._kept[0] != phrase:
            spoken = pygame.mixer.Sound(str(self._directory / self._phrases[phrase]))
            self._kept = (phrase, pygame.mixer.Sound(buffer=self._chime + spoken.get_raw()))
        return self._kept[1]

    def _lost(self, why: str) -> None:
        log.warning("the sound device failed: %s", why)
        self.close()
        self._tried = self._clock()
        if self._required:
            self._report(DeviceFaulted(Part.SOUND, "hardware_error"))


def _read_manifest(directory: Path) -> dict[str, str]:
    """Phrase id → file name; every file is there."""
    advice = "make them anew with 'python -m screens.render_voices'"
    try:
        entries = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))["phrases"]
        files = {str(entry["id"]): str(entry["file"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VoiceError(f"no usable manifest.json in {directory}: {advice}") from error
    missing = sorted(name for name in files.values() if not (directory / name).is_file())
    if missing:
        raise VoiceError(f"phrases missing in {directory}: {', '.join(missing)}; {advice}")
    return files
