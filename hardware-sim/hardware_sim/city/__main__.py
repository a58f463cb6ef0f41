"""The city as a process of the bench."""

from __future__ import annotations

import argparse
import asyncio
import base64
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cryptography import x509

from config.clock import Clock, SimulatedClock, SystemClock
from hardware_sim.centre.serving import Command, ControlError, Server, count_handshakes, run
from hardware_sim.city.app import CityApp
from hardware_sim.city.issuing import Rules
from hardware_sim.city.register import Register, RegisterError
from hardware_sim.city.service import CityService
from hardware_sim.tls import BenchPki


class _Tile:
    """The picture that the memory scan looks for: on every certificate while it is set."""

    def __init__(self) -> None:
        self.grey: bytes | None = None

    def get(self) -> bytes | None:
        return self.grey


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m hardware_sim.city", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="holds register.db and card-ca.pem")
    parser.add_argument("--pki", type=Path, required=True, help="directory of the bench's keys")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the bench")
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0: any free one")
    parser.add_argument("--clock", type=Path, help="the bench's clock file; default: real time")
    parser.add_argument("--municipality", default=Rules.municipality)
    options = parser.parse_args()
    clock: Clock = SystemClock() if options.clock is None else SimulatedClock(options.clock, "city")
    try:
        register = Register(options.dir / "register.db")
        authorities = x509.load_pem_x509_certificates((options.dir / "card-ca.pem").read_bytes())
    except (RegisterError, OSError, ValueError) as error:
        parser.error(f"{error}; the bench (hardware_sim.city.bench) puts both files there")
    pki, tile = BenchPki(options.pki), _Tile()
    rules = replace(Rules(), municipality=options.municipality)
    service = CityService(pki.city_keys(), register, authorities, clock, rules=rules, tile=tile.get)
    centre = x509.load_pem_x509_certificate(pki.path("centre-client")[1].read_bytes())
    city = CityApp(service, centre)

    def handshake_refused() -> None:
        city.counts["tls.refused"] += 1

    server = Server(city.app, count_handshakes(pki.city_server_context(), handshake_refused), options.port)
    asyncio.run(run(server, options.control, _commands(city, register, tile), clock=clock))


def _commands(city: CityApp, register: Register, tile: _Tile) -> dict[str, Command]:
    service = city.service

    def set_fault(request: dict[str, Any]) -> dict[str, Any]:
        return service.faults.set(str(request.pop("name", "")), request)

    def clear(request: dict[str, Any]) -> None:
        service.faults.clear(request.get("name"))

    def set_tile(request: dict[str, Any]) -> None:
        given = request.get("grey")
        if given is None:
            tile.grey = None
            return
        grey = base64.b64decode(given)
        if round(len(grey) ** 0.5) ** 2 != len(grey) or not grey:
            raise ControlError("a test tile is a square of grey values: give side × side bytes")
        tile.grey = grey

    return {
        "status": lambda _: {"counts": dict(city.counts), "faults": service.faults.active()},
        "vocabulary": lambda _: {name: fault.to_json() for name, fault in service.faults.vocabulary.items()},
        "fault": set_fault,
        "clear": clear,
        "journal": lambda _: service.journal(),
        "residents": lambda _: [asdict(resident) for resident in register.residents()],
        "issued": lambda _: service.issuing.issued(),
        "tile": set_tile,
    }


if __name__ == "__main__":
    main()
