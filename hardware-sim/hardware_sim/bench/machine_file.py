"""The kiosk's machine file for this bench: every device named as the simulators are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import config
from config.calendar import JST
from config.errors import ConfigError
from config.hours import machine_hours
from config.load import load, load_profile
from config.schema import Machine, Profile, Settings
from hardware_sim.camera.bench import FPS, HEIGHT, MAX_KBIT_S, WIDTH, ZONE
from hardware_sim.camera.streams import GOP_S
from hardware_sim.card import AUTH_POLICY_OID
from hardware_sim.cash.acceptor import DEFAULT_PATH, JAPAN, AcceptorProfile
from hardware_sim.cash.hopper import SERIALS

from .errors import BenchError

READER_NAME = "Virtual PCD 00 00"
PREFERRED_TIME = time(10, 24)
_SLOT_KIB, _SLOTS = 1024, 48
"""A ring of some forty minutes: enough to be filled and lapped by hand."""
_RESERVE = 5
_CAPACITY = 500
_SEARCH_DAYS = 400


@dataclass(frozen=True)
class Spot:
    """What a machine file may decide even on the bench; the devices are always the simulated ones."""

    profile: str = "saga"
    terminal_id: str = "SAGA-0002"
    machine_no: int = 2
    width_px: int = 1080
    height_px: int = 1920
    diagonal_in: float = 21.5
    sound_required: bool = True
    sensors: bool = True
    camera: str = ""
    """Stream of the security camera: ``h264`` (MPEG-TS over TCP) or ``mjpeg`` (HTTP); empty: there is no camera."""
    reader: str = "pcsc"
    """``pcsc``: a virtual reader behind the real pcscd; ``nfc``: a radio on a loopback socket, for nfcpy."""

    def rules(self) -> Profile:
        """The municipality's: a shipped profile, or the file that is named."""
        named = self.profile
        return load_profile(Path(named) if named.endswith(".toml") else Path(config.__file__).parent / f"{named}.toml")


PROFILES: Final = ("saga", "fujisawa", "fujisawa-hall")
READERS: Final = ("pcsc", "nfc")
CAMERAS: Final = ("h264", "mjpeg")
PANELS: Final[Mapping[str, tuple[int, int, float]]] = {"upright": (1080, 1920, 21.5), "landscape": (1280, 800, 15.6)}
"""Width and height in pixels, diagonal in inches."""
_TERMINALS: Final = {"saga": "SAGA-0002", "fujisawa": "FUJISAWA-0001", "fujisawa-hall": "FUJISAWA-0101"}


def spot_for(profile: str = "saga", reader: str = "pcsc", panel: str = "upright", camera: str = "") -> Spot:
    """The spot of a terminal with this shipped profile, reader, panel and camera."""
    width, height, diagonal = PANELS[panel]
    return Spot(
        profile=profile,
        terminal_id=_TERMINALS[profile],
        width_px=width,
        height_px=height,
        diagonal_in=diagonal,
        reader=reader,
        camera=camera,
    )


@dataclass(frozen=True)
class CameraWiring:
    """Where camera and recorder are reached. link: folder of the sockets between recorder and terminal."""

    source: str
    video: Path
    link: Path
    case_port: Path


@dataclass(frozen=True)
class Wiring:
    """Where the simulated devices are reached. ``sensors``: None where there is no such module."""

    csock: Path | None
    """Of pcscd; None with a radio."""
    card_trust: Path
    cash_port: Path
    hopper_coins: Mapping[int, int]
    """Coins filled in at installation, by denomination."""
    printer_uri: str
    centre_url: str
    clock_file: Path
    mirror_socket: Path
    journal_gate: Path | None
    sensors_port: Path | None = None
    radio: str = ""
    """nfcpy's path of the radio; empty with pcscd."""
    camera: CameraWiring | None = None


def neighbour(terminal_id: str) -> str:
    """Id of the terminal beside this one: the number at its end, one higher."""
    head, _, number = terminal_id.rpartition("-")
    return f"{head}-{int(number) + 1:0{len(number)}}" if number.isdigit() and head else f"{terminal_id}-2"


def spot_of(machine_file: Path) -> Spot:
    """What an existing machine file says of the spot.

    Raises:
        BenchError: it names real devices, or cannot be read.
    """
    try:
        table = tomllib.loads(machine_file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(f"{machine_file} cannot be read: {error}") from None
    if table.get("simulation") is not True:
        raise BenchError(
            f"{machine_file} is not for a simulation (simulation = true is missing): it names real devices, and "
            "the bench never touches those. Start the bench without --machine, or give it a copy for the bench"
        )
    try:
        machine: Machine = load(machine_file).machine
    except ConfigError as error:
        raise BenchError(str(error)) from None
    profile = str(table["profile"])
    if profile.endswith(".toml"):
        profile = str((machine_file.parent / profile).absolute())
    return Spot(
        profile=profile,
        terminal_id=machine.terminal_id,
        machine_no=machine.machine_no,
        width_px=machine.panel.width_px,
        height_px=machine.panel.height_px,
        diagonal_in=machine.panel.diagonal_in,
        sound_required=machine.sound.required,
        sensors=machine.sensors is not None,
        reader=machine.reader.driver,
        camera="" if machine.camera is None else "mjpeg" if machine.camera.source.startswith("http") else "h264",
    )


def write_machine_file(path: Path, spot: Spot, wiring: Wiring) -> Settings:
    """Write the machine file and read it back as the kiosk will.

    Raises:
        BenchError: the configuration does not stand the kiosk's own checks.
    """
    path.write_text(_text(spot, wiring), "utf-8")
    try:
        settings = load(path)
    except ConfigError as error:
        raise BenchError(f"the bench's own machine file is refused: {error}") from None
    if not settings.machine.simulation:
        raise BenchError(f"{path} is not for a simulation: the bench does not start")
    return settings


def opening_instant(profile: Profile, today: date) -> datetime:
    """An instant in an open hour: 10:24 (Japanese time) of the first open day from ``today`` on, where possible.

    Raises:
        BenchError: the profile is closed for more than a year.
    """
    hours = machine_hours(profile)
    for ahead in range(_SEARCH_DAYS):
        wanted = datetime.combine(today + timedelta(days=ahead), PREFERRED_TIME, JST)
        if hours.is_open(wanted).open:
            return wanted
    opening = hours.is_open(datetime.combine(today, time(), JST)).next_opening
    if opening is not None:
        return opening
    raise BenchError("the profile has no open hour within a year: look at its calendar")


def _text(spot: Spot, wiring: Wiring) -> str:
    table: dict[str, Any] = {
        "profile": spot.profile,
        "terminal_id": spot.terminal_id,
        "machine_no": spot.machine_no,
        "simulation": True,
        "panel": {
            "width_px": spot.width_px,
            "height_px": spot.height_px,
            "diagonal_in": float(spot.diagonal_in),
        },
        "reader": {
            **_reader(wiring),
            "card_trust": str(wiring.card_trust),
            "policy_oid": AUTH_POLICY_OID,
        },
        "cash": {
            "port": str(wiring.cash_port),
            "acceptor_serial": AcceptorProfile().identity.serial,
            "cashbox_path": DEFAULT_PATH,
            "coins": [
                {"position": coin.position, "coin_id": coin.coin_id, "yen": coin.yen, "path": coin.path}
                for coin in JAPAN
            ],
            "hoppers": [
                {
                    "serial": serial,
                    "yen": yen,
                    "dispense_mode": "serial",
                    "reserve": _RESERVE,
                    "initial_coins": wiring.hopper_coins.get(yen, 0),
                    "capacity": _CAPACITY,
                }
                for yen, serial in SERIALS.items()
            ],
        },
        "printer": {"uri": wiring.printer_uri, "certificate_tray": "tray-1", "receipt_tray": "tray-2"},
        "centre": {"url": wiring.centre_url, "connect_s": 5.0, "read_s": 20.0},
        "sound": {"required": spot.sound_required},
        "bench": {"clock_file": str(wiring.clock_file), "mirror_socket": str(wiring.mirror_socket)},
    }
    if wiring.journal_gate is not None:
        table["bench"]["journal_gate"] = str(wiring.journal_gate)
    if wiring.sensors_port is not None:
        table["sensors"] = {
            "port": str(wiring.sensors_port),
            "unit": 1,
            "certificate_input": CERTIFICATE_INPUT,
            "change_input": CHANGE_INPUT,
            "receipt_input": RECEIPT_INPUT,
            "service_key_input": SERVICE_KEY_INPUT,
        }
    if wiring.camera is not None:
        table |= _camera(wiring.camera)
    head = "# Written by the bench at every start; a change here is lost.\n"
    return head + "".join(_lines(table))


def _reader(wiring: Wiring) -> dict[str, str]:
    if wiring.csock is None:
        return {"driver": "nfc", "device": wiring.radio}
    return {"driver": "pcsc", "name_contains": READER_NAME, "csock": str(wiring.csock)}


def _camera(wiring: CameraWiring) -> dict[str, Any]:
    x0, y0, x1, y1 = ZONE
    return {
        "camera": {
            "source": wiring.source,
            "width": WIDTH,
            "height": HEIGHT,
            "fps": FPS,
            "keyframe_s": GOP_S,
            "max_kbit_s": MAX_KBIT_S[wiring.source.partition(":")[0]],
            "zone": [[x0, y0], [x1, y0], [x1, y1], [x0, y1]],
            "shows_keypad_or_screen": False,
        },
        "recorder": {
            "video": str(wiring.video),
            "slot_kib": _SLOT_KIB,
            "slots": _SLOTS,
            "marks": str(wiring.link / "marks.sock"),
            "status": str(wiring.link / "kiosk.sock"),
            "case": {"port": str(wiring.case_port), "unit": 1, "input": CASE_INPUT, "open_when": "off"},
        },
    }


CERTIFICATE_INPUT, CHANGE_INPUT, RECEIPT_INPUT, SERVICE_KEY_INPUT = 0, 1, 2, 3
"""Discrete inputs of the sensor module."""
CASE_INPUT: Final = 0
"""Of the recorder's own module: on while the case is shut."""


def _lines(table: Mapping[str, Any]) -> list[str]:
    """TOML: plain keys first, then one section for each table."""
    plain = [f"{key} = {_value(value)}\n" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            plain.append(f"\n[{key}]\n")
            plain += [f"{name} = {_value(item)}\n" for name, item in value.items()]
    return plain


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
