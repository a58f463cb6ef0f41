"""Paper, faults and people: what comes out, what the machine tells, and what stays behind."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.printer import FAULTS, PrinterBench, PrinterConfig, TrayConfig

PROCESSING, STOPPED, CANCELED, ABORTED, COMPLETED, HELD = 5, 6, 7, 8, 9, 4
IDLE, BUSY, DOWN = 3, 4, 5


def told(client: Any) -> tuple[int, set[str]]:
    """printer-state and printer-state-reasons over the wire."""
    state = client.printer("printer-state", "printer-state-reasons")
    reasons = state["printer-state-reasons"]
    return state["printer-state"], {reasons} if isinstance(reasons, str) else set(reasons)


def pages_out(client: Any) -> list[tuple[int, int | None]]:
    return [(s["front"], s["back"]) for s in client.bench.log("sheet")]


def tray(client: Any, number: int = 1) -> int:
    return int(client.bench.snapshot()["trays"][number - 1]["sheets"])


def test_idle_then_busy_then_idle(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    assert told(slow_client) == (IDLE, {"none"})
    job_id = slow_client.print_pdf(pdf(2))
    pace.under_way(1)
    assert told(slow_client) == (BUSY, {"none"})
    assert slow_client.job(job_id)["job-state"] == PROCESSING
    assert not slow_client.bench.paper_present
    pace.sheets(1)
    slow_client.reaches(job_id, COMPLETED)
    assert told(slow_client) == (IDLE, {"none"})
    assert slow_client.bench.paper_present


def test_jobs_print_in_order_one_at_a_time(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    first, second = slow_client.print_pdf(pdf(3)), slow_client.print_pdf(pdf(1))
    pace.under_way(1)
    assert slow_client.printer("queued-job-count") == {"queued-job-count": 2}
    assert slow_client.job(second)["number-of-intervening-jobs"] == 1
    pace.sheets(3)
    slow_client.reaches(second, COMPLETED)
    assert [s["job_id"] for s in slow_client.bench.log("sheet")] == [first, first, second]


def test_paper_runs_out_within_a_job_and_is_refilled(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    slow_client.bench.fault("paper_out", after=1)
    job_id = slow_client.print_pdf(pdf(4))
    pace.sheets(5)
    job = slow_client.reaches(job_id, STOPPED)
    assert job["job-state-reasons"] == "printer-stopped"
    assert (job["job-media-sheets-completed"], job["job-impressions-completed"]) == (1, 2)
    assert told(slow_client) == (DOWN, {"media-empty-error", "media-needed-error"})
    assert slow_client.bench.load("tray-1", 10) == 10
    slow_client.reaches(job_id, COMPLETED)
    assert pages_out(slow_client) == [(1, 2), (3, 4)]
    assert tray(slow_client) == 9
    assert slow_client.bench.snapshot()["faults"] == {}


def test_an_empty_receipt_tray_does_not_stop_certificates(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    client.bench.fault("paper_out", tray="tray-2")
    assert told(client) == (IDLE, {"media-empty-warning"})
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)
    receipt = client.print_pdf(pdf(1), job=wire.media_source("tray-2"))
    client.reaches(receipt, STOPPED)
    assert told(client) == (DOWN, {"media-empty-error", "media-needed-error"})
    # The paper of the other tray never stands in.
    assert tray(client) == 499
    client.bench.clear_faults()
    client.reaches(receipt, COMPLETED)


def test_an_idle_machine_tells_that_its_main_tray_is_empty(client: Any) -> None:
    client.bench.fault("paper_out")
    assert told(client) == (DOWN, {"media-empty-error"})
    client.bench.clear_faults("paper_out")
    assert told(client) == (IDLE, {"none"})
    assert tray(client) == 500


def test_low_paper_is_told_before_it_ends() -> None:
    trays = (TrayConfig("tray-1", "証明書用紙", "stationery", sheets=20),)
    with PrinterBench(config=PrinterConfig(trays=trays)) as bench:
        assert bench.snapshot()["state_reasons"] == ["media-low-warning"]


def test_the_jammed_sheet_is_lost_and_printed_anew(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    slow_client.bench.fault("jam", sheet=2)
    job_id = slow_client.print_pdf(pdf(5))
    pace.sheets(2)
    job = slow_client.reaches(job_id, STOPPED)
    assert job["job-media-sheets-completed"] == 1
    assert told(slow_client) == (DOWN, {"media-jam-error"})
    assert len(slow_client.bench.log("sheet-lost")) == 1
    slow_client.bench.clear_faults()
    pace.sheets(2)
    slow_client.reaches(job_id, COMPLETED)
    assert pages_out(slow_client) == [(1, 2), (3, 4), (5, None)]
    assert tray(slow_client) == 500 - 4


def test_a_jam_of_an_idle_machine(client: Any) -> None:
    client.bench.fault("jam", sheet=0)
    assert told(client) == (DOWN, {"media-jam-error"})
    client.bench.clear_faults("jam")
    assert told(client) == (IDLE, {"none"})


def test_the_cover_opened_under_way_keeps_the_sheet_inside(
    slow_client: Any, pace: Any, pdf: Callable[..., bytes]
) -> None:
    job_id = slow_client.print_pdf(pdf(2))
    pace.under_way(1)
    slow_client.bench.fault("cover_open")
    assert told(slow_client) == (DOWN, {"cover-open-error"})
    pace.sheets(1)
    slow_client.reaches(job_id, STOPPED)
    assert slow_client.bench.output() == []
    slow_client.bench.clear_faults()
    pace.sheets(1)
    slow_client.reaches(job_id, COMPLETED)
    assert pages_out(slow_client) == [(1, 2)]


def test_toner_low_warns_and_toner_empty_stops(client: Any, pdf: Callable[..., bytes]) -> None:
    client.bench.fault("toner_low")
    assert told(client) == (IDLE, {"toner-low-warning"})
    assert client.printer("marker-levels") == {"marker-levels": 5}
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)
    client.bench.fault("toner_empty")
    assert told(client) == (DOWN, {"toner-empty-error"})
    job_id = client.print_pdf(pdf(1))
    client.reaches(job_id, STOPPED)
    client.bench.clear_faults()
    client.reaches(job_id, COMPLETED)
    assert told(client) == (IDLE, {"none"})


def test_a_full_output_tray_warns_until_a_sheet_waits_for_it(client: Any, pdf: Callable[..., bytes]) -> None:
    client.bench.fault("output_full")
    assert told(client) == (IDLE, {"output-area-full-warning"})
    job_id = client.print_pdf(pdf(1))
    client.reaches(job_id, STOPPED)
    assert told(client) == (DOWN, {"output-area-full-error"})
    assert client.bench.take_output() == []
    client.reaches(job_id, COMPLETED)
    assert client.bench.snapshot()["faults"] == {}


def test_cancelled_while_out_of_paper_never_prints(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    client.bench.fault("paper_out")
    job_id = client.print_pdf(pdf(1))
    client.reaches(job_id, STOPPED)
    assert client.ask(8, wire.attr(0x21, "job-id", job_id)).code == 0
    client.reaches(job_id, CANCELED)
    client.bench.clear_faults()
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)
    assert [s["job_id"] for s in client.bench.log("sheet")] == [job_id + 1]


def test_a_reboot_forgets_jobs_numbers_and_up_time_but_not_paper(
    slow_client: Any, pace: Any, pdf: Callable[..., bytes]
) -> None:
    done = slow_client.print_pdf(pdf(1))
    pace.sheets(1)
    slow_client.reaches(done, COMPLETED)
    slow_client.print_pdf(pdf(4))
    pace.under_way(2)
    pace.advance(100)
    assert slow_client.printer("printer-up-time") == {"printer-up-time": 101}
    slow_client.bench.fault("reboot")
    assert slow_client.printer("printer-up-time") == {"printer-up-time": 1}
    assert slow_client.bench.snapshot()["jobs"] == []
    assert len(slow_client.bench.output()) == 1
    again = slow_client.print_pdf(pdf(1), name="J-other")
    assert again == 1
    pace.sheets(1)
    slow_client.reaches(again, COMPLETED)
    assert [(s["job_name"], s["front"]) for s in slow_client.bench.log("sheet")] == [("J-1", 1), ("J-other", 1)]


def test_unreachable_refuses_and_comes_back_at_the_same_address(
    slow_client: Any, pace: Any, pdf: Callable[..., bytes]
) -> None:
    job_id = slow_client.print_pdf(pdf(1))
    uri = slow_client.bench.uri
    slow_client.bench.fault("unreachable")
    with pytest.raises(ConnectionRefusedError):
        slow_client.job(job_id)
    # The machine itself goes on.
    pace.sheets(1)
    assert slow_client.bench.engine.wait_until(lambda: len(slow_client.bench.output()) == 1, 10)
    slow_client.bench.clear_faults()
    assert slow_client.bench.uri == uri
    assert slow_client.job(job_id)["job-state"] == COMPLETED


def test_a_hanging_machine_neither_answers_nor_prints_and_then_does_both(
    slow_client: Any, pace: Any, pdf: Callable[..., bytes]
) -> None:
    job_id = slow_client.print_pdf(pdf(1))
    pace.under_way(1)
    slow_client.bench.fault("hang")
    with pytest.raises(TimeoutError):
        slow_client.ask(0x0B, timeout_s=0.1)
    assert "Get-Printer-Attributes" not in slow_client.bench.snapshot()["requests"]
    late: list[int] = []
    caller = threading.Thread(target=lambda: late.append(slow_client.print_pdf(pdf(1), name="J-late")))
    caller.start()
    pace.sheets(2)
    assert slow_client.bench.output() == []
    slow_client.bench.clear_faults()
    caller.join(10)
    slow_client.reaches(late[0], COMPLETED)
    assert [s["job_id"] for s in slow_client.bench.log("sheet")] == [job_id, late[0]]


def test_a_reboot_ends_a_hang_and_drops_who_waits(slow_client: Any) -> None:
    slow_client.bench.fault("hang")
    outcome: list[str] = []

    def call() -> None:
        try:
            slow_client.ask(0x0B)
        except (OSError, Exception) as error:
            outcome.append(type(error).__name__)

    caller = threading.Thread(target=call)
    caller.start()
    engine = slow_client.bench.engine
    slow_client.bench.fault("reboot")
    caller.join(10)
    assert not caller.is_alive()
    assert not engine.troubles.hanging
    assert told(slow_client) == (IDLE, {"none"})


def test_abort_next_after_some_sheets(client: Any, pdf: Callable[..., bytes]) -> None:
    client.bench.fault("abort_next", after_sheets=1)
    job = client.reaches(client.print_pdf(pdf(4)), ABORTED)
    assert job["job-state-reasons"] == "aborted-by-system"
    assert job["job-media-sheets-completed"] == 1
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)


def test_hold_next_holds_one_job_until_somebody_releases_it(client: Any, pdf: Callable[..., bytes]) -> None:
    client.bench.fault("hold_next")
    held = client.print_pdf(pdf(1))
    assert client.job(held)["job-state"] == HELD
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)
    client.bench.clear_faults()
    assert client.job(held)["job-state"] == HELD
    client.bench.release_at_panel(held)
    client.reaches(held, COMPLETED)


def test_cancel_at_the_panel_is_told_as_such(client: Any, pdf: Callable[..., bytes]) -> None:
    client.bench.fault("paper_out")
    job_id = client.print_pdf(pdf(1))
    client.bench.cancel_at_panel(job_id)
    assert client.reaches(job_id, CANCELED)["job-state-reasons"] == "job-canceled-at-device"


def test_slow_stretches_a_sheet(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    slow_client.bench.fault("slow", factor=4)
    slow_client.print_pdf(pdf(1))
    pace.under_way(1)
    assert pace.waits == [4.0]


def test_without_power_nobody_answers_and_jobs_are_gone(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    slow_client.print_pdf(pdf(2))
    pace.under_way(1)
    slow_client.bench.power(False)
    with pytest.raises(ConnectionRefusedError):
        slow_client.printer("printer-state")
    slow_client.bench.power(True)
    assert slow_client.printer("printer-state", "queued-job-count") == {
        "printer-state": IDLE,
        "queued-job-count": 0,
    }
    pace.sheets(3)
    slow_client.reaches(slow_client.print_pdf(pdf(1)), COMPLETED)
    assert pages_out(slow_client) == [(1, None)]
    assert tray(slow_client) == 498  # one sheet stayed inside


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fire", {}),
        ("jam", {"page": 1}),
        ("jam", {"sheet": "1"}),
        ("jam", {"sheet": -1}),
        ("paper_out", {"tray": 1}),
    ],
)
def test_unknown_faults_and_parameters_say_what_is_known(client: Any, name: str, given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"known|takes|must be"):
        client.bench.fault(name, **given)
    assert client.bench.snapshot()["faults"] == {}


def test_unknown_trays_are_refused(client: Any) -> None:
    with pytest.raises(ValueError, match="tray-1"):
        client.bench.load("tray-9", 1)
    with pytest.raises(ValueError, match="tray-1"):
        client.bench.fault("paper_out", tray="tray-9")


def test_every_fault_is_described_and_can_be_put_right(client: Any, pdf: Callable[..., bytes]) -> None:
    for name, words in PrinterBench.vocabulary().items():
        assert words["label"]
        assert words["description"].endswith("。")
        client.bench.fault(name)
        client.bench.clear_faults()
        client.bench.take_output()
        assert client.bench.snapshot()["faults"] == {}, name
        client.reaches(client.print_pdf(pdf(1)), COMPLETED)
    assert set(PrinterBench.vocabulary()) == set(FAULTS)


def test_snapshot_and_log_are_json(client: Any, pdf: Callable[..., bytes]) -> None:
    client.reaches(client.print_pdf(pdf(2)), COMPLETED)
    snapshot = json.loads(json.dumps(client.bench.snapshot()))
    assert snapshot["output"][0]["back"] == 2
    assert snapshot["requests"]["Print-Job"] == 1
    assert snapshot["paper_present"] is True
    json.dumps(client.bench.log())


def test_taking_by_tray_leaves_the_rest(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)
    client.reaches(client.print_pdf(pdf(1), job=wire.media_source("tray-2")), COMPLETED)
    assert [s.tray for s in client.bench.take_output("tray-2")] == ["tray-2"]
    assert client.bench.paper_present
    assert [s.tray for s in client.bench.take_output()] == ["tray-1"]
    assert not client.bench.paper_present


def test_content_lies_only_where_it_is_told_to(tmp_path: Path, client_of: Any, pdf: Callable[..., bytes]) -> None:
    document = pdf(2)
    with PrinterBench(tmp_path / "printer", config=PrinterConfig(seconds_per_sheet_s=0), show_output=True) as bench:
        client = client_of(bench)
        client.reaches(client.print_pdf(document, name="J-2"), COMPLETED)
        files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
        assert files == {"printer/printer.jsonl", "printer/output/sheet-000001.pdf"}
        lines = (tmp_path / "printer/printer.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line) for line in lines] == bench.log()
        assert b"%PDF" not in (tmp_path / "printer/printer.jsonl").read_bytes()
        # Once the job has ended only the sheets in the tray hold content, and no repr shows any.
        (job,) = bench.engine.jobs()
        assert (job.documents, job.plan) == ([], [])
        assert "PDF-" not in repr(bench.output())
        taken = bench.take_output()
        assert list((tmp_path / "printer/output").iterdir()) == []
        assert len(taken) == 1
