"""The still picture kept from the last run: on the panel before anything else of the program is even read.

A file of the state directory, `still-<sum>.png`, written by the process that drew the picture when it is not the one
that is there. It is the picture between two persons, the same whenever it is shown, with nothing of anyone in it.
Imports pygame and no other module of this room: whatever is imported here is waited for.
"""

from __future__ import annotations

import os
import select
import tempfile
import zlib
from pathlib import Path
from typing import Final

import pygame

_NAME: Final = "still-"
_POLL_S: Final = 0.05


def keep(folder: Path) -> bool:
    """Keep what is on the panel for the next start; whether it was written. A picture that is there already is not, and
    one that cannot be written is no reason to serve nobody.
    """
    surface = pygame.display.get_surface()
    if surface is None:
        return False
    path = folder / f"{_NAME}{zlib.crc32(surface.get_view('0').raw):08x}.png"
    try:
        written = not path.exists()
        if written:
            # Whole or not at all: a power cut must not leave half a picture.
            handle, beside = tempfile.mkstemp(".png", f".{_NAME}", folder)
            os.close(handle)
            pygame.image.save(surface, beside)
            Path(beside).replace(path)
        for other in (*folder.glob(f"{_NAME}*.png"), *folder.glob(f".{_NAME}*.png")):
            if other != path:
                other.unlink()
        return written
    except (OSError, pygame.error):
        return False


def hold(folder: Path, starter: int) -> None:
    """Show the kept picture, in a window of its size, until the other end of the pipe `starter` is closed.

    Without a picture it returns at once.

    Raises pygame.error or OSError when there is no window, or no picture in the file.
    """
    path = next(iter(sorted(folder.glob(f"{_NAME}*.png"))), None)
    if path is None:
        return
    picture = pygame.image.load(str(path))
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
    pygame.display.init()
    driver = pygame.display.get_driver()
    surface = pygame.display.set_mode(picture.get_size(), pygame.FULLSCREEN if driver == "kmsdrm" else pygame.NOFRAME)
    pygame.mouse.set_visible(driver != "kmsdrm")
    surface.blit(picture, (0, 0))
    pygame.display.flip()
    while not select.select([starter], [], [], _POLL_S)[0]:
        if pygame.event.get(pygame.WINDOWEXPOSED):
            pygame.display.flip()
        pygame.event.clear()
