"""Simulated national centre: a relay that sees who asks whom, and nothing of what.

    python -m hardware_sim.centre --pki DIR --control SOCKET --terminal saga-0001 --city saga=https://127.0.0.1:8444

Speaks docs/protocol.md §2. :mod:`hardware_sim.city.bench` starts it together with the city.
"""

from hardware_sim.centre.app import Centre
from hardware_sim.centre.faults import CENTRE_FAULTS, Fault, FaultError, Faults

__all__ = ["CENTRE_FAULTS", "Centre", "Fault", "FaultError", "Faults"]
