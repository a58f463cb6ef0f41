"""The bench's handle on the far end: makes keys and register, starts centre and city, lets things fail."""

from __future__ import annotations

import base64
import contextlib
import json
import select
import socket
import subprocess
import sys
import threading
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
from hardware_sim.tls import BenchPki, Flaw

Target = Literal["centre", "city"]
OTHER_TERMINAL = "bench-other"
"""Listed at every centre of a bench, so that there is somebody else's certificate to come with."""
START_S = 30.0
STOP_S = 5.0
ANSWER_S = 30.0


class BenchError(Exception):
    """The far end does not do what it was asked; the text says where to look."""


class _Process:
    """One of the two servers and the line to its control socket."""

    def __init__(self, name: str, folder: Path, arguments: list[str]) -> None:
        self.name = name
        self.control = folder / f"{name}.sock"
        self.log = folder / f"{name}.log"
        if len(bytes(self.control)) > 100:
            raise BenchError(f"{folder} is too long a path for a Unix socket: choose a shorter one")
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._received = b""
        command = [sys.executable, "-m", f"hardware_sim.{name}", "--control", str(self.control), *arguments]
        with self.log.open("ab") as errors:
            # The server reads its standard input to the end: however this process ends, it ends too. (A signal
            # at the parent's death would come already when the thread that started it is over.)
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the bench, which then stops us in order
            )

    def wait_ready(self) -> int:
        """The port, once the server listens."""
        out = self.process.stdout
        readable = select.select([out], [], [], START_S)[0] if out is not None else []
        line = out.readline() if out is not None and readable else b""
        try:
            port = int(json.loads(line)["port"])
        except (ValueError, KeyError):
            raise BenchError(f"the {self.name} did not start; see {self.log}") from None
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(ANSWER_S)
        self._line.connect(str(self.control))
        return port

    def ask(self, do: str, **arguments: object) -> Any:
        with self._lock:
            if self._line is None:
                raise BenchError(f"the {self.name} is not running")
            try:
                self._line.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
                while b"\n" not in self._received:
                    chunk = self._line.recv(1 << 20)
                    if not chunk:
                        raise ConnectionError
                    self._received += chunk
            except OSError:
                raise BenchError(f"the {self.name} does not answer; see {self.log}") from None
            line, _, self._received = self._received.partition(b"\n")
        answer = json.loads(line)
        if not answer["ok"]:
            raise BenchError(str(answer["error"]))
        return answer["result"]

    def stop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


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
        self._processes: dict[str, _Process] = {}
        try:
            place = ["--dir", str(self.directory), "--profile", str(profile)]
            self._processes["city"] = _Process("city", self.directory, [*pki, *place])
            city_port = self._processes["city"].wait_ready()
            listed = [word for terminal in (*terminals, OTHER_TERMINAL) for word in ("--terminal", terminal)]
            route = ["--city", f"{municipality}=https://127.0.0.1:{city_port}"]
            self._processes["centre"] = _Process("centre", self.directory, [*pki, *listed, *route])
            self.port = self._processes["centre"].wait_ready()
        except BaseException:
            self.close()
            raise
        self.url = f"https://127.0.0.1:{self.port}"
        """Of the centre: what a terminal is configured with."""

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
        return {name: process.process.pid for name, process in self._processes.items()}

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
