"""The bench over loopback HTTP: the page, and the same things for programs.

Only loopback names are answered (``Host``), only the page's own origin may send (``Origin``), nothing is cached.
Bodies are JSON objects. An error is ``{"error": text}`` with status 400 (the text says what to do), 403 or 404.

=====================================  ===============================================================================
``GET /api/state``                     the state, see below
``GET /api/panel``                     ``{"screen", "under", "title", "sequence", "process", "texts": [[id, words]],
                                       "targets": {id: [x, y, width, height]}}`` (0 … 1); 404 while dark
``GET /api/panel.jpg``, ``.png``       the last picture; the panel in full size without loss
``GET /api/camera.jpg``                what the security camera sees now; 404 without one
``GET /api/cards``                     ``{"cards": [{"id", "label", "note", "chosen", "special", "english", "kind"}]}``
``GET /api/faults``                    ``{"targets": {id: [Japanese, English]}, "quick": [[target, name]], "faults":
                                       [{"target", "name", "label", "description", "english", "parameters",
                                       "choices", "lasts"}], "words": {choice: [Japanese, English]}}``
``GET /api/sheets/{n}/{side}.png``     a sheet in the output tray, ``side`` front or back; ``?dpi=`` 30 … 200
``POST /api/touch``                    ``{"x", "y", "sequence"?}`` or ``{"target"}``: a tap. With ``"finger"``:
                                       ``"down"`` or ``"up"`` a finger is laid there or lifted: a hold is a hold
``POST /api/card``                     ``{"card": id or owner's name, "more"?: […]}`` lays down; ``{}`` takes away
``POST /api/coin``                     ``{"yen"}`` → ``{"became": "accepted"|"returned"}``
``POST /api/lever``                    the return lever
``POST /api/key``                      ``{"on": bool}`` the service key, for the staff screens
``POST /api/camera``                   ``{"do": "step_in"|"leave"|"pass_by"|"still"|"put_down"|"take_away"|"light_on"|
                                       "light_off", "on"?}``: what happens before the security camera
``POST /api/case``                     ``{"open": bool}`` the recorder's case
``POST /api/casekey``                  ``{"do": "out"|"in"|"seen"}``: the handler books the case's key at the
                                       recorder's console, or answers for an opening without it
``POST /api/take``                     ``{"what": "change"|"paper"|"certificate"|"receipt"}`` → ``{"taken"}``
``POST /api/load``                     ``{"tray", "sheets"}`` → ``{"sheets"}``
``POST /api/clock``                    ``{"advance_s"}`` or ``{"set": ISO time}`` → ``{"time", "lived": bool}``
``POST /api/fault``                    ``{"target", "name", "values"?: {…}}``
``POST /api/clear``                    ``{"target"?, "name"?}``
``WS /api/live``                       binary: sequence (4 bytes, big-endian) and JPEG at every new picture, 4 zero
                                       bytes alone when the panel goes dark; text: the state whenever it has changed
=====================================  ===============================================================================

The state: ``time`` (ISO, Japan), ``terminal`` (its id), ``others`` ([{``terminal``, ``port``}]), ``doing`` (``tone``,
``state``, ``waits``, ``state_en``, ``waits_en``: plain words), ``camera`` (null: there is none; ``recording``,
``armed``: who steps in front now is recorded; ``running``, ``words``, ``words_en``, ``alarms`` ([{``name``,
``words``, ``words_en``}]), ``person``, ``still``, ``thing``, ``light``, ``case_open``, ``key_out``, ``footage_min``:
minutes in the ring), ``panel`` (``on``, ``screen``, ``title``, ``sequence``, ``process``, ``targets``, ``places`` and
``names`` of these, ``width``, ``height``), ``kiosk`` (``running``, ``starts``, ``configuration_error``), ``powered``,
``card`` (as in cards, or null), ``key`` (the service key turned; null: no switch), ``staff`` ([{``name``, ``title``,
``number``}]), ``money`` (``hand``, ``tray``: {yen: coins}, ``tray_yen``, ``takes``, ``inserted_yen``,
``paid_back_yen``), ``paper`` (``sheets``: [{``number``, ``tray``, ``sides``, ``back``}], ``foreign_sheets``,
``trays``, ``receipt_tray``, ``toner_percent``, ``state``, ``reasons``), ``voice`` ([{``time``, ``phrase``, ``text``,
``level_db``, ``heard_s``, ``complete``, ``ended``}], last ones), ``sounding`` (the loudspeaker can be heard now),
``faults`` ([{``target``, ``name``, ``label``}]).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from config.calendar import JST

from .assets import asset_routes
from .door import OnlyOurselves
from .english import CHOICES
from .faults import TARGETS, quick
from .snapshot import snapshot
from .surveillance import Surveillance
from .trays import RECEIPT_TRAY
from .world import Bench

LARGEST_BODY = 64 * 1024
_FRAME_S = 0.04
_STATE_S = 0.2

Handler = Callable[[Request], Awaitable[Response]]


def application(bench: Bench, port: int) -> ASGIApp:
    """The ASGI application for a running bench that is reached at ``port``."""
    api = _Api(bench)
    routes = [*asset_routes(), *api.routes()]
    handlers = {HTTPException: _http_error, ValueError: _value_error}
    return OnlyOurselves(Starlette(routes=routes, exception_handlers=handlers), port)  # type: ignore[arg-type]


class _Api:
    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def routes(self) -> list[Route | WebSocketRoute]:
        post: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "touch": self.touch,
            "card": self.card,
            "coin": self.coin,
            "lever": self.lever,
            "key": self.key,
            "camera": self.camera,
            "case": self.case,
            "casekey": self.casekey,
            "take": self.take,
            "load": self.load,
            "clock": self.clock,
            "fault": self.fault,
            "clear": self.clear,
        }
        return [
            Route("/api/state", self.state),
            Route("/api/panel", self.panel),
            Route("/api/panel.jpg", self.panel_jpeg),
            Route("/api/panel.png", self.panel_png),
            Route("/api/camera.jpg", self.camera_jpeg),
            Route("/api/cards", self.cards),
            Route("/api/faults", self.faults),
            Route("/api/sheets/{number:int}/{side}.png", self.sheet),
            *(Route(f"/api/{name}", _action(act), methods=["POST"]) for name, act in post.items()),
            WebSocketRoute("/api/live", self.live),
        ]

    # -- looking -----------------------------------------------------------------------------------

    async def state(self, _request: Request) -> Response:
        return JSONResponse(await anyio.to_thread.run_sync(snapshot, self._bench))

    async def panel(self, _request: Request) -> Response:
        picture = self._bench.mirror.picture
        if picture is None:
            raise HTTPException(404, "the panel is dark")
        names = ("screen", "under", "title", "sequence", "process", "texts", "targets")
        return JSONResponse({name: getattr(picture, name) for name in names})

    async def panel_jpeg(self, _request: Request) -> Response:
        picture = self._bench.mirror.picture
        if picture is None:
            raise HTTPException(404, "the panel is dark")
        return Response(picture.jpeg, media_type="image/jpeg")

    async def panel_png(self, _request: Request) -> Response:
        png = await anyio.to_thread.run_sync(self._bench.mirror.png)
        if png is None:
            raise HTTPException(404, "the panel is dark")
        return Response(png, media_type="image/png")

    async def camera_jpeg(self, _request: Request) -> Response:
        surveillance = self._bench.surveillance
        if surveillance is None:
            raise HTTPException(404, "this bench was started without a camera")
        return Response(await anyio.to_thread.run_sync(surveillance.picture), media_type="image/jpeg")

    async def cards(self, _request: Request) -> Response:
        return JSONResponse({"cards": [card.to_json() for card in self._bench.cards.values()]})

    async def faults(self, _request: Request) -> Response:
        words = [each.to_json() for each in self._bench.breaker.vocabulary()]
        targets, choices = dict(TARGETS), dict(CHOICES)
        return JSONResponse({"targets": targets, "quick": quick(), "faults": words, "words": choices})

    async def sheet(self, request: Request) -> Response:
        side = request.path_params["side"]
        if side not in {"front", "back"}:
            raise HTTPException(404, "a sheet has a front and a back")
        number = request.path_params["number"]
        dpi = min(200, max(30, _whole(request.query_params.get("dpi", "60"), "dpi")))
        png = await anyio.to_thread.run_sync(self._bench.printer.picture, number, side, dpi)
        if png is None:
            raise HTTPException(404, "no such sheet lies in the tray, or nothing is printed on that side")
        return Response(png, media_type="image/png")

    async def live(self, socket: WebSocket) -> None:
        await socket.accept()
        loop, rung = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(rung.set)

        end = self._bench.changes.listen(ring)
        gone = asyncio.ensure_future(_until_gone(socket))
        try:
            await self._show(socket, rung, gone)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            end()
            gone.cancel()
            self._bench.mirror.let_go()

    async def _show(self, socket: WebSocket, rung: asyncio.Event, gone: asyncio.Future[None]) -> None:
        """Until the page is gone: each new picture at once, the state a few times a second at most."""
        shown: object = self
        said, told_at = "", 0.0
        clock = asyncio.get_running_loop().time
        while not gone.done():
            picture = self._bench.mirror.picture
            if picture is not shown:
                shown = picture
                message = bytes(4) if picture is None else picture.sequence.to_bytes(4, "big") + picture.jpeg
                await socket.send_bytes(message)
            if clock() - told_at >= _STATE_S:
                told_at = clock()
                state = await anyio.to_thread.run_sync(snapshot, self._bench)
                text = json.dumps(state, ensure_ascii=False)
                if text != said:
                    said = text
                    await socket.send_text(text)
            rung.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), _STATE_S)
            await asyncio.sleep(_FRAME_S)

    # -- doing -------------------------------------------------------------------------------------

    def touch(self, body: dict[str, Any]) -> dict[str, Any]:
        if "target" in body:
            touched = self._bench.touch_target(str(body["target"]), timeout_s=1.0)
            if not touched:
                raise ValueError(f"there is no target {body['target']!r} on the panel now")
        else:
            sequence = body.get("sequence")
            if sequence is not None and not isinstance(sequence, int):
                raise ValueError("sequence must be the number of the picture that was touched")
            x, y, mirror = _number(body, "x"), _number(body, "y"), self._bench.mirror
            match body.get("finger"):
                case None:
                    touched = mirror.touch(x, y, sequence)
                case "down":
                    touched = mirror.finger_down(x, y, sequence)
                case "up":
                    touched = mirror.finger_up(x, y)
                case _:
                    raise ValueError('finger must be "down" or "up"')
        return {"touched": touched}

    def card(self, body: dict[str, Any]) -> dict[str, Any]:
        if "card" in body:
            more = body.get("more", [])
            if not isinstance(more, list):
                raise ValueError('"more" must be a list of cards')
            return {"card": self._bench.lay_card(str(body["card"]), *map(str, more)).to_json()}
        return {"taken": self._bench.take_card()}

    def coin(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"became": self._bench.throw_coin(_whole(body.get("yen"), "yen"))}

    def lever(self, _body: dict[str, Any]) -> dict[str, Any]:
        self._bench.cash.press_return_lever()
        return {}

    def key(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("on"), bool):
            raise ValueError('give "on": true or false')
        self._bench.turn_key(body["on"])
        return {}

    def _surveillance(self) -> Surveillance:
        if self._bench.surveillance is None:
            raise ValueError("this bench was started without a camera")
        return self._bench.surveillance

    def camera(self, body: dict[str, Any]) -> dict[str, Any]:
        values = {key: value for key, value in body.items() if key != "do"}
        self._surveillance().do(str(body.get("do")), **values)
        return {}

    def case(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("open"), bool):
            raise ValueError('give "open": true or false')
        self._surveillance().set_case(body["open"])
        return {}

    def casekey(self, body: dict[str, Any]) -> dict[str, Any]:
        self._surveillance().key(str(body.get("do")))
        return {}

    def take(self, body: dict[str, Any]) -> dict[str, Any]:
        match body.get("what"):
            case "change":
                return {"taken": {str(yen): n for yen, n in self._bench.trays.take_change().items()}}
            case "paper":
                return {"taken": self._bench.trays.take_paper()}
            case "certificate":
                return {"taken": self._bench.trays.take_paper("tray-1")}
            case "receipt":
                return {"taken": self._bench.trays.take_paper(RECEIPT_TRAY)}
            case _:
                raise ValueError('what must be "change", "paper", "certificate" or "receipt"')

    def load(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"sheets": self._bench.printer.load(str(body.get("tray")), _whole(body.get("sheets"), "sheets"))}

    def clock(self, body: dict[str, Any]) -> dict[str, Any]:
        lived = True
        if "advance_s" in body:
            lived = self._bench.advance(_number(body, "advance_s"))
        elif "set" in body:
            instant = datetime.fromisoformat(str(body["set"]))
            self._bench.set_time(instant if instant.tzinfo else instant.replace(tzinfo=JST))
        else:
            raise ValueError('give "advance_s" (seconds) or "set" (ISO time)')
        return {"time": self._bench.now().isoformat(timespec="seconds"), "lived": lived}

    def fault(self, body: dict[str, Any]) -> dict[str, Any]:
        values = body.get("values", {})
        if not isinstance(values, dict):
            raise ValueError("values must be an object")
        self._bench.breaker.fault(str(body.get("target")), str(body.get("name")), **values)
        return {}

    def clear(self, body: dict[str, Any]) -> dict[str, Any]:
        target, name = body.get("target"), body.get("name")
        self._bench.breaker.clear(None if target is None else str(target), None if name is None else str(name))
        return {}


async def _until_gone(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


def _action(act: Callable[[dict[str, Any]], dict[str, Any]]) -> Handler:
    async def handle(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise HTTPException(400, "send a JSON object with Content-Type: application/json")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise HTTPException(400, "the request is too large")
        try:
            wish = json.loads(body or b"{}")
        except ValueError:
            raise HTTPException(400, "the request is not JSON") from None
        if not isinstance(wish, dict):
            raise HTTPException(400, "the request must be a JSON object")
        return JSONResponse(await anyio.to_thread.run_sync(act, wish))

    return handle


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status)


async def _http_error(_request: Request, error: HTTPException) -> Response:
    return _error(error.status_code, error.detail)


async def _value_error(_request: Request, error: ValueError) -> Response:
    return _error(400, str(error))


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number")
    return float(value)


def _whole(value: object, name: str) -> int:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} must be a whole number")
    return value
