"""What stands on one spot: panel, reader, coin bus, printer, line, loudspeaker, camera and recorder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Panel:
    """The touch panel. There is no default: a guessed size makes targets too small to hit."""

    width_px: int
    height_px: int
    diagonal_in: float
    """Diagonal of the visible picture in inches."""

    @property
    def px_per_mm(self) -> float:
        """Pixels for one millimetre."""
        diagonal_px: float = (self.width_px**2 + self.height_px**2) ** 0.5
        return diagonal_px / (self.diagonal_in * 25.4)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """The card reader, behind PC/SC or held by nfcpy."""

    driver: Literal["pcsc", "nfc"]
    card_trust: Path
    """Folder with the card CAs' certificates (``*.pem``), every generation in use; at least one."""
    policy_oid: str
    """Certificate policy of a user-authentication certificate. On the bench the test arc, so that no build takes
    both."""
    name_contains: str = ""
    """``pcsc``: part of the reader's PC/SC name, exactly one reader must have it."""
    device: str = ""
    """``nfc``: the reader as nfcpy names it, such as ``usb:054c:06c1`` or, on the bench, ``udp:127.0.0.1:54321``."""
    csock: str = ""
    """``pcsc``: socket of the pcscd to use (``PCSCLITE_CSOCK_NAME``); empty: the system's."""


@dataclass(frozen=True, slots=True)
class CoinPosition:
    """One position of the acceptor's coin table (ccTalk header 184)."""

    position: int
    """1 … 16."""
    coin_id: str
    """The six characters the acceptor must report for it, e.g. ``JP100A``."""
    yen: int
    path: int
    """Sorter path the coin takes, 1 … 8 (ccTalk header 210)."""


@dataclass(frozen=True, slots=True)
class HopperSettings:
    """One hopper, bound by its serial number and not by its address."""

    serial: int
    """ccTalk header 242, 24 bit."""
    yen: int
    dispense_mode: Literal["cipher-dummy", "serial"]
    """What the data of a dispense command look like; the device's product code must agree."""
    reserve: int
    """Coins left out of every calculation, for what a book cannot know."""
    initial_coins: int = 0
    """Coins filled in at installation; booked once, at the first start with an empty journal."""
    capacity: int = 500
    """Coins that fit; when the book reaches it, this coin is not accepted any more."""


@dataclass(frozen=True, slots=True)
class CashSettings:
    """The coin bus (ccTalk)."""

    port: str
    """Serial port, by its stable name."""
    acceptor_serial: int
    coins: tuple[CoinPosition, ...]
    """Every position that may be enabled; any other stays inhibited."""
    hoppers: tuple[HopperSettings, ...]
    cashbox_path: int = 5
    """Sorter path into the cashbox; coins on any other path fall into the hopper of their value."""
    coin_divisor: int = 1
    """Number in the coin id over this is the value in yen (makers differ for currencies without cents)."""
    echo: Literal["auto", "on", "off"] = "auto"
    """Whether the adapter returns our own bytes."""
    poll_ms: int = 150
    """Credit poll while coins are accepted."""
    watchdog_ms: int = 1000
    """The acceptor inhibits itself when not polled for so long; must be more than twice ``poll_ms``."""
    reply_ms: int = 200
    """Wait for the first byte of an ordinary reply."""
    slow_reply_ms: int = 2000
    """The same for commands that move or test something."""


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """The multi-copy machine's printer (IPP)."""

    uri: str
    """``ipp://`` or ``ipps://``."""
    certificate_tray: str
    """The ``media-source`` with plain A4 for certificates."""
    receipt_tray: str
    """The ``media-source`` for receipts."""
    receipt_media: str = "iso_a5_148x210mm"
    """The receipt's own medium in that tray, by its self-describing size name (PWG 5101.1)."""


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """The line to the national centre: the only next hop this terminal has (F-31)."""

    url: str
    """``https://`` only; the peer's key is pinned by the credential ``centre.pin``."""
    connect_s: float
    """Time to connect, TLS included."""
    read_s: float
    """Longest silence while an answer is coming."""


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """The loudspeaker."""

    required: bool
    """Without a sound device the terminal does not open. False only where the profile has ``voice = "off"``."""


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """The input module that tells whether something lies in a tray (Modbus RTU, discrete inputs, function 02)."""

    port: str
    """Serial port, by its stable name; 9600 8E1 on the wire."""
    unit: int
    """Slave address, 1 … 247."""
    certificate_input: int
    """Number of the discrete input of the certificate tray, from 0; likewise the others."""
    change_input: int
    receipt_input: int
    poll_ms: int = 200
    service_key_input: int | None = None
    """The key switch that asks for the staff screens; None: there is no such switch."""


Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners in order, each (x, y) in shares of the picture: 0, 0 is its upper left corner, 1, 1 its lower right."""


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """The camera above the terminal (S-8). What the municipality decides of it is in its profile."""

    source: str
    """``v4l2:/dev/v4l/by-id/…``, ``rtsp://``, ``http://`` (multipart MJPEG), ``tcp://`` (MPEG-TS) or ``picamera2:``;
    in simulations also ``file:``. Without user and password: see ``login``."""
    width: int
    height: int
    fps: float
    """Pictures a second, as set in the camera."""
    max_kbit_s: int
    """The highest bit rate the camera is set to (its cap, not its mean): the disk is planned by it."""
    zone: Polygon
    """Where somebody who uses the terminal stands."""
    shows_keypad_or_screen: bool
    """Answer of the commissioning: whether keypad or screen can be made out in the picture. True demands a mask."""
    mask: tuple[Polygon, ...] = ()
    """Parts of the picture that are painted over before anything is stored."""
    keyframe_s: float = 2.0
    """Seconds from keyframe to keyframe, as set in the camera."""
    login: bool = False
    """The camera asks for user and password: they are in the credential ``camera-login``."""


@dataclass(frozen=True, slots=True)
class CaseSettings:
    """The contact that tells whether the recorder's case is open (S-13, S-17)."""

    driver: Literal["modbus", "gpio"] = "modbus"
    port: str = ""
    """``modbus``: serial port of the recorder's own input module, by its stable name; 9600 8E1 on the wire."""
    unit: int | None = None
    """``modbus``: slave address, 1 … 247."""
    input: int | None = None
    """``modbus``: number of the discrete input, from 0."""
    line: str = ""
    """``gpio``: the pin as gpiozero names it, such as ``GPIO17``; pulled up, so that "on" is connected to ground."""
    open_when: Literal["on", "off"] = "on"
    """``off``: the contact is closed while the case is shut, so that a cut wire shows as an open case."""
    poll_ms: int = 200


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Where and how the recorder stores (S-13 to S-17)."""

    video: Path
    """Folder of the slot files, on a disk of their own."""
    slots: int
    """How many slot files ``python -m recorder.prepare`` makes."""
    marks: Path
    """Socket of the recorder, on which the terminal says whether a session is open."""
    status: Path
    """Socket of the terminal, on which the recorder says how it is."""
    slot_mib: int | None = None
    """Size of a slot; either this or ``slot_kib``."""
    slot_kib: int | None = None
    reserve_slots: int = 0
    """Kept back for when every image is too young to be written over; only with the profile's ``on_conflict =
    "protect_floor_and_alarm"``."""
    case: CaseSettings | None = None
    """None only in simulations."""

    @property
    def slot_bytes(self) -> int:
        """Size of a slot; 0 where neither is given."""
        return (self.slot_mib or 0) * 1024 * 1024 + (self.slot_kib or 0) * 1024

    @property
    def office(self) -> Path:
        """Socket of the recorder, on which staff's programs ask what they want to see."""
        return self.marks.with_name("status.sock")


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """What only a simulation may have."""

    clock_file: Path
    """The bench's settable clock (:mod:`config.clock`)."""
    mirror_socket: Path
    """Unix socket that shows the picture and takes fingers."""
    journal_gate: Path | None = None
    """Unix socket asked before and after every journal commit, so that a power cut can be placed exactly."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What stands on this spot."""

    terminal_id: str
    """Unique in the country; the name in the client certificate (F-12)."""
    machine_no: int
    """The municipality's own number of the machine."""
    simulation: bool
    """True only on the bench. A machine with real devices refuses everything in ``bench``."""
    panel: Panel
    reader: ReaderSettings
    cash: CashSettings
    printer: PrinterSettings
    centre: CentreSettings
    sound: SoundSettings
    sensors: SensorSettings | None = None
    """None: no sensors; a touch stands for the taking."""
    bench: BenchSettings | None = None
    camera: CameraDevice | None = None
    """None: this machine has no recorder; then ``recorder`` is None too."""
    recorder: RecorderSettings | None = None
