"""The inside of a My Number card, as far as a reader can tell: the JPKI application.

Written from the command set that public tools use (OpenSC's jpki driver, ISO/IEC 7816-4); the card maker's own
specification is not public. Where public knowledge ends, the model takes the reading that is hardest on the
terminal: a VERIFY of the wrong length costs a try, variants of the signature command that no public tool needs
are refused, files carry filler behind the certificate.

The same model stands behind every front end, vpcd and radio; each needs only :class:`~.files.Card`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from .air import Air
from .apdu import SW, CommandApdu
from .files import ApplicationCard, ElementaryFile, KeyFile, Secret, TransparentFile

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


class Token(Enum):
    """Label in EF 0006: what carries the JPKI application."""

    MY_NUMBER = "JPKIAPICCTOKEN2"
    JUKI = "JPKIAPICCTOKEN"
    ANDROID = "JPKIAPGPSETOKEN"
    IPHONE = "JPKIAPIOSTOKEN"


@dataclass(frozen=True)
class KeyPair:
    """Certificate (DER; empty: never written), the key that belongs to it and its issuer's certificate (DER)."""

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


class JpkiCard(ApplicationCard):
    """The JPKI application on whatever carries it: a My Number card, an old Juki card, a phone.

    ``auth`` and ``sign`` are the key pairs of 利用者証明 and 署名; the PINs are ASCII bytes. ``pin`` is ``None`` on a
    card that was handed out without one (顔認証マイナンバーカード). What a real one answers then is not public; this
    one takes the word of ISO/IEC 7816-4 for it, 6A88, with and without a PIN to try. A phone shows its certificate
    only after its PIN.
    """

    def __init__(
        self,
        *,
        air: Air,
        token: Token,
        auth: KeyPair,
        pin: bytes | None,
        sign: KeyPair,
        sign_password: bytes,
        tries_left: int,
    ) -> None:
        self._pin_set = pin is not None
        self._auth_pin = Secret(pin or b"", AUTH_PIN_TRIES, tries_left if self._pin_set else 0)
        self._sign_password = Secret(sign_password, SIGN_PASSWORD_TRIES, SIGN_PASSWORD_TRIES)
        hides = token in (Token.ANDROID, Token.IPHONE)
        files: dict[int, ElementaryFile] = {
            EF_SIGN_CERTIFICATE: TransparentFile(sign.certificate_der + FILE_FILLER, self._sign_password),
            EF_SIGN_CA: TransparentFile(sign.ca_certificate_der + FILE_FILLER),
            EF_TOKEN_INFO: TransparentFile(token_info(token.value)),
            EF_CERTIFICATES_PRESENT: TransparentFile(bytes((0x8F, 0x8F if auth.certificate_der else 0x00, 0x00))),
            EF_AUTH_CERTIFICATE: TransparentFile(auth.certificate_der + FILE_FILLER, self._auth_pin if hides else None),
            EF_AUTH_CA: TransparentFile(auth.ca_certificate_der + FILE_FILLER),
            EF_AUTH_KEY: KeyFile(auth.key, self._auth_pin),
            EF_AUTH_PIN: self._auth_pin,
            EF_SIGN_KEY: KeyFile(sign.key, self._sign_password),
            EF_SIGN_PASSWORD: self._sign_password,
        }
        surface = SURFACE_AIDS if token is Token.MY_NUMBER else ()
        super().__init__(air, {JPKI_AID: files, **{aid: {} for aid in surface}})
        self._commands |= {
            (0x00, 0x20): self._verify,
            (0x00, 0x24): self._refuse_change,
            (0x80, 0x2A): self._compute_digital_signature,
        }

    @property
    def pin_tries_left(self) -> int:
        """Tries left of the 利用者証明 PIN, 0 (blocked, or never set) to 3."""
        return self._auth_pin.tries_left

    def set_pin_tries_left(self, tries: int) -> None:
        """Set the counter as if somebody had used the card elsewhere. ``tries`` is 0..3."""
        if not 0 <= tries <= AUTH_PIN_TRIES:
            raise ValueError(f"tries must be 0 to {AUTH_PIN_TRIES}")
        if tries and not self._pin_set:
            raise ValueError("no PIN was ever set on this card, so it has no tries")
        with self._lock:
            self._auth_pin.tries_left = tries

    def _verify(self, command: CommandApdu) -> bytes:
        if (command.p1, command.p2) != (0x00, 0x80):
            return SW.WRONG_P1_P2.to_bytes_be()
        current = self._current
        if not isinstance(current, Secret):
            return SW.NO_CURRENT_EF.to_bytes_be()
        if current is self._auth_pin and not self._pin_set:
            return SW.REFERENCE_DATA_NOT_FOUND.to_bytes_be()
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
