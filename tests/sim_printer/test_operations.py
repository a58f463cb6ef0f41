"""The operations, asked over http.client and bare sockets with requests put together by hand."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.printer import PrinterBench, PrinterConfig, ipp
from hardware_sim.printer.ipp import Status, Tag

COMPLETED, CANCELED, ABORTED = 9, 7, 8


def test_two_sided_job_is_counted_in_sheets_and_impressions(client: Any, pdf: Callable[..., bytes]) -> None:
    document = pdf(3)
    job_id = client.print_pdf(document, name="J-7f3a")
    job = client.reaches(job_id, COMPLETED)
    assert job["job-name"] == "J-7f3a"
    assert job["job-originating-user-name"] == "kiosk"
    assert job["job-state-reasons"] == "job-completed-successfully"
    assert (job["job-impressions"], job["job-impressions-completed"]) == (3, 3)
    assert (job["job-media-sheets"], job["job-media-sheets-completed"]) == (2, 2)
    assert job["sides"] == "two-sided-long-edge"
    (entry,) = client.bench.log("document")
    assert entry["sha256"] == hashlib.sha256(document).hexdigest()
    assert (entry["job_name"], entry["user"], entry["pages"]) == ("J-7f3a", "kiosk", 3)
    assert [(s["front"], s["back"]) for s in client.bench.log("sheet")] == [(1, 2), (3, None)]


def test_who_forgets_to_ask_for_two_sides_gets_one(client: Any, pdf: Callable[..., bytes]) -> None:
    job = client.reaches(client.print_pdf(pdf(2), sides=None), COMPLETED)
    assert job["job-media-sheets-completed"] == 2
    assert client.bench.log("document")[0]["sides"] == "one-sided"


def test_copies_start_on_fresh_sheets_and_ranges_choose_pages(
    client: Any, pdf: Callable[..., bytes], wire: Any
) -> None:
    ranges = wire.attr(0x33, "page-ranges", struct.pack(">ii", 2, 4))
    client.reaches(client.print_pdf(pdf(5), job=wire.attr(0x21, "copies", 2) + ranges), COMPLETED)
    assert [(s["front"], s["back"]) for s in client.bench.log("sheet")] == [(2, 3), (4, None)] * 2


def test_the_tray_asked_for_gives_the_paper(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    client.reaches(client.print_pdf(pdf(2), job=wire.media_source("tray-2")), COMPLETED)
    client.reaches(client.print_pdf(pdf(2)), COMPLETED)
    assert [t["sheets"] for t in client.bench.snapshot()["trays"]] == [499, 499]
    assert [s["tray"] for s in client.bench.log("sheet")] == ["tray-2", "tray-1"]


@pytest.mark.parametrize(
    ("asked", "tray", "media"),
    [
        (("media_size", 14800, 21000, "tray-2"), "tray-2", "iso_a5_148x210mm"),
        (("media_size", 14800, 21000), "tray-2", "iso_a5_148x210mm"),  # whichever tray has that size
        (("media_size", 21000, 29700), "tray-1", "iso_a4_210x297mm"),
        (("words", "media", "iso_a5_148x210mm"), "tray-2", "iso_a5_148x210mm"),
    ],
)
def test_the_size_asked_for_finds_its_tray(
    client: Any, pdf: Callable[..., bytes], wire: Any, asked: tuple[Any, ...], tray: str, media: str
) -> None:
    build, *arguments = asked
    client.reaches(client.print_pdf(pdf(1), job=getattr(wire, build)(*arguments)), COMPLETED)
    assert [s["tray"] for s in client.bench.log("sheet")] == [tray]
    assert [d["media"] for d in client.bench.log("document")] == [media]


def test_a_size_that_does_not_lie_in_the_tray_asked_for_is_unsupported(client: Any, wire: Any) -> None:
    for asked in (wire.media_size(21000, 29700, "tray-2"), wire.media_size(29700, 42000)):
        answer = client.ask(4, wire.attr(0x22, "ipp-attribute-fidelity", b"\1"), job=asked)
        assert answer.code == Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        assert [a.name for a in answer.group(Tag.UNSUPPORTED_GROUP).attributes] == ["media-col"]


def test_create_send_close(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    created = client.ask(5, job=wire.words("sides", "two-sided-long-edge"))
    job_id = wire.one(created, "job-id")
    assert wire.one(created, "job-state-reasons") == "job-incoming"
    number = wire.attr(0x21, "job-id", job_id)
    assert client.ask(6, number, data=pdf(1)).code == Status.BAD_REQUEST  # last-document is missing
    assert client.ask(6, number + wire.attr(0x22, "last-document", b"\0"), data=pdf(1)).code == 0
    assert client.job(job_id)["job-state"] == 3
    assert client.ask(0x3B, number).code == 0
    assert client.reaches(job_id, COMPLETED)["job-media-sheets-completed"] == 1
    late = client.ask(6, number + wire.attr(0x22, "last-document", b"\1"), data=pdf(1))
    assert late.code == Status.NOT_POSSIBLE
    assert len(client.bench.log("document")) == 1


def test_an_abandoned_job_is_aborted_after_the_time_out(slow_client: Any, pace: Any, wire: Any) -> None:
    job_id = wire.one(slow_client.ask(5), "job-id")
    pace.advance(61)
    assert slow_client.job(job_id)["job-state"] == ABORTED


def test_cancel_of_a_waiting_and_of_a_printing_job(
    slow_client: Any, pace: Any, pdf: Callable[..., bytes], wire: Any
) -> None:
    printing = slow_client.print_pdf(pdf(6))
    waiting = slow_client.print_pdf(pdf(2))
    pace.under_way(1)
    for job_id in (waiting, printing):
        assert slow_client.ask(8, wire.attr(0x21, "job-id", job_id)).code == 0
    assert slow_client.job(waiting)["job-state"] == CANCELED
    # The sheet under way comes out, the next is not fed.
    assert slow_client.job(printing)["job-state-reasons"] == "processing-to-stop-point"
    pace.sheets(1)
    job = slow_client.reaches(printing, CANCELED)
    assert job["job-state-reasons"] == "job-canceled-by-user"
    assert job["job-media-sheets-completed"] == 1
    assert [s["job_id"] for s in slow_client.bench.log("sheet")] == [printing]
    assert [e["job_id"] for e in slow_client.bench.log("cancel-job")] == [waiting, printing]
    assert slow_client.ask(8, wire.attr(0x21, "job-id", printing)).code == Status.NOT_POSSIBLE
    assert slow_client.ask(8, wire.attr(0x21, "job-id", 99)).code == Status.NOT_FOUND
    assert slow_client.bench.log("cancel-job")[-1]["found"] is False


def test_cancel_my_jobs_leaves_the_jobs_of_others(slow_client: Any, pace: Any, pdf: Callable[..., bytes]) -> None:
    first = slow_client.print_pdf(pdf(1), user="somebody")
    mine = slow_client.print_pdf(pdf(1), user="kiosk")
    assert slow_client.ask(0x39, user="kiosk").code == 0
    assert slow_client.job(mine)["job-state"] == CANCELED
    pace.sheets(1)
    slow_client.reaches(first, COMPLETED)


def test_only_the_owner_cancels_where_the_machine_is_strict(
    client_of: Any, pdf: Callable[..., bytes], pace: Any, wire: Any
) -> None:
    with PrinterBench(config=PrinterConfig(owner_only=True), pace=pace) as bench:
        client = client_of(bench)
        number = wire.attr(0x21, "job-id", client.print_pdf(pdf(1), user="kiosk"))
        assert client.ask(8, number, user="somebody").code == Status.NOT_AUTHORIZED
        assert client.ask(8, number, user="kiosk").code == 0


def test_get_jobs_by_state_owner_and_limit(slow_client: Any, pace: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    done = [slow_client.print_pdf(pdf(1), user="a") for _ in range(2)]
    pace.sheets(2)
    for job_id in done:
        slow_client.reaches(job_id, COMPLETED)
    active = slow_client.print_pdf(pdf(1), user="b")

    def ids(extra: bytes = b"", user: str = "b") -> list[Any]:
        answer = slow_client.ask(0x0A, extra, user=user)
        assert answer.code == 0
        return [g.get("job-id").first for g in answer.groups if g.tag is Tag.JOB]

    assert ids() == [active]
    assert ids(wire.words("which-jobs", "completed")) == done[::-1]
    assert ids(wire.words("which-jobs", "all")) == [*done, active]
    assert ids(wire.words("which-jobs", "all") + wire.attr(0x21, "limit", 1)) == done[:1]
    assert ids(wire.words("which-jobs", "completed") + wire.attr(0x22, "my-jobs", b"\1"), user="a") == done[::-1]
    assert ids(wire.words("which-jobs", "completed") + wire.attr(0x22, "my-jobs", b"\1")) == []
    refused = slow_client.ask(0x0A, wire.words("which-jobs", "yesterday"))
    assert refused.code == Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED


def test_requested_attributes_by_name_and_by_group(client: Any) -> None:
    assert set(client.printer("printer-state", "no-such-thing")) == {"printer-state"}
    template = client.printer("job-template")
    assert "sides-supported" in template
    assert "media-source-supported" in template
    assert not {"printer-state", "media-col-database"} & set(template)
    description = client.printer("printer-description")
    assert "printer-state-reasons" in description
    assert "sides-supported" not in description
    everything = client.printer("all")
    assert "media-col-database" not in everything
    assert set(template) | set(description) == set(everything)
    database = client.printer("all", "media-col-database")
    assert set(database) - set(everything) == {"media-col-database"}


def test_trays_supplies_and_markers_line_up(client: Any) -> None:
    told = client.printer("all")
    assert told["media-source-supported"] == ["tray-1", "tray-2"]
    levels = [dict(p.split("=") for p in t.decode().split(";") if p) for t in told["printer-input-tray"]]
    assert [(t["name"], t["level"], t["maxcapacity"]) for t in levels] == [
        ("tray-1", "500", "500"),
        ("tray-2", "500", "500"),
    ]
    assert told["marker-levels"] == 100
    assert told["printer-state"] == 3
    assert told["printer-state-reasons"] == "none"
    assert told["color-supported"] is False
    assert told["printer-is-accepting-jobs"] is True


def test_which_tray_is_empty_is_told_by_the_tray_not_by_the_reasons(client: Any) -> None:
    """printer-state-reasons names no tray; media-ready, media-col-ready and printer-input-tray do."""
    names = ("media-supported", "media-ready", "media-col-ready", "printer-input-tray", "printer-state-reasons")
    both = client.printer(*names)
    assert both["media-supported"] == both["media-ready"] == ["iso_a4_210x297mm", "iso_a5_148x210mm"]
    assert len(both["media-col-ready"]) == 2
    for tray, left, media in (("tray-2", "tray-1", "iso_a4_210x297mm"), ("tray-1", "tray-2", "iso_a5_148x210mm")):
        client.bench.fault("paper_out", tray=tray)
        told = client.printer(*names)
        assert told["media-supported"] == both["media-supported"]
        assert told["media-ready"] == media
        ready = {member.name: member.first for member in told["media-col-ready"]}
        assert (ready["media-source"], ready["media-size-name"]) == (left, media)
        levels = [dict(p.split("=") for p in t.decode().split(";") if p) for t in told["printer-input-tray"]]
        assert {t["name"]: t["level"] for t in levels} == {tray: "0", left: "500"}
        assert [t["mediafeed"] for t in levels] == ["29700", "21000"]
        assert told["printer-state-reasons"].startswith("media-empty-")
        client.bench.clear_faults()


def test_unsupported_requests_are_substituted_or_with_fidelity_refused(
    client: Any, pdf: Callable[..., bytes], wire: Any
) -> None:
    odd = wire.words("media", "iso_a3_297x420mm") + wire.attr(0x21, "frobs", 1)
    answer = client.ask(4, job=odd)
    assert answer.code == Status.OK_IGNORED_OR_SUBSTITUTED
    told = {a.name: a.values[0] for a in answer.group(Tag.UNSUPPORTED_GROUP).attributes}
    assert told["media"].data == "iso_a3_297x420mm"
    assert told["frobs"].tag is Tag.UNSUPPORTED
    faithful = wire.attr(0x22, "ipp-attribute-fidelity", b"\1")
    assert client.ask(4, faithful, job=odd).code == Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert client.ask(2, faithful, job=odd, data=pdf(1)).code == Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert client.bench.log("document") == []
    word = wire.attr(0x49, "document-format", "application/msword")
    assert client.ask(4, word).code == Status.DOCUMENT_FORMAT_NOT_SUPPORTED


def test_a_media_col_that_contradicts_itself_is_not_taken(client: Any, wire: Any) -> None:
    source = wire.attr(0x4A, "", "media-source") + wire.attr(0x44, "", "tray-1")
    kind = wire.attr(0x4A, "", "media-type") + wire.attr(0x44, "", "stationery-lightweight")
    both = wire.attr(0x34, "media-col", b"") + source + kind + wire.attr(0x37, "", b"")
    assert client.ask(4, job=both).code == Status.OK_IGNORED_OR_SUBSTITUTED


def test_compressed_document_is_counted_uncompressed(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    document = pdf(2)
    answer = client.ask(2, wire.words("compression", "gzip"), data=gzip.compress(document))
    assert answer.code == 0
    assert client.bench.log("document")[0]["sha256"] == hashlib.sha256(document).hexdigest()
    broken = client.ask(2, wire.words("compression", "gzip"), data=b"not gzip")
    assert broken.code == Status.COMPRESSION_ERROR


def test_chunked_body_with_expect_continue(client: Any, pdf: Callable[..., bytes], wire: Any) -> None:
    attributes, document = struct.pack(">BBHI", 2, 0, 2, 5) + client.head() + b"\x03", pdf(2)
    with socket.create_connection(("127.0.0.1", client.bench.port), timeout=10) as sock:
        sock.sendall(
            b"POST /ipp/print HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\n"
            b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        )
        with sock.makefile("rb") as answers:
            assert answers.readline().startswith(b"HTTP/1.1 100")
            assert answers.readline() == b"\r\n"
            before_s = 0.0
            for piece in (attributes, *(document[i : i + 1000] for i in range(0, len(document), 1000))):
                if piece is not attributes:
                    before_s = before_s or time.monotonic()
                sock.sendall(f"{len(piece):x};note=1\r\n".encode() + piece + b"\r\n")
            sock.sendall(b"0\r\nTrailer: x\r\n\r\n")
            response_line = answers.readline()
    assert response_line.startswith(b"HTTP/1.1 200")
    assert client.bench.engine.wait_until(lambda: len(client.bench.output()) == 2, 10)
    assert client.bench.log("document")[0]["first_byte_s"] >= before_s  # of the document, not of its attributes


def test_one_connection_serves_many_requests(client: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.bench.port, timeout=10)
    body = struct.pack(">BBHI", 1, 1, 0x0B, 5) + client.head() + b"\x03"
    try:
        for _ in range(3):
            connection.request("POST", "/ipp/print", body, {"Content-Type": "application/ipp"})
            answer = ipp.decode(connection.getresponse().read())
            assert (answer.version, answer.code) == ((1, 1), 0)
    finally:
        connection.close()


def bad_request(client: Any, wire: Any, name: str) -> tuple[bytes, int]:
    charset = wire.attr(0x47, "attributes-charset", "utf-8")
    language = wire.attr(0x48, "attributes-natural-language", "en")
    uri = wire.attr(0x45, "printer-uri", client.bench.uri)
    start = struct.pack(">BBHI", 1, 1, 0x0B, 5) + b"\x01"
    cases = {
        "version 0.0": (b"\0\0" + start[2:] + charset + language + uri + b"\x03", Status.VERSION_NOT_SUPPORTED),
        "request-id 0": (start[:4] + b"\0\0\0\0\x01" + charset + language + uri + b"\x03", Status.BAD_REQUEST),
        "no operation group": (start[:8] + b"\x03", Status.BAD_REQUEST),
        "language first": (start + language + charset + uri + b"\x03", Status.BAD_REQUEST),
        "no target": (start + charset + language + b"\x03", Status.BAD_REQUEST),
        "other charset": (
            start + wire.attr(0x47, "attributes-charset", "shift_jis") + language + uri + b"\x03",
            Status.CHARSET_NOT_SUPPORTED,
        ),
        "other printer": (
            start + charset + language + wire.attr(0x45, "printer-uri", "ipp://127.0.0.1/ipp/fax") + b"\x03",
            Status.NOT_FOUND,
        ),
        "job group first": (start[:8] + b"\x02\x01" + charset + language + uri + b"\x03", Status.BAD_REQUEST),
        "groups out of order": (start + charset + language + uri + b"\x04\x02\x03", Status.BAD_REQUEST),
        "cut off": (start + charset + language[:-3], Status.BAD_REQUEST),
        "unknown operation": (
            struct.pack(">BBHI", 1, 1, 0x4001, 5) + b"\x01" + charset + language + uri + b"\x03",
            Status.OPERATION_NOT_SUPPORTED,
        ),
        "job-id as text": (
            struct.pack(">BBHI", 1, 1, 9, 5)
            + b"\x01"
            + charset
            + language
            + uri
            + wire.attr(0x41, "job-id", "1")
            + b"\x03",
            Status.BAD_REQUEST,
        ),
        "no job named": (
            struct.pack(">BBHI", 1, 1, 9, 5) + b"\x01" + charset + language + uri + b"\x03",
            Status.BAD_REQUEST,
        ),
        "no document": (
            struct.pack(">BBHI", 1, 1, 2, 5) + b"\x01" + charset + language + uri + b"\x03",
            Status.BAD_REQUEST,
        ),
    }
    return cases[name]


@pytest.mark.parametrize(
    "name",
    [
        *("version 0.0", "request-id 0", "no operation group", "language first", "no target", "other charset"),
        *(
            "other printer",
            "groups out of order",
            "cut off",
            "unknown operation",
            "job-id as text",
            "no job named",
        ),
        "no document",
    ],
)
def test_bad_requests_are_told_apart_and_survived(client: Any, wire: Any, name: str) -> None:
    body, expected = bad_request(client, wire, name)
    status, answer = client.raw(body)
    assert status == 200
    assert ipp.decode(answer).code == expected
    assert client.printer("printer-state") == {"printer-state": 3}
    assert client.bench.log("internal-error") == []


def test_what_is_not_ipp_gets_an_http_error(client: Any) -> None:
    assert client.raw(b"abc")[0] == 400
    assert client.raw(b"x" * 9, **{"Content-Type": "text/plain"})[0] == 415
    for request, expected in (
        (b"POST /ipp/print HTTP/1.1\r\nHost: x\r\n\r\n", b"411"),
        (b"POST /ipp/print HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST /ipp/print HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"POST /elsewhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", b"404"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
    ):
        with socket.create_connection(("127.0.0.1", client.bench.port), timeout=10) as sock:
            sock.sendall(request)
            with sock.makefile("rb") as answers:
                assert answers.readline().split()[1] == expected
    assert client.printer("printer-state") == {"printer-state": 3}


def test_nothing_beyond_loopback_can_connect(client: Any) -> None:
    port = f"{client.bench.port:04X}"
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if " 0A " in line]
    assert [a for a in listening if a.endswith(":" + port)] == ["0100007F:" + port]
    six = Path("/proc/net/tcp6").read_text() if Path("/proc/net/tcp6").exists() else ""
    assert not [line for line in six.splitlines() if " 0A " in line and line.split()[1].endswith(":" + port)]


def test_a_taken_port_is_an_error_at_once(client: Any) -> None:
    with pytest.raises(OSError, match="in use"):
        PrinterBench(port=client.bench.port, config=PrinterConfig())
