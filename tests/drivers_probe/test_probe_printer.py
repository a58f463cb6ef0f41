"""The multi-copy machine as the probe tells of it, against the simulated one over real IPP."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
import pytest

from config.schema import Settings
from drivers import probe_printer
from hardware_sim.printer import PrinterBench


@pytest.fixture
def bench() -> Iterator[PrinterBench]:
    with PrinterBench(None) as machine:
        yield machine


@pytest.fixture
def machine(bench: PrinterBench, settings: Callable[..., Settings]) -> Settings:
    return settings(printer={"uri": bench.uri})


def test_a_printer_that_is_ready_says_all_of_itself(machine: Settings, said: Any) -> None:
    probe_printer.probe(machine, said)
    assert said.wrong == []
    for words in (
        "Certkiosk Simulated MFP",
        "state: idle",
        "two-sided-long-edge",
        "tray tray-1: ",
        "Black Toner: 100 %",
    ):
        assert words in said.text
    assert "a certificate could be printed now" in said.text


@pytest.mark.parametrize(
    ("fault", "values", "wrong"),
    [
        ("paper_out", {"tray": "tray-1"}, "a certificate cannot be printed now: media-empty"),
        ("paper_out", {"tray": "tray-2"}, "a receipt cannot be printed now: media-empty"),
        ("cover_open", {}, "cover-open"),
        ("toner_empty", {}, "marker-supply-empty"),
        ("unreachable", {}, "cannot be reached"),
    ],
)
def test_a_fault_is_told_with_what_to_do(
    bench: PrinterBench, machine: Settings, said: Any, fault: str, values: dict[str, str], wrong: str
) -> None:
    bench.fault(fault, **values)
    probe_printer.probe(machine, said)
    assert any(wrong in line or wrong.replace("marker-supply", "toner") in line for line in said.wrong), said.text
    assert said.each_fault_has_a_remedy()


def test_trays_that_it_does_not_have_are_named(
    bench: PrinterBench, said: Any, settings: Callable[..., Settings]
) -> None:
    probe_printer.probe(settings(printer={"uri": bench.uri, "certificate_tray": "manual"}), said)
    assert any("none of its trays (" in line and "tray-1" in line for line in said.wrong)


def test_no_test_page_is_sent_where_it_could_not_come_out(bench: PrinterBench, machine: Settings, said: Any) -> None:
    bench.fault("cover_open")
    probe_printer.probe(machine, said, test_page=True)
    assert any("test page was not printed" in line for line in said.wrong)
    assert bench.output() == []


def test_the_test_page_has_two_sides_of_a4() -> None:
    with pikepdf.open(io.BytesIO(probe_printer.test_page())) as document:
        assert [tuple(round(float(v) / 72 * 25.4) for v in page.mediabox[2:]) for page in document.pages] == [
            (210, 297),
            (210, 297),
        ]


@pytest.mark.stack
def test_the_test_page_comes_out_by_the_way_of_a_certificate(bench: PrinterBench, machine: Settings, said: Any) -> None:
    probe_printer.probe(machine, said, test_page=True)
    assert said.wrong == [], said.text
    [sheet] = bench.output()
    assert (sheet.tray, sheet.back is not None) == ("tray-1", True)
