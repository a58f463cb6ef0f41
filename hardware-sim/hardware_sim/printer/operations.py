"""What each IPP operation does (RFC 8011 section 4, PWG 5100.11 for Close-Job and Cancel-My-Jobs, PWG 5100.13
for Identify-Printer). Bytes in, bytes out; HTTP is elsewhere."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Final

from hardware_sim.printer import documents, ipp
from hardware_sim.printer.attributes import COMPRESSIONS, WHICH_JOBS, PrinterAttributes, job_attributes, wanted
from hardware_sim.printer.engine import Engine, JobNotPossibleError
from hardware_sim.printer.ipp import Group, IppError, Message, Status, Tag, attribute
from hardware_sim.printer.model import Job, JobState
from hardware_sim.printer.request import NAME_TAGS, NEVER, Arrivals, Op, Refused, Request
from hardware_sim.printer.template import Choices, Template

PRINTER_PATH: Final = "/ipp/print"
IDENTIFY_S: Final = 10.0


_WHICH: Final[dict[str, Callable[[JobState], bool]]] = {
    "completed": lambda s: s.ended,
    "not-completed": lambda s: not s.ended,
    "all": lambda s: True,
    "aborted": lambda s: s is JobState.ABORTED,
    "canceled": lambda s: s is JobState.CANCELED,
    "pending": lambda s: s is JobState.PENDING,
    "pending-held": lambda s: s is JobState.HELD,
    "processing": lambda s: s is JobState.PROCESSING,
    "processing-stopped": lambda s: s is JobState.STOPPED,
}
assert set(_WHICH) == set(WHICH_JOBS)


Answer = tuple[Status, list[Group]]


class Operations:
    """Answers IPP requests for one engine. `uri` is the printer's own."""

    def __init__(self, engine: Engine, uri: str) -> None:
        self._engine = engine
        self._uri = uri
        self._template = Template(engine.config)
        self._printer = PrinterAttributes(engine, uri, tuple(int(op) for op in Op))
        self._do: dict[Op, Callable[[Request], Answer]] = {
            Op.PRINT_JOB: self._print_job,
            Op.VALIDATE_JOB: self._validate_job,
            Op.CREATE_JOB: self._create_job,
            Op.SEND_DOCUMENT: self._send_document,
            Op.CANCEL_JOB: self._cancel_job,
            Op.GET_JOB_ATTRIBUTES: self._get_job_attributes,
            Op.GET_JOBS: self._get_jobs,
            Op.GET_PRINTER_ATTRIBUTES: self._get_printer_attributes,
            Op.CANCEL_MY_JOBS: self._cancel_my_jobs,
            Op.CLOSE_JOB: self._close_job,
            Op.IDENTIFY_PRINTER: self._identify,
        }

    def answer(self, body: bytes, arrivals: Arrivals = NEVER) -> bytes:
        """The response to one request. Raises IppError only when there is not even a header to answer."""
        header = ipp.decode_header(body)
        try:
            self._count(header.code)
            status, groups = self._dispatch(header, body, arrivals)
            message = ""
        except IppError as error:
            status, message = error.status, error.message
            unsupported = error.unsupported if isinstance(error, Refused) else ()
            groups = [Group(Tag.UNSUPPORTED_GROUP, unsupported)] if unsupported else []
        except Exception as error:  # the machine answers whatever happens; the bench sees it in the log
            self._engine.log.add("internal-error", kind=type(error).__name__)
            status, message, groups = Status.INTERNAL_ERROR, "internal error of the simulated printer", []
        operation = [
            attribute("attributes-charset", Tag.CHARSET, "utf-8"),
            attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, "en"),
        ]
        if message:
            operation.append(attribute("status-message", Tag.TEXT, message))
        version = header.version if header.version in ((1, 0), (1, 1), (2, 0)) else (2, 0)
        return ipp.encode(
            Message(version, status, header.request_id, (Group(Tag.OPERATION, tuple(operation)), *groups))
        )

    def _count(self, code: int) -> None:
        name = Op(code).title if code in set(Op) else f"0x{code:04x}"
        with self._engine.changed:
            self._engine.requests[name] = self._engine.requests.get(name, 0) + 1

    def _dispatch(self, header: ipp.Header, body: bytes, arrivals: Arrivals) -> Answer:
        if header.version[0] not in (1, 2):
            raise IppError(Status.VERSION_NOT_SUPPORTED, "IPP versions 1.x and 2.x are supported")
        if not 1 <= header.request_id <= 0x7FFFFFFF:
            raise IppError(Status.BAD_REQUEST, "request-id must be from 1 to 2147483647")
        message = ipp.decode(body)
        request = Request(message, arrivals.of(len(body) - len(message.data)))
        self._check_beginning(request)
        try:
            operation = Op(header.code)
        except ValueError:
            raise IppError(Status.OPERATION_NOT_SUPPORTED, "this operation is not supported") from None
        return self._do[operation](request)

    def _check_beginning(self, request: Request) -> None:
        """RFC 8011 section 4.1.4 and 4.1.5: charset, language and target come first, groups in order."""
        groups = request.message.groups
        if not groups or groups[0].tag is not Tag.OPERATION:
            raise IppError(Status.BAD_REQUEST, "the operation attributes group must come first")
        tags = [g.tag for g in groups]
        if tags != sorted(tags) or tags.count(Tag.OPERATION) > 1 or tags.count(Tag.JOB) > 1:
            raise IppError(Status.BAD_REQUEST, "attribute groups are out of order or given twice")
        first = groups[0].attributes
        expected = (("attributes-charset", Tag.CHARSET), ("attributes-natural-language", Tag.NATURAL_LANGUAGE))
        for place, (name, tag) in enumerate(expected):
            if len(first) <= place or first[place].name != name or first[place].tag is not tag:
                raise IppError(Status.BAD_REQUEST, f"{name} must be operation attribute {place + 1}")
        if str(first[0].first).lower() not in ("utf-8", "us-ascii"):
            raise IppError(Status.CHARSET_NOT_SUPPORTED, "charsets utf-8 and us-ascii are supported")
        path = request.path("printer-uri") or request.path("job-uri")
        if path is None:
            raise IppError(Status.BAD_REQUEST, "printer-uri or job-uri is missing")
        if path != PRINTER_PATH and not path.startswith(PRINTER_PATH + "/"):
            raise IppError(Status.NOT_FOUND, f"the printer is at {PRINTER_PATH}")

    # ------------------------------------------------------------ printing

    def _validate_job(self, request: Request) -> Answer:
        return _with_unsupported(self._choices(request), [])

    def _print_job(self, request: Request) -> Answer:
        choices = self._choices(request)
        kind, data = self._document(request)
        job = self._new_job(request, choices)
        self._receive(request, job, kind, data, last=True)
        return _with_unsupported(choices, [self._short(job)])

    def _create_job(self, request: Request) -> Answer:
        choices = self._choices(request)
        return _with_unsupported(choices, [self._short(self._new_job(request, choices))])

    def _send_document(self, request: Request) -> Answer:
        last = request.flag("last-document")
        if last is None:
            raise IppError(Status.BAD_REQUEST, "last-document is missing")
        job = self._job(request)
        if not job.open:
            raise IppError(Status.NOT_POSSIBLE, "the job takes no more documents")
        self._check_format(request)
        try:
            if request.message.data:
                kind, data = self._document(request)
                self._receive(request, job, kind, data, last)
            elif last:
                self._engine.close_job(job)
            else:
                raise IppError(Status.BAD_REQUEST, "the document is missing")
        except JobNotPossibleError:
            raise IppError(Status.NOT_POSSIBLE, "the job takes no more documents") from None
        return Status.OK, [self._short(job)]

    def _close_job(self, request: Request) -> Answer:
        job = self._job(request)
        try:
            self._engine.close_job(job)
        except JobNotPossibleError:
            raise IppError(Status.NOT_POSSIBLE, "the job has ended") from None
        return Status.OK, [self._short(job)]

    def _choices(self, request: Request) -> Choices:
        self._check_format(request)
        choices = self._template.choose(request.message.group(Tag.JOB).attributes)
        if choices.unsupported and request.flag("ipp-attribute-fidelity"):
            raise Refused(
                Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
                "the job asks for what this printer does not have",
                choices.unsupported,
            )
        return choices

    def _check_format(self, request: Request) -> None:
        kind = request.text("document-format", frozenset({Tag.MIME_MEDIA_TYPE}), documents.PDF)
        if kind.lower() not in documents.FORMATS:
            raise Refused(
                Status.DOCUMENT_FORMAT_NOT_SUPPORTED,
                "this document format is not supported",
                (attribute("document-format", Tag.MIME_MEDIA_TYPE, kind),),
            )
        compression = request.text("compression", frozenset({Tag.KEYWORD}), "none")
        if compression not in COMPRESSIONS:
            raise Refused(
                Status.COMPRESSION_NOT_SUPPORTED,
                "this compression is not supported",
                (attribute("compression", Tag.KEYWORD, compression),),
            )

    def _document(self, request: Request) -> tuple[str, bytes]:
        """The format and the octets of the document, compression undone."""
        data = request.message.data
        if not data:
            raise IppError(Status.BAD_REQUEST, "the document is missing")
        compression = request.text("compression", frozenset({Tag.KEYWORD}), "none")
        limit = self._engine.config.max_document_bytes
        if compression != "none":
            # 15 bits of window; +32 accepts gzip and zlib alike, negative is raw deflate (RFC 1951).
            unpack = zlib.decompressobj(-15 if compression == "deflate" else 47)
            try:
                data = unpack.decompress(data, limit + 1)
            except zlib.error:
                raise IppError(Status.COMPRESSION_ERROR, "the document cannot be decompressed") from None
        if len(data) > limit:
            raise IppError(Status.REQUEST_ENTITY_TOO_LARGE, f"documents may have up to {limit} octets")
        kind = request.text("document-format", frozenset({Tag.MIME_MEDIA_TYPE}), documents.OCTETS).lower()
        found = documents.sniff(data) if kind == documents.OCTETS else kind
        if found is None:
            raise IppError(Status.DOCUMENT_FORMAT_NOT_SUPPORTED, "the document format was not recognised")
        return found, data

    def _new_job(self, request: Request, choices: Choices) -> Job:
        return self._engine.create_job(
            name=request.text("job-name", NAME_TAGS, "Untitled"),
            user=request.user,
            template=choices.kept,
            copies=choices.copies,
            sides=choices.sides,
            tray=choices.tray,
            media=choices.media,
            page_ranges=choices.page_ranges,
        )

    def _receive(self, request: Request, job: Job, kind: str, data: bytes, last: bool) -> None:
        scaling = next((str(a.first) for a in job.template if a.name == "print-scaling"), "auto")
        digest = hashlib.sha256(data).hexdigest()
        seen = {"scaling": scaling, "first_byte_s": request.first_byte_s}
        self._engine.add_document(job, data, kind, digest, last, **seen)

    # ------------------------------------------------------------ jobs

    def _job(self, request: Request) -> Job:
        job_id = request.number("job-id")
        if job_id is None:
            path = request.path("job-uri") or ""
            tail = path.removeprefix(PRINTER_PATH + "/")
            if not tail.isdecimal():
                raise IppError(Status.BAD_REQUEST, "job-id or job-uri is missing")
            job_id = int(tail)
        job = self._engine.job(job_id)
        if job is None:
            raise IppError(Status.NOT_FOUND, "there is no such job")
        return job

    def _cancel_job(self, request: Request) -> Answer:
        try:
            job = self._job(request)
        except IppError:
            self._engine.log.add("cancel-job", job_id=request.number("job-id"), user=request.user, found=False)
            raise
        self._engine.log.add("cancel-job", job_id=job.id, user=request.user, found=True)
        self._check_owner(job, request)
        try:
            self._engine.cancel_job(job)
        except JobNotPossibleError:
            raise IppError(Status.NOT_POSSIBLE, "the job has ended") from None
        return Status.OK, []

    def _check_owner(self, job: Job, request: Request) -> None:
        if self._engine.config.owner_only and job.user != request.user:
            raise IppError(Status.NOT_AUTHORIZED, "only the user who sent the job may do this")

    def _cancel_my_jobs(self, request: Request) -> Answer:
        ids = request.operation.get("job-ids")
        chosen = None if ids is None else {v.data for v in ids.values}
        mine = [j for j in self._engine.jobs() if j.user == request.user and not j.state.ended]
        if chosen is not None:
            mine = [j for j in mine if j.id in chosen]
            if len(mine) != len(chosen):
                raise IppError(Status.NOT_FOUND, "not all of these jobs are yours and active")
        self._engine.log.add("cancel-my-jobs", user=request.user, job_ids=[j.id for j in mine])
        for job in mine:
            try:
                self._engine.cancel_job(job)
            except JobNotPossibleError:
                continue  # it ended by itself in this moment
        return Status.OK, []

    def _get_job_attributes(self, request: Request) -> Answer:
        job = self._job(request)
        return Status.OK, [self._job_group(job, request.words("requested-attributes") or frozenset({"all"}))]

    def _get_jobs(self, request: Request) -> Answer:
        which = request.text("which-jobs", frozenset({Tag.KEYWORD}), "not-completed")
        if which not in _WHICH:
            raise Refused(
                Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
                "this value of which-jobs is not supported",
                (attribute("which-jobs", Tag.KEYWORD, which),),
            )
        limit = request.number("limit")
        if limit is not None and limit < 1:
            raise IppError(Status.BAD_REQUEST, "limit must be at least 1")
        jobs = [j for j in self._engine.jobs() if _WHICH[which](j.state)]
        if which == "completed":
            jobs.reverse()  # RFC 8011 section 4.2.6.2: newest first
        if request.flag("my-jobs"):
            jobs = [j for j in jobs if j.user == request.user]
        requested = request.words("requested-attributes") or frozenset({"job-id", "job-uri"})
        return Status.OK, [self._job_group(j, requested) for j in jobs[:limit]]

    def _short(self, job: Job) -> Group:
        names = ("job-id", "job-uri", "job-uuid", "job-state", "job-state-message", "job-state-reasons")
        return self._job_group(job, frozenset(names))

    def _job_group(self, job: Job, requested: frozenset[str]) -> Group:
        engine = self._engine
        with engine.changed:
            ahead = sum(1 for j in engine.jobs() if j.id < job.id and not j.state.ended)
            found = job_attributes(job, self._uri, engine.up_time_s, 0 if job.state.ended else ahead)
        of_template = {a.name for a in job.template}
        everything = "all" in requested
        names = [
            name
            for name in found
            if everything
            or name in requested
            or ("job-template" in requested and name in of_template)
            or ("job-description" in requested and name not in of_template)
            or ("job-status" in requested and name not in of_template)
        ]
        return Group(Tag.JOB, tuple(found[n] for n in names))

    # ------------------------------------------------------------ printer

    def _get_printer_attributes(self, request: Request) -> Answer:
        self._check_format(request)
        found = self._printer.all()
        names = wanted(found, request.words("requested-attributes") or frozenset({"all"}))
        return Status.OK, [Group(Tag.PRINTER, tuple(found[n] for n in names))]

    def _identify(self, request: Request) -> Answer:
        engine = self._engine
        with engine.changed:
            engine.identify_until_s = engine.pace.now() + IDENTIFY_S
            engine.log.add("identify", user=request.user)
            engine.changed.notify_all()
        return Status.OK, []


def _with_unsupported(choices: Choices, groups: list[Group]) -> Answer:
    """RFC 8011 section 4.1.7: the unsupported group comes before the job's."""
    if not choices.unsupported:
        return Status.OK, groups
    return Status.OK_IGNORED_OR_SUBSTITUTED, [Group(Tag.UNSUPPORTED_GROUP, choices.unsupported), *groups]
