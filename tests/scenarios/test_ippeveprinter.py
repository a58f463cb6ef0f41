"""One whole visit that prints on CUPS' own sample printer instead of ours: a machine written by somebody else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pypdfium2
import pytest

from hardware_sim.bench.world import Bench, Options
from hardware_sim.printer.eve import EvePrinter, missing

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(bool(missing()), reason=f"needs {missing()}"),
]
STEP_S = 30.0


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return "".join(text.split())


def test_a_resident_gets_certificate_and_receipt_from_a_foreign_printer(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="eve-") as short, EvePrinter(Path(short)) as eve:
        options = Options(tmp_path / "bench", fresh=True, cash_speed=2.0, printer_uri=eve.uri)
        with Bench(options) as bench:
            assert bench.wait_screen("idle", timeout_s=60), bench.kiosk.last_words()

            def touch(*targets: str) -> None:
                for target in targets:
                    assert bench.touch_target(target, STEP_S), (target, bench.screen())

            bench.lay_card("佐賀 花子")
            touch("digit-1", "digit-2", "digit-3", "digit-4", "next")
            assert bench.wait_screen("take_card", timeout_s=STEP_S)
            bench.take_card()
            # Each screen before its touch: "next" is on two of them.
            for target, screen in (
                ("certificate-seal", "choose_copies"),
                ("next", "confirm"),
                ("next", "arrived"),
                ("me", "pay"),
            ):
                touch(target)
                assert bench.wait_screen(screen, timeout_s=STEP_S), (screen, bench.screen())
            bench.throw_coin(500)
            assert bench.wait_until(lambda: sum(y * n for y, n in bench.cash.change_in_tray().items()) == 200, 60)
            bench.trays.take_change()
            assert bench.wait_until(lambda: len(eve.documents()) == 2, 60), eve.tickets()
            assert bench.wait_screen("idle", timeout_s=90), bench.screen()
            kept = bench.cash.inserted() - bench.cash.paid_back()
        certificate, receipt = (words(document) for document in eve.documents())
        tickets = eve.tickets()
    assert "佐賀花子" in certificate
    assert "領収書" in receipt
    assert [ticket["IPP_SIDES"] for ticket in tickets] == ["two-sided-long-edge", "one-sided"]
    assert kept == 300
