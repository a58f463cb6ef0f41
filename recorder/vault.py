"""The keys of the slots, off the video disk: one for each generation of a slot, dropped when the video has expired.

A file of fixed size on the system's disk, one entry of 128 bytes for each slot, written over in place. An entry is the
generation and a random AES-256 key, wrapped with the machine's own key (AES-GCM; associated data: slot, generation).
Once an entry is written over, no image of the video disk, however early, can be opened with this machine's key.
"""

from __future__ import annotations

import os
import secrets
import struct
import zlib
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recorder.place import OneFile, Place

KEY_BYTES: Final = 32
_ENTRY: Final = 128
_HEAD: Final = struct.Struct("<4sIQ12s48s")
"""magic, slot, generation, nonce, wrapped key."""
_MAGIC: Final = b"KEY1"
_CRC: Final = struct.Struct("<I")


class VaultError(RuntimeError):
    """The keys cannot be used; the message says what to do."""


class Vault:
    """Keys by slot and generation. kek: 32 bytes, the machine's own key (credential ``recorder-kek``).

    Raises VaultError when the store is of another size, or of another machine.
    """

    def __init__(self, store: Place, slots: int, kek: bytes) -> None:
        if len(kek) != KEY_BYTES:
            raise VaultError("the recorder's key must be 32 bytes: make it with 'head -c 32 /dev/urandom'")
        if store.slot_bytes != (slots + 1) * _ENTRY:
            raise VaultError(f"the keys are not for {slots} slots: put the number of slots of the machine file back")
        self._store = store
        self._kek = AESGCM(kek)
        self._slots = slots
        if self._unwrap(slots) is None:
            raise VaultError(
                "the keys were made with another recorder-kek: put the right one back; this one opens nothing"
            )

    @classmethod
    def open(cls, path: Path, slots: int, kek: bytes) -> Vault:
        """The vault of this machine. Raises VaultError; its message says what to do when the file is missing. OSError
        when its disk fails."""
        try:
            store = OneFile(path)
        except FileNotFoundError as error:
            raise VaultError(
                f"{path}: {error.strerror}: without it no stored video can be read; put its backup back, or give the "
                "video up and prepare the disk anew with 'python -m recorder.prepare'"
            ) from error
        try:
            return cls(store, slots, kek)
        except VaultError:
            store.close()
            raise

    @classmethod
    def create(cls, path: Path, slots: int, kek: bytes) -> Vault:
        """A new vault without keys. Raises VaultError if one is there: it may hold the only keys of stored video."""
        if path.exists():
            raise VaultError(f"{path} is there already: its keys open stored video; move it away if that is meant")
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(file, empty(slots, kek), 0)
            os.fsync(file)
        finally:
            os.close(file)
        beside.rename(path)
        return cls.open(path, slots, kek)

    def renew(self, slot: int, generation: int) -> bytes:
        """A new key instead of the slot's old one, which is gone when this returns. Returns the key."""
        key = secrets.token_bytes(KEY_BYTES)
        self._write(slot, _entry(self._kek, slot, generation, key))
        return key

    def drop(self, slot: int) -> None:
        """Destroy the slot's key: what it holds can never be read again."""
        self._write(slot, bytes(_ENTRY))

    def key(self, slot: int, generation: int) -> bytes | None:
        """The key of this generation; None when it was dropped, replaced or damaged."""
        found = self._unwrap(slot)
        return found[1] if found is not None and found[0] == generation else None

    def generation(self, slot: int) -> int:
        """Of the key that is there; 0 for none."""
        found = self._unwrap(slot)
        return found[0] if found is not None else 0

    def close(self) -> None:
        self._store.close()

    def _write(self, slot: int, entry: bytes) -> None:
        if not 0 <= slot < self._slots:
            raise ValueError(f"there is no slot {slot}")
        self._store.write(0, slot * _ENTRY, entry)
        self._store.sync(0)

    def _unwrap(self, slot: int) -> tuple[int, bytes] | None:
        entry = self._store.read(0, slot * _ENTRY, _ENTRY)
        head = entry[: _HEAD.size]
        magic, number, generation, nonce, wrapped = _HEAD.unpack(head)
        if magic != _MAGIC or number != slot or _CRC.unpack_from(entry, _HEAD.size)[0] != zlib.crc32(head):
            return None
        try:
            return generation, self._kek.decrypt(nonce, wrapped, _bound(slot, generation))
        except InvalidTag:
            return None


def empty(slots: int, kek: bytes) -> bytes:
    """The content of a new store. Its last entry belongs to no slot: it shows whether the machine's key is the right
    one."""
    return bytes(slots * _ENTRY) + _entry(AESGCM(kek), slots, 0, secrets.token_bytes(KEY_BYTES))


def _bound(slot: int, generation: int) -> bytes:
    return b"slot key" + struct.pack("<IQ", slot, generation)


def _entry(kek: AESGCM, slot: int, generation: int, key: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    head = _HEAD.pack(_MAGIC, slot, generation, nonce, kek.encrypt(nonce, key, _bound(slot, generation)))
    return (head + _CRC.pack(zlib.crc32(head))).ljust(_ENTRY, b"\0")
