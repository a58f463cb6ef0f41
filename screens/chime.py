"""The two soft notes before every phrase, made by code: 16-bit mono, fundamental and overtone under 2.5 kHz."""

from __future__ import annotations

import array
import functools
import math
from typing import Final

RATE: Final = 48_000
NOTES: Final = ((783.99, 0.0), (1046.50, 0.22))
"""Frequency in Hz (G5, C6) and when it begins, in seconds. Older ears hear these; nothing above 2.1 kHz sounds."""
LENGTH_S: Final = 0.85
PEAK: Final = 0.16
PAUSE_S: Final = 0.18
"""Silence between chime and speech."""


@functools.cache
def chime() -> bytes:
    """Samples of chime and pause, little-endian int16, 48 kHz, mono."""
    count = round(LENGTH_S * RATE)
    samples = [0.0] * count
    for frequency, start in NOTES:
        first = round(start * RATE)
        for index in range(first, count):
            t = (index - first) / RATE
            rise = min(1.0, t / 0.012)
            fall = math.exp(-5.0 * t) * min(1.0, (count - index) / (0.05 * RATE))
            wave = math.sin(2 * math.pi * frequency * t) + 0.18 * math.sin(4 * math.pi * frequency * t)
            samples[index] += rise * fall * wave
    loudest = max(abs(value) for value in samples)
    scaled = array.array("h", (round(value / loudest * PEAK * 32767) for value in samples))
    return scaled.tobytes() + bytes(2 * round(PAUSE_S * RATE))
