"""The dialogue with the JPKI application of a My Number card (公的個人認証AP), without any reader.

Commands and files follow what OpenSC's jpki driver and jpki/myna send; all are short units. What differs
between card generations stands in one `CardProfile`.

The PIN is checked by the card. One `CardApplication` sends VERIFY at most once in its life, only to a My Number
card and only with four digits, so no fault above it can use up the tries of a card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from drivers.apdu import (
    INS_PERFORM_SECURITY_OPERATION,
    INS_READ_BINARY,
    INS_SELECT,
    INS_VERIFY,
    SW_BLOCKED,
    SW_END_OF_FILE,
    SW_FILE_NOT_FOUND,
    SW_MEMORY_FAILURE,
    SW_OK,
    SW_SECURITY_STATUS,
    SW_WRONG_LENGTH,
    Channel,
    Response,
    command,
    error_of,
    require_ok,
)
from kiosk.errors import CardError, CardUnknown, ProtocolViolation
from kiosk.events import CardKind
from kiosk.secret import PIN_LENGTH

DIGEST_INFO_SHA256: Final = bytes.fromhex("3031300D060960864801650304020105000420")
"""DER DigestInfo of SHA-256 up to the 32 bytes of the hash (RFC 8017 §9.2)."""

MAX_CERTIFICATE: Final = 8192
"""No card certificate comes near it; a larger length is filler, not DER."""

SMALLER_CHUNKS: Final = (0xF0, 0x80)
"""READ BINARY lengths tried when a card or reader refuses the larger one."""

SW_NO_REFERENCE_DATA: Final = 0x6A88
"""There is no PIN to compare with (ISO 7816-4 table 6: reference data not found)."""

_WRONG_LE: Final = frozenset({SW_WRONG_LENGTH, 0x6A86, 0x6F00})
MAX_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class CardProfile:
    """Names of application, files and tokens of one card generation."""

    application: bytes = bytes.fromhex("D392F000260100000001")
    token_file: int = 0x0006
    certificate_file: int = 0x000A
    """Certificate for user authentication (利用者証明用電子証明書), free to read on a plastic card."""
    key_file: int = 0x0017
    pin_file: int = 0x0018
    signature_bytes: int = 256
    tokens: Mapping[str, CardKind] = field(
        default_factory=lambda: MappingProxyType(
            {
                "JPKIAPICCTOKEN2": CardKind.MY_NUMBER,
                "JPKIAPICCTOKEN": CardKind.JUKI,
                "JPKIAPGPSETOKEN": CardKind.PHONE,
                "JPKIAPIOSTOKEN": CardKind.PHONE,
            }
        )
    )


class CertificateLocked(CardError):
    """The authentication certificate asks for a PIN before it can be read: a phone, not a plastic card."""


class PinNeverSet(CardError):
    """The card has no authentication PIN: it was issued without one (顔認証マイナンバーカード) or never got one."""


class CardApplication:
    """One card from being selected until it is powered down. Every method may raise CardRemoved and the
    transport's own errors; what the card itself refuses is a CardError or a ProtocolViolation."""

    def __init__(self, channel: Channel, profile: CardProfile | None = None, chunk: int = 256) -> None:
        self._channel = channel
        self._profile = profile or CardProfile()
        self._chunks = [chunk, *(size for size in SMALLER_CHUNKS if size < chunk)]
        self._kind = CardKind.UNKNOWN
        self._verify_sent = False
        self._file: int | None = None
        """The current elementary file, as far as this dialogue has chosen it."""

    @property
    def verify_sent(self) -> bool:
        """A VERIFY with a PIN was handed to the transport, whatever came of it."""
        return self._verify_sent

    def identify(self) -> CardKind:
        """Select the application (which also drops an earlier PIN state) and read the token's label."""
        self._kind, self._file = CardKind.UNKNOWN, None
        answer = self._channel.send(command(0x00, INS_SELECT, 0x04, 0x0C, self._profile.application))
        if answer.sw == SW_OK:
            answer = self._select(self._profile.token_file)
        if answer.sw == SW_OK:
            answer = self._channel.send(command(0x00, INS_READ_BINARY, 0, 0, le=32))
        if answer.sw == SW_MEMORY_FAILURE:
            raise error_of(answer.sw)
        if answer.sw in (SW_OK, SW_END_OF_FILE):
            label = answer.data[:32].rstrip(b" \0").decode("ascii", "replace")
            self._kind = self._profile.tokens.get(label, CardKind.UNKNOWN)
        return self._kind

    def certificate(self) -> bytes:
        """The user-authentication certificate, DER, exactly as long as its own header says.

        Raises CertificateLocked when the card wants a PIN first, ProtocolViolation when it is not DER or
        ends early.
        """
        # The length stands in the first bytes of the first part: asking for it alone would be one exchange more.
        content = bytearray(self.first_part())
        total = _der_length(bytes(content[:4]))
        del content[total:]
        while len(content) < total:
            content += self._read(len(content), total - len(content))
        return bytes(content)

    def first_part(self) -> bytes:
        """The certificate's beginning, at least 128 bytes: serial number, issuer, validity. Raises as `certificate`."""
        answer = self._select(self._profile.certificate_file)
        if answer.sw == SW_SECURITY_STATUS:
            raise CertificateLocked("the certificate cannot be read without a PIN")
        require_ok(answer)
        part = self._read(0, self._chunks[0])
        if len(part) < SMALLER_CHUNKS[-1]:
            raise ProtocolViolation("the certificate ends early")
        return part

    def tries_left(self) -> int:
        """Tries of the authentication PIN, 0 (blocked) to 3, asked without using one. Raises PinNeverSet."""
        answer = self._select(self._profile.pin_file)
        if answer.sw == SW_FILE_NOT_FOUND:
            raise PinNeverSet("the card has no file for the PIN")
        require_ok(answer)
        # Four bytes exactly: an Lc or Le of zero might be taken for an empty PIN and counted.
        answer = self._channel.send_once(command(0x00, INS_VERIFY, 0x00, 0x80))
        if answer.sw in SW_BLOCKED:
            return 0
        if answer.sw == SW_NO_REFERENCE_DATA:
            raise PinNeverSet("no PIN was ever set")
        if answer.tries_left is None or answer.tries_left > MAX_TRIES:
            raise ProtocolViolation(f"no count of tries in status word {answer.sw:04X}")
        return answer.tries_left

    def verify(self, pin: bytearray) -> None:
        """Present the PIN (ASCII digits), once in the life of this object.

        Raises PinRejected, CardBlocked; CardUnknown for any card but a My Number card; ValueError when the
        buffer does not hold four digits. After any other error `verify_sent` says whether a try may be gone.
        """
        if self._kind is not CardKind.MY_NUMBER:
            raise CardUnknown("a PIN is presented only to a My Number card")
        if self._verify_sent:
            raise CardError("a PIN is presented only once in one dialogue")
        require_ok(self._select(self._profile.pin_file))
        unit = command(0x00, INS_VERIFY, 0x00, 0x80, pin)
        try:
            # On the copy that goes out, so that a buffer wiped meanwhile can never be sent as a wrong PIN.
            if len(unit) != 5 + PIN_LENGTH or any(not 0x30 <= unit[5 + i] <= 0x39 for i in range(PIN_LENGTH)):
                raise ValueError("a PIN has exactly four digits")
            self._verify_sent = True
            answer = self._channel.send_once(unit)
        finally:
            for i in range(len(unit)):
                unit[i] = 0
        require_ok(answer)

    def sign(self, message: bytes) -> bytes:
        """PKCS#1 v1.5 signature over SHA-256 of `message` by the authentication key; needs `verify` before."""
        require_ok(self._select(self._profile.key_file))
        digest_info = DIGEST_INFO_SHA256 + hashlib.sha256(message).digest()
        unit = command(0x80, INS_PERFORM_SECURITY_OPERATION, 0x00, 0x80, digest_info, le=256)
        signature = require_ok(self._channel.send(unit)).data
        if len(signature) != self._profile.signature_bytes:
            raise ProtocolViolation(f"a signature of {len(signature)} bytes")
        return signature

    def _select(self, file: int) -> Response:
        """Make a file the current one; one that is so already (ISO 7816-4 §7.2.1) costs no exchange."""
        if file == self._file:
            return Response(SW_OK)
        self._file = None
        answer = self._channel.send(command(0x00, INS_SELECT, 0x02, 0x0C, file.to_bytes(2)))
        if answer.sw == SW_OK:
            self._file = file
        return answer

    def _read(self, offset: int, wanted: int) -> bytes:
        """Up to one chunk from `offset`; a length that is refused once is not used again."""
        while True:
            length = min(self._chunks[0], wanted)
            answer = self._channel.send(command(0x00, INS_READ_BINARY, offset >> 8, offset & 0xFF, le=length))
            if answer.sw in _WRONG_LE and length == self._chunks[0] and len(self._chunks) > 1:
                del self._chunks[0]
                continue
            if answer.sw == SW_SECURITY_STATUS:
                raise CertificateLocked("the certificate cannot be read without a PIN")
            data = require_ok(answer, SW_END_OF_FILE).data
            if not data:
                raise ProtocolViolation("the certificate ends early")
            if len(data) > length:
                raise ProtocolViolation("more data than asked for")
            return data


def _der_length(head: bytes) -> int:
    """Whole length of a DER SEQUENCE from its first four bytes. Raises ProtocolViolation."""
    if len(head) == 4 and head[0] == 0x30:
        total = 0
        if head[1] == 0x82:
            total = int.from_bytes(head[2:4]) + 4
        elif head[1] == 0x81:
            total = head[2] + 3
        elif head[1] < 0x80:
            total = head[1] + 2
        if 4 < total <= MAX_CERTIFICATE:
            return total
    raise ProtocolViolation("the certificate file does not hold DER")
