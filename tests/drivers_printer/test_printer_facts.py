"""What the machine's answers mean before money is taken, and what the staff is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.ipp_client import Attributes, Value
from drivers.printer_facts import (
    PrinterView,
    fault_word,
    obstacles,
    read_job,
    read_printer,
    receipt_obstacles,
    receipt_word,
    size_mm100,
    warnings,
)
from kiosk.errors import PrintError, ProtocolViolation

GOOD = PrinterView(3, (), 100, accepting=True, level=50, queued=0, two_sided=True, medium_ready=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ()),
        ({"state": 4}, ()),  # warming up or busy with a copy; queued-job-count tells the latter
        ({"state": 5}, ("stopped",)),
        ({"state": 5, "reasons": ("media-jam-error",)}, ("media-jam-error",)),
        ({"accepting": False}, ("not-accepting-jobs",)),
        ({"two_sided": False}, ("no-duplex",)),
        ({"medium_ready": False}, ("no-a4",)),
        ({"queued": 1}, ("busy",)),
        ({"level": -1}, ()),  # a tray that cannot count
        ({"level": 2}, ("media-needed",)),
        ({"level": 0}, ("media-empty",)),
        ({"level": 0, "medium_ready": False, "reasons": ("media-empty-error",)}, ("media-empty-error",)),
        ({"level": -1, "reasons": ("media-empty-warning",)}, ("media-empty-warning",)),
        ({"level": 50, "reasons": ("media-empty-warning",)}, ()),  # another tray's
        ({"level": 50, "state": 5, "reasons": ("media-empty-error",)}, ("media-empty-error",)),
        ({"reasons": ("toner-low-warning",)}, ()),
        ({"reasons": ("toner-empty-warning",)}, ("toner-empty-warning",)),
        ({"reasons": ("some-news-error",)}, ("some-news-error",)),
        ({"two_sided": False, "queued": 2}, ("no-duplex", "busy")),
    ],
)
def test_obstacles(change: dict[str, object], expected: tuple[str, ...]) -> None:
    assert obstacles(replace(GOOD, **change), 3) == expected  # type: ignore[arg-type]


def test_warnings_are_what_does_not_stand_in_the_way() -> None:
    view = replace(GOOD, reasons=("toner-low-warning", "media-jam-error", "media-empty-warning"))
    assert warnings(view, 1) == ("toner-low-warning", "media-empty-warning")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, None),
        ({"reasons": ("toner-low-report",)}, None),
        ({"reasons": ("media-jam-error", "cover-open-error")}, "media-jam"),
        ({"reasons": ("door-open-error",)}, "cover-open"),
        ({"reasons": ("marker-supply-empty-error",)}, "toner-empty"),
        ({"reasons": ("output-area-full-warning",)}, "tray-full"),
        ({"level": 0}, "media-empty"),
        ({"level": 50, "reasons": ("media-empty-warning",)}, None),
        ({"state": 5, "level": 50, "reasons": ("media-needed-error",)}, "media-empty"),
        ({"state": 5}, "stopped"),
        ({"accepting": False}, "stopped"),
        ({"reasons": ("some-news-error",)}, "stopped"),
    ],
)
def test_fault_word(change: dict[str, object], word: str | None) -> None:
    assert fault_word(replace(GOOD, **change)) == word  # type: ignore[arg-type]


def media(source: str, width: int = 21000) -> dict[str, tuple[Value, ...]]:
    return {
        "media-source": (source,),
        "media-size": ({"x-dimension": (width,), "y-dimension": (29700,)},),
    }


def told(**more: tuple[Value, ...]) -> Attributes:
    attributes: Attributes = {
        "printer-state": (3,),
        "printer-up-time": (9,),
        "printer-state-reasons": ("none",),
        "media-supported": ("iso_a4_210x297mm", "na_letter_8.5x11in"),
        "media-ready": ("iso_a4_210x297mm",),
        "media-source-supported": ("tray-1", "tray-2"),
        "media-col-ready": (media("tray-1", 21590), media("tray-2")),
        "printer-input-tray": (b"type=other;level=-3;name=Upper;", b"type=other;level=77;name=Lower;"),
    }
    return {**attributes, **{name.replace("_", "-"): values for name, values in more.items()}}


@pytest.mark.parametrize(
    ("tray", "ready", "level"), [("tray-1", False, -1), ("tray-2", True, 77), ("tray-9", False, -1)]
)
def test_only_the_tray_asked_for_counts(tray: str, ready: bool, level: int) -> None:
    view = read_printer(told(), tray)
    assert (view.medium_ready, view.level, view.reasons) == (ready, level, ())


@pytest.mark.parametrize(
    ("more", "ready"),
    [
        ({"media_supported": ("na_letter_8.5x11in",)}, False),
        ({"media_col_ready": ()}, True),  # tells no trays: media-ready must do
        ({"media_col_ready": (), "media_ready": ()}, False),
        ({"media_col_ready": ({"media-source": ("tray-2",)},)}, False),
    ],
)
def test_a4_ready(more: dict[str, tuple[Value, ...]], ready: bool) -> None:
    assert read_printer(told(**more), "tray-2").medium_ready is ready


def test_a_tray_named_in_the_record_wins_over_its_place() -> None:
    records = (b"level=5;name=tray-2", b"level=6;name=tray-1")
    assert read_printer(told(printer_input_tray=records), "tray-1").level == 6


@pytest.mark.parametrize("record", [b"level=;name=tray-1", b"level=many;name=tray-1", b"\xff\xfe", b""])
def test_a_level_that_is_no_number_is_unknown(record: bytes) -> None:
    assert read_printer(told(printer_input_tray=(record,)), "tray-1").level == -1


def test_what_rfc_8011_requires_is_required() -> None:
    with pytest.raises(ProtocolViolation):
        read_printer({"printer-state": (3,)}, "tray-1")
    with pytest.raises(ProtocolViolation):
        read_job({"job-id": (1,)})


def test_an_ended_job_tells_when() -> None:
    job: Attributes = {"job-id": (4,), "job-name": ("x",), "job-state": (9,), "time-at-completed": (70,)}
    assert read_job(job).ended_at == 70
    assert read_job({**job, "job-state": (5,)}).ended_at is None
    assert read_job({**job, "time-at-completed": (None,)}).ended_at is None


# ---- two trays, one list of reasons -----------------------------------------------------------------------------

A5 = "iso_a5_148x210mm"


def a5(source: str) -> dict[str, tuple[Value, ...]]:
    return {"media-source": (source,), "media-size": ({"x-dimension": (14800,), "y-dimension": (21000,)},)}


def machine(
    certificates: str, receipts: str, *, ready: str = "both", reason: str = "media-empty-warning"
) -> Attributes:
    """Both trays by their levels, and which of them the printer calls ready."""
    listed = {"both": (media("tray-1"), a5("tray-2")), "first": (media("tray-1"),), "second": (a5("tray-2"),)}
    levels = [f"type=other;level={n};name={t};".encode() for t, n in (("tray-1", certificates), ("tray-2", receipts))]
    return told(
        printer_input_tray=tuple(levels),
        media_supported=("iso_a4_210x297mm", A5),
        media_source_supported=("auto", "tray-1", "tray-2"),
        media_col_ready=listed[ready],
        printer_state_reasons=(reason,),
    )


@pytest.mark.parametrize(
    ("attributes", "certificates", "receipts"),
    [
        (machine("50", "50", reason="none"), None, None),
        (machine("50", "0"), None, "media-empty"),
        (machine("0", "50"), "media-empty", None),
        (machine("0", "0"), "media-empty", "media-empty"),
        # Trays that cannot count: -3 is at least one sheet (RFC 3805), and an empty one may not be called ready.
        (machine("-3", "0"), None, "media-empty"),
        (machine("-2", "-2", ready="first"), None, "media-empty"),
        (machine("-2", "-2", ready="second"), "media-empty", None),
        # Nothing tells which tray it is about: both are taken for empty.
        (machine("-2", "-2"), "media-empty", "media-empty"),
        (machine("50", "50", reason="media-jam-error"), "media-jam", None),
        (machine("50", "20", reason="media-low-warning"), None, None),
    ],
)
def test_an_empty_tray_is_the_fault_of_its_own_part_only(
    attributes: Attributes, certificates: str | None, receipts: str | None
) -> None:
    assert fault_word(read_printer(attributes, "tray-1")) == certificates
    paper = read_printer(attributes, "tray-2", A5)
    assert receipt_word(paper) == receipts
    assert bool(receipt_obstacles(paper)) is (receipts is not None or certificates == "media-jam")


def test_a_receipt_tray_with_other_paper_is_not_ready() -> None:
    paper = read_printer(machine("50", "50", reason="none"), "tray-2", "iso_a6_105x148mm")
    assert receipt_word(paper) == "media-needed"
    assert receipt_obstacles(paper) == ("media-needed",)


@pytest.mark.parametrize(
    ("name", "size"),
    [(A5, (14800, 21000)), ("na_letter_8.5x11in", (21590, 27940)), ("om_small-photo_100x150mm", (10000, 15000))],
)
def test_sizes_are_read_from_their_names(name: str, size: tuple[int, int]) -> None:
    assert size_mm100(name) == size


def test_a_name_that_is_no_size_says_how_to_write_it() -> None:
    with pytest.raises(PrintError, match="iso_a5_148x210mm"):
        size_mm100("A5")
