"""Ears at the loudspeaker: what was really said, found in the sound itself.

The kiosk's sound device is a named pipe (SDL's disk driver: raw PCM, signed 16 bit, mono, 48 kHz, in real time).
A matched filter finds the chime's two notes; what follows it is compared, by normalised cross-correlation, with
the committed phrases. Silence costs next to nothing, and never more than a dozen seconds are kept.
"""

from __future__ import annotations

import json
import math
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from .changes import Changes
from .matching import RATE, SLACK, Samples, compare

PIPE_RATE: Final = 48_000
_STEP: Final = PIPE_RATE // RATE

CHIME: Final = ((783.99, 0.0), (1046.50, 0.22))
"""The two notes (G5, C6): frequency in Hz and beginning in seconds."""
CHIME_S: Final = 0.85
PAUSE_S: Final = 0.18
_CHIME_MATCH: Final = 0.7
_PHRASE_MATCH: Final = 0.8
_QUIET: Final = 0.0008
_QUIET_S: Final = 1.0
"""Longer than any pause inside a phrase."""
_SOUNDING_S: Final = 0.6
_NEXT_CHIME: Final = round(0.15 * RATE)
"""Nearer than this, a chime resembles itself."""
_SURE_S: Final = 0.7
_AGAIN: Final = round(0.1 * RATE)
"""So much more sound is waited for before the phrases are compared once more."""
_HOPELESS: Final = 0.4
"""A phrase whose beginning is so unlike what sounds is not compared again."""
_AFTER: Final = round(0.3 * RATE)
"""Silence after a phrase, even where the same follows in another language or a text is read out."""
_KEPT_S: Final = 12
_KEPT_LINES: Final = 2000


@dataclass(frozen=True)
class Heard:
    """One line of the transcript. ``phrase`` is empty when the chime sounded and nothing after it.

    ``level_db``: loudness against the phrase as rendered (0: the full loudness set at the site). ``heard_s``:
    how much of it sounded so far. ``complete``: it was said to the end. ``ended``: it does not sound any more.
    """

    time: datetime
    phrase: str
    text: str
    level_db: float
    heard_s: float
    complete: bool
    ended: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "phrase": self.phrase,
            "text": self.text,
            "level_db": round(self.level_db, 1),
            "heard_s": round(self.heard_s, 2),
            "complete": self.complete,
            "ended": self.ended,
        }


@dataclass(frozen=True)
class Phrase:
    """One committed phrase at ``RATE``."""

    id: str
    text: str
    samples: Samples

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


class Resampler:
    """48 kHz to 8 kHz: a windowed-sinc low pass, then every sixth sample. Keeps its tail between calls."""

    _TAPS: Final = 8 * _STEP + 1

    def __init__(self) -> None:
        n = np.arange(self._TAPS) - self._TAPS // 2
        kernel = np.sinc(n / _STEP * 0.92) * np.hamming(self._TAPS)
        self._kernel = (kernel / kernel.sum()).astype(np.float32)
        self._tail = np.zeros(self._TAPS - 1, dtype=np.float32)

    def feed(self, samples: Samples) -> Samples:
        """``samples`` must be a multiple of six long."""
        joined = np.concatenate((self._tail, samples))
        self._tail = joined[len(joined) - (self._TAPS - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(joined, self._TAPS)[::_STEP]
        return np.asarray(windows @ self._kernel, dtype=np.float32)


def load_phrases(folder: Path) -> tuple[Phrase, ...]:
    """The committed phrases of every language in ``folder`` (each with ``manifest.json`` and its OGG files)."""
    found = []
    for path in sorted(folder.glob("*/manifest.json")):
        for entry in json.loads(path.read_text("utf-8"))["phrases"]:
            samples, rate = soundfile.read(path.parent / entry["file"], dtype="float32")
            if rate != PIPE_RATE or samples.ndim != 1:
                raise ValueError(f"{entry['file']} is not mono at {PIPE_RATE} Hz: render the voices anew")
            whole = samples[: len(samples) // _STEP * _STEP]
            found.append(Phrase(str(entry["id"]), str(entry["text"]), Resampler().feed(whole)))
    return tuple(found)


def _chime() -> Samples:
    """The two notes, fading, as the ears expect them."""
    t = np.arange(round(CHIME_S * RATE)) / RATE
    total = np.zeros_like(t)
    for frequency, start in CHIME:
        since = t - start
        total += np.where(since >= 0, np.exp(-5 * since) * np.sin(2 * math.pi * frequency * since), 0.0)
    return total.astype(np.float32)


Report = Callable[[int, float, Phrase | None, float, float, bool, bool], None]


class Listener:
    """Turns sound into lines. Pure: fed with samples, tells what it heard through ``report``.

    ``report(index, offset_s, phrase, level_db, heard_s, complete, ended)``: line ``index`` is new or has changed;
    ``offset_s``: how long before the end of what was fed the chime began.
    """

    def __init__(self, phrases: tuple[Phrase, ...], report: Report) -> None:
        self._phrases = phrases
        self._report = report
        self._resampler = Resampler()
        self._chime = _chime()
        self._chime_norm = float(np.linalg.norm(self._chime))
        self._kept = np.zeros(0, dtype=np.float32)
        self._first = 0
        """Number of the first kept sample."""
        self._searched = 0
        self._loud_until = 0
        self._lines = 0
        self._utterance: _Utterance | None = None

    @property
    def sounding(self) -> bool:
        """Whether anything can be heard now, a pause inside a phrase included."""
        end = self._first + len(self._kept)
        return self._loud_until > 0 and end - self._loud_until < _SOUNDING_S * RATE

    def feed(self, samples: Samples) -> None:
        """More sound at 48 kHz, −1 … 1, a multiple of six samples."""
        end = self._first + len(self._kept)
        quiet = float(np.abs(samples).max(initial=0.0)) < _QUIET
        if quiet and self._utterance is None and end - self._loud_until > _QUIET_S * RATE:
            # Nothing to hear: count the time, keep just enough for a note that begins inside the next block.
            fresh = self._resampler.feed(samples)
            self._first, self._kept = end, fresh
            self._searched = self._first
            return
        fresh = self._resampler.feed(samples)
        loud = np.flatnonzero(np.abs(fresh) > _QUIET)
        if len(loud):
            self._loud_until = end + int(loud[-1])
        self._kept = np.concatenate((self._kept, fresh))
        self._search()
        self._follow()
        surplus = len(self._kept) - _KEPT_S * RATE
        if surplus > 0:
            self._kept = self._kept[surplus:]
            self._first += surplus
            self._searched = max(self._searched, self._first)

    # -- the chime ---------------------------------------------------------------------------------

    def _search(self) -> None:
        """Look for a chime that begins where none was looked for yet."""
        length = len(self._chime)
        part = self._kept[self._searched - self._first :]
        starts = len(part) - length + 1
        # One more block is waited for, so that a peak is seen from both sides.
        if starts < round(0.1 * RATE):
            return
        size = 1 << (len(part) - 1).bit_length()
        spectrum = np.fft.rfft(part, size) * np.conj(np.fft.rfft(self._chime, size))
        products = np.fft.irfft(spectrum, size)[:starts]
        energy = np.concatenate(([0.0], np.cumsum(part.astype(np.float64) ** 2)))
        norms = np.sqrt(np.maximum(energy[length:] - energy[:-length], 1e-12))[:starts]
        match = np.where(norms > _QUIET * 10, products / (norms * self._chime_norm), 0.0)
        above = np.flatnonzero(match >= _CHIME_MATCH)
        if not len(above):
            self._searched += starts
            return
        # The first one, at its peak; a later one is found in the next round.
        first = int(above[0])
        if first + _NEXT_CHIME > starts:
            self._searched += max(0, first - 1)
            return
        best = first + int(np.argmax(match[first : first + _NEXT_CHIME]))
        begun = self._searched + best
        self._searched = begun + _NEXT_CHIME
        self._end_utterance(begun)
        self._utterance = _Utterance(self._lines, begun, begun + round((CHIME_S + PAUSE_S) * RATE))
        self._lines += 1

    # -- the phrase --------------------------------------------------------------------------------

    def _follow(self) -> None:
        said = self._utterance
        if said is None:
            return
        end = self._first + len(self._kept)
        heard = max(0, min(end, self._loud_until) - said.start)
        over = end - max(self._loud_until, said.start) > _QUIET_S * RATE
        self._recognise(said, end, over)
        if said.phrase is not None and heard >= len(said.phrase.samples) - 0.3 * RATE:
            self._finish(said, len(said.phrase.samples), True)
        elif over:
            self._finish(said, heard, False)

    def _end_utterance(self, at: int) -> None:
        """A new chime cuts off whatever was being said."""
        if (said := self._utterance) is not None:
            self._recognise(said, at, True)
            self._finish(said, max(0, at - said.start), False)

    def _recognise(self, said: _Utterance, end: int, over: bool) -> None:
        sounding = self._kept[said.start - SLACK - self._first : end - self._first]
        available = len(sounding) - 2 * SLACK
        if said.phrase is not None or available < (0.3 if over else _SURE_S) * RATE:
            return
        if available < said.compared + _AGAIN and not over:
            return
        said.compared = available
        scores, possible = [], list[Phrase]()
        for phrase in said.likely or self._phrases:
            n = min(available, len(phrase.samples))
            score, gain = compare(sounding, phrase.samples[:n], said.lag)
            if score < _HOPELESS:
                continue
            possible.append(phrase)
            beyond = sounding[2 * SLACK + n :][:_AFTER]
            goes_on = len(beyond) > 0.1 * RATE and float(np.abs(beyond).max()) > 10 * _QUIET
            if score >= _PHRASE_MATCH and not goes_on:
                scores.append((score, len(phrase.samples), phrase, gain))
        if available >= _SURE_S * RATE:
            said.likely = tuple(possible)
        if not scores:
            return
        scores.sort(key=lambda entry: (round(entry[0], 2), entry[1]), reverse=True)
        shortest = min(length for _, length, _, _ in scores)
        if len(scores) > 1 and not over and available < shortest + _QUIET_S * RATE:
            return
        score, _, said.phrase, said.gain = scores[0]
        self._tell(said, available / RATE, False, False)

    def _finish(self, said: _Utterance, heard: int, complete: bool) -> None:
        self._tell(said, heard / RATE, complete, True)
        self._utterance = None

    def _tell(self, said: _Utterance, heard_s: float, complete: bool, ended: bool) -> None:
        level_db = 20 * math.log10(max(said.gain, 1e-4)) if said.phrase is not None else 0.0
        offset_s = (self._first + len(self._kept) - said.begun) / RATE
        self._report(said.line, offset_s, said.phrase, level_db, heard_s, complete, ended)


@dataclass
class _Utterance:
    """One chime and what follows. ``begun``, ``start``: sample numbers of chime and phrase."""

    line: int
    begun: int
    start: int
    phrase: Phrase | None = None
    gain: float = 0.0
    lag: int | None = None
    compared: int = 0
    likely: tuple[Phrase, ...] = ()


class Ears:
    """Reads the pipe and keeps the transcript (the last 2,000 lines). ``now``: the bench's time."""

    def __init__(self, pipe: Path, voices: Path, changes: Changes, now: Callable[[], datetime]) -> None:
        self._changes = changes
        self._now = now
        self._lock = threading.Lock()
        self._lines: deque[Heard] = deque(maxlen=_KEPT_LINES)
        self._count = 0
        self._received = 0
        self._sounding = False
        self._listener = Listener(load_phrases(voices), self._heard)
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe, 0o600)
        # Both ends, so that it stays open when one kiosk process goes and the next one comes.
        self._fd = os.open(pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._stop_out, self._stop_in = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="ears", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        os.write(self._stop_in, b"!")
        if self._thread.is_alive():
            self._thread.join()
        for fd in (self._fd, self._stop_in, self._stop_out):
            os.close(fd)

    @property
    def count(self) -> int:
        """How many lines there were; a mark for :meth:`transcript`."""
        with self._lock:
            return self._count

    @property
    def received_s(self) -> float:
        """Seconds of sound, silence included, that came through the pipe."""
        return self._received / 2 / PIPE_RATE

    @property
    def sounding(self) -> bool:
        """Whether the loudspeaker can be heard now, be it with words that are not known."""
        return self._sounding

    def transcript(self, since: int = 0) -> list[Heard]:
        """What was said after the mark ``since``, oldest first."""
        with self._lock:
            new = self._count - since
            return list(self._lines)[-new:] if new > 0 else []

    def _run(self) -> None:
        block = 2 * _STEP
        pending = b""
        while True:
            ready, _, _ = select.select([self._fd, self._stop_out], [], [])
            if self._stop_out in ready:
                return
            pending += os.read(self._fd, 1 << 16)
            whole = len(pending) // block * block
            if whole < 2048:
                continue
            part, pending = pending[:whole], pending[whole:]
            self._received += whole
            self._listener.feed((np.frombuffer(part, dtype="<i2") / np.float32(32768)).astype(np.float32))
            if self._sounding != self._listener.sounding:
                self._sounding = self._listener.sounding
                self._changes.ring()

    def _heard(
        self,
        index: int,
        offset_s: float,
        phrase: Phrase | None,
        level_db: float,
        heard_s: float,
        complete: bool,
        ended: bool,
    ) -> None:
        with self._lock:
            at = self._now() - timedelta(seconds=offset_s)
            name, text = ("", "") if phrase is None else (phrase.id, phrase.text)
            line = Heard(at, name, text, level_db, heard_s, complete, ended)
            behind = self._count - index
            if behind <= 0:
                self._lines.append(line)
                self._count = index + 1
            elif behind <= len(self._lines):
                self._lines[-behind] = replace(line, time=self._lines[-behind].time)
        self._changes.ring()
