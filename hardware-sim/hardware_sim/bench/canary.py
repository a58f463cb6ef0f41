"""The canary oracle: does anything of a person remain, in files or in the live memory of processes?

It knows what to look for (the register, the card, the tile on the page) and finds it byte for byte: in files read
raw, so that free database pages and write-ahead logs are looked at too, in deleted files that a process still holds
open, and in every readable and writable mapping of a process (proc(5)). The session's private key has no known
bytes; it is found by trying: each window of memory that could be an X25519 key is turned into its public key.

Hits tell where and what, never the bytes around. Reading another process needs CAP_SYS_PTRACE (root).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PROC: Final = Path("/proc")
_CHUNK: Final = 16 * 1024 * 1024
_PAGE: Final = 4096
_SHORTEST: Final = 6
_SKIPPED: Final = ("[vvar", "[vdso", "[vsyscall", "/dev/dri", "/dev/nvidia")
SLICE: Final = 32
"""Length of the pieces a long needle is cut into."""
SLICE_EVERY: Final = 128


@dataclass(frozen=True)
class Needle:
    """Bytes that must not remain. The bytes stay out of every repr."""

    name: str
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < _SHORTEST:
            raise ValueError(f"{self.name} is too short a needle: other bytes would be taken for it")


@dataclass(frozen=True)
class Hit:
    """A needle was there. ``place``: file or process with mapping; ``offset``: bytes into file or address."""

    needle: str
    place: str
    offset: int

    def to_json(self) -> dict[str, Any]:
        return {"needle": self.needle, "place": self.place, "offset": self.offset}


class NotAllowed(PermissionError):
    """The memory of a process may not be read: run as root (CAP_SYS_PTRACE)."""


# ---- what to look for -------------------------------------------------------------------------------------


def of_name(what: str, name: str) -> list[Needle]:
    """A full name, with each of the spaces it may be written with, in every encoding and as hex in a PDF string.

    A spelling of less than six bytes is left out: it would be found by chance.
    """
    parts = name.split()
    spellings = {space: space.join(parts) for space in ("", " ", "　")}
    kinds = {"": "joined", " ": "space", "　": "wide space"}
    found = []
    for space, spelling in spellings.items():
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
            if len(spelling.encode(encoding)) >= _SHORTEST:
                found.append(Needle(f"{what} ({kinds[space]}, {encoding})", spelling.encode(encoding)))
        digits = spelling.encode("utf-16-be").hex()
        found.append(Needle(f"{what} ({kinds[space]}, PDF hex)", digits.encode()))
        found.append(Needle(f"{what} ({kinds[space]}, PDF HEX)", digits.upper().encode()))
    # A name without a space has one spelling only.
    return list({needle.value: needle for needle in found}.values())


def of_pin(pin: str) -> list[Needle]:
    """The PIN as it goes to the card: VERIFY 00 20 00 80 Lc and the digits (ISO 7816-4)."""
    digits = pin.encode("ascii")
    return [Needle("PIN (VERIFY)", b"\x00\x20\x00\x80" + bytes((len(digits),)) + digits)]


def slices(what: str, data: bytes) -> list[Needle]:
    """Pieces of something long, so that a fragment of it is found too."""
    last = max(1, len(data) - SLICE + 1)
    return [Needle(f"{what} [{at}]", data[at : at + SLICE]) for at in range(0, last, SLICE_EVERY)]


def deflate_streams(pdf: bytes, content: bytes) -> list[bytes]:
    """The Flate streams of a PDF that hold exactly ``content``."""
    found = []
    for start in re.finditer(rb"stream\r?\n", pdf):
        decoder = zlib.decompressobj()
        with suppress(zlib.error):
            if decoder.decompress(pdf[start.end() :]) == content:
                found.append(pdf[start.end() : len(pdf) - len(decoder.unused_data)])
    return found


# ---- files ------------------------------------------------------------------------------------------------


def scan_files(roots: Mapping[str, Path], needles: Sequence[Needle]) -> list[Hit]:
    """Every regular file below each root, raw. ``roots``: name for the report to folder or file."""
    hits: list[Hit] = []
    for name, root in roots.items():
        for path in sorted([root] if root.is_file() else root.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            inside = name if path == root else f"{name}/{path.relative_to(root)}"
            with suppress(FileNotFoundError):
                hits += _in_file(path, f"file {inside}", needles)
    return hits


def _in_file(path: Path, place: str, needles: Sequence[Needle]) -> list[Hit]:
    def chunks() -> Iterator[tuple[int, bytes]]:
        with path.open("rb") as file:
            at = 0
            while data := file.read(_CHUNK):
                yield at, data
                at += len(data)

    return list(_search(chunks(), place, _Hay(needles)))


class _Hay:
    """All needles looked for in one pass: by two bytes of each, then by the whole.

    The two bytes are those within the needle that are rarest in the memory of a program: no zero among them, and
    above ASCII where there are such.
    """

    def __init__(self, needles: Sequence[Needle]) -> None:
        self.longest = max((len(needle.value) for needle in needles), default=1)
        self._probed = np.zeros(1 << 16, dtype=np.bool_)
        self._by_probe: dict[int, list[tuple[int, Needle]]] = {}
        for needle in needles:
            at = _rarest(needle.value)
            probe = int.from_bytes(needle.value[at : at + 2], "little")
            self._probed[probe] = True
            self._by_probe.setdefault(probe, []).append((at, needle))

    def find(self, data: bytes) -> Iterator[tuple[int, Needle]]:
        """(offset, needle) of every place, in no order."""
        for shift in (0, 1):
            count = (len(data) - shift) // 2
            if count <= 0:
                continue
            pairs = np.frombuffer(data, dtype="<u2", count=count, offset=shift)
            places = np.flatnonzero(self._probed[pairs])
            probes = pairs[places]
            for probe in np.unique(probes).tolist():
                mine = places[probes == probe] * 2 + shift
                for at, needle in self._by_probe[probe]:
                    yield from ((start, needle) for start in _verified(data, mine - at, needle.value))


def _rarest(value: bytes) -> int:
    """Offset of the two bytes to look for."""
    scores = [(0 not in pair) + sum(byte > 0x7F for byte in pair) for pair in pairwise(value)]
    return scores.index(max(scores))


def _verified(data: bytes, starts: NDArray[np.int64], value: bytes) -> Iterator[int]:
    octets = np.frombuffer(data, dtype=np.uint8)
    left = starts[(starts >= 0) & (starts <= len(data) - len(value))]
    for at, byte in enumerate(value):
        if not len(left):
            return
        left = left[octets[left + at] == byte]
    yield from left.tolist()


def _search(chunks: Iterable[tuple[int, bytes]], place: str, hay: _Hay) -> Iterator[Hit]:
    """(offset, bytes) in order; a needle across two that follow each other is found, and found once."""
    tail, expected = b"", -1
    for begin, chunk in chunks:
        if begin != expected:
            tail = b""
        data, start = tail + chunk, begin - len(tail)
        for found, needle in hay.find(data):
            if found + len(needle.value) > len(tail):
                yield Hit(needle.name, place, start + found)
        expected = begin + len(chunk)
        tail = data[len(data) - min(hay.longest - 1, len(data)) :]


# ---- memory -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Region:
    """One mapping of a process: addresses and what it is."""

    start: int
    end: int
    label: str


def mappings(pid: int) -> list[Region]:
    """Readable and writable mappings. Empty when the process has ended.

    Raises:
        NotAllowed: they may not be looked at.
    """
    found = []
    try:
        lines = (_PROC / str(pid) / "maps").read_text("utf-8", "replace").splitlines()
    except PermissionError:
        raise NotAllowed(f"the memory of process {pid} may not be read: run this as root") from None
    except (FileNotFoundError, ProcessLookupError):
        return []
    for line in lines:
        fields = line.split(maxsplit=5)
        label = fields[5] if len(fields) > 5 else "anonymous"
        if not fields[1].startswith("rw") or label.startswith(_SKIPPED):
            continue
        start, end = (int(part, 16) for part in fields[0].split("-"))
        found.append(Region(start, end, label))
    return found


def read_memory(pid: int, region: Region) -> Iterator[tuple[int, bytes]]:
    """(address, bytes) of what is not zero in a mapping; pages that cannot be read are left out.

    Raises:
        NotAllowed: the memory may not be read.
    """
    try:
        memory = (_PROC / str(pid) / "mem").open("rb", buffering=0)
    except PermissionError:
        raise NotAllowed(f"the memory of process {pid} may not be read: run this as root") from None
    except (FileNotFoundError, ProcessLookupError):
        return
    with memory:
        at = region.start
        while at < region.end:
            try:
                memory.seek(at)
                data = memory.read(min(_CHUNK, region.end - at))
            except OSError:
                return
            if not data:
                return
            for offset, part in _used(data):
                yield at + offset, part
            at += len(data)


def _used(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Runs of pages that are not all zero: most of what is mapped was never touched."""
    pages = len(data) // _PAGE
    if pages * _PAGE != len(data):
        yield 0, data
        return
    used = np.frombuffer(data, dtype=np.uint64).reshape(pages, -1).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], used, [False]))))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield first * _PAGE, data[first * _PAGE : last * _PAGE]


def scan_memory(pids: Mapping[int, str], needles: Sequence[Needle]) -> list[Hit]:
    """Live memory of processes, and the deleted files they hold open. ``pids``: to a name for the report."""
    hits: list[Hit] = []
    hay = _Hay(needles)
    for pid, name in pids.items():
        for mapping in mappings(pid):
            hits += _search(read_memory(pid, mapping), f"memory of {name} {mapping.label}", hay)
        hits += _deleted_files(pid, name, needles)
    return hits


def _deleted_files(pid: int, name: str, needles: Sequence[Needle]) -> list[Hit]:
    hits: list[Hit] = []
    with suppress(OSError):
        for link in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                target = str(link.readlink())
                if ("(deleted)" in target or target.startswith("/memfd:")) and link.is_file():
                    hits += _in_file(link, f"deleted file of {name}", needles)
    return hits


def memory_size(pids: Iterable[int]) -> int:
    """Bytes of all mappings that are scanned."""
    return sum(mapping.end - mapping.start for pid in pids for mapping in mappings(pid))
