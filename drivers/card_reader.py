"""The card reader as the core knows it (`kiosk.ports.CardReader`): a transport, the dialogues, the checks.

A dialogue is open only while an order is carried out, and the card is powered down after it. Between `identify`
and `sign` a person types a PIN, which may take a minute; nothing is kept open meanwhile. So `sign` begins anew and
goes on only if the certificate begins like the one that was identified (at least 128 bytes, with the serial number
and the issuer, which no two have in common) and the card has no fewer tries left than were reported last. Whether the
key is the certificate's is told by the signature.

A My Number card is asked first, then a Juki card; no command but SELECT ever goes to a card of another kind.
`CardIdentified.trouble` is "" only if the card can be used on: a Juki card then has its `handle`. Its words:

    expired          certificate, or Juki card past its last day; every Juki card without our application, since
                     the last of them ended with 2025
    not_yet_valid, unknown_issuer, unreadable
    pin_never_set    a My Number card without an authentication PIN; no try was used

Words of `CardFailed.reason`:

    removed          the card left during the exchange
    mute             it cannot be powered: badly placed, several at once, no chip
    unreadable       it answers, but not as a card of its kind must
    damaged          the chip reports a memory failure
    another_card     sign only: not the card that was identified, or none was
    tries_changed    sign only: fewer tries left than the core knows; identify again before a PIN is asked for
    not_proved       sign only: the signature is not one of the certificate's key
    busy             another program holds the card
    offline          the reader, or pcscd, is gone (`DeviceFaulted` tells when it comes back)
    silent           a call passed its deadline and still blocks
    pin_incomplete   sign only: fewer than four digits
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from typing import Final, Protocol

from drivers.apdu import Channel, Octets, Transmit
from drivers.card_application import CardApplication, CardProfile
from drivers.card_certificate import CardTrust, proves_possession
from drivers.card_identity import PIN_NEVER_SET, juki_card, my_number_card
from drivers.card_juki import JukiProfile
from drivers.card_transport import CardForeign, CardMute, CardTransport, Presence, reason_of
from drivers.card_watchdog import Deadlines, Watchdog
from drivers.worker import DeviceRefused, Worker
from kiosk import effects, errors
from kiosk.events import (
    CardFailed,
    CardIdentified,
    CardKind,
    CardPresented,
    CardRemoved,
    CardSigned,
    DeviceFaulted,
    DeviceOnline,
    Erased,
    Event,
    Part,
    PinRefused,
)
from kiosk.ports import Sink
from kiosk.secret import Pin

_log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""Times a card that slipped or was badly placed is read anew before the person hears of it. Never for VERIFY."""


class Instants(Protocol):
    """The part of `config.clock.Clock` needed here."""

    def now(self) -> datetime: ...


class CardReader:
    """Implements `kiosk.ports.CardReader` over any transport.

    `clock` tells the instant for dates on cards. `juki` None: a Juki card's own application is not asked for.
    """

    def __init__(
        self,
        reader: CardTransport,
        trust: CardTrust,
        clock: Instants,
        *,
        juki: JukiProfile | None = None,
        deadlines: Deadlines | None = None,
        profile: CardProfile | None = None,
    ) -> None:
        self._reader = reader
        self._trust = trust
        self._clock = clock
        self._deadlines = deadlines or Deadlines()
        self._juki = juki
        self._profile = profile
        self._watchdog = Watchdog(self._expired)
        self._worker = Worker(
            "card-reader",
            open=self._open,
            poll=self._poll,
            shut=self._shut,
            online=self._online,
            fault=self._fault,
        )
        self._sink: Sink = lambda _event: None
        self._first_look = True
        self._announced: Presence | None = None
        self._application: CardApplication | None = None
        self._certificate = b""
        self._tries_left = 0
        self._reported = ""
        # Guards what the watchdog and the callers of the port touch too: who still waits for which answer.
        self._lock = threading.Lock()
        self._waiting: dict[int, _Answer] = {}
        self._pins: dict[int, Pin] = {}
        self._running: int | None = None
        self._silent = False

    # ---- the port ----------------------------------------------------------------------------------------

    def start(self, sink: Sink) -> None:
        self._sink = sink
        self._watchdog.start()
        self._worker.start()

    def close(self) -> None:
        self._worker.stop(0.0 if self._silent else 5.0)
        self._watchdog.stop()
        self._forget()

    def identify(self, order: effects.IdentifyCard) -> None:
        number = order.order
        self._post(number, _Answer.CARD, lambda: self._carry_out(number, lambda: self._identify(number)))

    def sign(self, order: effects.SignChallenge) -> None:
        with self._lock:
            self._pins[order.order] = order.pin
        self._post(order.order, _Answer.CARD, lambda: self._carry_out(order.order, lambda: self._sign(order)))

    def release(self) -> None:
        """Between orders no card has power: look at once whether it was taken, and go on watching."""
        self._worker.post(self._reader.disconnect)

    def erase(self, order: int) -> None:
        self._post(order, _Answer.ERASED, lambda: self._answer(order, self._erased(order)))

    def _post(self, order: int, answer: _Answer, task: Callable[[], None]) -> None:
        with self._lock:
            blocked = self._silent
            self._waiting[order] = answer
        if blocked:
            self._answer_all_silent()
        else:
            self._worker.post(task)

    # ---- watching, in the worker's thread ----------------------------------------------------------------

    def _open(self) -> None:
        with self._lock:
            self._silent = False
        self._first_look = True
        # Whatever lay there while nobody looked, the dialogue with it is over.
        self._certificate = b""
        with self._within(self._deadlines.look_s):
            self._reader.open()

    def _shut(self) -> None:
        with self._watchdog.within(self._deadlines.look_s):
            self._reader.close()

    def _poll(self) -> float:
        with self._within(self._deadlines.look_s):
            presence, swapped = self._reader.look()
        if (self._first_look or swapped) and self._announced in (Presence.CARD, Presence.MUTE):
            # After a gap in watching nobody can say that it is still the same card.
            self._announce(Presence.EMPTY)
        self._first_look = False
        # A card that answered and now cannot be powered was announced already; the next order will tell.
        if presence is not Presence.MUTE or self._announced is not Presence.CARD:
            self._announce(presence)
        return self._reader.poll_s

    def _announce(self, presence: Presence) -> None:
        if presence is self._announced:
            return
        self._announced = presence
        if presence is Presence.EMPTY:
            self._sink(CardRemoved())
        else:
            self._sink(CardPresented(mute=presence is Presence.MUTE))

    def _online(self) -> None:
        self._reported = ""
        self._sink(DeviceOnline(Part.READER))

    def _fault(self, reason: str) -> None:
        if reason != self._reported:
            self._reported = reason
            self._sink(DeviceFaulted(Part.READER, reason))

    # ---- orders, in the worker's thread ------------------------------------------------------------------

    def _carry_out(self, order: int, action: Callable[[], Event]) -> None:
        """One order, answered exactly once whatever happens; its PIN is zero afterwards."""
        with self._lock:
            if order not in self._waiting:
                return  # answered as silent while it stood behind a blocked call
            self._running = order
        try:
            self._answer(order, action())
        except errors.PinRejected as error:
            self._tries_left = error.tries_left
            self._answer(order, PinRefused(order, error.tries_left))
        except errors.CardBlocked:
            self._tries_left = 0
            self._answer(order, PinRefused(order, 0))
        except Exception as error:
            sent = self._application is not None and self._application.verify_sent
            self._answer(order, CardFailed(order, reason_of(error), verify_sent=sent))
            if isinstance(error, DeviceRefused | errors.DeviceOffline):
                raise  # the reader itself: the worker shuts it and opens it anew
            # Only the type: the text of a foreign exception may hold anything.
            _log.info("card exchange ended: %s", type(error).__name__)
        finally:
            self._wipe(order)
            with self._lock:
                self._running = None
                self._application = None

    def _identify(self, order: int) -> Event:
        self._certificate = b""
        failures: list[errors.CardError] = []
        while len(failures) < ATTEMPTS:
            try:
                return self._read_card(order)
            except (errors.CardRemoved, CardMute) as error:
                failures.append(error)
        raise failures[0]  # what came first is the cause; the rest may only be its echo

    def _read_card(self, order: int) -> Event:
        try:
            with self._card() as (channel, application, kind):
                if kind is CardKind.PHONE:
                    return CardIdentified(order, kind)
                now = self._clock.now()
                with self._within(self._deadlines.certificate_s):
                    if kind is not CardKind.MY_NUMBER:
                        return juki_card(order, channel, kind, self._juki, now)
                    event = my_number_card(order, application, self._trust, now)
        except CardForeign as card:
            return CardIdentified(order, card.kind)
        if event.trouble != PIN_NEVER_SET:
            self._certificate, self._tries_left = event.certificate, event.tries_left
        return event

    def _sign(self, order: effects.SignChallenge) -> Event:
        if not order.pin.complete:
            return CardFailed(order.order, "pin_incomplete")
        try:
            return self._sign_with_card(order)
        except CardForeign:
            return CardFailed(order.order, "another_card")

    def _sign_with_card(self, order: effects.SignChallenge) -> Event:
        with self._card() as (_, application, kind):
            if kind is not CardKind.MY_NUMBER or not self._certificate:
                return CardFailed(order.order, "another_card")
            with self._within(self._deadlines.certificate_s):
                # Its first part: an honest card cannot have it in common, a forged one could copy the whole.
                same = self._certificate.startswith(application.first_part())
                tries_left = application.tries_left() if same else 0
            if not same:
                return CardFailed(order.order, "another_card")
            if tries_left == 0:
                raise errors.CardBlocked("blocked before VERIFY")
            if tries_left < self._tries_left:
                return CardFailed(order.order, "tries_changed")
            try:
                with self._within(self._deadlines.verify_s):
                    application.verify(order.pin.expose())
            finally:
                order.pin.wipe()
            with self._within(self._deadlines.sign_s):
                signature = application.sign(order.challenge)
        if not proves_possession(self._certificate, order.challenge, signature):
            return CardFailed(order.order, "not_proved", verify_sent=True)
        return CardSigned(order.order, signature)

    @contextmanager
    def _card(self) -> Iterator[tuple[Channel, CardApplication, CardKind]]:
        """Power the card up and ask what it is; powered down at the end, whatever happens."""
        try:
            with self._within(self._deadlines.identify_s):
                gate = _Gate(self._reader.connect(), self._stop_if_silent)
                channel = Channel(gate, _trace)
                application = self._application = CardApplication(channel, self._profile)
                kind = application.identify()
            yield channel, application, kind
        finally:
            with self._within(self._deadlines.look_s):
                self._reader.disconnect()

    # ---- deadlines and answers ---------------------------------------------------------------------------

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Run the body under a deadline. Raises DeviceRefused("silent") when that has passed meanwhile."""
        try:
            with self._watchdog.within(seconds):
                yield
        finally:
            self._stop_if_silent()

    def _stop_if_silent(self) -> None:
        with self._lock:
            if self._silent:
                raise DeviceRefused("silent", "a call to the reader passed its deadline; it is opened anew")

    def _expired(self) -> None:
        """In the watchdog's thread, while the worker's is blocked: answer everybody in its place."""
        with self._lock:
            self._silent = True
        self._answer_all_silent()
        self._fault("silent")

    def _answer_all_silent(self) -> None:
        with self._lock:
            waiting = dict(self._waiting)
            # Read after `_silent` was set: a VERIFY that passed the gate before has marked itself already.
            sent = self._application is not None and self._application.verify_sent
            running = self._running
        self._forget()
        for order, answer in waiting.items():
            if answer is _Answer.ERASED:
                self._answer(order, self._erased(order))
            else:
                self._answer(order, CardFailed(order, "silent", verify_sent=sent and order == running))

    def _answer(self, order: int, event: Event) -> None:
        with self._lock:
            waited_for = self._waiting.pop(order, None) is not None
        if waited_for:
            self._sink(event)

    def _forget(self) -> bool:
        """Drop the certificate, zero every PIN. True when each buffer was read back as zero."""
        self._certificate = b""
        self._tries_left = 0
        with self._lock:
            pins = list(self._pins)
        return all({order: self._wipe(order) for order in pins}.values())

    def _wipe(self, order: int) -> bool:
        with self._lock:
            pin = self._pins.pop(order, None)
        if pin is not None:
            pin.wipe()
        return pin is None or not any(pin.expose())

    def _erased(self, order: int) -> Erased:
        zero = self._forget()
        powered_down = not self._reader.connected
        pins = "PIN buffers zero" if zero else "PIN buffer not zero"
        power = "card powered down" if powered_down else "card connection blocked"
        checked = ("card certificate forgotten", pins, power)
        return Erased(order, Part.READER, checked, clean=zero and powered_down)


class _Answer(Enum):
    """What kind of answer an order waits for."""

    CARD = "card"
    ERASED = "erased"


class _Gate:
    """Lets no command through once the deadline has passed: what is reported as over must not go on."""

    def __init__(self, transmit: Transmit, stop_if_silent: Callable[[], None]) -> None:
        self._inner = transmit
        self._stop_if_silent = stop_if_silent

    def transmit(self, command: Octets) -> bytes:
        self._stop_if_silent()
        return self._inner.transmit(command)


def _trace(line: str) -> None:
    _log.debug("%s", line)
