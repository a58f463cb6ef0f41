"""The mirror, from the bench's side: a socket, a length, a line of JSON, a picture."""

import io
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest

from kiosk import events as ev
from screens.display import Display
from screens.mirror import Mirror
from screens.panel import REFERENCE, Panel
from screens.samples import samples

SAMPLES = dict(samples())
DEADLINE_S = 5.0


class Bench:
    """Listens, reads messages, sends lines."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(1)
        self.listener.settimeout(DEADLINE_S)
        self.connection: socket.socket | None = None

    def accept(self) -> None:
        self.hang_up()
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(DEADLINE_S)

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _read(self, count: int) -> bytes:
        assert self.connection is not None
        data = b""
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            assert part, "the kiosk hung up"
            data += part
        return data

    def message(self, kind: str) -> tuple[dict[str, Any], bytes]:
        """The next message of a kind."""
        while True:
            whole = self._read(int.from_bytes(self._read(4), "big"))
            line, _, body = whole.partition(b"\n")
            header: dict[str, Any] = json.loads(line)
            assert header["bytes"] == len(body)
            if header["type"] == kind:
                return header, body

    def screen(self, name: str) -> tuple[dict[str, Any], bytes]:
        while True:
            header, body = self.message("frame")
            if header["screen"] == name:
                return header, body

    def send(self, line: bytes) -> None:
        assert self.connection is not None
        self.connection.sendall(line + b"\n")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = Bench(tmp_path / "mirror.sock")
    yield opened
    opened.hang_up()
    opened.listener.close()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    opened = Mirror(tmp_path / "mirror.sock")
    yield opened
    opened.close()
    opened.close()


@pytest.fixture
def shown(mirror: Mirror, clock: Any) -> Iterator[Display]:
    display = Display(REFERENCE, mirror, clock=clock)
    pygame.event.clear()
    yield display
    display.close()


def poll(display: Display) -> list[ev.Event]:
    """Poll as the loop does, until something came."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        if found := display.poll():
            return found
        time.sleep(0.002)
    return []


def test_a_drawn_frame_arrives_with_targets_and_texts(bench: Bench, shown: Display) -> None:
    bench.accept()
    shown.show(SAMPLES["31-pay-part"])
    header, body = bench.screen("pay")
    picture = pygame.image.load(io.BytesIO(body), "frame.jpg")
    assert picture.get_size() == (header["width"], header["height"]) == (540, 960)
    assert header["title"] == "お金を入れてください"
    assert ["pay.inserted.value", "400円"] in header["texts"]
    x, y, w, h = header["targets"]["cancel"]
    assert 0 <= x < x + w <= 1
    assert 0.85 < y < y + h <= 1


def test_a_panel_that_lies_keeps_its_shape_and_is_touched_where_it_is_seen(
    bench: Bench, mirror: Mirror, clock: Any
) -> None:
    display = Display(Panel(1280, 800, 15.6), mirror, clock=clock)
    pygame.event.clear()
    bench.accept()
    display.show(SAMPLES["11-pin-full"])
    header, body = bench.screen("pin_pad")
    picture = pygame.image.load(io.BytesIO(body), "frame.jpg")
    assert picture.get_size() == (header["width"], header["height"]) == (960, 600)
    x, y, w, h = header["targets"]["digit-8"]
    bench.send(json.dumps({"touch": [x + w / 2, y + h / 2]}).encode())
    assert poll(display) == [ev.DigitPressed(8)]
    display.close()


def test_the_masked_name_is_in_no_list_of_texts(bench: Bench, shown: Display) -> None:
    bench.accept()
    shown.show(SAMPLES["30-arrived-rare"])
    header, _ = bench.screen("arrived")
    assert "arrived.summary" in dict(header["texts"])
    assert "arrived.name" not in dict(header["texts"])
    assert "﨑" not in json.dumps(header, ensure_ascii=False)


def test_a_tap_of_the_bench_is_a_press_on_the_panel(bench: Bench, shown: Display) -> None:
    bench.accept()
    shown.show(SAMPLES["25-confirm"])
    header, _ = bench.screen("confirm")
    x, y, w, h = header["targets"]["next"]
    bench.send(b"this is no JSON")
    bench.send(b'{"touch": ["a", 2]}')
    bench.send(json.dumps({"touch": [x + w / 2, y + h / 2], "sequence": header["sequence"]}).encode())
    assert poll(shown) == [ev.NextPressed()]
    assert bench.message("felt")[0]["type"] == "felt"


def test_a_tap_meant_for_an_earlier_screen_is_dropped(bench: Bench, shown: Display) -> None:
    bench.accept()
    shown.show(SAMPLES["25-confirm"])
    old, _ = bench.screen("confirm")
    shown.show(SAMPLES["50-refused-cancelled"])
    new, _ = bench.screen("refused")
    x, y, w, h = new["targets"]["next"]
    bench.send(json.dumps({"touch": [x + w / 2, y + h / 2], "sequence": old["sequence"]}).encode())
    bench.send(json.dumps({"touch": [x + w / 2, y + h / 2], "sequence": new["sequence"]}).encode())
    assert poll(shown) == [ev.NextPressed()]
    assert shown.poll() == []


def test_a_lossless_picture_is_the_panel_itself(bench: Bench, shown: Display) -> None:
    bench.accept()
    shown.show(SAMPLES["13-take-card"])
    bench.screen("take_card")
    bench.send(b'{"frame": "png"}')
    bench.connection.settimeout(0.05)  # type: ignore[union-attr]
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        shown.poll()
        try:
            header, body = bench.message("png")
            break
        except TimeoutError:
            continue
    picture = pygame.image.load(io.BytesIO(body), "frame.png")
    surface = pygame.display.get_surface()
    assert surface is not None
    assert picture.get_size() == (header["width"], header["height"]) == surface.get_size()
    assert pygame.image.tobytes(picture, "RGB") == pygame.image.tobytes(surface, "RGB")


def test_a_bench_that_comes_late_or_again_sees_the_newest_picture(shown: Display, tmp_path: Path) -> None:
    shown.show(SAMPLES["25-confirm"])
    shown.show(SAMPLES["31-pay"])
    bench = Bench(tmp_path / "mirror.sock")
    bench.accept()
    header, _ = bench.message("frame")
    assert (header["screen"], header["sequence"]) == ("pay", 2)
    bench.accept()
    header, _ = bench.message("frame")
    assert (header["screen"], header["sequence"]) == ("pay", 2)
    bench.hang_up()
    bench.listener.close()


def test_a_bench_that_does_not_read_never_holds_up_the_drawing(bench: Bench, shown: Display) -> None:
    bench.accept()
    for index in range(60):
        shown.show(SAMPLES["31-pay" if index % 2 else "31-pay-part"])
    shown.show(SAMPLES["49-thanks"])
    header, _ = bench.screen("thanks")
    assert header["sequence"] == 61


def test_after_the_erase_the_bench_has_the_still_picture(bench: Bench, shown: Display) -> None:
    bench.accept()
    shown.show(SAMPLES["30-arrived"])
    bench.screen("arrived")
    shown.erase()
    _, erased = bench.screen("still")
    bench.accept()
    header, again = bench.message("frame")
    assert header["screen"] == "still"
    assert again == erased


def test_what_is_said_is_told(bench: Bench, mirror: Mirror) -> None:
    bench.accept()
    mirror.said("take_card", 2)
    header, _ = bench.message("voice")
    assert (header["phrase"], header["text"], header["level"]) == ("take_card", "カードをお取りください。", 2)


def test_without_a_bench_nothing_is_lost_but_the_picture(tmp_path: Path, clock: Any) -> None:
    mirror = Mirror(tmp_path / "nobody.sock")
    display = Display(REFERENCE, mirror, clock=clock)
    display.show(SAMPLES["02-idle"])
    assert display.poll() == []
    display.close()
    mirror.close()
