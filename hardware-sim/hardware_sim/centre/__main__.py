"""The centre as a process of the bench."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

import httpx

from config.clock import Clock, SimulatedClock, SystemClock
from hardware_sim.centre.app import Centre
from hardware_sim.centre.serving import Command, Server, count_handshakes, run
from hardware_sim.tls import BenchPki


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m hardware_sim.centre", description=__doc__)
    parser.add_argument("--pki", type=Path, required=True, help="directory of the bench's keys")
    parser.add_argument("--control", type=Path, required=True, help="Unix socket for the bench")
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0: any free one")
    parser.add_argument("--terminal", action="append", default=[], help="id of a listed terminal; repeat")
    parser.add_argument(
        "--city", action="append", default=[], metavar="NAME=URL", help="a municipality and its server; repeat"
    )
    parser.add_argument("--clock", type=Path, help="the bench's clock file; default: real time")
    options = parser.parse_args()
    cities = dict(pair.split("=", 1) for pair in options.city if "=" in pair)
    if not cities or not options.terminal:
        parser.error("name at least one --city NAME=URL and one --terminal")
    clock: Clock = SystemClock() if options.clock is None else SimulatedClock(options.clock, "centre")
    asyncio.run(_serve(options, cities, clock))


async def _serve(options: argparse.Namespace, cities: dict[str, str], clock: Clock) -> None:
    pki = BenchPki(options.pki)
    way = pki.centre_client_context()
    clients = {
        name: httpx.AsyncClient(
            base_url=url, verify=way, trust_env=False, follow_redirects=False, timeout=httpx.Timeout(90, connect=5)
        )
        for name, url in cities.items()
    }
    centre = Centre(options.terminal, clients, clock)
    context = count_handshakes(pki.centre_server_context(), centre.handshake_refused)
    server = Server(centre.app, context, options.port, centre.admits)

    async def after_command() -> None:
        centre.forget_crossed()
        down = "down" in centre.faults.active()
        if down and server.servers:
            server.off_line()
        elif not down:
            await server.on_line()

    try:
        await run(server, options.control, _commands(centre), clock=clock, on_change=after_command)
    finally:
        for client in clients.values():
            await client.aclose()


def _commands(centre: Centre) -> dict[str, Command]:
    def set_fault(request: dict[str, Any]) -> dict[str, Any]:
        return centre.faults.set(str(request.pop("name", "")), request)

    def clear(request: dict[str, Any]) -> None:
        centre.faults.clear(request.get("name"))

    def allow(request: dict[str, Any]) -> None:
        centre.addresses = frozenset(str(address) for address in request["addresses"])

    def status(_: dict[str, Any]) -> dict[str, Any]:
        counted = {"counts": dict(centre.counts), "refusals": dict(centre.refusals)}
        return {**counted, "faults": centre.faults.active()}

    return {
        "status": status,
        "allow": allow,
        "vocabulary": lambda _: {name: fault.to_json() for name, fault in centre.faults.vocabulary.items()},
        "fault": set_fault,
        "clear": clear,
        "journal": lambda _: centre.journal(),
    }


if __name__ == "__main__":
    main()
