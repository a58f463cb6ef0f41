"""What the bench can do to the card and the reader, by JSON lines over a Unix socket.

One request a line, one answer a line: ``{"do": "insert", "card": "demo"}`` -> ``{"ok": true}`` or
``{"ok": false, "error": "..."}``. Secrets travel only here and in files of mode 0600; an error text never repeats
what it was given as a secret.
"""

from __future__ import annotations

import json
import socketserver
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from .files import Card
from .kinds import CardSpec, CardSpecError, build
from .model import JpkiCard
from .namespace import StandError
from .pcscd import Pcscd
from .pki import CardAuthority
from .radio import Disturbance, RadioSlot
from .slot import Pull, Slot, SlotOccupiedError

LINE_MAX = 65536
SLOW_MAX_MS = 60_000
DOWN_MAX_MS = 600_000
FRAMES_MAX = 1_000_000


class RequestError(ValueError):
    """A request that cannot be carried out; the text goes back to whoever sent it."""


class Reader(Protocol):
    """Where the reader is plugged in."""

    @property
    def plugged(self) -> bool:
        """Whether it is."""

    def unplug(self, down_s: float | None) -> None:
        """For that many seconds, or until :meth:`plug`."""

    def plug(self) -> None:
        """Back again."""


class PcscReader:
    """The reader behind pcscd, by the monotonic clock."""

    def __init__(self, pcscd: Pcscd) -> None:
        self.pcscd = pcscd

    @property
    def plugged(self) -> bool:
        return self.pcscd.plugged

    def unplug(self, down_s: float | None) -> None:
        self.pcscd.unplug(down_s, time.monotonic())

    def plug(self) -> None:
        self.pcscd.plug()


class Desk:
    """Cards by their id, and the reader they are laid on: a radio, or vpcd's slot with its pcscd.

    ``handle`` may be called from any thread. A card is made at its first use and kept until the stand ends: its
    retry counter outlives removal and reset.
    """

    def __init__(self, slot: Slot, authority: CardAuthority, pcscd: Pcscd | None = None) -> None:
        self._slot = slot
        self._pcscd = pcscd
        self._authority = authority
        self._lock = threading.Lock()
        self._specs: dict[str, CardSpec] = {}
        self._cards: dict[str, Card] = {}
        self._inserted: list[str] = []
        self._table: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "register": self._register,
            "insert": self._insert,
            "remove": self._remove,
            "status": self._status,
            "slow": self._slow,
            "mute": self._mute,
            "pull_at": self._pull_at,
            "tries": self._tries,
            "set_tries": self._set_tries,
            "trace": self._trace,
        }
        self._reader: Reader | None = None
        if pcscd is not None:
            self._reader = PcscReader(pcscd)
            self._table["kill_pcscd"] = self._kill_pcscd
        if isinstance(slot, RadioSlot):
            self._reader = slot
            self._table |= {"disturb": self._disturb, "leave_after": self._leave_after}
        if self._reader is not None:
            self._table |= {"unplug": self._unplug, "plug": self._plug}

    def handle(self, request: object) -> dict[str, Any]:
        """One decoded request to one answer; never raises for a bad request."""
        try:
            if not isinstance(request, dict) or not isinstance(request.get("do"), str):
                raise RequestError(f'a request is an object with "do", one of {", ".join(self._table)}')
            action = self._table.get(request["do"])
            if action is None:
                raise RequestError(f"unknown request; known are {', '.join(self._table)}")
            with self._lock:
                return {"ok": True, **action(request)}
        except (RequestError, CardSpecError, SlotOccupiedError) as error:
            return {"ok": False, "error": str(error)}

    def register(self, spec: CardSpec) -> None:
        """Make a card known. The same description again changes nothing; another one is a new card."""
        known = self._specs.get(spec.card_id)
        if known == spec:
            return
        if spec.card_id in self._inserted and self._slot.inserted:
            raise RequestError("this card lies on the reader: remove it before describing it anew")
        self._specs[spec.card_id] = spec
        self._cards.pop(spec.card_id, None)

    def _card(self, request: dict[str, Any]) -> tuple[str, Card]:
        return self._made(request.get("card"))

    def _made(self, card_id: object) -> tuple[str, Card]:
        if not isinstance(card_id, str) or card_id not in self._specs:
            raise RequestError(f'"card" must be a registered card; registered are {sorted(self._specs)}')
        if card_id not in self._cards:
            self._cards[card_id] = build(self._specs[card_id], self._authority)
        return card_id, self._cards[card_id]

    def _with_pin(self, request: dict[str, Any]) -> JpkiCard:
        card_id, card = self._card(request)
        if not isinstance(card, JpkiCard):
            raise RequestError(f"a card of kind {self._specs[card_id].kind} has no PIN")
        return card

    def _register(self, request: dict[str, Any]) -> dict[str, Any]:
        self.register(CardSpec.from_json(request.get("card")))
        return {}

    def _insert(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("cards")
        if not isinstance(wanted, list) or not wanted or len(set(map(str, wanted))) < len(wanted):
            raise RequestError('"cards" must be a list of different registered cards')
        made = [self._made(card_id) for card_id in wanted]
        self._slot.insert([card for _, card in made])
        self._inserted = [card_id for card_id, _ in made]
        return {}

    def _remove(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"removed": self._slot.remove()}

    def _status(self, _request: dict[str, Any]) -> dict[str, Any]:
        cards = self._inserted if self._slot.inserted else []
        status: dict[str, Any] = {
            "card": cards[0] if cards else None,
            "cards": cards,
            "connected": self._slot.connected,
            "reader": self._reader is not None and self._reader.plugged,
            "registered": sorted(self._specs),
        }
        if self._pcscd is not None:
            status |= {
                "pcscd": self._pcscd.ready,
                "pcscd_pid": self._pcscd.pid,
                "pcscd_restarts": self._pcscd.restarts,
            }
        return status

    def _slow(self, request: dict[str, Any]) -> dict[str, Any]:
        self._slot.slow_down(_whole(request, "ms", 0, SLOW_MAX_MS))
        return {}

    def _mute(self, request: dict[str, Any]) -> dict[str, Any]:
        on = request.get("on")
        if not isinstance(on, bool):
            raise RequestError('"on" must be true or false')
        self._slot.mute(on)
        return {}

    def _kill_pcscd(self, request: dict[str, Any]) -> dict[str, Any]:
        down_ms = _whole(request, "down_ms", 0, DOWN_MAX_MS) if "down_ms" in request else 0
        if self._pcscd is not None:
            self._pcscd.kill(down_ms / 1000, time.monotonic())
        return {}

    def _unplug(self, request: dict[str, Any]) -> dict[str, Any]:
        down_s = None
        if request.get("down_ms") is not None:
            down_s = _whole(request, "down_ms", 0, DOWN_MAX_MS) / 1000
        if self._reader is not None:
            self._reader.unplug(down_s)
        return {}

    def _plug(self, _request: dict[str, Any]) -> dict[str, Any]:
        if self._reader is not None:
            self._reader.plug()
        return {}

    def _disturb(self, request: dict[str, Any]) -> dict[str, Any]:
        how = request.get("how", Disturbance.BROKEN.value)
        if how not in {choice.value for choice in Disturbance}:
            raise RequestError(f'"how" must be one of {", ".join(choice.value for choice in Disturbance)}')
        if isinstance(self._slot, RadioSlot):
            self._slot.disturb(_whole(request, "frames", 0, FRAMES_MAX), Disturbance(how))
        return {}

    def _leave_after(self, request: dict[str, Any]) -> dict[str, Any]:
        frames = None if request.get("frames") is None else _whole(request, "frames", 1, FRAMES_MAX)
        if isinstance(self._slot, RadioSlot):
            self._slot.leave_after(frames)
        return {}

    def _pull_at(self, request: dict[str, Any]) -> dict[str, Any]:
        when = request.get("when", Pull.BEFORE.value)
        if when not in {choice.value for choice in Pull}:
            raise RequestError('"when" must be "before" (the card never ran it) or "after" (it ran, unheard)')
        ins = None if request.get("ins") is None else _whole(request, "ins", 0, 255)
        self._slot.pull_at(ins, Pull(when))
        return {}

    def _tries(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"tries": self._with_pin(request).pin_tries_left}

    def _set_tries(self, request: dict[str, Any]) -> dict[str, Any]:
        card = self._with_pin(request)
        try:
            card.set_pin_tries_left(_whole(request, "tries", 0, 3))
        except ValueError as error:
            raise RequestError(str(error)) from None
        return {}

    def _trace(self, request: dict[str, Any]) -> dict[str, Any]:
        commands = [{"header": entry.header, "lc": entry.lc, "sw": entry.sw} for entry in self._slot.trace()]
        if request.get("clear") is True:
            self._slot.clear_trace()
        return {"commands": commands}


def _whole(request: dict[str, Any], name: str, low: int, high: int) -> int:
    value = request.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise RequestError(f'"{name}" must be a whole number from {low} to {high}')
    return value


def load_cards(path: Path) -> list[CardSpec]:
    """Descriptions from a JSON list. The file holds PINs: anybody else's right to read it is an error."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StandError(f"{path} holds PINs and others may read it: chmod 600 {path}")
        values = json.loads(path.read_bytes())
    except OSError as error:
        raise StandError(f"the cards cannot be read: {error}") from None
    except ValueError:
        raise StandError(f"{path} is not JSON: it must hold a list of cards") from None
    if not isinstance(values, list):
        raise StandError(f"{path} must hold a list of cards")
    try:
        return [CardSpec.from_json(value) for value in values]
    except CardSpecError as error:
        raise StandError(f"{path}: {error}") from None


class _Handler(socketserver.StreamRequestHandler):
    server: ControlServer

    def handle(self) -> None:
        try:
            while line := self.rfile.readline(LINE_MAX):
                if not line.endswith(b"\n"):
                    return
                try:
                    request = json.loads(line)
                except ValueError:
                    request = None
                answer = self.server.desk.handle(request)
                self.wfile.write(json.dumps(answer).encode() + b"\n")
        except OSError:
            return


class ControlServer(socketserver.ThreadingUnixStreamServer):
    """The socket in front of a :class:`Desk`; any number of clients, each for as long as it likes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, desk: Desk) -> None:
        path.unlink(missing_ok=True)
        self.desk = desk
        super().__init__(str(path), _Handler)
        path.chmod(0o600)
