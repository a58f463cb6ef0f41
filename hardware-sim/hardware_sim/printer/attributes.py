"""What the machine tells of itself and its jobs in Get-Printer-Attributes and Get-Job-Attributes.

Sources: RFC 8011 section 5.4, PWG 5100.7 (media-col), PWG 5100.12 (IPP/2.0), PWG 5100.13 (trays, supplies),
PWG 5100.14 (IPP Everywhere).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hardware_sim.printer import documents, template
from hardware_sim.printer.engine import Engine
from hardware_sim.printer.ipp import Attribute, Data, Range, Tag, Value, attribute, collection
from hardware_sim.printer.machine import Tray
from hardware_sim.printer.model import Job, TrayConfig

_UUID: Final = uuid.uuid5(uuid.NAMESPACE_URL, "simulated multi-copy machine").urn
VERSIONS: Final = ("1.1", "2.0")
COMPRESSIONS: Final = ("none", "deflate", "gzip")
WHICH_JOBS: Final = (
    "completed",
    "not-completed",
    "all",
    "aborted",
    "canceled",
    "pending",
    "pending-held",
    "processing",
    "processing-stopped",
)
GROUP_KEYWORDS: Final = frozenset({"all", "printer-description", "printer-status", "job-template"})
_TEMPLATE_STEMS: Final = (
    *("copies", "finishings", "job-priority", "job-sheets", "media", "multiple-document-handling"),
    *("number-up", "orientation-requested", "output-bin", "page-ranges", "print-color-mode"),
    *("print-content-optimize", "print-quality", "print-rendering-intent", "print-scaling"),
    *("printer-resolution", "sides"),
)


def _words(name: str, *words: str) -> Attribute:
    return attribute(name, Tag.KEYWORD, *words)


def _number(name: str, *numbers: int) -> Attribute:
    return attribute(name, Tag.INTEGER, *numbers)


def _yes(name: str, value: bool) -> Attribute:
    return attribute(name, Tag.BOOLEAN, value)


def _text(name: str, *texts: str) -> Attribute:
    return attribute(name, Tag.TEXT, *texts)


def _or_none(name: str, tag: Tag, data: Data) -> Attribute:
    return Attribute(name, (Value(tag if data is not None else Tag.NO_VALUE, data),))


def is_job_template(name: str) -> bool:
    """Whether a printer attribute belongs to the group keyword `job-template`."""
    for ending in ("-default", "-supported", "-ready", "-database"):
        stem = name.removesuffix(ending)
        if stem != name:
            return stem in _TEMPLATE_STEMS or stem.startswith("media-")
    return False


def wanted(attr_names: Iterable[str], requested: frozenset[str]) -> list[str]:
    """The names that requested-attributes ask for. Groups do not include media-col-database."""
    chosen = []
    for name in attr_names:
        by_group = name != "media-col-database" and (
            "all" in requested
            or ("job-template" in requested and is_job_template(name))
            or (requested & {"printer-description", "printer-status"} and not is_job_template(name))
        )
        if by_group or name in requested:
            chosen.append(name)
    return chosen


class PrinterAttributes:
    """The printer object, read fresh from the engine each time."""

    def __init__(self, engine: Engine, uri: str, operations: tuple[int, ...]) -> None:
        self._engine = engine
        self._template = template.Template(engine.config)
        self._last: tuple[object, ...] = ()
        self._changed_s = 1
        self._changed_at = engine.booted_at
        self._fixed = {a.name: a for a in self._constant(uri, operations)}

    def all(self) -> dict[str, Attribute]:
        """Every attribute by name, media-col-database included."""
        return {**self._fixed, **{a.name: a for a in self._current()}}

    def _constant(self, uri: str, operations: tuple[int, ...]) -> list[Attribute]:
        config = self._engine.config
        http = "http" + uri.removeprefix("ipp").removesuffix("/ipp/print")
        device_id = f"MFG:{config.make};MDL:{config.model};CMD:PDF,PWGRaster,URF,JPEG;"
        edges = ("bottom", "left", "right", "top")
        return [
            attribute("charset-configured", Tag.CHARSET, "utf-8"),
            attribute("charset-supported", Tag.CHARSET, "utf-8", "us-ascii"),
            _yes("color-supported", False),
            _words("compression-supported", *COMPRESSIONS),
            _number("copies-default", 1),
            attribute("copies-supported", Tag.RANGE, Range(1, template.MAX_COPIES)),
            attribute("document-format-default", Tag.MIME_MEDIA_TYPE, documents.PDF),
            attribute("document-format-supported", Tag.MIME_MEDIA_TYPE, *documents.FORMATS),
            attribute("finishings-default", Tag.ENUM, 3),
            attribute("finishings-supported", Tag.ENUM, 3),
            attribute("generated-natural-language-supported", Tag.NATURAL_LANGUAGE, "en"),
            _words("identify-actions-default", "display"),
            _words("identify-actions-supported", "display"),
            _words("ipp-features-supported", "ipp-everywhere"),
            _words("ipp-versions-supported", *VERSIONS),
            _words("job-creation-attributes-supported", *self._template.names),
            _yes("job-ids-supported", True),
            attribute("job-impressions-supported", Tag.RANGE, Range(0, 10_000)),
            attribute("job-k-octets-supported", Tag.RANGE, Range(0, config.max_document_bytes // 1024)),
            attribute("job-media-sheets-supported", Tag.RANGE, Range(0, 10_000)),
            _number("job-priority-default", 50),
            _number("job-priority-supported", 100),
            _words("job-sheets-default", "none"),
            _words("job-sheets-supported", "none"),
            *(_number(f"media-{edge}-margin-supported", template.MARGIN) for edge in edges),
            attribute("media-col-database", Tag.BEGIN_COLLECTION, *self._media_cols()),
            attribute("media-col-default", Tag.BEGIN_COLLECTION, self._media_cols()[0]),
            _words("media-col-supported", *template.MEDIA_COL_MEMBERS),
            _words("media-default", config.trays[0].media),
            _words("media-supported", *self._template.media),
            attribute("media-size-supported", Tag.BEGIN_COLLECTION, *map(_size, self._template.media)),
            _words("media-source-supported", *(t.source for t in config.trays)),
            _words("media-type-supported", *dict.fromkeys(t.media_type for t in config.trays)),
            _yes("multiple-document-jobs-supported", True),
            _words("multiple-document-handling-default", template.DOCUMENT_HANDLING[1]),
            _words("multiple-document-handling-supported", *template.DOCUMENT_HANDLING),
            _number("multiple-operation-time-out", max(1, int(config.open_job_limit_s))),
            _words("multiple-operation-time-out-action", "abort-job"),
            attribute("natural-language-configured", Tag.NATURAL_LANGUAGE, "en"),
            _number("number-up-default", 1),
            _number("number-up-supported", 1),
            attribute("operations-supported", Tag.ENUM, *operations),
            attribute("orientation-requested-default", Tag.ENUM, template.ORIENTATIONS[0]),
            attribute("orientation-requested-supported", Tag.ENUM, *template.ORIENTATIONS),
            _words("output-bin-default", template.OUTPUT_BIN),
            _words("output-bin-supported", template.OUTPUT_BIN),
            _yes("page-ranges-supported", True),
            _number("pages-per-minute", int(min(999, 120 / max(config.seconds_per_sheet_s, 0.12)))),
            _words("pdl-override-supported", "attempted"),
            _yes("preferred-attributes-supported", False),
            _words("print-color-mode-default", "monochrome"),
            _words("print-color-mode-supported", *template.COLOR_MODES),
            _words("print-content-optimize-default", "auto"),
            _words("print-content-optimize-supported", *template.CONTENT_OPTIMIZE),
            attribute("print-quality-default", Tag.ENUM, 4),
            attribute("print-quality-supported", Tag.ENUM, *template.QUALITIES),
            _words("print-rendering-intent-default", "auto"),
            _words("print-rendering-intent-supported", *template.RENDERING_INTENTS),
            _words("print-scaling-default", "auto"),
            _words("print-scaling-supported", *template.SCALINGS),
            _text("printer-device-id", device_id),
            _words("printer-get-attributes-supported", "document-format"),
            attribute("printer-geo-location", Tag.UNKNOWN, None),
            attribute("printer-icons", Tag.URI, f"{http}/icon.png"),
            _text("printer-info", config.info),
            _text("printer-location", ""),
            _text("printer-make-and-model", f"{config.make} {config.model}"),
            attribute("printer-more-info", Tag.URI, f"{http}/"),
            attribute("printer-name", Tag.NAME, config.name),
            _text("printer-organization", ""),
            _text("printer-organizational-unit", ""),
            attribute("printer-resolution-default", Tag.RESOLUTION, template.RESOLUTIONS[1]),
            attribute("printer-resolution-supported", Tag.RESOLUTION, *template.RESOLUTIONS),
            attribute("printer-supply-info-uri", Tag.URI, f"{http}/"),
            attribute("printer-uri-supported", Tag.URI, uri),
            attribute("pwg-raster-document-resolution-supported", Tag.RESOLUTION, *template.RESOLUTIONS),
            _words("pwg-raster-document-sheet-back", "normal"),
            _words("pwg-raster-document-type-supported", "black_1", "sgray_8"),
            attribute("reference-uri-schemes-supported", Tag.URI_SCHEME, "file"),
            _words("sides-default", template.SIDES[0]),
            _words("sides-supported", *template.SIDES),
            _words("urf-supported", *("V1.4", "CP99", "DM1", "IS1-2", "MT1-2", "OB10", "PQ3-4-5", "RS300-600", "W8")),
            _words("uri-authentication-supported", "requesting-user-name"),
            _words("uri-security-supported", "none"),
            _words("which-jobs-supported", *WHICH_JOBS),
            # Documents and pages can be told apart, but nothing can be overridden for some of them only.
            _words("overrides-supported", "document-number", "pages"),
            _words("marker-types", "toner"),
            attribute("marker-colors", Tag.NAME, "#000000"),
            attribute("marker-names", Tag.NAME, "Black Toner"),
            _number("marker-low-levels", 10),
            _number("marker-high-levels", 100),
        ]

    def _media_cols(self) -> list[tuple[Attribute, ...]]:
        return [self._media_col(t) for t in self._engine.config.trays]

    @staticmethod
    def _media_col(tray: Tray | TrayConfig) -> tuple[Attribute, ...]:
        return collection(
            _number("media-bottom-margin", template.MARGIN),
            _number("media-left-margin", template.MARGIN),
            _number("media-right-margin", template.MARGIN),
            attribute("media-size", Tag.BEGIN_COLLECTION, _size(tray.media)),
            _words("media-size-name", tray.media),
            _words("media-source", tray.source),
            _number("media-top-margin", template.MARGIN),
            _words("media-type", tray.media_type),
        )

    def _current(self) -> list[Attribute]:
        engine = self._engine
        with engine.changed:
            physical = engine.physical
            trays = list(physical.trays.values())
            ready = [t for t in trays if t.sheets] or trays
            reasons = engine.reasons()
            toner = round(physical.toner_percent)
            remaining = max(0, engine.config.output_capacity - physical.output_used)
            alerts = [c.keyword for c in engine.conditions()]
            state = engine.state()
            if (now := (engine.epoch, state, reasons)) != self._last:
                self._last, self._changed_s, self._changed_at = now, engine.up_time_s, engine.pace.wall()
            waiting = sum(1 for j in engine.jobs() if not j.state.ended)
            found = [
                attribute("media-col-ready", Tag.BEGIN_COLLECTION, *(self._media_col(t) for t in ready)),
                _words("media-ready", *dict.fromkeys(t.media for t in ready)),
                _number("marker-levels", toner),
                attribute("printer-config-change-date-time", Tag.DATE_TIME, engine.booted_at),
                _number("printer-config-change-time", 1),
                attribute("printer-current-time", Tag.DATE_TIME, engine.pace.wall()),
                _octets("printer-input-tray", map(_tray_text, trays)),
                _yes("printer-is-accepting-jobs", True),
                _octets("printer-output-tray", [_output_text(engine.config.output_capacity, remaining)]),
                attribute("printer-state", Tag.ENUM, int(state)),
                attribute("printer-state-change-date-time", Tag.DATE_TIME, self._changed_at),
                _number("printer-state-change-time", self._changed_s),
                _text("printer-state-message", _state_message(reasons)),
                _words("printer-state-reasons", *reasons),
                _octets("printer-supply", [_supply_text(toner)]),
                _text("printer-supply-description", "Black Toner"),
                _number("printer-up-time", engine.up_time_s),
                attribute("printer-uuid", Tag.URI, _UUID),
                _number("queued-job-count", waiting),
            ]
            if alerts:
                found.append(_octets("printer-alert", (f"code={k};" for k in alerts)))
                found.append(_text("printer-alert-description", *alerts))
            return found


def _size(media: str) -> tuple[Attribute, ...]:
    x, y = template.dimensions(media)
    return collection(_number("x-dimension", x), _number("y-dimension", y))


def _octets(name: str, texts: Iterable[str]) -> Attribute:
    return attribute(name, Tag.OCTET_STRING, *(t.encode("utf-8") for t in texts))


def _tray_text(tray: Tray) -> str:
    # status: prtSubUnitStatus of RFC 3805; 16 is a critical alert.
    x, y = template.dimensions(tray.media)
    return (
        f"type=sheetFeedAutoRemovableTray;mediafeed={y};mediaxfeed={x};"
        f"maxcapacity={tray.capacity};level={tray.sheets};status={0 if tray.sheets else 16};name={tray.source};"
    )


def _output_text(capacity: int, remaining: int) -> str:
    return (
        f"type=unRemovableBin;maxcapacity={capacity};remaining={remaining};status={0 if remaining else 16};"
        f"name={template.OUTPUT_BIN};stackingorder=firstToLast;pagedelivery=faceDown;"
    )


def _supply_text(percent: int) -> str:
    return (
        f"index=1;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level={percent};"
        "colorantname=black;"
    )


def _state_message(reasons: list[str]) -> str:
    return "Ready." if reasons == ["none"] else "Attention: " + ", ".join(reasons)


def job_attributes(job: Job, printer_uri: str, up_time_s: int, ahead: int) -> dict[str, Attribute]:
    """Every attribute of a job by name (RFC 8011 section 5.3, job template as it was accepted)."""
    uri = f"{printer_uri}/{job.id}"

    def when(name: str, moment: datetime | None) -> Attribute:
        return _or_none(name, Tag.DATE_TIME, moment)

    found = [
        when("date-time-at-completed", job.completed_at),
        when("date-time-at-creation", job.created_at),
        when("date-time-at-processing", job.processing_at),
        _number("job-id", job.id),
        _number("job-impressions", job.impressions),
        _number("job-impressions-completed", job.impressions_completed),
        _number("job-k-octets", -(-job.octets // 1024)),
        _number("job-media-sheets", job.sheets),
        _number("job-media-sheets-completed", job.sheets_completed),
        attribute("job-name", Tag.NAME, job.name),
        attribute("job-originating-user-name", Tag.NAME, job.user),
        _number("job-printer-up-time", up_time_s),
        attribute("job-printer-uri", Tag.URI, printer_uri),
        attribute("job-state", Tag.ENUM, int(job.state)),
        _text("job-state-message", job.state.name.capitalize() + "."),
        _words("job-state-reasons", *job.reasons),
        attribute("job-uri", Tag.URI, uri),
        attribute("job-uuid", Tag.URI, job.uuid),
        _number("number-of-documents", job.document_count),
        _number("number-of-intervening-jobs", ahead),
        _or_none("time-at-completed", Tag.INTEGER, job.completed_s),
        _number("time-at-creation", job.created_s),
        _or_none("time-at-processing", Tag.INTEGER, job.processing_s),
        *job.template,
    ]
    return {a.name: a for a in found}
