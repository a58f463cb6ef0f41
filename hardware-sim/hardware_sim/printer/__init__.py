"""A simulated multi-copy machine that speaks IPP: trays, toner, output, faults, a record of all it did."""

from hardware_sim.printer.bench import PrinterBench
from hardware_sim.printer.faults import FAULTS
from hardware_sim.printer.model import PrinterConfig, Sheet, TrayConfig

__all__ = ["FAULTS", "PrinterBench", "PrinterConfig", "Sheet", "TrayConfig"]
