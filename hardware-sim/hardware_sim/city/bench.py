"""The bench's handle on the far end: makes keys and register, starts centre and city, lets things fail."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import config
from config.load import ConfigError, load_profile
from hardware_sim.city.register import Register, ResidentSummary
from hardware_sim.city.residents import SEED
from hardware_sim.city.towns import TownError, town_of
from hardware_sim.served import Served
from hardware_sim.served import ServedError as BenchError
from hardware_sim.tls import BenchPki, Flaw

Target = Literal["centre", "city"]
OTHER_TERMINAL = "bench-other"
"""Listed at every centre of a bench, so that there is somebody else's certificate to come with."""


class CityBench:
    """Centre and city as two processes on loopback, with everything they need under ``directory``.

    Args:
        directory: made when absent (0700); keys and register in it are used again at the next start.
        card_ca: the cards' authentication CA certificate (PEM or DER; PEM may hold several): what the city pins.
        clock_file: the bench's clock; None: real time.
        terminals: ids of the listed terminals; the first one's credentials are laid out.
        issuer_name_der: issuer name of the residents' cards; default: the subject of the (first) ``card_ca``.
        municipality: the city's id in the protocol; the bench has residents of ``saga`` and ``fujisawa``.
        profile: what the city's server goes by (kinds, fees, copies, hours, first days, ages); default: the profile
            of this name that is shipped with the program.
        seed: of the register.

    Raises:
        BenchError: a server does not start, or there are no residents or no profile of that municipality.
    """

    def __init__(
        self,
        directory: Path,
        card_ca: bytes,
        *,
        clock_file: Path | None = None,
        terminals: Sequence[str] = ("saga-0002",),
        issuer_name_der: bytes | None = None,
        municipality: str = "saga",
        profile: Path | None = None,
        seed: int = SEED,
    ) -> None:
        if not terminals:
            raise ValueError("name at least one terminal")
        profile = _profile(municipality, profile)
        self.terminals = tuple(terminals)
        self.municipality = municipality
        self.directory = directory.absolute()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        self.pki = BenchPki(self.directory / "pki")
        self.credentials_of = {
            terminal: self.pki.fill_credentials(terminal, self.directory / "credentials" / terminal)
            for terminal in terminals
        }
        """Credentials directory of each terminal."""
        self.credentials = self.credentials_of[terminals[0]]
        authorities = _certificates(card_ca)
        pem = b"".join(authority.public_bytes(Encoding.PEM) for authority in authorities)
        (self.directory / "card-ca.pem").write_bytes(pem)
        issuer = issuer_name_der or authorities[0].subject.public_bytes()
        self.register = Register.build(self.directory / "register.db", issuer, seed, municipality)
        clock = [] if clock_file is None else ["--clock", str(clock_file)]
        pki = ["--pki", str(self.pki.directory), *clock]
        self._processes: dict[str, Served] = {}
        try:
            place = ["--dir", str(self.directory), "--profile", str(profile)]
            city_port = self._serve("city", [*pki, *place])
            listed = [word for terminal in (*terminals, OTHER_TERMINAL) for word in ("--terminal", terminal)]
            route = ["--city", f"{municipality}=https://127.0.0.1:{city_port}"]
            self.port = self._serve("centre", [*pki, *listed, *route])
        except BaseException:
            self.close()
            raise
        self.url = f"https://127.0.0.1:{self.port}"
        """Of the centre: what a terminal is configured with."""

    def _serve(self, name: str, arguments: list[str]) -> int:
        """Start one of the two; its port."""
        log = self.directory / f"{name}.log"
        self._processes[name] = Served(name, f"hardware_sim.{name}", self.directory, log, arguments)
        return self._processes[name].ready()["port"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End both servers. May be called twice."""
        for process in reversed(list(self._processes.values())):
            process.stop()
        self._processes.clear()

    @property
    def pids(self) -> dict[str, int]:
        """``city`` and ``centre``."""
        return {name: process.pid for name, process in self._processes.items()}

    def residents(self) -> list[ResidentSummary]:
        """Everybody in the register: id, name, household size, card serial, remarks, Juki card."""
        return [_resident(row) for row in self._ask("city", "residents")]

    def change(self, person: str, **columns: object) -> None:
        """Change a resident's row, as a notification at the counter would: ``restricted=1``, ``address_since=…``.

        Dates are written ``2026-11-24``. Raises BenchError when there is no such person or column.
        """
        self._ask("city", "change", person=person, columns=columns)

    def change_juki(self, person: str, *, tries: int | None = None, status: str | None = None) -> None:
        """Set a Juki card's tries left (0 … 3) or its status (``good``, ``stopped``). Raises BenchError."""
        self._ask("city", "change_juki", person=person, tries=tries, status=status)

    def cancel_seal(self, person: str) -> None:
        """廃印: strike out somebody's registered seal. Raises BenchError when there is none."""
        self._ask("city", "cancel_seal", person=person)

    def refusals(self) -> dict[str, int]:
        """How often the centre refused, by reason: every one of :data:`hardware_sim.centre.app.REFUSALS`."""
        found: dict[str, int] = self._ask("centre", "status")["refusals"]
        return found

    def allow_addresses(self, addresses: Sequence[str]) -> None:
        """From which addresses the centre takes connections; at the start: 127.0.0.1."""
        self._ask("centre", "allow", addresses=list(addresses))

    def flawed_credentials(self, flaw: Flaw, terminal: str | None = None) -> Path:
        """A credentials directory for this terminal (default: the first) with one thing wrong."""
        own = terminal or self.terminals[0]
        folder = self.directory / "credentials" / f"{own}-{flaw.replace('_', '-')}"
        return self.pki.flawed_credentials(own, flaw, OTHER_TERMINAL, folder)

    def fault(self, target: Target, name: str, **parameters: object) -> dict[str, Any]:
        """Put a fault to work; gives its parameters with the defaults filled in. Raises BenchError."""
        found: dict[str, Any] = self._ask(target, "fault", name=name, **parameters)
        return found

    def clear(self, target: Target | None = None, name: str | None = None) -> None:
        """Take away one fault, all of one server, or all."""
        for one in [target] if target else list(self._processes):
            self._ask(one, "clear", name=name)

    def vocabulary(self, target: Target) -> dict[str, Any]:
        """Faults by name: ``label``, ``description`` (Japanese), ``parameters`` with defaults, ``choices``."""
        found: dict[str, Any] = self._ask(target, "vocabulary")
        return found

    def journal(self, target: Target) -> list[dict[str, Any]]:
        """Requests, oldest first, without personal data."""
        found: list[dict[str, Any]] = self._ask(target, "journal")
        return found

    def issued(self) -> list[dict[str, Any]]:
        """The last issues, oldest first.

        ``session`` (hex), ``person`` (resident's id), ``copies`` (``serial``, ``bytes``, ``sha256``, ``pages``).
        """
        found: list[dict[str, Any]] = self._ask("city", "issued")
        return found

    def tile(self, grey: bytes | None) -> None:
        """Draw this square of grey values on the first page of every certificate; None: no more."""
        self._ask("city", "tile", grey=None if grey is None else base64.b64encode(grey).decode())

    def snapshot(self) -> dict[str, Any]:
        """``centre`` and ``city``, each with ``counts`` and ``faults`` (those at work)."""
        return {name: self._ask(name, "status") for name in self._processes}

    def _ask(self, target: str, do: str, **arguments: object) -> Any:
        process = self._processes.get(target)
        if process is None:
            known = ", ".join(self._processes) or "nothing, it was closed"
            raise BenchError(f"there is no {target} here; running: {known}")
        return process.ask(do, **arguments)


def _profile(municipality: str, profile: Path | None) -> Path:
    """The file the city's server goes by. Raises BenchError when it does not fit."""
    path = profile or Path(config.__file__).with_name(f"{municipality}.toml")
    try:
        town_of(municipality)
        found = load_profile(path).municipality
    except (TownError, ConfigError) as error:
        raise BenchError(str(error)) from None
    if found != municipality:
        raise BenchError(f"{path} is a profile of {found}, not of {municipality}: name the one or the other")
    return path.absolute()


def _resident(row: dict[str, Any]) -> ResidentSummary:
    expires = row.pop("juki_expires")
    return ResidentSummary(**row, juki_expires=None if expires is None else date.fromisoformat(expires))


def _certificates(card_ca: bytes) -> list[x509.Certificate]:
    if card_ca.lstrip().startswith(b"-----"):
        return x509.load_pem_x509_certificates(card_ca)
    return [x509.load_der_x509_certificate(card_ca)]


__all__ = ["OTHER_TERMINAL", "BenchError", "CityBench", "Target"]
