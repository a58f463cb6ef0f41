"""The camera check before opening: a test pattern, of nobody, goes the whole way to the video disk and back.

It has a slot of its own beside the ring (`place.TEST_SLOT`), so that it never writes over a picture and is never found
among them. Its key is made for this once and kept nowhere.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from drivers.camera import Packet
from recorder import slot as slots
from recorder.place import OneFile
from recorder.record import Flag, Group, RecordDamaged
from recorder.slot import SlotHeader, State
from recorder.times import Stamp
from recorder.vault import KEY_BYTES
from recorder.writer import Writer, fetch, heads


def prove(path: Path, device: bytes, picture: bytes, at: Stamp) -> None:
    """Store the picture in the test slot and read it back from the disk. Raises OSError when that does not succeed."""
    place = OneFile(path)
    try:
        before = slots.read(place, 0)
        generation, key = before.generation + 1 if before else 1, secrets.token_bytes(KEY_BYTES)
        header = SlotHeader(0, generation, State.WRITING, device, at, at)
        slots.write(place, header)
        writer = Writer(place, header, key)
        group = Group(0, at, (Packet(picture, True, at.boot_ns, at.utc_us),), Flag.TEST)
        if not writer.append(group):
            raise OSError(f"{path}: the test picture does not fit into a slot")
        sealed = writer.seal()
        place.forget()
        try:
            found = [fetch(place, 0, head, key) for head in heads(place, 0, generation, sealed.data_end)]
        except RecordDamaged:
            found = []
        if slots.read(place, 0) != sealed or found != [group]:
            raise OSError(f"{path}: what the disk gives back is not what was stored: replace the video disk")
    finally:
        place.close()
