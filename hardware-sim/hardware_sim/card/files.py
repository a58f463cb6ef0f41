"""What every card with applications and files does alike (ISO/IEC 7816-4): SELECT, READ BINARY, PINs, keys."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from .air import Air
from .apdu import SW, ApduLengthError, CommandApdu, parse


class Card(Protocol):
    """What a front end needs of a card. None of the calls raises or blocks."""

    @property
    def air(self) -> Air:
        """How a radio sees it."""

    @property
    def atr(self) -> bytes:
        """Answer to reset, as a contactless PC/SC reader makes it up (PC/SC part 3)."""

    @property
    def uid(self) -> bytes:
        """PUPI, UID or IDm; the first two are fresh for each activation."""

    def activate(self) -> None:
        """Power on or reset: selection and PIN state go, retry counters stay."""

    def deactivate(self) -> None:
        """Power off or field off."""

    def exchange(self, command: bytes) -> bytes:
        """One command APDU in, one response APDU (data, SW1, SW2) out."""


@dataclass
class Secret:
    """A PIN or password with its retry counter. The value never shows in ``repr``."""

    value: bytes = field(repr=False)
    max_tries: int
    tries_left: int
    verified: bool = False

    def check(self, given: bytes) -> bytes:
        """VERIFY with data: 9000, 63Cx with x tries left, or 6984 when it was blocked before."""
        if self.tries_left == 0:
            return SW.REFERENCE_DATA_UNUSABLE.to_bytes_be()
        if hmac.compare_digest(given, self.value):
            self.tries_left = self.max_tries
            self.verified = True
            return SW.OK.to_bytes_be()
        self.tries_left -= 1
        self.verified = False
        return self.status()

    def status(self) -> bytes:
        """VERIFY without data: 63Cx always, also when verified or blocked; costs nothing."""
        return bytes((0x63, 0xC0 | self.tries_left))


@dataclass(frozen=True)
class TransparentFile:
    """A file read by READ BINARY; ``needs`` names the secret that has to be verified first."""

    content: bytes = field(repr=False)
    needs: Secret | None = None


@dataclass(frozen=True)
class KeyFile:
    """A private key that signs once ``needs`` is verified."""

    key: RSAPrivateKey = field(repr=False)
    needs: Secret


ElementaryFile = TransparentFile | KeyFile | Secret
Handler = Callable[[CommandApdu], bytes]


class ApplicationCard:
    """A card of applications, each with its files: AID -> file identifier -> file.

    SELECT by AID and by file, and READ BINARY; a kind of card adds its own commands to :attr:`_commands`.
    Thread-safe: the control plane may read and set counters while a command runs.
    """

    def __init__(self, air: Air, applications: Mapping[bytes, Mapping[int, ElementaryFile]]) -> None:
        self._air = air
        self._uid = air.fresh_uid()
        self._lock = threading.Lock()
        self._applications = applications
        self._application: bytes | None = None
        self._current: ElementaryFile | None = None
        self._commands: dict[tuple[int, int], Handler] = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB0): self._read_binary,
        }

    @property
    def air(self) -> Air:
        return self._air

    @property
    def atr(self) -> bytes:
        return self._air.atr

    @property
    def uid(self) -> bytes:
        return self._uid

    def activate(self) -> None:
        with self._lock:
            self._uid = self._air.fresh_uid()
            self._leave_application()

    def deactivate(self) -> None:
        with self._lock:
            self._leave_application()

    def exchange(self, command: bytes) -> bytes:
        with self._lock:
            try:
                return self._dispatch(parse(command))
            except ApduLengthError:
                return SW.WRONG_LENGTH.to_bytes_be()
            except Exception:  # a card answers whatever happens inside it; a silent one would hang its reader
                return SW.NO_DIAGNOSIS.to_bytes_be()

    def _dispatch(self, command: CommandApdu) -> bytes:
        handler = self._commands.get((command.cla, command.ins))
        if handler is not None:
            return handler(command)
        if command.cla not in {cla for cla, _ in self._commands}:
            return SW.CLA_NOT_SUPPORTED.to_bytes_be()
        return SW.INS_NOT_SUPPORTED.to_bytes_be()

    def _leave_application(self) -> None:
        self._application = None
        self._current = None
        for files in self._applications.values():
            for file in files.values():
                if isinstance(file, Secret):
                    file.verified = False

    def _select(self, command: CommandApdu) -> bytes:
        if command.p1 == 0x04 and command.p2 in (0x00, 0x0C):
            return self._select_application(command)
        if command.p1 == 0x02 and command.p2 == 0x0C:
            return self._select_file(command)
        return SW.WRONG_P1_P2.to_bytes_be()

    def _select_application(self, command: CommandApdu) -> bytes:
        if command.data not in self._applications:
            return SW.NOT_FOUND.to_bytes_be()
        self._leave_application()
        self._application = command.data
        if command.p2 == 0x00 and command.le is not None:
            name = bytes((0x84, len(command.data))) + command.data
            return bytes((0x6F, len(name))) + name + SW.OK.to_bytes_be()
        return SW.OK.to_bytes_be()

    def _select_file(self, command: CommandApdu) -> bytes:
        if len(command.data) != 2:
            return SW.WRONG_LENGTH.to_bytes_be()
        selected = None
        if self._application is not None:
            selected = self._applications[self._application].get(int.from_bytes(command.data, "big"))
        if selected is None:
            return SW.NOT_FOUND.to_bytes_be()
        self._current = selected
        return SW.OK.to_bytes_be()

    def _read_binary(self, command: CommandApdu) -> bytes:
        if command.data or command.le is None:
            return SW.WRONG_LENGTH.to_bytes_be()
        if command.p1 & 0x80:
            return SW.WRONG_P1_P2.to_bytes_be()
        current = self._current
        if not isinstance(current, TransparentFile):
            return SW.NO_CURRENT_EF.to_bytes_be()
        if current.needs is not None and not current.needs.verified:
            return SW.SECURITY_STATUS_NOT_SATISFIED.to_bytes_be()
        offset = command.p1 << 8 | command.p2
        if offset >= len(current.content):
            return SW.OFFSET_OUTSIDE_FILE.to_bytes_be()
        part = current.content[offset : offset + command.le]
        if len(part) < command.le and not command.le_is_maximum:
            return part + SW.END_OF_FILE.to_bytes_be()
        return part + SW.OK.to_bytes_be()
