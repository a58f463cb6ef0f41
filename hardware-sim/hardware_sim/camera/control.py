"""What the bench can do before and to the camera, by JSON lines over a Unix socket.

One request a line, one answer a line: ``{"do": "step_in"}`` -> ``{"ok": true, "result": {…}}`` or ``{"ok": false,
"error": "…"}``. Every answer to an action is the state, as `status` gives it.

==============  =================================================================================================
``step_in``     ``still``?: somebody comes and stands before the terminal
``still``       ``on``: whoever is there does not move at all, or does again
``leave``       they go away
``pass_by``     somebody walks past at the edge
``light``       ``gain``: the lamps, 1 as at first
``put_down``    a bag is left; ``take_away``
``fault``       ``name`` and its values (`faults.FAULTS`); ``clear``: ``name`` or everything
``status``      ``person``, ``in_picture``, ``still``, ``thing``, ``light``, ``lens``, ``frozen``, ``width``,
                ``height``, ``faults``, ``clients``, ``h264_port``, ``mjpeg_port``
``stays``       ``stays``: [[came_s, left_s or null]], the truth, in seconds of CLOCK_MONOTONIC
``picture``     ``jpeg`` (base64), ``width``?: the place as it is now, through the lens
==============  =================================================================================================
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from .faults import FAULTS, LENS
from .live import LivePlace
from .streams import Streams, jpeg

LINE_MAX: Final = 65536
PICTURE_PX: Final = 320
_TYPES: Final = {"still": bool, "on": bool, "gain": float, "name": str, "width": int}


class Desk:
    """Carries requests out on a place and its streams. clock: seconds (CLOCK_MONOTONIC). For one event loop."""

    def __init__(self, place: LivePlace, streams: Streams, clock: Callable[[], float]) -> None:
        self._place = place
        self._streams = streams
        self._clock = clock
        self._faults: dict[str, dict[str, object]] = {}
        self._size = place.size
        self._acts: dict[str, tuple[frozenset[str], Callable[[dict[str, Any], float], None]]] = {
            "step_in": (frozenset({"still"}), lambda v, at: place.step_in(at, v.get("still", False))),
            "still": (frozenset({"on"}), lambda v, at: place.stand_still(v.get("on", True))),
            "leave": (frozenset(), lambda v, at: place.leave(at)),
            "pass_by": (frozenset(), lambda v, at: place.pass_by(at)),
            "light": (frozenset({"gain"}), lambda v, at: place.light(at, v.get("gain", 1.0))),
            "put_down": (frozenset(), lambda v, at: place.put_down()),
            "take_away": (frozenset(), lambda v, at: place.take_away()),
            "status": (frozenset(), lambda v, at: None),
        }

    async def handle(self, line: bytes) -> bytes:
        """One request to one answer; never raises for a bad one."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict) or not isinstance(request.get("do"), str):
                raise ValueError(f'a request is an object with "do", one of {", ".join(self._known())}')
            answer = {"ok": True, "result": await self._do(request)}
        except (ValueError, RecursionError) as error:
            answer = {"ok": False, "error": str(error)}
        return json.dumps(answer).encode() + b"\n"

    def _known(self) -> tuple[str, ...]:
        return (*self._acts, "fault", "clear", "stays", "picture")

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        do, at_s = str(request.pop("do")), self._clock()
        match do:
            case "fault":
                name = str(request.pop("name", ""))
                self._fault(name, request)
                await self._follow(at_s)
            case "clear":
                self._clear(request.get("name"))
                await self._follow(at_s)
            case "stays":
                return {"stays": [[stay.came_s, stay.left_s] for stay in self._place.stays(at_s)]}
            case "picture":
                _check(request, frozenset({"width"}))
                picture = jpeg(self._place.planes(at_s), request.get("width", PICTURE_PX))
                return {"jpeg": base64.b64encode(picture).decode()}
            case _ if do in self._acts:
                keys, act = self._acts[do]
                _check(request, keys)
                act(request, at_s)
            case _:
                raise ValueError(f"there is no {do!r}; there are {', '.join(self._known())}")
        return self._state(at_s)

    def _state(self, at_s: float) -> dict[str, Any]:
        return {
            **self._place.status(at_s),
            "faults": list(self._faults),
            "clients": self._streams.clients,
            "h264_port": self._streams.h264_port,
            "mjpeg_port": self._streams.mjpeg_port,
        }

    # -- faults ------------------------------------------------------------------------------------

    def _fault(self, name: str, values: dict[str, object]) -> None:
        kind = FAULTS.get(name)
        if kind is None:
            raise ValueError(f"there is no fault {name!r} of the camera; there are {', '.join(FAULTS)}")
        if unknown := values.keys() - kind.parameters.keys():
            raise ValueError(f"fault {name} takes no {', '.join(sorted(unknown))}; it takes {list(kind.parameters)}")
        values = {**kind.parameters, **values}
        for key, choices in kind.choices.items():
            if values[key] not in choices:
                raise ValueError(f"{key} of fault {name} must be one of {', '.join(choices)}")
        if name == "resolution":
            width, height = values["width"], values["height"]
            if type(width) is not int or type(height) is not int:
                raise ValueError("width and height must be whole numbers")
            self._place.resize(width, height)
        if name in LENS:
            # One lens: what is done to it last is what it shows.
            self._faults = {key: kept for key, kept in self._faults.items() if key not in LENS}
        self._faults[name] = values

    def _clear(self, name: object) -> None:
        if name is not None and name not in FAULTS:
            raise ValueError(f"there is no fault {name!r} of the camera; there are {', '.join(FAULTS)}")
        for ended in [str(name)] if name is not None else list(self._faults):
            if self._faults.pop(ended, None) is not None and ended == "resolution":
                self._place.resize(*self._size)

    async def _follow(self, at_s: float) -> None:
        """Place and streams as the faults say."""
        faults, streams, place = self._faults, self._streams, self._place
        place.lens(next((name for name in LENS if name in faults), "clear"))
        if ("frozen" in faults) != bool(place.status(at_s)["frozen"]):
            place.freeze("frozen" in faults, at_s)
        streams.hung = "hung" in faults
        streams.garbled = str(faults["garbled"]["how"]) if "garbled" in faults else ""
        streams.keyframes = "no_keyframes" not in faults
        streams.jumping = "timestamps" in faults
        if "unplugged" in faults:
            streams.unplug()
        else:
            await streams.plug()


def _check(values: dict[str, Any], keys: frozenset[str]) -> None:
    if unknown := values.keys() - keys:
        raise ValueError(f"this takes no {', '.join(sorted(unknown))}; it takes {', '.join(sorted(keys)) or 'nothing'}")
    for key, value in values.items():
        wanted = _TYPES[key]
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise ValueError(f"{key} must be of the kind {wanted.__name__}")
