"""One visit under the oracle's eyes: ``python -m hardware_sim.bench.canary_visit`` (as root).

A resident whose certificate carries a random tile is served. While it prints, the oracle must find everything
(otherwise it would prove nothing); after the first screen is back, nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hardware_sim.card.kinds import CardSpec
from hardware_sim.city.residents import Household, households

from .canary import (
    Hit,
    Needle,
    NotAllowed,
    deflate_streams,
    memory_size,
    of_name,
    of_pin,
    scan_files,
    scan_memory,
    slices,
)
from .canary_key import Candidate, SessionKey, candidates, find_private, session_keys, windows, windows_of
from .cards import BenchCard
from .errors import BenchError
from .preflight import check_packages
from .processes import processes
from .trays import RECEIPT_TRAY
from .world import Bench, Options

PIN = "7391"
"""Not the PIN of the other cards, so that these digits are nobody else's."""
TILE_SIDE = 64
_HOUSEHOLD = "h011"
_SHEET_S = 36.0
_STEP_S = 30.0
_CARD = "canary"
_BEFORE_VERIFY = [("00A4020C", 2), ("00200080", 0)]
"""The last commands before the VERIFY with the PIN: the PIN's file selected, tries asked for."""


@dataclass
class Findings:
    """What the oracle found, and when. ``seconds``: how long each look took."""

    at_pin: list[Hit] = field(default_factory=list)
    at_arrival: list[Hit] = field(default_factory=list)
    """While the person is asked whether it is theirs. The words of a page are there as the reading of it left them:
    how many of the household's names lie about differs from visit to visit."""
    in_spool: list[Hit] = field(default_factory=list)
    in_memory: list[Hit] = field(default_factory=list)
    keys: list[SessionKey] = field(default_factory=list)
    after: list[Hit] = field(default_factory=list)
    pcscd_after: list[Hit] = field(default_factory=list)
    """Apart: pcscd is the system's, not ours."""
    seconds: dict[str, float] = field(default_factory=dict)
    megabytes: float = 0.0
    windows: int = 0
    """How many could have been the session's key."""

    def to_json(self) -> dict[str, Any]:
        return {
            "at_pin": summary(self.at_pin),
            "at_arrival": summary(self.at_arrival),
            "in_spool": summary(self.in_spool),
            "in_memory": summary(self.in_memory),
            "session_key": summary([hit for key in self.keys for hit in key.hits]),
            "after": summary(self.after),
            "pcscd_after": summary(self.pcscd_after),
            "seconds": {what: round(took, 1) for what, took in self.seconds.items()},
            "megabytes": round(self.megabytes),
            "windows": self.windows,
        }


def summary(hits: list[Hit]) -> dict[str, int]:
    """``needle in place`` to how often, pieces of one thing together."""
    return dict(Counter(f"{kind(hit.needle)} in {hit.place}" for hit in hits))


def kind(needle: str) -> str:
    """``tile``, ``deflate``, ``PIN``, ``name``, ``address``, ``session``: what a needle belongs to."""
    return needle.split(" ")[0]


class CanaryVisit:
    """One visit on a running bench, from first screen to first screen."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._home = next(each for each in households() if each.id == _HOUSEHOLD)
        self._tile = secrets.token_bytes(TILE_SIDE**2)
        self._found = Findings()
        self._known: frozenset[bytes] = frozenset()
        """What cannot be the session's key."""
        self._needles = [*_of_household(self._home), *of_pin(PIN), *slices("tile", self._tile)]

    def run(self) -> Findings:
        """Raises NotAllowed without the right to read memory, BenchError when the visit does not go on."""
        bench, found = self._bench, self._found
        bench.city.tile(self._tile)
        self._await("idle")
        self._known = self._timed("windows before", lambda: windows(self._pids()))
        self._lay_card()
        self._pin()
        self._choose()
        self._hold_and_look()
        found.megabytes = memory_size(self._pids()) / 1e6
        held: list[Candidate] = self._timed("windows", lambda: candidates(self._pids(), self._known))
        found.windows = len(held)
        bench.breaker.clear("printer")
        self._await("take", timeout_s=_SHEET_S + 90)
        if not bench.wait_until(lambda: any(s.tray == RECEIPT_TRAY for s in bench.printer.output()), _STEP_S):
            raise BenchError("no receipt came out")
        bench.trays.take_paper()
        bench.trays.take_change()
        self._await("idle")
        bench.city.tile(None)
        city = bench.city.pids["city"]
        found.keys = self._timed("session key", lambda: session_keys(held, city))
        self._timed("after", self._look_after)
        for key in found.keys:
            found.after += self._timed("key after", lambda key=key: find_private(self._pids(), key.public, self._known))
        return found

    # -- the way -----------------------------------------------------------------------------------

    def _await(self, *screens: str, timeout_s: float = _STEP_S) -> None:
        if not self._bench.wait_screen(*screens, timeout_s=timeout_s):
            raise BenchError(
                f"{' or '.join(screens)} did not come; the panel shows {self._bench.screen() or 'nothing'}"
            )

    def _touch(self, target: str) -> None:
        if not self._bench.touch_target(target, _STEP_S):
            raise BenchError(f"the panel has no target {target!r}; it shows {self._bench.screen() or 'nothing'}")

    def _lay_card(self) -> None:
        holder = self._home.members[0]
        spec = CardSpec(_CARD, serial=holder.card_serial, pin=PIN)
        self._bench.cards[_CARD] = BenchCard(_CARD, "", "", spec, holder.id)
        self._bench.lay_card(_CARD)
        self._await("pin_pad")

    def _pin(self) -> None:
        """Look while the VERIFY is on its way: the card is slow, and the kiosk is stopped with the APDU in its hand."""
        bench = self._bench
        bench.breaker.fault("card", "slow", ms=250)
        for digit in PIN:
            self._touch(f"digit-{digit}")
        before = len(bench.stand.trace())
        self._touch("next")
        self._await("wait")
        while bench.screen() == "wait" and not self._found.at_pin:
            sent = [(command["header"], command["lc"]) for command in bench.stand.trace()[before:]]
            if sent[-2:] == _BEFORE_VERIFY:
                with _stopped(self._pids()):
                    self._found.at_pin = scan_memory(self._pids(), of_pin(PIN))
        bench.breaker.clear("card")

    def _choose(self) -> None:
        self._await("take_card")
        self._bench.take_card()
        self._touch("certificate-residence")
        self._touch("household-whole")
        for screen in ("choose_items", "choose_copies", "confirm"):
            self._await(screen)
            self._touch("next")
        self._await("arrived")
        self._found.at_arrival = self._timed("arrival", lambda: scan_memory(self._pids(), self._needles))
        self._touch("me")
        self._await("pay")

    def _hold_and_look(self) -> None:
        """The spooler is stopped with the certificate in its spool; then the printer takes its time."""
        bench, found = self._bench, self._found
        # So slow that the key cannot be destroyed before memory was looked at, however busy this machine is.
        bench.breaker.fault("printer", "slow", factor=_SHEET_S / bench.options.seconds_per_sheet_s)
        bench.throw_coin(500)
        with self._spooler_stopped() as spooled:
            self._known |= windows_of(spooled)
            for stream in deflate_streams(spooled, self._tile):
                self._needles += slices("deflate", stream)
            roots = {"memory folder": bench.run.kiosk, **self._lasting()}
            found.in_spool = self._timed("spool", lambda: scan_files(roots, self._needles))
        if not bench.wait_until(lambda: bool(bench.printer.log("document")), _STEP_S):
            raise BenchError("the certificate did not come to the printer")
        found.in_memory = self._timed("memory", lambda: scan_memory(self._pids(), self._needles))

    @contextmanager
    def _spooler_stopped(self) -> Iterator[bytes]:
        """Waits until the whole certificate lies in the spool; gives its bytes."""
        deadline = time.monotonic() + _STEP_S
        while time.monotonic() < deadline:
            for path in self._bench.run.kiosk.rglob("spool/d*"):
                spooler = {pid: name for pid, name in self._pids().items() if not name.startswith("kiosk")}
                with _stopped(spooler), suppress(FileNotFoundError):
                    data = path.read_bytes()
                    if data.rstrip().endswith(b"%%EOF"):
                        yield data
                        return
            time.sleep(0.002)  # a file's coming rings no bell
        raise BenchError("no certificate came into the spool")

    def _look_after(self) -> None:
        bench, found = self._bench, self._found
        roots = {"memory folder": bench.run.kiosk, **self._lasting()}
        found.after = scan_memory(self._pids(), self._needles) + scan_files(roots, self._needles)
        pcscd = bench.stand.status()["pcscd_pid"]
        if pcscd is not None:
            found.pcscd_after = scan_memory({int(pcscd): "pcscd"}, self._needles)

    # -- where to look -----------------------------------------------------------------------------

    def _pids(self) -> dict[int, str]:
        alive = processes()
        parent = self._bench.kiosk.pid
        names = {}
        for pid in self._bench.kiosk.pids():
            if pid in alive:
                role = "kiosk parent" if pid == parent else alive[pid].name
                names[pid] = "kiosk child" if role.startswith("python") else role
        return names

    def _lasting(self) -> dict[str, Path]:
        """What survives the process: journal and ledgers, logs, the machine file; the system's own spool."""
        state = self._bench.state
        roots = {"state": state.kiosk, "log": state.log, "machine file": state.machine_file}
        system = Path("/var/spool/cups")
        return {**roots, "system spool": system} if system.is_dir() else roots

    def _timed(self, what: str, act: Any) -> Any:
        began = time.monotonic()
        try:
            return act()
        finally:
            self._found.seconds[what] = time.monotonic() - began


@contextmanager
def _stopped(pids: Iterable[int]) -> Iterator[None]:
    """SIGSTOP while one looks, so that what is there now stays there."""
    stopped = list(pids)
    try:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _of_household(home: Household) -> list[Needle]:
    found = [needle for n, person in enumerate(home.members, 1) for needle in of_name(f"name {n}", person.name)]
    return [*found, *of_name("address", home.address)]


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 found while printing and nowhere after; 1 otherwise; 2 it could not be tried."""
    parser = argparse.ArgumentParser(prog="python -m hardware_sim.bench.canary_visit", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    try:
        check_packages()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, Bench(Options(Path(folder), fresh=True)) as bench:
            found = CanaryVisit(bench).run()
    except (BenchError, NotAllowed) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        for when, what in found.to_json().items():
            print(f"{when}: {what}")
    return 0 if found.keys and found.in_spool and found.in_memory and not found.after else 1


if __name__ == "__main__":
    sys.exit(main())
