"""The page's own files: markup, looks, scripts, and the faces that it borrows from the panel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

import config

STATIC = Path(__file__).parent / "static"
FONTS = Path(config.__file__).parent.parent / "screens" / "fonts"
_FACES = ("BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf", "KioskNameGothic-Bold.otf")
_START = "index.html"


def asset_routes() -> list[Route]:
    """Every file of the page under its own name, the page itself at ``/``."""
    files = {f"/{path.name}": path for path in sorted(STATIC.iterdir()) if path.suffix in {".css", ".js", ".svg"}}
    files["/"] = STATIC / _START
    files |= {f"/fonts/{name}": FONTS / name for name in _FACES}
    return [Route(address, _file(path)) for address, path in files.items()]


def _file(path: Path) -> Callable[[Request], Awaitable[Response]]:
    async def handle(_request: Request) -> Response:
        return FileResponse(path)

    return handle
