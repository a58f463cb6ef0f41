"""The window: shows views, collects touches, forgets on demand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import pygame

from kiosk.events import EaseChosen, Event, Touched
from kiosk.view_model import Frame, Still, View
from screens import linebreak
from screens.elements import Again, Button, Screen, Turn
from screens.fonts import FILES, FOLDER, Faces, coverage
from screens.layout import build, listed, theme_for
from screens.listening import HOLD_S, Listening
from screens.panel import Panel
from screens.pictures import MAKERS, drawing
from screens.render import Renderer
from screens.strings import languages, table
from screens.touch import Touch

if TYPE_CHECKING:
    from screens.mirror import Mirror

_TOUCHES: Final = (
    pygame.FINGERDOWN,
    pygame.FINGERUP,
    pygame.FINGERMOTION,
    pygame.MOUSEBUTTONDOWN,
    pygame.MOUSEBUTTONUP,
)


class Narrator(Protocol):
    """Reads out what is on the panel, while `view.frame.spoken`; it decides itself what to say and when.

    Called by the one thread that draws. It never hears of a target with `direct`: those keys make a secret number.
    """

    def showed(self, view: View, screen: Screen) -> None:
        """This was drawn just now, read out or not."""

    def again(self) -> None:
        """もう一度: whatever was said last is wished once more."""

    def touched(self, target: Button | None) -> None:
        """A first tap: tell this target, or (None) that there is nothing at this place."""

    def poll(self) -> None:
        """Called some fifty times a second: time goes on."""

    def forget(self) -> None:
        """The person has gone: silence, and nothing of what was told is kept."""


class DisplayError(RuntimeError):
    """No window could be opened; the message says what to look at."""


class Display:
    """One panel. SDL_VIDEODRIVER chooses the way to it (kmsdrm, x11, dummy …).

    show(view) draws only what changed, poll() returns the events of what was touched, erase() overwrites and
    forgets everything drawn. All calls belong to one thread. Letters and colours are those that the view's frame asks
    for. narrator: reads the screens out. clock: monotonic seconds, for the touches.

    Raises DisplayError when the window cannot be opened and FontError when a committed face is missing.
    """

    def __init__(
        self,
        panel: Panel,
        mirror: Mirror | None = None,
        *,
        narrator: Narrator | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not getattr(pygame, "IS_CE", False):
            raise DisplayError("this program needs pygame-ce: uninstall 'pygame' and install 'pygame-ce'")
        self._panel = panel
        self._mirror = mirror
        self._narrator = narrator
        self._faces = Faces()
        self._renderers: dict[str, Renderer] = {}
        self._drawn_by: Renderer | None = None
        self._touch = Touch(panel, clock)
        self._listening = Listening(clock)
        self._view: View | None = None
        self._screen: Screen | None = None
        self._soon: list[View] = []
        self._listed: tuple[object, ...] = ()
        self._turned = 0
        self._surface = self._open()
        linebreak.prepare()

    def _open(self) -> pygame.Surface:
        # Without a graphics card SDL would push every frame through software OpenGL: 20 times slower (x11).
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        try:
            pygame.display.init()
            driver = pygame.display.get_driver()
            flags = pygame.FULLSCREEN if driver == "kmsdrm" else pygame.NOFRAME
            surface = pygame.display.set_mode((self._panel.width_px, self._panel.height_px), flags)
        except pygame.error as error:
            driver = os.environ.get("SDL_VIDEODRIVER", "not set")
            raise DisplayError(
                f"no window (SDL_VIDEODRIVER is {driver}): {error}; look at DISPLAY, or at the groups video, "
                "render and input of this user"
            ) from error
        if surface.get_size() != (self._panel.width_px, self._panel.height_px):
            raise DisplayError(
                f"the panel is {surface.get_width()} x {surface.get_height()} pixels, the configuration says "
                f"{self._panel.width_px} x {self._panel.height_px}: correct the 'panel' of the machine file"
            )
        if not pygame.font.get_init():
            pygame.font.init()
        pygame.display.set_caption("kiosk")
        pygame.mouse.set_visible(driver not in {"kmsdrm"})
        pygame.event.set_blocked(None)
        pygame.event.set_allowed([*_TOUCHES, pygame.QUIT, pygame.WINDOWEXPOSED])
        return surface

    # ---- showing -----------------------------------------------------------------------------------------

    def narrated_by(self, narrator: Narrator) -> None:
        """Have the screens read out from the next one on: the loudspeaker is opened after the first picture."""
        self._narrator = narrator

    @property
    def screen(self) -> Screen | None:
        """What is on the panel now."""
        return self._screen

    def show(self, view: View) -> bool:
        """Draw the view unless it is on the panel already. Returns whether anything was drawn."""
        view = _to_the_minute(view)
        if view == self._view:
            return False
        if (rows := listed(view)) != self._listed:
            self._listed, self._turned = rows, 0
        self._view = view
        self._draw(view)
        return True

    def expect(self, views: Sequence[View]) -> None:
        """These may be shown next: what each is made of is made at a look for touches that finds none."""
        self._soon = list(views)

    def _prepare(self, view: View) -> None:
        """Never seen if it is not what comes: a guess that is wrong costs its time, and is dropped."""
        self._renderer(view).ready(build(_to_the_minute(view), self._panel, self._faces))

    def _draw(self, view: View) -> None:
        screen = build(view, self._panel, self._faces, turned=self._turned)
        self._touch.changed(screen)
        self._listening.changed(self._screen, screen)
        renderer = self._renderer(view)
        over = self._screen if renderer is self._drawn_by else None
        self._screen, self._drawn_by = screen, renderer
        renderer.draw(self._surface, screen, over)
        pygame.display.flip()
        if self._mirror is not None:
            self._mirror.publish(self._surface, screen, self._panel)
        if self._narrator is not None:
            self._narrator.showed(view, screen)

    def _renderer(self, view: View) -> Renderer:
        theme = theme_for(view)
        if theme.name not in self._renderers:
            self._renderers[theme.name] = Renderer(self._panel, self._faces, theme)
        return self._renderers[theme.name]

    def kept_texts(self) -> frozenset[str]:
        """Texts that are kept as pictures or as widths (for the proof of erasing)."""
        kept = self._faces.kept_texts() | linebreak.kept_texts()
        return kept.union(*(each.kept_texts() for each in self._renderers.values()))

    # ---- touching ----------------------------------------------------------------------------------------

    def poll(self) -> list[Event]:
        """Events of the targets touched since the last call.

        What is done here (a long list turned, a target told, a screen read out again) is only `Touched` to the core.
        """
        if self._mirror is not None:
            self._mirror.serve(self._surface)
        if self._narrator is not None:
            self._narrator.poll()
        found: list[Event] = []
        for event in pygame.event.get():
            if event.type == pygame.WINDOWEXPOSED:
                pygame.display.flip()
            elif self._screen is not None and (lift := self._touch.feed(event, self._screen)) is not None:
                found.extend(self._lifted(lift.target))
        if self._may_begin_listening() and self._touch.rests(HOLD_S):
            found.append(EaseChosen("spoken", True))
        if not found and self._soon:
            self._prepare(self._soon.pop(0))
        return found

    def _may_begin_listening(self) -> bool:
        """On the first screen, where it can be switched on."""
        frame = self._view.frame if self._view is not None else None
        return frame is not None and "spoken" in frame.switches and not frame.spoken

    def _lifted(self, target: Button | None) -> list[Event]:
        view = self._view
        if view is None:
            return []
        if view.frame.spoken and not self._listening.presses(target):
            if self._narrator is not None:
                self._narrator.touched(target)
            return [Touched()]
        if target is None:
            return []
        match target.press:
            case Turn(part):
                self._turned = part
                self._draw(view)
                return [Touched()]
            case Again():
                if self._narrator is not None:
                    self._narrator.again()
                return [Touched()]
            case press:
                return [press]

    # ---- forgetting --------------------------------------------------------------------------------------

    def erase(self) -> tuple[str, ...]:
        """Overwrite the panel and every kept label, forget the view, show the still picture.

        Returns what was looked at afterwards, in words, for the record of the erase.
        """
        frame = self._view.frame if self._view is not None else None
        self._view = None
        self._soon = []
        self._screen = None
        self._listed, self._turned = (), 0
        self._touch.forget()
        self._listening.forget()
        if self._narrator is not None:
            self._narrator.forget()
        pygame.event.clear()
        self._clear()
        self._surface.fill((0, 0, 0))
        pygame.display.flip()
        kept = len(self.kept_texts())
        if frame is not None:
            self.show(Still(_plain(frame)))
        return (f"label cache: {kept} texts left", "panel overwritten, still picture shown")

    def _clear(self) -> None:
        for renderer in self._renderers.values():
            renderer.clear()
        self._renderers.clear()
        self._faces.clear()
        linebreak.forget()

    def close(self) -> None:
        """Close the window; may be called twice."""
        if pygame.display.get_init():
            self._clear()
            if pygame.display.get_surface() is not None:
                self._surface.fill((0, 0, 0))
            pygame.display.quit()
        self._view = None
        self._screen = None


def preload() -> None:
    """Read all that every screen needs, without opening a window, a device or a font: for a parent that forks."""
    linebreak.prepare()
    for file in FILES.values():
        coverage(FOLDER / file)
    for language in languages():
        table(language)
    for name in MAKERS:
        drawing(name)


def _to_the_minute(view: View) -> View:
    """The clock shows minutes; seconds are no change."""
    moment = view.frame.moment
    if moment.second == 0 and moment.microsecond == 0:
        return view
    return replace(view, frame=replace(view.frame, moment=moment.replace(second=0, microsecond=0)))


def _plain(frame: Frame) -> Frame:
    """The frame with nothing of the session that was: no step, no buttons, no question."""
    return Frame(frame.language, frame.city_name, frame.machine_title, frame.moment)
