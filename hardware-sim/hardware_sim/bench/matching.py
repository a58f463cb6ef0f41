"""How much two pieces of sound are alike."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE: Final = 8_000
"""Everything is compared at this rate; the chime and a voice have what tells them apart below 4 kHz."""
SLACK: Final = round(0.03 * RATE)
"""Samples by which a phrase may begin earlier or later."""


def compare(sounding: Samples, wanted: Samples, lag: int | None) -> tuple[float, float]:
    """Highest normalised correlation over the slack, and how loud: (−1 … 1, gain).

    The place is looked for with the first second; then the whole is compared there.
    """
    norm = float(np.linalg.norm(wanted))
    if norm < 1e-6:
        return 0.0, 0.0
    if lag is None:
        probe = wanted[: RATE // 2]
        room = sounding[: len(probe) + 2 * SLACK]
        lag = int(np.argmax(np.correlate(room, probe, "valid")))
    part = sounding[lag : lag + len(wanted)]
    product = float(part @ wanted[: len(part)])
    return product / max(norm * float(np.linalg.norm(part)), 1e-9), product / norm**2
