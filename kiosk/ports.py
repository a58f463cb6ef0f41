"""What the core needs of the world, as Protocols of a few methods.

Every method returns at once: an order goes into the device's own thread, the answer comes back as an event
on the one queue (`Sink`). A port never raises for a device that does not work: it says so by `DeviceFaulted`
or by the answer's own failure event. `start` opens the device, `close` may be called twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from kiosk import effects
from kiosk.events import DeviceMark, Event, Post

Sink: TypeAlias = Callable[[Event], None]
"""Where a driver puts its events; thread-safe, never blocks."""


class Device(Protocol):
    """Life cycle shared by all drivers."""

    def start(self, sink: Sink) -> None:
        """Open in the device's own thread; keep trying, report `DeviceOnline` / `DeviceFaulted`."""

    def close(self) -> None:
        """Leave the device in its safe state (coins inhibited, card unpowered, queue stopped)."""


class CardReader(Device, Protocol):
    """Emits `CardPresented` and `CardRemoved` by itself."""

    def identify(self, order: effects.IdentifyCard) -> None: ...

    def sign(self, order: effects.SignChallenge) -> None: ...

    def release(self) -> None: ...

    def erase(self, order: int) -> None:
        """→ `Erased(order, Part.READER, …)`."""


class CertificateIssuer(Device, Protocol):
    """The city behind the national centre."""

    def open_session(self, order: effects.OpenSession) -> None: ...

    def authenticate(self, order: effects.Authenticate) -> None: ...

    def recognise_card(self, order: effects.RecogniseCard) -> None: ...

    def check_pin(self, order: effects.CheckPin) -> None: ...

    def list_household(self, order: effects.ListHousehold) -> None: ...

    def issue(self, order: effects.Issue) -> None: ...

    def document(self, copy: int) -> bytes:
        """PDF of one verified copy (1..n), from memory. Raises IssuerUnavailable if it was erased."""

    def erase(self, order: int) -> None:
        """Private key first, then documents, then the connection. → `Erased(order, Part.ISSUER, …)`."""


class CashUnit(Device, Protocol):
    """One ccTalk bus: coin acceptor and hoppers. Emits `CoinsCredited`, `CashIncident`, `ReturnLeverPressed`."""

    def resume(self, mark: DeviceMark | None) -> None:
        """Before `start`: how far the journal has read the acceptor's buffer."""

    def check(self, order: effects.CheckCash) -> None: ...

    def accept(self, order: effects.AcceptCoins) -> None: ...

    def refuse(self, order: effects.RefuseCoins) -> None: ...

    def inspect(self, order: effects.InspectHopper) -> None: ...

    def dispense(self, order: effects.Dispense) -> None: ...

    def resolve(self, order: effects.ResolveDispense) -> None: ...


class CertificatePrinter(Device, Protocol):
    """Our cupsd and, asked directly, the multi-copy machine behind it."""

    def wipe(self, order: effects.Wipe) -> None: ...

    def find_job(self, order: effects.FindJob) -> None: ...

    def warm(self) -> None:
        """Start the spooler ahead, with an empty queue. No answer."""

    def prepare(self, order: effects.PreparePrinter) -> None: ...

    def print_copy(self, order: effects.PrintCopy, document: bytes) -> None: ...

    def print_receipt(self, order: effects.PrintReceipt) -> None:
        """One-sided, on the receipt's own medium; reports `Part.RECEIPT` online and faulted by itself."""

    def erase(self, order: int) -> None:
        """Cancel what is ours, kill cupsd and its children, wipe. → `Erased(order, Part.PRINTER, …)`."""


class Sensors(Device, Protocol):
    """Emits `PlaceOccupied` / `PlaceEmptied` and `ServiceKeyTurned`; the first poll reports every input."""


MarkState: TypeAlias = Literal["idle", "session", "closed"]
"""What the recorder may know of the kiosk: whether somebody is being served, and whether anybody may begin."""


class CameraWatch(Device, Protocol):
    """The recorder. Emits `CameraTold`; never raises, and never keeps the kiosk from starting."""

    def mark(self, state: MarkState) -> None:
        """What the kiosk does now: told at once if it is something else than before, and again each second."""


class RecorderOffice(Device, Protocol):
    """What the recorder tells staff who are signed in. It says nothing by itself."""

    def look(self, order: effects.LookAtCamera) -> None:
        """→ `CameraSeen`."""

    def read_keys(self, order: effects.ReadKeyBook) -> None:
        """→ `KeyBookSeen`."""


class StaffRegister(Protocol):
    """Who may sign in at this machine."""

    def names(self) -> tuple[tuple[str, str, Post], ...]:
        """(id, name, post), in the order to show them; empty until the first manager is entered."""

    def check(self, order: effects.CheckStaff) -> None:
        """→ `StaffSignedIn` or `StaffRefused`."""


class Speaker(Protocol):
    def say(self, phrase: str, level: int, language: str) -> None: ...

    def hush(self) -> None: ...


class JournalGate(Protocol):
    """Bench only: told before and after each journal commit, so that a power cut can be placed exactly."""

    def before(self, kinds: tuple[str, ...]) -> None: ...

    def after(self, kinds: tuple[str, ...]) -> None: ...
