"""As :mod:`config.checks`, for the camera and the recorder of the machine file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from config.footage import Stream, slots_for
from config.machine import CameraDevice, CaseSettings, Machine, Polygon, RecorderSettings
from config.municipal import Profile

Found = Iterator[tuple[str, str]]

SCHEMES: Final = ("rtsp", "http", "https", "tcp")
_STABLE: Final = ("/dev/v4l/by-id/", "/dev/v4l/by-path/")
_SOCKET_BYTES: Final = 107
"""unix(7): a socket's path has that many bytes at most."""
_SMALLEST_ZONE: Final = 0.01
_LONGEST_GROUP_S: Final = 10.0


# --- one table ---


def _camera(camera: CameraDevice) -> Found:
    yield from _source(camera)
    for key, value, least, most in (
        ("width", camera.width, 160, 7680),
        ("height", camera.height, 120, 4320),
        ("fps", camera.fps, 1, 60),
        ("keyframe_s", camera.keyframe_s, 0.1, _LONGEST_GROUP_S),
        ("max_kbit_s", camera.max_kbit_s, 50, 50_000),
    ):
        if not least <= value <= most:
            yield key, f"is {value:g}; it must be {least:g} to {most:g}"
    yield from _polygon("zone", camera.zone, _SMALLEST_ZONE)
    for n, polygon in enumerate(camera.mask, start=1):
        yield from _polygon(f"mask[{n}]", polygon, 0.0)
    if camera.shows_keypad_or_screen and not camera.mask:
        yield (
            "mask",
            "is missing though shows_keypad_or_screen is true: cover keypad and screen with polygons, or turn the "
            "camera until they cannot be made out",
        )


def _source(camera: CameraDevice) -> Found:
    source = camera.source
    kind, _, rest = source.partition(":")
    if kind in {"v4l2", "file"}:
        if not rest.startswith("/"):
            yield "source", f'must go on with an absolute path, such as "v4l2:{_STABLE[0]}…"'
    elif kind != "picamera2":
        yield from _address(source)
    if camera.login and kind not in SCHEMES:
        yield "login", f"means nothing to a camera of the kind {kind!r}: remove it"


def _address(source: str) -> Found:
    try:
        parts = urlsplit(source)
        sound = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        yield "source", "is not a usable address: write rtsp://host[:port]/path"
        return
    if not sound:
        yield (
            "source",
            "is no kind of camera: write v4l2:/dev/v4l/by-id/…, rtsp://…, http://…, tcp://… or picamera2:",
        )
    elif parts.username or parts.password:
        yield (
            "source",
            "holds a user or password, which anybody could read here: set login = true and provide them as the "
            "credential camera-login",
        )


def _polygon(key: str, polygon: Polygon, smallest: float) -> Found:
    if len(polygon) < 3:
        yield key, f"has {len(polygon)} corners; a polygon has at least 3"
        return
    for n, (x, y) in enumerate(polygon, start=1):
        if x > 1 or y > 1:
            yield f"{key}[{n}]", f"lies outside the picture ({x:g}, {y:g}): corners are shares of it, 0 to 1"
    if _crosses_itself(polygon):
        yield key, "crosses itself: give its corners in order, one way round"
    elif _area(polygon) <= smallest:
        yield key, f"is too small ({_area(polygon):.1%} of the picture): give its corners in shares of the picture"


def _area(polygon: Polygon) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise((*polygon, polygon[0])))) / 2


def _crosses_itself(polygon: Polygon) -> bool:
    sides = list(pairwise((*polygon, polygon[0])))
    return any(
        _cross(*one, *other)
        for n, one in enumerate(sides)
        for m, other in enumerate(sides[:n])
        if 1 < n - m < len(sides) - 1
    )


_Corner = tuple[float, float]


def _cross(a: _Corner, b: _Corner, c: _Corner, d: _Corner) -> bool:
    """Whether two lines cross properly."""

    def side(p: _Corner, q: _Corner, r: _Corner) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _case(case: CaseSettings) -> Found:
    needed, other = (
        (("port", "unit", "input"), ("line",)) if case.driver == "modbus" else (("line",), ("port", "unit", "input"))
    )
    for key in needed:
        if getattr(case, key) in (None, ""):
            yield key, f"is missing: driver {case.driver!r} finds the contact by it"
    for key in other:
        if getattr(case, key) not in (None, ""):
            yield key, f"means nothing to driver {case.driver!r}: remove it, or change the driver"
    if case.unit is not None and not 1 <= case.unit <= 247:
        yield "unit", f"is {case.unit}; Modbus slaves have addresses 1 to 247"
    if case.input is not None and case.input > 0xFFFF:
        yield "input", f"is {case.input}; Modbus inputs have numbers 0 to 65535"


def _recorder(recorder: RecorderSettings) -> Found:
    if (recorder.slot_mib is None) is (recorder.slot_kib is None):
        yield "slot_mib", "or slot_kib must give the size of a slot: one of them, not both"
    if recorder.slots < 2:
        yield "slots", f"is {recorder.slots}; a ring has at least 2"
    elif recorder.reserve_slots >= recorder.slots:
        yield "reserve_slots", f"leaves nothing of slots ({recorder.slots}): make it smaller"
    if recorder.marks == recorder.status:
        yield "status", "is the socket of marks too: they are two, one of the recorder and one of the terminal"
    for key in ("marks", "status"):
        if getattr(recorder, key) == recorder.office:
            name = recorder.office.name
            yield key, f"is called {name}, as the socket beside it that the recorder makes: choose another name"
        if len(os.fsencode(getattr(recorder, key))) > _SOCKET_BYTES:
            yield key, f"is longer than the {_SOCKET_BYTES} bytes a socket's path may have: choose a shorter one"


# --- several tables ---


def together(machine: Machine) -> Found:
    """What only the whole machine file shows."""
    camera, recorder = machine.camera, machine.recorder
    for here, there, is_here, is_there in (
        ("camera", "recorder", camera, recorder),
        ("recorder", "camera", recorder, camera),
    ):
        if is_here is not None and is_there is None:
            yield there, f"is missing though there is a [{here}]: add the section, or remove the other"
    if camera is not None:
        if not machine.simulation:
            yield from _real_camera(camera.source)
        if recorder is not None and recorder.slot_bytes and _stream(camera).slot_s(recorder.slot_bytes) <= 0:
            key = "slot_mib" if recorder.slot_mib is not None else "slot_kib"
            yield (
                f"recorder.{key}",
                f"is too small: {camera.keyframe_s:g} s at max_kbit_s = {camera.max_kbit_s} take "
                f"{_stream(camera).group_bytes // 1024 + 9} KiB",
            )
    if recorder is not None:
        if recorder.case is None and not machine.simulation:
            yield "recorder.case", "is missing: the recorder's case has a contact that tells when it is opened"
        elif recorder.case is not None and recorder.case.port and recorder.case.port in _ports(machine):
            yield (
                "recorder.case.port",
                "is another device's serial port too: the recorder is a program of its own and needs its own",
            )


def _real_camera(source: str) -> Found:
    if source.startswith("file:"):
        yield "camera.source", "is a file, only for simulations: give a real camera"
    elif source.startswith("v4l2:") and not source.removeprefix("v4l2:").startswith(_STABLE):
        yield (
            "camera.source",
            f"may name another camera after the next start: give its stable name, v4l2:{_STABLE[0]}…",
        )


def _ports(machine: Machine) -> set[str]:
    return {machine.cash.port, *([machine.sensors.port] if machine.sensors else [])}


def _stream(camera: CameraDevice) -> Stream:
    return Stream(camera.max_kbit_s, camera.fps, camera.keyframe_s)


def recorder_fits(profile: Profile, machine: Machine) -> Found:
    """What only machine file and profile together show: a camera that must be there, a disk that is too small."""
    camera, recorder, rule = machine.camera, machine.recorder, profile.camera
    if camera is None or recorder is None:
        if rule.required and camera is None and not machine.simulation:
            yield (
                "camera",
                "is missing, but the municipality's profile has camera.required = true: add [camera] and [recorder]",
            )
        return
    protects = rule.on_conflict == "protect_floor_and_alarm"
    if protects and recorder.reserve_slots < 2:
        yield (
            "recorder.reserve_slots",
            'must be at least 2: the profile has camera.on_conflict = "protect_floor_and_alarm", and without a '
            "reserve recording would stop at once",
        )
    if not protects and recorder.reserve_slots:
        yield (
            "recorder.reserve_slots",
            'means nothing to the profile\'s camera.on_conflict = "overwrite_oldest": remove it',
        )
    if not machine.simulation:
        yield from _room(profile, camera, recorder)


def _room(profile: Profile, camera: CameraDevice, recorder: RecorderSettings) -> Found:
    """Whether the disk holds what the rule asks for, at the highest bit rate, one slot a day sealed unfilled."""
    rule = profile.camera
    needed = slots_for(
        rule.capacity_footage_h, _stream(camera), recorder.slot_bytes, rule.retention_min_elapsed_h // 24
    )
    needed += recorder.reserve_slots
    if recorder.slots < needed:
        yield (
            "recorder.slots",
            f"is {recorder.slots}, too few for the profile's camera.capacity_footage_h = {rule.capacity_footage_h} at "
            f"max_kbit_s = {camera.max_kbit_s}: it takes {needed} slots "
            f"({needed * recorder.slot_bytes / 1e9:,.0f} GB); use a larger disk, or lower the camera's bit rate",
        )


RECORDER_CHECKS: Mapping[type, Callable[[Any], Found]] = {
    CameraDevice: _camera,
    CaseSettings: _case,
    RecorderSettings: _recorder,
}
"""The check of each dataclass of camera and recorder."""
