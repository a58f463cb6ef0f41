"""What can go wrong with the simulated input module, as the bench page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "silent": "無応答",
        "garbled": "応答の化け（CRC 不一致）",
        "exception": "例外応答",
        "unplugged": "ケーブル抜け",
        "replugged": "ケーブルの抜き差し",
    }
)
"""Name → label. Each lasts until it is cleared; `replugged` is over at once and leaves the cable in."""
