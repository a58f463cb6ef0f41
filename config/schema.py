"""The typed settings: what a terminal may be told, each value with its unit and its meaning.

Three sources, three owners, one tree:

* :class:`Profile`: what a municipality decides (``config/saga.toml``).
* :class:`National`: what holds for every terminal in the country (``config/national.toml``); a municipality
  cannot change it (F-15).
* :class:`Machine`: what stands on this spot: panel, reader, coin bus, printer, line (the machine file).

Field names are the keys of the TOML files. A field with a default may be left out of its file; every other
one must be there. Nothing secret is in here: keys come from the service manager's credentials
(:mod:`config.secrets`).
"""

from __future__ import annotations

from dataclasses import dataclass

from config.machine import (
    BenchSettings,
    CameraDevice,
    CaseSettings,
    CashSettings,
    CentreSettings,
    CoinPosition,
    HopperSettings,
    Machine,
    Panel,
    Polygon,
    PrinterSettings,
    ReaderSettings,
    RecorderSettings,
    SensorSettings,
    SoundSettings,
)
from config.municipal import (
    Alternative,
    BusinessArea,
    CalendarSettings,
    CameraSettings,
    CertificateKind,
    CertificateSettings,
    Contract,
    DatedException,
    English,
    Fee,
    HolidayPolicy,
    KeySettings,
    Language,
    LegalBasis,
    Processor,
    Profile,
    YearEnd,
    YearlyTask,
)
from config.national import (
    ALLOWED_ORDERS,
    CARD_POLICY_OF,
    CardKind,
    CardPolicy,
    FlowProfile,
    JukiCard,
    National,
    Step,
)
from config.windows import MonthDay, Window

__all__ = [
    "ALLOWED_ORDERS",
    "CARD_POLICY_OF",
    "Alternative",
    "BenchSettings",
    "BusinessArea",
    "CalendarSettings",
    "CameraDevice",
    "CameraSettings",
    "CardKind",
    "CardPolicy",
    "CaseSettings",
    "CashSettings",
    "CentreSettings",
    "CertificateKind",
    "CertificateSettings",
    "CoinPosition",
    "Contract",
    "DatedException",
    "English",
    "Fee",
    "FlowProfile",
    "HolidayPolicy",
    "HopperSettings",
    "JukiCard",
    "KeySettings",
    "Language",
    "LegalBasis",
    "Machine",
    "MonthDay",
    "National",
    "Panel",
    "Polygon",
    "PrinterSettings",
    "Processor",
    "Profile",
    "ReaderSettings",
    "RecorderSettings",
    "SensorSettings",
    "Settings",
    "SoundSettings",
    "Step",
    "Window",
    "YearEnd",
    "YearlyTask",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective configuration of one terminal."""

    profile: Profile
    national: National
    machine: Machine
