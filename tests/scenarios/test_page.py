"""The bench's page in a real browser: a person finishes a 住民票の写し by clicks alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect, sync_playwright

from hardware_sim.bench.preflight import listen
from hardware_sim.bench.serving import PageServer
from hardware_sim.bench.world import Bench
from hardware_sim.scenario.script import Setup

pytestmark = pytest.mark.stack

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT_MS = 45_000
CARD = "r002"
SIZES = ((1280, 720), (1280, 800), (1680, 1050), (2560, 1440))
HOLD_MS = 700
NOTE_SHIFTS = """
window.shifted = [];
new PerformanceObserver((list) => {
  const moved = (entry) => entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? String(node));
  for (const entry of list.getEntries()) {
    if (!entry.hadRecentInput) window.shifted.push([entry.value, Math.round(entry.startTime), ...moved(entry)]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""Everything that moved by itself, as parts of the window (Layout Instability)."""


@pytest.fixture(scope="module")
def bench(bench_for: Callable[[Setup], Bench]) -> Bench:
    """With camera and recorder, as `make run` starts it."""
    return bench_for(Setup(camera=True))


@pytest.fixture(scope="module")
def server(bench: Bench) -> Iterator[PageServer]:
    with PageServer(bench, listen(0)) as running:
        yield running


@pytest.fixture(scope="module")
def asked() -> list[Request]:
    """Every request of the page so far."""
    return []


@pytest.fixture(scope="module")
def page(server: PageServer, asked: list[Request]) -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        opened = browser.new_page(viewport={"width": 1680, "height": 1050})
        opened.set_default_timeout(WAIT_MS)
        opened.add_init_script(NOTE_SHIFTS)
        opened.on("request", lambda request: asked.append(request))
        opened.goto(server.url)
        expect(opened.locator("#doing-state")).to_have_text("受付中")
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
    expect(page.locator("#steps")).to_be_visible()
    page.drag_and_drop(f".person:has(#card-{CARD}-lay)", "#part-plate")
    panel.shows("pin_pad")
    expect(page.locator("#card-lying-name")).to_contain_text("佐賀 花子")
    expect(page.locator("#doing-waits")).to_contain_text("暗証番号")
    for target in ("digit-1", "digit-2", "digit-3", "digit-4", "next"):
        panel.touch(target)
    panel.shows("take_card")
    expect(page.locator("#voice")).to_contain_text("カードをお取りください", timeout=WAIT_MS)
    shot("2-take-card")
    page.click("#part-plate")
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
    page.drag_and_drop("#coin-500", "#part-slot")
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
    expect(page.locator("#voice .bars").first).to_be_visible()
    for part in ("outlet", "receipt", "change"):
        page.click(f"#part-{part}")
    panel.shows("idle")
    expect(page.locator("#sheets")).to_contain_text("何もありません")
    expect(page.locator("#part-outlet")).to_be_disabled()
    shot("6-idle-again")
    assert bench.cash.inserted() - inserted == 600
    assert bench.cash.paid_back() - paid_back == 300
    shifted: list[list[Any]] = page.evaluate("window.shifted")
    assert sum(each[0] for each in shifted) < 0.01, shifted
    # Whoever has been here once is not told the way again.
    page.reload()
    expect(page.locator("#doing-state")).to_have_text("受付中")
    expect(page.locator("#steps")).to_be_hidden()


def test_a_fault_is_made_shown_and_mended(bench: Bench, page: Page, shot: Callable[[str], None]) -> None:
    panel = Panel(page, bench)
    panel.shows("idle")
    page.click("#fault-printer-paper_out")
    expect(page.locator("#mend-printer-paper_out")).to_be_visible()
    panel.shows("out_of_service")
    expect(page.locator("#doing-state")).to_have_text("休止中")
    page.click("#fault-others > summary")
    page.click("#fault-group-city > summary")
    page.select_option("select[aria-label^=理由つきの拒否]", "busy")
    page.click("#more-city-refuse")
    expect(page.locator("#mend-city-refuse")).to_be_visible()
    shot("7-fault")
    page.click("#fault-others > summary")
    page.click("#mend-all")
    expect(page.locator("#broken-list")).to_contain_text("こわれているものはありません")
    assert bench.breaker.broken() == []
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


def test_the_power_is_cut_and_comes_back_by_itself_or_by_hand(bench: Bench, page: Page) -> None:
    panel = Panel(page, bench)
    panel.shows("idle")
    starts = bench.kiosk.starts
    page.click("#fault-power-cut")
    expect(page.locator("#dark")).to_be_visible()
    panel.shows("idle")
    assert bench.kiosk.starts == starts + 1
    expect(page.locator("#dark")).to_be_hidden()
    page.click("#part-power")
    expect(page.locator("#doing-state")).to_have_text("停電中")
    assert bench.kiosk.pid is None
    page.click("#part-power")
    panel.shows("idle")
    assert bench.kiosk.starts == starts + 2


def test_somebody_before_the_camera_is_recorded_by_clicks_alone(
    bench: Bench, page: Page, shot: Callable[[str], None]
) -> None:
    Panel(page, bench).shows("idle")
    waits = "人が前に立つのを待っています"
    says, alarms = page.locator("#camera-state"), page.locator("#camera-alarms")
    expect(says).to_have_text(waits, timeout=WAIT_MS)
    expect(page.locator("#sign-words")).to_have_text("防犯カメラ作動中")
    page.click("#camera-step")
    expect(says).to_have_text("録画しています", timeout=WAIT_MS)
    expect(page.locator("#camera-picture")).to_have_js_property("naturalWidth", 320, timeout=WAIT_MS)
    page.click("#case-turn")
    expect(alarms).to_contain_text("鍵の持ち出しがないのに", timeout=WAIT_MS)
    shot("8-camera")
    page.click("#case-turn")
    page.click("#case-seen")
    expect(alarms).not_to_contain_text("鍵", timeout=WAIT_MS)
    page.click("#camera-step")
    expect(says).to_have_text(waits, timeout=WAIT_MS)
    page.click("#camera-kill")
    expect(page.locator("#sign-words")).to_have_text("カメラ停止中")
    expect(says).to_have_text(waits, timeout=WAIT_MS)
    expect(page.locator("#sign-words")).to_have_text("防犯カメラ作動中")


def test_a_hold_on_the_panel_lasts_as_long_as_the_finger(bench: Bench, page: Page, asked: list[Request]) -> None:
    Panel(page, bench).shows("idle")
    box = page.locator("#panel").bounding_box()
    assert box is not None
    before = len(asked)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    with page.expect_response("**/api/touch"):
        page.wait_for_timeout(HOLD_MS)
    with page.expect_response("**/api/touch"):
        page.mouse.up()
    down, up = (sent for sent in asked[before:] if sent.url.endswith("/api/touch"))
    assert [json.loads(each.post_data or "")["finger"] for each in (down, up)] == ["down", "up"]
    assert up.timing["startTime"] - down.timing["startTime"] >= HOLD_MS * 0.9


def test_the_panel_answers_the_keyboard(bench: Bench, page: Page) -> None:
    Panel(page, bench).shows("idle")
    page.focus("#spot-language-en")
    page.keyboard.press("Enter")
    expect(page.locator("#spot-language-ja")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#spot-language-en")).to_be_focused()


NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, summary, img, meter, [tabindex], [role]")]
  .filter((each) => each.checkVisibility())
  .filter((each) => !(each.getAttribute("aria-label") || each.alt || each.textContent).trim())
  .map((each) => each.outerHTML)"""
UNREACHABLE = """() => [...document.querySelectorAll("button, a, input, select, summary")]
  .filter((each) => each.checkVisibility() && each.tabIndex < 0).map((each) => each.outerHTML)"""
FITS = """(lying) => {
  const root = document.documentElement;
  if (lying) { root.classList.add("lying-panel"); root.style.setProperty("--ratio", 1.6); }
  const inside = (box) => box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
  const bad = [];
  for (const part of document.querySelectorAll("#machine, #glass, .part")) {
    if (!inside(part.getBoundingClientRect())) bad.push(part.id);
  }
  for (const part of document.querySelectorAll(".part > span, .chip, .now")) {
    if (part.scrollWidth > part.clientWidth + 1 && part.checkVisibility()) bad.push(part.outerHTML);
  }
  for (const part of document.querySelectorAll("#world > *, .column > *")) {
    if (part.scrollWidth > part.clientWidth + 1) bad.push(`wide: ${part.id}`);
  }
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) bad.push("the page scrolls");
  const glass = document.querySelector("#glass").getBoundingClientRect();
  if (Math.min(glass.width, glass.height) < 240) bad.push(`glass ${glass.width}x${glass.height}`);
  return bad;
}"""


def test_everything_has_a_name_and_can_be_reached(page: Page) -> None:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(UNREACHABLE) == []
    page.focus("#fault-printer-paper_out")
    page.keyboard.press("Tab")
    width: Any = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2
    expect(page.locator("#tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_machine_is_whole_in_every_window(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for lying in (False, True):
        assert page.evaluate(FITS, lying) == [], lying


def test_the_way_is_told_whenever_it_is_asked_for(page: Page) -> None:
    shown = page.locator("#steps").is_visible()
    for _ in range(2):
        page.click("#help")
        shown = not shown
        expect(page.locator("#steps")).to_be_visible(visible=shown)
    if not shown:
        page.click("#help")
    page.click("#steps-close")
    page.reload()
    expect(page.locator("#doing-state")).to_have_text("受付中")
    expect(page.locator("#steps")).to_be_hidden()


def test_nothing_was_asked_of_anybody_else(server: PageServer, asked: list[Request]) -> None:
    assert asked
    own = (server.url, f"blob:{server.url}")
    assert [each.url for each in asked if not each.url.startswith(own)] == []
