"""Reads the screens out to who does not see them: what stands there, where it can be touched, what a touch changed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from kiosk.view_model import View
from screens import reading
from screens.elements import Button, Screen
from screens.pieces import Clips
from screens.reading import Line
from screens.voice import FOLDER, READ

PAUSE_S: Final = 0.3
"""Between two lines."""
AFTER_PHRASE_S: Final = 0.5
"""After what the machine itself has said."""
TAUGHT: Final = 2
"""So many times it is said that a second touch decides."""


class Loudspeaker(Protocol):
    """What a narrator needs of `Voice`."""

    @property
    def busy(self) -> bool: ...

    @property
    def saying(self) -> str: ...

    def read(self, text_id: str, clip: Path, language: str) -> None: ...

    def hush(self) -> None: ...

    def poll(self) -> None: ...


class Narrator:
    """Plays the clips of one line after the other, while the loudspeaker has nothing more urgent to say.

    clips: those that were rendered, if not others. clock: seconds that never step back. All calls belong to the thread
    that draws.
    """

    def __init__(
        self, voice: Loudspeaker, clips: Clips | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._voice = voice
        self._clips = clips or Clips(FOLDER)
        self._clock = clock
        self._lines: deque[Line] = deque()
        self._sounding: Line | None = None
        self._parts: deque[Path] = deque()
        self._not_before = 0.0
        self._last: tuple[View, Screen] | None = None
        self._explained = False
        self._taught = 0

    # ---- what happened -----------------------------------------------------------------------------------

    def showed(self, view: View, screen: Screen) -> None:
        """Another picture: all of it is read if it is another screen, else what has changed."""
        before, self._last = self._last, (view, screen)
        if not reading.readable(view):
            self._last = None
            self._stop()
            return
        lines = None if before is None else _changes(before, view, screen)
        if lines is None:
            lines = reading.whole(view, screen, titled=self._titled(screen))
            if not self._explained:
                self._explained = True
                lines += reading.how(view, screen)
        if lines:
            self._begin(lines)

    def again(self) -> None:
        """The whole screen once more."""
        if self._last is not None:
            self._begin(reading.whole(*self._last))

    def touched(self, target: Button | None) -> None:
        """A first tap."""
        if self._last is None:
            return
        twice = target is not None and self._taught < TAUGHT
        self._taught += twice
        self._begin(reading.told(self._last[0], target, twice=twice))

    def poll(self) -> None:
        """The next clip, if it is time for it."""
        self._voice.poll()
        if not self._lines and self._sounding is None:
            return
        now = self._clock()
        if self._voice.busy:
            if not self._voice.saying.startswith(READ):
                # The machine itself speaks: the line that it has cut off comes again after it.
                self._put_back()
                self._not_before = now + AFTER_PHRASE_S
            return
        if now < self._not_before or self._last is None:
            return
        if self._sounding is not None and not self._parts:
            self._sounding = None
            self._not_before = now + PAUSE_S
        elif self._sounding is not None:
            self._play()
        elif self._lines:
            self._sounding = self._lines.popleft()
            self._parts.extend(self._clips_of(self._sounding))
            self._play()

    def forget(self) -> None:
        """The person has gone: silence, and nothing is known of them."""
        self._stop()
        self._last = None
        self._explained = False
        self._taught = 0

    # ---- playing -----------------------------------------------------------------------------------------

    def _titled(self, screen: Screen) -> bool:
        """Whether the loudspeaker says this screen's title just now."""
        said = self._voice.saying
        if screen.id == "wait" and said.startswith("wait_"):
            return True
        return bool(screen.phrase) and (said == screen.phrase or said.startswith(f"{screen.phrase}_"))

    def _begin(self, lines: list[Line]) -> None:
        self._stop()
        self._lines.extend(lines)

    def _stop(self) -> None:
        self._lines.clear()
        self._parts.clear()
        self._sounding = None
        self._not_before = 0.0
        if self._voice.saying.startswith(READ):
            self._voice.hush()

    def _put_back(self) -> None:
        if self._sounding is not None:
            self._lines.appendleft(self._sounding)
            self._sounding = None
            self._parts.clear()

    def _clips_of(self, line: Line) -> list[Path]:
        assert self._last is not None
        frame = self._last[0].frame
        return [clip for text in line.words for clip in self._clips.of(text, frame.language, slow=frame.slow)]

    def _play(self) -> None:
        if self._parts and self._sounding is not None and self._last is not None:
            self._voice.read(self._sounding.id, self._parts.popleft(), self._last[0].frame.language)


def _changes(before: tuple[View, Screen], view: View, screen: Screen) -> list[Line] | None:
    """None: another screen, in another language, at another speed, or of which other targets are shown."""
    old_view, old = before
    same = (old.id, old.under, old.title) == (screen.id, screen.under, screen.title)
    frames = (old_view.frame.language, old_view.frame.slow) == (view.frame.language, view.frame.slow)
    if not same or not frames or type(old_view) is not type(view):
        return None
    if screen.under:
        return []
    lines = reading.changed(old_view, view, screen)
    if lines == [] and {each.id for each in old.targets()} != {each.id for each in screen.targets()}:
        return None  # a list was turned
    if lines is None and reading.whole(old_view, old) == reading.whole(view, screen):
        return []
    return lines
