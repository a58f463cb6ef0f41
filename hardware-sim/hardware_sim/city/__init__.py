"""Simulated city: a register of made-up residents and the server that issues their certificates.

    python -m hardware_sim.city --dir DIR --pki PKI --control SOCKET

Speaks docs/protocol.md. :class:`hardware_sim.city.bench.CityBench` makes everything it needs and starts it.
"""
