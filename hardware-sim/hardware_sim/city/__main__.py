"""The city as a process of the bench."""

from __future__ import annotations

import argparse
import asyncio
import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography import x509

from config.clock import Clock, SimulatedClock, SystemClock
from config.load import ConfigError, load_national, load_profile
from hardware_sim.centre.serving import Command, ControlError, Server, count_handshakes, run
from hardware_sim.city.app import CityApp
from hardware_sim.city.register import Register, RegisterError, ResidentSummary
from hardware_sim.city.rules import Rules
from hardware_sim.city.service import CityService
from hardware_sim.city.towns import TownError
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
    parser.add_argument("--profile", type=Path, help="the municipality's profile; default: Saga with everything on")
    options = parser.parse_args()
    clock: Clock = SystemClock() if options.clock is None else SimulatedClock(options.clock, "city")
    try:
        register = Register(options.dir / "register.db")
        authorities = x509.load_pem_x509_certificates((options.dir / "card-ca.pem").read_bytes())
    except (RegisterError, OSError, ValueError) as error:
        parser.error(f"{error}; the bench (hardware_sim.city.bench) puts both files there")
    try:
        rules = Rules() if options.profile is None else Rules.of(load_profile(options.profile), load_national())
    except (ConfigError, TownError) as error:
        parser.error(str(error))
    pki, tile = BenchPki(options.pki), _Tile()
    service = CityService(pki.city_keys(), register, authorities, clock, rules=rules, tile=tile.get)
    centre = x509.load_pem_x509_certificate(pki.path("centre-client")[1].read_bytes())
    city = CityApp(service, centre)

    def handshake_refused(_why: str) -> None:
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

    def change(request: dict[str, Any]) -> None:
        try:
            register.change(str(request["person"]), request["columns"])
        except KeyError as error:
            raise ControlError(f"there is no such person or column: {error}") from None

    def change_juki(request: dict[str, Any]) -> None:
        try:
            register.change_juki(str(request["person"]), tries=request.get("tries"), status=request.get("status"))
        except KeyError:
            raise ControlError("this person has no Juki card") from None
        except ValueError as error:
            raise ControlError(str(error)) from None

    def cancel_seal(request: dict[str, Any]) -> None:
        try:
            register.cancel_seal(str(request["person"]))
        except KeyError:
            raise ControlError("this person has no registered seal") from None

    return {
        "change": change,
        "change_juki": change_juki,
        "cancel_seal": cancel_seal,
        "status": lambda _: {"counts": dict(city.counts), "faults": service.faults.active()},
        "vocabulary": lambda _: {name: fault.to_json() for name, fault in service.faults.vocabulary.items()},
        "fault": set_fault,
        "clear": clear,
        "journal": lambda _: service.journal(),
        "residents": lambda _: [_told(resident) for resident in register.residents()],
        "issued": lambda _: service.issuing.issued(),
        "tile": set_tile,
    }


def _told(resident: ResidentSummary) -> dict[str, Any]:
    expires = resident.juki_expires
    return {**asdict(resident), "juki_expires": None if expires is None else expires.isoformat()}


if __name__ == "__main__":
    main()
