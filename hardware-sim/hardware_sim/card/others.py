"""Cards without JPKI: the Juki card of our own profile, and those that lie on the reader by mistake."""

from __future__ import annotations

from datetime import date

from .air import Air
from .apdu import SW
from .files import ApplicationCard, TransparentFile

#: A profile of our own: which application a real Juki card has for issuing is not public. The identifier lies in the
#: unregistered range (ISO/IEC 7816-5, first digit F) and spells KOSKJUKI, so it meets no real one.
JUKI_AID = bytes.fromhex("F04B4F534B4A554B4901")
EF_JUKI = 0x0001


def juki_content(*, version: int, home: str, card_id: bytes, expires: date) -> bytes:
    """The file of a Juki card, 33 bytes of tag, length, value: 01 version, 02 municipality (BCD), 03 card id,
    04 last day (BCD)."""
    fields = (
        (0x01, version.to_bytes(2, "big")),
        (0x02, bytes.fromhex(home)),
        (0x03, card_id),
        (0x04, bytes.fromhex(f"{expires:%Y%m%d}")),
    )
    return b"".join(bytes((tag, len(value))) + value for tag, value in fields)


class JukiCard(ApplicationCard):
    """Gives its file to whoever asks and knows no PIN: that is the city's. Mutual authentication, which a real card
    must have, is not public; here it is nothing at all."""

    def __init__(self, *, air: Air, content: bytes) -> None:
        super().__init__(air, {JUKI_AID: {EF_JUKI: TransparentFile(content)}})


class ForeignCard(ApplicationCard):
    """A card of another system (driving licence): every application is unknown to it."""

    def __init__(self, *, air: Air) -> None:
        super().__init__(air, {})

    def exchange(self, command: bytes) -> bytes:
        return SW.NOT_FOUND.to_bytes_be()


class FelicaCard(ApplicationCard):
    """A transit card. It speaks no APDUs at all; behind PC/SC the reader says so in its place."""

    def __init__(self, *, air: Air) -> None:
        super().__init__(air, {})

    def exchange(self, command: bytes) -> bytes:
        return SW.CLA_NOT_SUPPORTED.to_bytes_be()
