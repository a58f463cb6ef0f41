"""``python -m hardware_sim.camera``: the simulated camera, serving its streams on loopback until told to end.

Prints one line of JSON with both ports once it serves. Ends with SIGTERM, or when its standard input ends: however
the program that started it ends, it ends too. By hand: ``tail -f /dev/null | python -m hardware_sim.camera``, then
``ffplay tcp://127.0.0.1:<h264_port>``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2

from .control import LINE_MAX, Desk
from .live import LivePlace
from .streams import Streams


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status."""
    made = argparse.ArgumentParser(prog="python -m hardware_sim.camera", description=__doc__)
    made.add_argument("--control", type=Path, help="Unix socket for what happens before the camera")
    made.add_argument("--width", type=int, default=640)
    made.add_argument("--height", type=int, default=360)
    made.add_argument("--fps", type=float, default=6.0)
    options = made.parse_args(arguments)
    if not 0.5 <= options.fps <= 30:
        made.error("--fps must be 0.5 to 30")
    try:
        place = LivePlace(options.width, options.height)
    except ValueError as error:
        made.error(str(error))
    # The bench shares its cores with what it tests.
    cv2.setNumThreads(1)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(place, options.fps, options.control))
    return 0


async def _serve(place: LivePlace, fps: float, control: Path | None) -> None:
    streams = Streams(place.planes, fps)
    await streams.plug()
    desk = Desk(place, streams, time.monotonic)
    server = None
    if control is not None:
        control.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(
            lambda reader, writer: _talk(desk, reader, writer), control, limit=LINE_MAX
        )
        control.chmod(0o600)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    os.set_blocking(sys.stdin.fileno(), False)
    loop.add_reader(sys.stdin.fileno(), _hear_stdin, ending)
    print(json.dumps({"h264_port": streams.h264_port, "mjpeg_port": streams.mjpeg_port}), flush=True)
    sending = asyncio.create_task(streams.run())
    waiting = asyncio.create_task(ending.wait())
    try:
        done, _ = await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if sending in done:
            sending.result()
    finally:
        sending.cancel()
        waiting.cancel()
        streams.unplug()
        if server is not None:
            server.close()


def _hear_stdin(ending: asyncio.Event) -> None:
    """Whatever comes means nothing; its end means ours."""
    with suppress(BlockingIOError):
        if not os.read(sys.stdin.fileno(), 4096):
            ending.set()


async def _talk(desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ValueError, asyncio.IncompleteReadError):
        while line := await reader.readline():
            writer.write(await desk.handle(line))
            await writer.drain()
    writer.transport.abort()


if __name__ == "__main__":
    sys.exit(main())
