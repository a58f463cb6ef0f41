"""The simulated input module: Modbus RTU on a pty, one discrete input for each sensor."""

from .bench import SensorBench
from .faults import FAULTS

__all__ = ["FAULTS", "SensorBench"]
