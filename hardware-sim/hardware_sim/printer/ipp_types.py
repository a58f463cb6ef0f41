"""The data model of IPP messages (RFC 8010, RFC 8011): tags, status codes, values, attributes, groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum


class Tag(IntEnum):
    """Delimiter tags and value tags (RFC 8010 section 3.5)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED_GROUP = 0x05
    SUBSCRIPTION = 0x06
    EVENT_NOTIFICATION = 0x07
    RESOURCE = 0x08
    DOCUMENT = 0x09
    SYSTEM = 0x0A
    UNSUPPORTED = 0x10
    DEFAULT = 0x11
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    NOT_SETTABLE = 0x15
    DELETE_ATTRIBUTE = 0x16
    ADMIN_DEFINE = 0x17
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    NATURAL_LANGUAGE = 0x48
    MIME_MEDIA_TYPE = 0x49
    MEMBER_NAME = 0x4A


class Status(IntEnum):
    """Status codes (RFC 8011 appendix B), those this printer uses."""

    OK = 0x0000
    OK_IGNORED_OR_SUBSTITUTED = 0x0001
    BAD_REQUEST = 0x0400
    NOT_AUTHORIZED = 0x0403
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    REQUEST_ENTITY_TOO_LARGE = 0x0408
    DOCUMENT_FORMAT_NOT_SUPPORTED = 0x040A
    ATTRIBUTES_OR_VALUES_NOT_SUPPORTED = 0x040B
    URI_SCHEME_NOT_SUPPORTED = 0x040C
    CHARSET_NOT_SUPPORTED = 0x040D
    COMPRESSION_NOT_SUPPORTED = 0x040F
    COMPRESSION_ERROR = 0x0410
    DOCUMENT_FORMAT_ERROR = 0x0411
    INTERNAL_ERROR = 0x0500
    OPERATION_NOT_SUPPORTED = 0x0501
    VERSION_NOT_SUPPORTED = 0x0503
    NOT_ACCEPTING_JOBS = 0x0506


class IppError(Exception):
    """A request that is answered with `status` instead of being carried out; the text says which rule it broke."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Range:
    """rangeOfInteger, both ends included."""

    low: int
    high: int


@dataclass(frozen=True)
class Resolution:
    """resolution; unit 3 is dots per inch, 4 dots per centimetre."""

    x: int
    y: int
    unit: int = 3


@dataclass(frozen=True)
class Localized:
    """textWithLanguage or nameWithLanguage."""

    language: str
    text: str


@dataclass(frozen=True)
class Value:
    """One value with its tag. `data` is None for out-of-band tags, a tuple of attributes for a collection."""

    tag: Tag
    data: Data


@dataclass(frozen=True)
class Attribute:
    """An attribute, or a member of a collection: its name and one or more values (1setOf)."""

    name: str
    values: tuple[Value, ...]

    @property
    def first(self) -> Data:
        return self.values[0].data

    @property
    def tag(self) -> Tag:
        return self.values[0].tag


Data = None | bool | int | str | bytes | Range | Resolution | Localized | datetime | tuple[Attribute, ...]


@dataclass(frozen=True)
class Group:
    """An attribute group and its delimiter tag."""

    tag: Tag
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        return next((a for a in self.attributes if a.name == name), None)


@dataclass(frozen=True)
class Message:
    """A request or a response. `code` is the operation id or the status code; `data` the document bytes."""

    version: tuple[int, int]
    code: int
    request_id: int
    groups: tuple[Group, ...] = ()
    data: bytes = field(default=b"", repr=False)

    def group(self, tag: Tag) -> Group:
        return next((g for g in self.groups if g.tag == tag), Group(tag))


def attribute(name: str, tag: Tag, *data: Data) -> Attribute:
    """An attribute whose values all have one tag."""
    if not data:
        raise ValueError(f"attribute {name} needs at least one value")
    return Attribute(name, tuple(Value(tag, d) for d in data))


def collection(*members: Attribute) -> tuple[Attribute, ...]:
    return members
