"""The bench's page in a real browser: a person finishes a 住民票の写し by clicks alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from hardware_sim.bench.preflight import listen
from hardware_sim.bench.serving import PageServer
from hardware_sim.bench.world import Bench

pytestmark = pytest.mark.stack

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT_MS = 45_000
CARD = "r002"


@pytest.fixture(scope="module")
def server(bench: Bench) -> Iterator[PageServer]:
    with PageServer(bench, listen(0)) as running:
        yield running


@pytest.fixture(scope="module")
def page(server: PageServer) -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        opened = browser.new_page(viewport={"width": 1680, "height": 1050})
        opened.set_default_timeout(WAIT_MS)
        opened.goto(server.url)
        yield opened
        browser.close()


@pytest.fixture
def shot(page: Page, tmp_path: Path) -> Callable[[str], None]:
    """Keeps a picture of the page, in $BENCH_PICTURES when that names a folder."""
    folder = Path(os.environ.get("BENCH_PICTURES", tmp_path))

    def take(name: str) -> None:
        page.screenshot(path=folder / f"bench-{name}.png")

    return take


class Panel:
    """The picture on the page, touched where a person would: in the middle of a target."""

    def __init__(self, page: Page, bench: Bench) -> None:
        self._page = page
        self._bench = bench

    def shows(self, screen: str) -> None:
        assert self._bench.wait_screen(screen, timeout_s=WAIT_MS / 1000), self._bench.screen()

    def touch(self, target: str) -> None:
        bench = self._bench
        there = bench.wait_until(
            lambda: (picture := bench.mirror.picture) is not None and target in picture.targets, WAIT_MS / 1000
        )
        picture = bench.mirror.picture
        assert there, (target, bench.screen())
        assert picture is not None
        # A person sees the picture first, and does not touch quicker than a panel takes for a bounce.
        self._page.wait_for_timeout(300)
        box = self._page.locator("#panel").bounding_box()
        assert box is not None
        x, y, w, h = picture.targets[target]
        self._page.mouse.click(box["x"] + (x + w / 2) * box["width"], box["y"] + (y + h / 2) * box["height"])


def test_a_person_finishes_by_clicks_alone(bench: Bench, page: Page, shot: Callable[[str], None]) -> None:
    panel = Panel(page, bench)
    panel.shows("idle")
    inserted, paid_back = bench.cash.inserted(), bench.cash.paid_back()
    shot("1-idle")
    page.click(f"#card-{CARD}-lay")
    panel.shows("pin_pad")
    expect(page.locator("#card-lying")).to_be_visible()
    for target in ("digit-1", "digit-2", "digit-3", "digit-4", "next"):
        panel.touch(target)
    panel.shows("take_card")
    expect(page.locator("#voice")).to_contain_text("カードをお取りください", timeout=WAIT_MS)
    shot("2-take-card")
    page.click("#card-take")
    panel.touch("certificate-residence")
    panel.touch("household-whole")
    for screen in ("choose_items", "choose_copies", "confirm"):
        panel.shows(screen)
        panel.touch("next")
    panel.shows("arrived")
    shot("3-arrived")
    panel.touch("me")
    panel.shows("pay")
    page.click("#coin-100")
    page.click("#coin-500")
    panel.shows("take")
    expect(page.locator("#sheets .sheet")).to_have_count(2)  # the certificate, then the receipt
    expect(page.locator("#sheets .sheet img").first).to_be_visible()
    expect(page.locator("#change-yen")).to_have_text("300円")
    shot("4-take")
    page.locator("#sheets .sheet").first.click()
    expect(page.locator("#reading img").first).to_be_visible()
    for image in page.locator("#reading img").all():
        expect(image).to_have_js_property("complete", True)
    shot("5-reading")
    page.click("#reading-close")
    page.click("#paper-take")
    page.click("#change-take")
    panel.shows("idle")
    expect(page.locator("#sheets")).to_contain_text("何もありません")
    shot("6-idle-again")
    assert bench.cash.inserted() - inserted == 600
    assert bench.cash.paid_back() - paid_back == 300


def test_a_fault_is_made_shown_and_mended(bench: Bench, page: Page, shot: Callable[[str], None]) -> None:
    panel = Panel(page, bench)
    panel.shows("idle")
    page.click("#fault-printer-paper_out")
    expect(page.locator("#mend-printer-paper_out")).to_be_visible()
    panel.shows("out_of_service")
    page.click("#fault-others summary")
    shot("7-fault")
    page.click("#fault-others summary")
    page.click("#mend-printer-paper_out")
    expect(page.locator("#broken")).to_be_hidden()
    panel.shows("idle")


def test_the_clock_moves_on_and_closes_the_service(bench: Bench, page: Page) -> None:
    panel = Panel(page, bench)
    panel.shows("idle")
    before = bench.now()
    page.click("#clock-10m")
    assert bench.wait_until(lambda: (bench.now() - before).total_seconds() >= 600, 10)
    day = bench.now().date()
    page.fill("#clock-set", f"{day}T23:30")
    page.click("#clock-apply")
    panel.shows("closed")
    page.fill("#clock-set", f"{day}T{before:%H:%M}")
    page.click("#clock-apply")
    panel.shows("idle")


def test_the_power_fails_and_comes_back(bench: Bench, page: Page) -> None:
    panel = Panel(page, bench)
    panel.shows("idle")
    starts = bench.kiosk.starts
    page.click("#fault-power-cut")
    expect(page.locator("#dark")).to_be_visible()
    panel.shows("idle")
    assert bench.kiosk.starts == starts + 1
    expect(page.locator("#dark")).to_be_hidden()
