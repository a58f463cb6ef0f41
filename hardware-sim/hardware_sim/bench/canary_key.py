"""Finding a session's private key in live memory without knowing it (see :mod:`hardware_sim.bench.canary`).

An X25519 private key is 32 bytes that look like chance. Each window of 32 bytes at a multiple of eight that looks so
is turned into its public key, and that is compared with the one the city was given. Which one that was is told by
the city's own memory, where it lies as part of the session it keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from .canary import Hit, mappings, read_memory

Words = NDArray[np.uint64]
KEY_BYTES = 32
_DISTINCT = 24
"""32 bytes by chance have 30 different values; one key in 75,000 has fewer than 24."""


@dataclass(frozen=True)
class Candidate:
    """A window that could be a key."""

    value: bytes = field(repr=False)
    place: str
    address: int


def windows(pids: Mapping[int, str]) -> frozenset[bytes]:
    """Every value that could be a key now. Taken before a session begins, it tells what cannot be its key."""
    return frozenset(each.value for each in candidates(pids))


def windows_of(data: bytes) -> frozenset[bytes]:
    """The same for known bytes, which may lie in memory at any offset."""
    return frozenset(data[at : at + KEY_BYTES] for at in range(len(data) - KEY_BYTES + 1))


def candidates(pids: Mapping[int, str], known: frozenset[bytes] = frozenset()) -> list[Candidate]:
    """Every window of the processes' memory that could be a private key and is not ``known``, each value once."""
    found: dict[bytes, Candidate] = {}
    for pid, name in pids.items():
        for region in mappings(pid):
            for address, data in read_memory(pid, region):
                for offset, value in _random_windows(data):
                    if value not in known and value not in found:
                        place = f"memory of {name} {region.label}"
                        found[value] = Candidate(value, place, address + offset)
    return list(found.values())


def _random_windows(data: bytes) -> Iterable[tuple[int, bytes]]:
    usable = len(data) // 8 * 8
    words: Words = np.frombuffer(data[:usable], dtype=np.uint64)
    if len(words) < 4:
        return
    # Pointers, small numbers and text are no chance: cheap looks first, then the count of different bytes.
    high = words >> np.uint64(48)
    plain = (words & np.uint64(0x8080808080808080)) == 0
    good = (high != 0) & (high != 0xFFFF) & ~plain
    starts = np.flatnonzero(good[:-3] & good[1:-2] & good[2:-1] & good[3:])
    octets = np.frombuffer(data[:usable], dtype=np.uint8)
    for part in np.array_split(starts, max(1, len(starts) // 200_000)):
        rows = octets[part[:, None] * 8 + np.arange(KEY_BYTES)]
        ordered = np.sort(rows, axis=1)
        distinct = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
        for row in np.flatnonzero(distinct >= _DISTINCT):
            yield int(part[row]) * 8, rows[row].tobytes()


def public_of(value: bytes) -> bytes:
    """The X25519 public key of 32 bytes (RFC 7748)."""
    return X25519PrivateKey.from_private_bytes(value).public_key().public_bytes_raw()


@dataclass(frozen=True)
class SessionKey:
    """A private key found in the kiosk whose public half the city holds."""

    public: bytes = field(repr=False)
    hits: tuple[Hit, ...]


def session_keys(held: Iterable[Candidate], city: int) -> list[SessionKey]:
    """Those of the windows held by the kiosk whose public key lies in the memory of the city's process."""
    pairs = {public_of(each.value): each for each in held}
    if not pairs:
        return []
    heads = np.unique(np.array([int.from_bytes(public[:8], "little") for public in pairs], dtype=np.uint64))
    seen: set[bytes] = set()
    for region in mappings(city):
        for _, data in read_memory(city, region):
            usable = len(data) // 8 * 8
            words: Words = np.frombuffer(data[:usable], dtype=np.uint64)
            for index in np.flatnonzero(np.isin(words, heads)):
                window = data[int(index) * 8 : int(index) * 8 + KEY_BYTES]
                if window in pairs:
                    seen.add(window)
    return [SessionKey(public, (_hit(pairs[public]),)) for public in seen]


def find_private(pids: Mapping[int, str], public: bytes, known: frozenset[bytes] = frozenset()) -> list[Hit]:
    """Where the private half of ``public`` lies in the memory of these processes."""
    return [_hit(each) for each in candidates(pids, known) if public_of(each.value) == public]


def _hit(candidate: Candidate) -> Hit:
    return Hit("session private key (X25519)", candidate.place, candidate.address)


def to_json(keys: Iterable[SessionKey]) -> list[dict[str, Any]]:
    return [hit.to_json() for key in keys for hit in key.hits]
