"""The simulated cash unit: ccTalk acceptor and hoppers on a pty, and an independent count of the metal."""

from .acceptor import AcceptorProfile, CoinType
from .bench import CashBench
from .faults import FAULTS, FaultKind
from .frame import Checksum
from .hopper import FLOW_SER, SCH2_NOENCRYPT, DispenseMode, HopperProfile
from .timing import Clock, ManualClock, RealClock

__all__ = [
    "FAULTS",
    "FLOW_SER",
    "SCH2_NOENCRYPT",
    "AcceptorProfile",
    "CashBench",
    "Checksum",
    "Clock",
    "CoinType",
    "DispenseMode",
    "FaultKind",
    "HopperProfile",
    "ManualClock",
    "RealClock",
]
