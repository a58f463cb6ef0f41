"""`python -m drivers.probe reader`: which readers are there, and what the driver makes of a card on ours.

Nothing that tells one card from another is printed: no serial number, no unique identifier, no answer to reset
as it is (a card's maker may put a number into it), nothing of a certificate.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from config.probing import MachineTime, Report
from config.schema import ReaderSettings, Settings
from drivers.card_certificate import CardTrust
from drivers.card_juki import JukiProfile
from drivers.card_reader import CardReader
from drivers.card_readers import make_transport
from drivers.card_transport import CardTransport
from drivers.probe_events import Answers
from kiosk.effects import IdentifyCard
from kiosk.errors import DeviceError
from kiosk.events import CardFailed, CardIdentified, CardKind, CardPresented, DeviceFaulted, DeviceOnline, Event

ONLINE_S: Final = 10.0
CARD_S: Final = 20.0
"""For one identification; a slow card needs two."""
_ORDER: Final = 1
_STORAGE: Final = bytes.fromhex("804F0CA000000306")

KINDS: Final = {
    CardKind.MY_NUMBER: "a My Number card",
    CardKind.JUKI: "a Juki card",
    CardKind.PHONE: "a phone with a My Number application; this machine serves plastic cards only",
    CardKind.FELICA: "a FeliCa card, such as for trains; not one this machine serves",
    CardKind.UNKNOWN: "a card this machine does not serve",
    CardKind.SEVERAL: "several cards at once: lay down one alone",
}
TROUBLES: Final = {
    "expired": ("the card, or its certificate, is past its last day", "try another; the city office renews it"),
    "not_yet_valid": ("the certificate is not valid yet", "look at the machine's time: python -m drivers.probe clock"),
    "unknown_issuer": (
        "the certificate is signed by no authority that this machine trusts",
        "put every generation of the card CA into reader.card_trust; a test card is refused on a real machine",
    ),
    "unreadable": ("its application answers, but not as such a card must", "try another card to see which is at fault"),
    "pin_never_set": ("it has no PIN for authentication", "try another; such a card is served at the counter only"),
}
FAILURES: Final = {
    "removed": "let the card lie until the result is shown",
    "mute": "lay one card flat in the middle of the reader, without a wallet, and try again",
    "unreadable": "try another card to see which is at fault",
    "damaged": "the chip reports a memory failure: the city office replaces the card",
    "busy": "another program holds the card: stop it (opensc-tool, a browser, a second kiosk)",
    "offline": "the reader went away: look at its cable",
    "silent": "the card does not answer any more: take it away, and plug the reader out and in",
}


def probe(settings: Settings, report: Report, *, seconds: float) -> None:
    """List the readers, open ours, wait up to `seconds` for a card and say what it is."""
    reader = settings.machine.reader
    clock = MachineTime(settings.machine)
    try:
        _probe(settings, reader, clock, report, seconds)
    finally:
        clock.close()


def _probe(settings: Settings, reader: ReaderSettings, clock: MachineTime, report: Report, seconds: float) -> None:
    try:
        trust = CardTrust.from_folder(reader.card_trust, reader.policy_oid)
        report.ok(f"{len(trust.authorities)} card authorities are trusted ({reader.card_trust})")
    except (OSError, ValueError) as error:
        report.fault(f"no card authorities: {error}", "put the card CA certificates, as *.pem, into reader.card_trust")
        return
    if reader.driver == "pcsc":
        if not list_readers(reader, report):
            return
    else:
        report.note(f"nfcpy holds the reader itself: {reader.device}")
    juki = settings.national.juki_card
    profile = JukiProfile(bytes.fromhex(juki.application), juki.file, juki.profile_version)
    transport = make_transport(reader)
    try_card(CardReader(transport, trust, clock, juki=profile), transport, reader, report, seconds)


def list_readers(settings: ReaderSettings, report: Report, scard: Any = None) -> bool:
    """Every reader pcscd knows; whether exactly one is ours."""
    from smartcard import scard as pcsclite

    from drivers.card_pcsc import use_socket

    scard = scard or pcsclite
    use_socket(settings.csock)
    result, context = scard.SCardEstablishContext(pcsclite.SCARD_SCOPE_SYSTEM)
    if result != 0:
        where = f" at {settings.csock}" if settings.csock else ""
        report.fault(
            f"pcscd does not answer{where} ({result & 0xFFFFFFFF:08X})",
            "start it (sudo systemctl start pcscd.socket), or correct reader.csock; on the bench: make devices",
        )
        return False
    try:
        _, names = scard.SCardListReaders(context, [])
    finally:
        scard.SCardReleaseContext(context)
    ours = [name for name in names if settings.name_contains in name]
    for name in names:
        report.note(f"reader: {name}{'  <- ours' if name in ours else ''}")
    wanted = f"reader.name_contains = {settings.name_contains!r}"
    if not ours:
        what = f"none of them has {wanted}" if names else "pcscd knows no reader"
        report.fault(what, "plug the reader in (lsusb shows it), or correct reader.name_contains")
        return False
    if len(ours) > 1:
        report.fault(f"{len(ours)} readers have {wanted}", "make reader.name_contains longer, so that only one has it")
        return False
    report.ok("pcscd answers and has our reader")
    return True


def try_card(
    driver: CardReader, transport: CardTransport, settings: ReaderSettings, report: Report, seconds: float
) -> None:
    """Open the reader by its driver, wait for a card and identify it."""
    # The driver's own warnings come again here, in words for whoever holds the card.
    logging.getLogger("drivers").setLevel(logging.CRITICAL)
    try:
        transport.open()
    except DeviceError as error:
        report.fault(
            f"the reader cannot be opened: {error}",
            "plug it in, see that no other program holds it, and that this user may use it (a udev rule)",
        )
        return
    finally:
        transport.close()
    answers = Answers()
    driver.start(answers.put)
    try:
        first = answers.wait(ONLINE_S, DeviceOnline, DeviceFaulted)
        if not isinstance(first, DeviceOnline):
            report.fault("the driver does not come online", FAILURES["offline"])
            return
        report.ok("the driver has opened the reader")
        report.note(f"lay a card on the reader ({seconds:.0f} s; Ctrl-C ends)")
        laid = answers.wait(seconds, CardPresented, DeviceFaulted)
        if isinstance(laid, CardPresented):
            report.ok("something lies on the reader")
            report.note(surface_of(transport, settings))
            driver.identify(IdentifyCard(_ORDER))
            _judge(answers.wait(CARD_S, CardIdentified, CardFailed, DeviceFaulted), report)
        elif isinstance(laid, DeviceFaulted):
            report.fault("the reader went away while a card was waited for", FAILURES["offline"])
        else:
            report.fault("no card was seen", "lay a card flat on the reader within the time; --seconds gives more")
    finally:
        driver.close()


def _judge(found: Event | None, report: Report) -> None:
    if isinstance(found, CardIdentified):
        report.ok(f"it is {KINDS[found.kind]}")
        if found.trouble:
            report.fault(*TROUBLES.get(found.trouble, (found.trouble, "try another card")))
        elif found.kind is CardKind.MY_NUMBER:
            report.ok("its certificate can be used here")
            report.check(
                found.tries_left > 0,
                f"PIN tries left: {found.tries_left} (asked without using one)",
                "its PIN is blocked",
                "try another card; the city office unblocks this one",
            )
        elif found.kind is CardKind.JUKI:
            report.ok("its record can be used here")
    elif isinstance(found, CardFailed):
        report.fault(f"reading it ended: {found.reason}", FAILURES.get(found.reason, "try again, then another card"))
    else:
        report.fault("the reader gave no answer about the card", FAILURES["silent"])


def surface_of(transport: CardTransport, settings: ReaderSettings) -> str:
    """How the card shows itself to the reader: what kind of identifier or answer to reset, never its value."""
    if settings.driver == "pcsc":
        return f"answer to reset: {kind_of_atr(_atr(settings))}"
    from drivers.card_nfc import NfcReader

    technology = transport.technology if isinstance(transport, NfcReader) else ""
    identifiers = {"106A": "type A, with a UID", "106B": "type B, with a PUPI", "212F": "type F, with an IDm"}
    return f"radio: {identifiers.get(technology, 'not told')} (its value is not shown)"


def _atr(settings: ReaderSettings) -> bytes:
    """Of what lies on our reader, asked beside the driver; empty when nobody tells."""
    from smartcard import scard

    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if result != 0:
        return b""
    try:
        _, names = scard.SCardListReaders(context, [])
        name = next((name for name in names if settings.name_contains in name), None)
        if name is None:
            return b""
        _, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
        return bytes(octet & 0xFF for octet in states[0][2]) if states else b""
    finally:
        scard.SCardReleaseContext(context)


def kind_of_atr(atr: bytes) -> str:
    """In words, by PC/SC part 3 §3.1.3.2.3: for a contactless card the reader makes it, 3B 8n 80 01 …"""
    if not atr:
        return "none: the card could not be powered"
    if _STORAGE in atr:
        return f"{len(atr)} bytes, made by the reader for a storage card"
    if atr[0] == 0x3B and atr[1:4] and atr[1] >> 4 == 0x8 and atr[2:4] == b"\x80\x01":
        return f"{len(atr)} bytes, made by the reader for a contactless card with ISO 14443-4"
    return f"{len(atr)} bytes, the chip's own (a contact card, or a reader that passes it on)"
