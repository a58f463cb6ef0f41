"""The loop: takes events, steps, commits, hands out orders, shows the view; and nothing else.

It lives in the main thread (pygame wants that). Every step's journal entries are forced to disk before any other
order of the step is handed out; if that fails nothing else leaves and the process ends with an error, so that the
next one begins with recovery.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from config.clock import Clock
from kiosk import effects as f
from kiosk.errors import IssuerError
from kiosk.events import CopyJudged, Erased, Event, Part, PrintOutcome, StaffRefused, Tick
from kiosk.machine import start, step
from kiosk.moves_camera import mark
from kiosk.ports import (
    CameraWatch,
    CardReader,
    CashUnit,
    CertificateIssuer,
    CertificatePrinter,
    MarkState,
    RecorderOffice,
    Sensors,
    Speaker,
    StaffRegister,
)
from kiosk.presenter import present, soon
from kiosk.session import Moment, Session, State
from kiosk.view_model import View

_log = logging.getLogger(__name__)

POLL_S: Final = 0.02
"""Touches are looked for this often while somebody is there: not perceptible. Answers wake the loop by themselves."""

REST_POLL_S: Final = 0.05
"""And this often while nobody is: the first touch finds it 15 ms later, and a core is left alone."""

THERE_S: Final = 30.0
"""Somebody who touched the panel counts as there for so long."""

TICK_S: Final = 0.2

ALIVE_S: Final = 1.0
"""The service manager is told this often; it waits for many times as long."""


RESTING: Final = frozenset({State.IDLE, State.CLOSED})
"""What is shown there depends on nothing that counts seconds."""


class Display(Protocol):
    def show(self, view: View) -> bool:
        """Draw if the view is another one; says whether it was drawn."""

    def expect(self, views: Sequence[View]) -> None:
        """These may be the next: get them ready while nobody touches anything."""

    def poll(self) -> Sequence[Event]:
        """Touches since the last call."""

    def erase(self) -> tuple[str, ...]:
        """Forget every picture and label of the session; says what was looked at."""


class Books(Protocol):
    def commit(self, records: Sequence[f.Record], at: datetime) -> None:
        """Write and force to disk, as one unit. Raises JournalError."""

    def found(self) -> tuple[tuple[int, str, datetime], ...]:
        """Open entries of things left behind."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Everything the loop hands orders to."""

    reader: CardReader
    issuer: CertificateIssuer
    cash: CashUnit
    printer: CertificatePrinter
    sensors: Sensors | None
    speaker: Speaker
    display: Display
    staff: StaffRegister | None = None
    camera: CameraWatch | None = None
    office: RecorderOffice | None = None


class Inbox:
    """The one queue of events; its `put` is the `Sink` of every driver."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(self, event: Event) -> None:
        self._queue.put(event)

    def wait(self, timeout_s: float) -> list[Event]:
        """Events that are there, after waiting at most `timeout_s` for the first."""
        found: list[Event] = []
        try:
            found.append(self._queue.get(timeout=timeout_s))
            while True:
                found.append(self._queue.get_nowait())
        except queue.Empty:
            return found


class Loop:
    """One person's loop; `run` returns when the machine says that the process must end."""

    def __init__(
        self,
        session: Session,
        devices: Devices,
        books: Books,
        clock: Clock,
        inbox: Inbox,
        alive: Callable[[], None],
    ) -> None:
        self.session = session
        self._devices = devices
        self._books = books
        self._clock = clock
        self._inbox = inbox
        self._alive = alive
        self._ended = False
        self._forgotten = False
        self._ticked = self._told = self._touched = float("-inf")
        self._shown: tuple[Session, datetime] | None = None
        self._marked: MarkState | None = None

    def run(self) -> None:
        """Serve one person. Raises JournalError when nothing may move any more."""
        now = self._now()
        self._mark(now)
        self.session, orders = start(self.session, now)
        self._carry_out(orders, now)
        self._show(now)
        while not self._ended:
            self.turn(self.patience_s())

    def patience_s(self) -> float:
        """How long the next turn may wait for an answer before it looks for touches again."""
        there = self.session.tx or self._clock.boot() - self._touched < THERE_S
        return POLL_S if there else REST_POLL_S

    def turn(self, wait_s: float) -> None:
        """One round: touches, answers, time."""
        arrived = list(self._devices.display.poll())
        touched = bool(arrived)
        # Whoever has touched something waits for the picture, and not for an answer of a device.
        arrived += self._inbox.wait(0.0 if touched else wait_s)
        now = self._now()
        if touched:
            self._touched = now.boot
        # After a step of the bench's clock the tick belongs to the turn that acknowledges it.
        if now.boot - self._ticked >= TICK_S:
            self._ticked = now.boot
            arrived.append(Tick())
        for event in arrived:
            if self._ended:
                break
            self.take(event, now)
        if arrived and not self._ended:
            self._show(now)
        self._clock.acknowledge()
        if now.boot - self._told >= ALIVE_S:
            self._told = now.boot
            self._alive()

    def take(self, event: Event, now: Moment) -> None:
        """One event through the machine; its orders carried out."""
        before = self.session.state
        self.session, orders = step(self.session, event, now)
        if self.session.state is not before:
            _log.info("%s -> %s on %s", before.value, self.session.state.value, type(event).__name__)
        self._mark(now)
        self._carry_out(orders, now)

    def _mark(self, now: Moment) -> None:
        """Tell the recorder when it is something else than before."""
        if self._devices.camera is not None and (state := mark(self.session, now)) != self._marked:
            self._marked = state
            self._devices.camera.mark(state)

    def _now(self) -> Moment:
        return Moment(self._clock.now(), self._clock.boot())

    def _show(self, now: Moment) -> None:
        # Once the picture is erased this process draws nothing more: the next picture belongs to the next one.
        if self._forgotten:
            return
        # The pictures of rest change with the session and with the minute; a tick that changed neither draws nothing.
        shown = (self.session, now.utc.replace(second=0, microsecond=0))
        same = self._shown is not None and self._shown[0] is shown[0] and self._shown[1] == shown[1]
        if same and self.session.state in RESTING:
            return
        self._shown = shown
        drawn = self._devices.display.show(present(self.session, now))
        if drawn:
            self._devices.display.expect(soon(self.session, now))

    def _carry_out(self, orders: Sequence[f.Effect], now: Moment) -> None:
        records = [order for order in orders if isinstance(order, f.Record)]
        self._books.commit(records, now.utc)
        if any(record.kind == "left_behind" for record in records):
            # The journal has given the entry its number: staff who turn the key now must find it.
            staff = replace(self.session.staff, found=self._books.found())
            self.session = replace(self.session, staff=staff)
        for order in orders:
            if not isinstance(order, f.Record):
                self._hand_out(order)

    def _hand_out(self, order: f.Effect) -> None:
        d = self._devices
        match order:
            case f.Wipe():
                d.printer.wipe(order)
            case f.FindJob():
                d.printer.find_job(order)
            case f.IdentifyCard():
                d.reader.identify(order)
            case f.SignChallenge():
                d.reader.sign(order)
            case f.ReleaseCard():
                d.reader.release()
            case f.OpenSession():
                d.issuer.open_session(order)
            case f.Authenticate():
                d.issuer.authenticate(order)
            case f.RecogniseCard():
                d.issuer.recognise_card(order)
            case f.CheckPin():
                d.issuer.check_pin(order)
            case f.ListHousehold():
                d.issuer.list_household(order)
            case f.Issue():
                d.issuer.issue(order)
            case f.CheckCash():
                d.cash.check(order)
            case f.AcceptCoins():
                d.cash.accept(order)
            case f.RefuseCoins():
                d.cash.refuse(order)
            case f.InspectHopper():
                d.cash.inspect(order)
            case f.Dispense():
                d.cash.dispense(order)
            case f.ResolveDispense():
                d.cash.resolve(order)
            case f.WarmPrinter():
                d.printer.warm()
            case f.PreparePrinter():
                d.printer.prepare(order)
            case f.PrintCopy():
                self._print(order)
            case f.PrintReceipt():
                d.printer.print_receipt(order)
            case f.EraseDocuments():
                d.issuer.erase(order.order)
                d.printer.erase(order.order)
            case f.EraseSession():
                d.reader.erase(order.order)
                self._forgotten = True
                self._inbox.put(Erased(order.order, Part.DISPLAY, d.display.erase(), clean=True))
            case f.CheckStaff():
                if d.staff is None:
                    order.pin.wipe()
                    self._inbox.put(StaffRefused(order.order))
                else:
                    d.staff.check(order)
            case f.LookAtCamera():
                if d.office is not None:
                    d.office.look(order)
            case f.ReadKeyBook():
                if d.office is not None:
                    d.office.read_keys(order)
            case f.Say():
                d.speaker.say(order.phrase, order.level, self.session.speaks)
            case f.Hush():
                d.speaker.hush()
            case f.EndProcess():
                self._ended = True
            case f.Record():  # pragma: no cover - committed before
                pass

    def _print(self, order: f.PrintCopy) -> None:
        try:
            document = self._devices.issuer.document(order.copy)
        except IssuerError:
            # Nothing was handed to the printer, so for certain nothing came out.
            judged = CopyJudged(order.order, order.copy, PrintOutcome.NOT_PRINTED, 0, ("document-gone",))
            self._inbox.put(judged)
            return
        self._devices.printer.print_copy(order, document)
