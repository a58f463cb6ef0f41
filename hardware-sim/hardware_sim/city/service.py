"""The city's issuing server: open, then sealed steps (docs/protocol.md §3 to §8). No network in here."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from config.clock import Clock
from hardware_sim.centre.faults import Faults
from hardware_sim.city import wire
from hardware_sim.city.cardcheck import CardRefused
from hardware_sim.city.faults import CITY_FAULTS
from hardware_sim.city.identifying import Identifying
from hardware_sim.city.issuing import Issuing
from hardware_sim.city.persons import Persons
from hardware_sim.city.register import Register
from hardware_sim.city.rules import Refused, Rules
from hardware_sim.city.sessions import Answered, OutOfOrder, Session, Sessions
from hardware_sim.city.wire import WireError, b64, b64_of, hex_of, int_of, text_of
from hardware_sim.tls import HPKE_PUBLIC, TERMINAL_ID, CityKeys, hpke_public_key

JOURNAL_ROWS = 1000
_STATUS = {"bad_request": 400, "replay": 409, "session_unknown": 409, "wrong_terminal": 403}
_SESSION_BYTES = 16
_FORCED_TRIES = 2
"""What is said to be left when the bench forces a wrong PIN."""
Found = tuple[dict[str, Any], Sequence[bytes]]


class _Stop(Exception):
    """An error of the transport (docs/protocol.md §8): ends the session, says nothing sealed or signed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Reply:
    """What goes back on the wire."""

    status: int
    body: bytes = field(repr=False)
    delay_s: float = 0.0
    cut: bool = False
    """The connection breaks in the middle of the body."""


def error_reply(status: int, code: str) -> Reply:
    return Reply(status, wire.write_object({"v": 1, "error": code}))


class CityService:
    """One municipality's server. ``handle`` may be called from any thread."""

    def __init__(
        self,
        keys: CityKeys,
        register: Register,
        card_authorities: Sequence[x509.Certificate],
        clock: Clock,
        *,
        rules: Rules | None = None,
        faults: Faults | None = None,
        tile: Callable[[], bytes | None] = lambda: None,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self.rules = rules or Rules()
        self.faults = faults or Faults(CITY_FAULTS)
        persons = Persons(register, self.rules, clock.now)
        self.issuing = Issuing(register, persons, self.rules, self.faults, tile, clock.now)
        who = Identifying(register, persons, self.rules, self.faults, card_authorities, clock.now)
        self._steps: dict[str, Callable[[Session, bytes], Found]] = {
            "authenticate": lambda session, payload: (who.authenticate(session, payload), ()),
            "card": lambda session, payload: (who.card(session, payload), ()),
            "pin": lambda session, payload: (who.pin(session, payload), ()),
            "household": lambda session, payload: (who.household(session, payload), ()),
            "issue": self._issue,
        }
        self._sessions = Sessions()
        self._last_open = b""
        self._journal: deque[dict[str, Any]] = deque(maxlen=JOURNAL_ROWS)
        self._last_sealed = b""
        self._lock = threading.Lock()

    def handle(self, step: str, body: bytes) -> Reply:
        """One request to its answer; never raises for what came in."""
        row: dict[str, Any] = {"at": wire.time_text(self._clock.now()), "step": step}
        try:
            answer = self._open(body, row) if step == "open" else self._sealed(step, body, row)
        except (WireError, _Stop) as error:
            code = error.code if isinstance(error, _Stop) else "bad_request"
            row["result"] = code
            self._note(row)
            return error_reply(_STATUS[code], code)
        self._note(row)
        slow = self.faults.strikes("slow", step)
        cut = self.faults.strikes("cut", step)
        return Reply(200, answer, float(slow["s"]) if slow else 0.0, cut is not None)

    def refuse(self, step: str, status: int, code: str) -> Reply:
        """A refusal made before the body was read; it is in the journal like the others."""
        self._note({"at": wire.time_text(self._clock.now()), "step": step, "result": code})
        return error_reply(status, code)

    def journal(self) -> list[dict[str, Any]]:
        """Requests, oldest first: ``at``, ``step``, ``result``, and ``terminal`` and ``seq`` where read."""
        with self._lock:
            return [dict(row) for row in self._journal]

    def _note(self, row: dict[str, Any]) -> None:
        with self._lock:
            self._journal.append(row)

    # --- open (§3) ---

    def _open(self, body: bytes, row: dict[str, Any]) -> bytes:
        keys = ("v", "session", "terminal", "municipality", "seq", "public_key")
        message = wire.read_object(body, keys)
        session_id = hex_of(message["session"], _SESSION_BYTES)
        terminal = self._addressed(message, row)
        int_of(message["seq"], 0, 0)
        row["seq"] = 0
        public_key = b64_of(message["public_key"])
        if len(public_key) != HPKE_PUBLIC:
            raise WireError("a public key is not of the suite's length")
        try:
            key = hpke_public_key(public_key)
        except ValueError:
            raise WireError("not a public key of the suite") from None
        nonce = secrets.token_bytes(wire.NONCE_BYTES)
        now, boot = self._clock.now(), self._clock.boot()
        made = Session(session_id, terminal, public_key, key, nonce, boot, now)
        made.open_answer = self._open_answer(made)
        kept = self._sessions.add(made)
        if kept is None or kept.public_key != public_key or kept.terminal != terminal:
            raise _Stop("replay")
        row["result"] = "ok" if kept is made else "repeated"
        return kept.open_answer

    def _open_answer(self, session: Session) -> bytes:
        at = wire.time_text(self._at("open"))
        key = session.public_key
        if self.faults.strikes("foreign_envelope", "open"):
            key = bytes(len(key))
        text = wire.open_signed(session.id, key, session.nonce, session.terminal, at)
        nonce = session.nonce
        if self.faults.strikes("garble", "open"):
            nonce = bytes((nonce[0] ^ 1,)) + nonce[1:]
        if self.faults.strikes("truncate", "open"):
            nonce = nonce[: len(nonce) // 2]
        answer = {"v": 1, "session": session.id.hex(), "seq": 0, "nonce": b64(nonce), "at": at}
        made = wire.write_object({**answer, "signature": b64(self._sign("open", text))})
        with self._lock:
            before, self._last_open = self._last_open, made
        return before if before and self.faults.strikes("replay_old", "open") else made

    # --- sealed steps (§5) ---

    def _sealed(self, step: str, body: bytes, row: dict[str, Any]) -> bytes:
        message = wire.read_object(body, ("v", "session", "terminal", "municipality", "seq", "sealed"))
        session_id = hex_of(message["session"], _SESSION_BYTES)
        terminal = self._addressed(message, row)
        seq = row["seq"] = int_of(message["seq"], 0, 2**31)
        sealed = b64_of(message["sealed"])
        session = self._sessions.find(session_id, self._clock.boot())
        if session is None:
            raise _Stop("session_unknown")
        if session.terminal != terminal:
            raise _Stop("wrong_terminal")
        with session.lock:  # a repetition waits for the answer of the first
            request = wire.sha256(sealed)
            if seq < session.next_seq:
                answered = session.answers.get(seq)
                if answered is None or (answered.step, answered.request) != (step, request):
                    raise _Stop("replay")
                row["result"] = "repeated"
                return answered.body
            if seq > session.next_seq:
                raise WireError("seq counts up by one")
            answer = self._answer(step, session, seq, sealed, row)
            session.answers[seq] = Answered(step, request, answer)
            session.next_seq = seq + 1
            return answer

    def _answer(self, step: str, session: Session, seq: int, sealed: bytes, row: dict[str, Any]) -> bytes:
        info = wire.request_info(step, session.id, seq, session.terminal)
        payload = wire.open_request(sealed, self._keys.hpke, info)
        documents: Sequence[bytes] = ()
        result: dict[str, Any]
        try:
            self._refuse_by_fault(step)
            found, documents = self._steps[step](session, payload)
            result = {"result": "ok", **found}
        except Refused as refusal:
            result = {"result": refusal.reason, **refusal.said}
        except CardRefused as refusal:
            result = {"result": refusal.reason}
        except OutOfOrder:
            raise _Stop("session_unknown") from None
        row["result"] = result["result"]
        head = wire.write_object(
            {
                "v": 1,
                "session": session.id.hex(),
                "terminal": session.terminal,
                "seq": seq,
                "request": wire.sha256(sealed).hex(),
                "at": wire.time_text(self._at(step)),
                **result,
            }
        )
        signature = self._sign(step, wire.answer_signed(step, head))
        answer = self._envelope(step, session, seq, sealed, wire.answer_payload(head, signature, documents))
        wired = {"v": 1, "session": session.id.hex(), "seq": seq, "sealed": b64(answer)}
        return wire.write_object(wired)

    def _refuse_by_fault(self, step: str) -> None:
        forced = self.faults.strikes("refuse", step)
        if forced:
            reason = str(forced["reason"])
            raise Refused(reason, tries_left=_FORCED_TRIES) if reason == "pin_wrong" else Refused(reason)

    def _envelope(self, step: str, session: Session, seq: int, request: bytes, payload: bytes) -> bytes:
        key = session.key
        if self.faults.strikes("foreign_envelope", step):
            key = self._sessions.other_key(session.id) or _anybodys_key()
        sealed = wire.seal_answer(payload, key, wire.answer_info(step, session.id, seq, request))
        with self._lock:
            before, self._last_sealed = self._last_sealed, sealed
        if before and self.faults.strikes("replay_old", step):
            sealed = before
        if self.faults.strikes("garble", step):
            sealed = sealed[:-1] + bytes((sealed[-1] ^ 1,))
        if self.faults.strikes("truncate", step):
            sealed = sealed[: len(sealed) // 2]
        return sealed

    def _addressed(self, message: dict[str, Any], row: dict[str, Any]) -> str:
        terminal = text_of(message["terminal"], TERMINAL_ID.pattern)
        row["terminal"] = terminal
        if message["municipality"] != self.rules.municipality:
            raise WireError("not this municipality")
        return terminal

    # --- issue (§7) ---

    def _issue(self, session: Session, payload: bytes) -> Found:
        wish = self.issuing.parse(payload)
        if session.person is None:
            raise OutOfOrder
        if session.issued:
            raise Refused("not_available")  # a new wish is a new session
        manifest, documents = self.issuing.issue(session, wish)
        session.issued = True
        return manifest, documents

    # --- time and signature ---

    def _at(self, step: str) -> Any:
        late = self.faults.strikes("late", step)
        return self._clock.now() - timedelta(seconds=float(late["s"]) if late else 0)

    def _sign(self, step: str, text: bytes) -> bytes:
        return bytes(64) if self.faults.strikes("unsigned", step) else self._keys.sign.sign(text)


def _anybodys_key() -> MLKEM768X25519PublicKey:
    return MLKEM768X25519PublicKey(
        mlkem.MLKEM768PrivateKey.generate().public_key(), x25519.X25519PrivateKey.generate().public_key()
    )
