"""The bench's state as one JSON-able value: what the page shows and what reports are made of."""

from __future__ import annotations

from typing import Any

from .mirror import Picture
from .office import HANDLER, MANAGER
from .trays import RECEIPT_TRAY
from .words import doing
from .world import Bench

_VOICE_LINES = 40


def snapshot(bench: Bench) -> dict[str, Any]:
    """See the module docstring of :mod:`hardware_sim.bench.api` for its form."""
    picture = bench.mirror.picture
    cash = bench.cash.snapshot()
    printer = bench.printer.snapshot()
    lying = bench.card_lying()
    card = None if lying is None else bench.cards[lying].to_json()
    tray = {int(yen): n for yen, n in cash["tray"].items()}
    return {
        "time": bench.now().isoformat(timespec="seconds"),
        "panel": {
            "on": picture is not None,
            "screen": "" if picture is None else picture.screen,
            "title": "" if picture is None else picture.title,
            "sequence": 0 if picture is None else picture.sequence,
            "process": 0 if picture is None else picture.process,
            "targets": [] if picture is None else sorted(picture.targets),
            "places": {} if picture is None else picture.targets,
            "names": {} if picture is None else _names(picture),
            "width": bench.options.spot.width_px,
            "height": bench.options.spot.height_px,
        },
        "kiosk": {
            "running": bench.kiosk.pid is not None,
            "starts": bench.kiosk.starts,
            "configuration_error": bench.kiosk.configuration_error,
        },
        "terminal": bench.options.spot.terminal_id,
        "key": bench.key_turned() if bench.sensors is not None else None,
        "staff": [{"name": each.name, "title": each.title, "number": each.number} for each in (MANAGER, HANDLER)],
        "powered": cash["powered"],
        "doing": doing("" if picture is None else picture.screen, powered=cash["powered"]).to_json(),
        "camera": None if bench.surveillance is None else bench.surveillance.snapshot(),
        "others": [{"terminal": terminal, "port": port} for terminal, port in bench.others.items()],
        "card": card,
        "money": {
            "hand": cash["places"]["hand"],
            "tray": cash["tray"],
            "tray_yen": sum(yen * n for yen, n in tray.items()),
            "takes": cash["takes"],
            "inserted_yen": cash["inserted_yen"],
            "paid_back_yen": cash["paid_back_yen"],
        },
        "paper": {
            "sheets": [{key: sheet[key] for key in ("number", "tray", "sides", "back")} for sheet in printer["output"]],
            "foreign_sheets": printer["foreign_sheets"],
            "trays": printer["trays"],
            "receipt_tray": RECEIPT_TRAY,
            "toner_percent": printer["toner_percent"],
            "state": printer["state"],
            "reasons": printer["state_reasons"],
        },
        "voice": [line.to_json() for line in bench.ears.transcript(bench.ears.count - _VOICE_LINES)],
        "sounding": bench.ears.sounding,
        "faults": bench.breaker.broken(),
    }


def _names(picture: Picture) -> dict[str, str]:
    """What stands on each target, for those who do not see the picture; its id where no text has its name."""
    texts = dict(picture.texts)
    found = {}
    for target in picture.targets:
        name = target.replace("-", ".")
        ends = (words for text_id, words in texts.items() if text_id.endswith(f".{name}"))
        found[target] = texts.get(name) or next(ends, target)
    return found
