"""The inside of a My Number card, as far as a reader can tell: the JPKI application.

Written from the command set that public tools use (OpenSC's jpki driver, ISO/IEC 7816-4); the card maker's own
specification is not public. Where public knowledge ends, the model takes the reading that is hardest on the
terminal: a VERIFY of the wrong length costs a try, variants of the signature command that no public tool needs
are refused, files carry filler behind the certificate.

The same model stands behind every front end (vpcd today; a radio or an in-process one needs only :class:`Card`).
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from .apdu import SW, ApduLengthError, CommandApdu, parse

JPKI_AID = bytes.fromhex("D392F000260100000001")
#: 券面事項確認 and 券面事項入力補助: they can be selected and refuse everything else.
SURFACE_AIDS = (bytes.fromhex("D3921000310001010402"), bytes.fromhex("D3921000310001010408"))

EF_SIGN_CERTIFICATE = 0x0001
EF_SIGN_CA = 0x0002
EF_TOKEN_INFO = 0x0006
EF_CERTIFICATES_PRESENT = 0x0008
EF_AUTH_CERTIFICATE = 0x000A
EF_AUTH_CA = 0x000B
EF_AUTH_KEY = 0x0017
EF_AUTH_PIN = 0x0018
EF_SIGN_KEY = 0x001A
EF_SIGN_PASSWORD = 0x001B

AUTH_PIN_TRIES = 3
SIGN_PASSWORD_TRIES = 5
#: PKCS #1 v1.5 leaves 11 of the 256 bytes of an RSA-2048 block to its own frame.
MAX_SIGN_INPUT = 256 - 11
#: Certificate files are longer than the certificate: whoever reads them has to believe the DER length.
FILE_FILLER = b"\xff" * 16


class Card(Protocol):
    """What a front end needs of a card. None of the calls raises or blocks."""

    @property
    def atr(self) -> bytes:
        """Answer to reset, as the reader reports it (PC/SC part 3 for contactless cards)."""

    @property
    def pupi(self) -> bytes:
        """Four bytes, fresh for each activation (ISO/IEC 14443-3 Type B)."""

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


@dataclass(frozen=True)
class KeyPair:
    """Certificate (DER), the key that belongs to it and its issuer's certificate (DER)."""

    certificate_der: bytes = field(repr=False)
    key: RSAPrivateKey = field(repr=False)
    ca_certificate_der: bytes = field(repr=False)


def token_info(label: str) -> bytes:
    """EF 0006: a serialised CK_TOKEN_INFO (PKCS #11 §3.2) of 160 bytes, numbers big-endian, label first."""
    unavailable = 0xFFFFFFFF
    text = label.ljust(32) + "".ljust(32) + "JPKI".ljust(16) + "".ljust(16)
    # flags, sessions (max, open, max R/W, open R/W), longest and shortest PIN, public and private memory
    words = (0x0000040D, 0, unavailable, 0, unavailable, 16, 6, *(unavailable,) * 4)
    versions = bytes((1, 0, 1, 0))
    return text.encode("ascii") + b"".join(w.to_bytes(4, "big") for w in words) + versions + b"0" * 16


class MyNumberCard:
    """JPKI application of a plastic My Number card (token ``JPKIAPICCTOKEN2``).

    ``auth`` and ``sign`` are the key pairs of 利用者証明 and 署名; the PINs are ASCII bytes. Thread-safe: the
    control plane may read and set counters while a command runs.
    """

    def __init__(
        self, *, atr: bytes, auth: KeyPair, pin: bytes, sign: KeyPair, sign_password: bytes, tries_left: int
    ) -> None:
        self._atr = atr
        self._pupi = secrets.token_bytes(4)
        self._lock = threading.Lock()
        self._auth_pin = Secret(pin, AUTH_PIN_TRIES, tries_left)
        self._sign_password = Secret(sign_password, SIGN_PASSWORD_TRIES, SIGN_PASSWORD_TRIES)
        self._files: dict[int, ElementaryFile] = {
            EF_SIGN_CERTIFICATE: TransparentFile(sign.certificate_der + FILE_FILLER, self._sign_password),
            EF_SIGN_CA: TransparentFile(sign.ca_certificate_der + FILE_FILLER),
            EF_TOKEN_INFO: TransparentFile(token_info("JPKIAPICCTOKEN2")),
            EF_CERTIFICATES_PRESENT: TransparentFile(b"\x8f\x8f\x00"),
            EF_AUTH_CERTIFICATE: TransparentFile(auth.certificate_der + FILE_FILLER),
            EF_AUTH_CA: TransparentFile(auth.ca_certificate_der + FILE_FILLER),
            EF_AUTH_KEY: KeyFile(auth.key, self._auth_pin),
            EF_AUTH_PIN: self._auth_pin,
            EF_SIGN_KEY: KeyFile(sign.key, self._sign_password),
            EF_SIGN_PASSWORD: self._sign_password,
        }
        self._application: bytes | None = None
        self._current: ElementaryFile | None = None
        self._commands: dict[tuple[int, int], Callable[[CommandApdu], bytes]] = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB0): self._read_binary,
            (0x00, 0x20): self._verify,
            (0x00, 0x24): self._refuse_change,
            (0x80, 0x2A): self._compute_digital_signature,
            (0xFF, 0xCA): self._get_uid,
        }

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def pupi(self) -> bytes:
        return self._pupi

    @property
    def pin_tries_left(self) -> int:
        """Tries left of the 利用者証明 PIN, 0 (blocked) to 3."""
        return self._auth_pin.tries_left

    def set_pin_tries_left(self, tries: int) -> None:
        """Set the counter as if somebody had used the card elsewhere. ``tries`` is 0..3."""
        if not 0 <= tries <= AUTH_PIN_TRIES:
            raise ValueError(f"tries must be 0 to {AUTH_PIN_TRIES}")
        with self._lock:
            self._auth_pin.tries_left = tries

    def activate(self) -> None:
        with self._lock:
            self._pupi = secrets.token_bytes(4)
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
        self._auth_pin.verified = False
        self._sign_password.verified = False

    def _select(self, command: CommandApdu) -> bytes:
        if command.p1 == 0x04 and command.p2 in (0x00, 0x0C):
            return self._select_application(command)
        if command.p1 == 0x02 and command.p2 == 0x0C:
            return self._select_file(command)
        return SW.WRONG_P1_P2.to_bytes_be()

    def _select_application(self, command: CommandApdu) -> bytes:
        if command.data != JPKI_AID and command.data not in SURFACE_AIDS:
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
        if self._application == JPKI_AID:
            selected = self._files.get(int.from_bytes(command.data, "big"))
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

    def _verify(self, command: CommandApdu) -> bytes:
        if (command.p1, command.p2) != (0x00, 0x80):
            return SW.WRONG_P1_P2.to_bytes_be()
        current = self._current
        if not isinstance(current, Secret):
            return SW.NO_CURRENT_EF.to_bytes_be()
        if not command.data and command.le is None:
            return current.status()
        # A fifth byte 00 is no question but an empty PIN, and an empty PIN is a wrong one.
        return current.check(command.data)

    def _refuse_change(self, _command: CommandApdu) -> bytes:
        return SW.CONDITIONS_NOT_SATISFIED.to_bytes_be()

    def _compute_digital_signature(self, command: CommandApdu) -> bytes:
        if (command.p1, command.p2) != (0x00, 0x80):
            return SW.WRONG_P1_P2.to_bytes_be()
        current = self._current
        if not isinstance(current, KeyFile):
            return SW.NO_CURRENT_EF.to_bytes_be()
        if not current.needs.verified:
            return SW.SECURITY_STATUS_NOT_SATISFIED.to_bytes_be()
        if not 1 <= len(command.data) <= MAX_SIGN_INPUT or command.le is None:
            return SW.WRONG_LENGTH.to_bytes_be()
        if command.le < current.key.key_size // 8:
            return SW.CORRECT_LE.to_bytes_be()
        signature = current.key.sign(command.data, padding.PKCS1v15(), NoDigestInfo())
        return signature + SW.OK.to_bytes_be()

    def _get_uid(self, command: CommandApdu) -> bytes:
        """GET DATA of PC/SC part 3: a real reader answers it, behind vpcd the card has to."""
        if (command.p1, command.p2) != (0x00, 0x00):
            return SW.FUNCTION_NOT_SUPPORTED.to_bytes_be()
        return self._pupi + SW.OK.to_bytes_be()


class ForeignCard:
    """A card of another system (driving licence): every application is unknown to it."""

    def __init__(self, *, atr: bytes) -> None:
        self._atr = atr
        self._pupi = secrets.token_bytes(4)

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def pupi(self) -> bytes:
        return self._pupi

    def activate(self) -> None:
        self._pupi = secrets.token_bytes(4)

    def deactivate(self) -> None:
        return None

    def exchange(self, command: bytes) -> bytes:
        if command[:4] == bytes.fromhex("FFCA0000"):
            return self._pupi + SW.OK.to_bytes_be()
        return SW.NOT_FOUND.to_bytes_be()
