"""``python -m screens.probe screen|sound``: try panel and loudspeaker, as `python -m drivers.probe` does devices.

They have a program of their own because pictures and sound live in this room, which knows no driver. Exit status:
0 all is well, 1 something is not, 2 nothing was tried.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pygame

from config.probing import Report, add_config, leave_to_the_kiosk, run
from config.schema import Settings
from kiosk.events import DeviceFaulted, Event
from screens.display import Display, DisplayError
from screens.mirror import Mirror
from screens.panel import Panel
from screens.probe_picture import GOOD_MM, SCREEN, Trial, draw
from screens.voice import FOLDER, HIGHEST_LEVEL, STEP_DB, Voice, VoiceError

DEVICES: Final = {
    "screen": "the panel: a test picture with millimetres, and nine points to touch",
    "sound": "the loudspeaker: one phrase at each level",
}
PHRASE: Final = "take_card"
SCREEN_S: Final = 120.0
LONGEST_PHRASE_S: Final = 20.0
STEP_S: Final = 0.05
POLL_S: Final = 0.02

Wait = Callable[[float], bool]
"""Waits so many seconds; True: it is time to end."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m screens.probe",
        description="Try panel or loudspeaker by itself. Exit status: 0 well, 1 a fault, 2 not tried.",
    )
    devices = made.add_subparsers(dest="device", metavar="DEVICE", required=True)
    each = {name: devices.add_parser(name, help=what, description=what) for name, what in DEVICES.items()}
    for one in each.values():
        add_config(one)
    seconds = f"how long the picture stands at most (default {SCREEN_S:.0f}; Ctrl-C ends it, too)"
    each["screen"].add_argument("--seconds", type=float, default=SCREEN_S, help=seconds)
    each["screen"].add_argument("--picture", type=Path, help="also write the test picture to this PNG file")
    each["sound"].add_argument("--phrase", default=PHRASE, help=f"id of the phrase (default {PHRASE})")
    each["sound"].add_argument("--language", default="ja", help="its language (default ja)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.CRITICAL)  # said here in words

    def work(settings: Settings, report: Report) -> None:
        leave_to_the_kiosk(options.config, settings.machine)
        if options.device == "sound":
            sound(settings, report, phrase=options.phrase, language=options.language)
        else:
            screen(settings, report, _until(options.seconds), picture=options.picture)

    return run(options.config, DEVICES[options.device].partition(":")[0], work)


def _until(seconds: float) -> Wait:
    end = time.monotonic() + seconds

    def wait(moment_s: float) -> bool:
        time.sleep(moment_s)
        return time.monotonic() >= end

    return wait


# ---- loudspeaker -------------------------------------------------------------------------------------------


def sound(
    settings: Settings,
    report: Report,
    *,
    phrase: str = PHRASE,
    language: str = "ja",
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Chime and phrase at the levels 0 to 4, one after the other, as the warnings rise."""
    told: list[Event] = []
    required = settings.machine.sound.required
    report.note(f"the machine file says that a loudspeaker is {'required' if required else 'not required'}")
    try:
        voice = Voice(FOLDER, required=True, report=told.append)
    except VoiceError as error:
        report.fault(str(error), "put the committed phrases back (git status), or render them anew with `make voices`")
        return
    voice.start()
    try:
        if not voice.available:
            report.fault(
                f"no sound device can be opened (SDL_AUDIODRIVER is {os.environ.get('SDL_AUDIODRIVER', 'not set')})",
                "see that `aplay -l` shows one, that this user is in the group audio, and that nothing else holds it",
            )
            return
        report.ok("the sound device is open")
        for level in range(HIGHEST_LEVEL + 1):
            report.note(f"level {level}: {STEP_DB * (HIGHEST_LEVEL - level):.2f} dB below full loudness")
            voice.say(phrase, level, language)
            waited_s = 0.0
            while voice.busy and waited_s < LONGEST_PHRASE_S:
                sleep(STEP_S)
                waited_s += STEP_S
        if any(isinstance(event, DeviceFaulted) for event in told):
            report.fault("the sound device failed while it played", "look at its cable and at `dmesg`")
        else:
            report.ok("five times chime and phrase were played, each a step louder: did you hear them?")
    finally:
        voice.close()


# ---- panel -------------------------------------------------------------------------------------------------


def screen(settings: Settings, report: Report, wait: Wait, *, picture: Path | None = None) -> None:
    """The test picture on the panel (and on the bench's page), until nine points were touched or `wait` ends it."""
    machine = settings.machine
    try:
        panel = Panel(machine.panel.width_px, machine.panel.height_px, machine.panel.diagonal_in)
    except ValueError as error:
        report.fault(str(error), "measure the visible picture and correct the [panel] of the machine file")
        return
    mirror = Mirror(machine.bench.mirror_socket) if machine.bench else None
    try:
        display = Display(panel, mirror)
    except DisplayError as error:
        report.fault(str(error), "on a machine, run this as the kiosk's user with SDL_VIDEODRIVER=kmsdrm")
        if mirror is not None:
            mirror.close()
        return
    try:
        surface = pygame.display.get_surface()
        if surface is None:
            raise DisplayError("the window closed itself")
        report.ok(f"the panel has {panel.width_px} x {panel.height_px} pixels ({pygame.display.get_driver()})")
        report.note(
            f"by the machine file it measures {panel.width_mm:.1f} x {panel.height_mm:.1f} mm: lay a ruler on it"
        )
        trial = Trial(panel)
        draw(surface, panel, trial)
        if picture is not None:
            pygame.image.save(surface, str(picture))
            report.ok(f"the test picture is in {picture}")
        report.note(f"touch the {len(trial.points)} circles in their middle; Ctrl-C ends")
        _touches(surface, panel, trial, mirror, report, wait)
        if mirror is not None:
            mirror.publish(surface, SCREEN, panel)
    finally:
        display.close()
        if mirror is not None:
            mirror.close()


def _touches(
    surface: pygame.Surface, panel: Panel, trial: Trial, mirror: Mirror | None, report: Report, wait: Wait
) -> None:
    while not trial.done:
        if mirror is not None:
            mirror.publish(surface, SCREEN, panel)
        changed = False
        while not changed:
            if mirror is not None:
                mirror.serve(surface)
            for x, y in _touched(panel):
                number = trial.touch(x, y)
                hit = "no circle" if number is None else f"circle {number + 1}, {trial.off_mm[number]:.1f} mm beside"
                report.note(f"touched at {x:.1f}, {y:.1f} mm: {hit}")
                changed = True
            if not changed and wait(POLL_S):
                missed = len(trial.points) - len(trial.off_mm)
                report.fault(
                    f"{missed} circles were not touched",
                    "touch all nine; if a finger does nothing, see that the kiosk's user is in the group input",
                )
                return
        draw(surface, panel, trial)
    worst = max(trial.off_mm.values())
    report.check(
        worst <= GOOD_MM,
        f"all circles were touched, at most {worst:.1f} mm beside the middle",
        f"touches lie up to {worst:.1f} mm beside what is touched",
        "adjust the touch panel to the picture (its maker's tool, or a libinput calibration matrix)",
    )


def _touched(panel: Panel) -> list[tuple[float, float]]:
    """Where fingers, or the mouse, went down since the last call, in mm."""
    found = []
    for event in pygame.event.get():
        if event.type == pygame.FINGERDOWN:
            found.append((event.x * panel.width_mm, event.y * panel.height_mm))
        elif event.type == pygame.MOUSEBUTTONDOWN and not getattr(event, "touch", False):
            found.append((event.pos[0] / panel.px_per_mm, event.pos[1] / panel.px_per_mm))
    return found


if __name__ == "__main__":
    sys.exit(main())
