"""One IPP request as an operation reads it: which operation, and its operation attributes with checked syntax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from urllib.parse import urlsplit

from hardware_sim.printer.ipp import Attribute, IppError, Localized, Message, Status, Tag, Value


class Op(IntEnum):
    PRINT_JOB = 0x0002
    VALIDATE_JOB = 0x0004
    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B
    CANCEL_MY_JOBS = 0x0039
    CLOSE_JOB = 0x003B
    IDENTIFY_PRINTER = 0x003C

    @property
    def title(self) -> str:
        return "-".join(word.capitalize() for word in self.name.split("_"))


_STRINGS: Final = frozenset(
    {Tag.TEXT, Tag.NAME, Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE, Tag.KEYWORD, Tag.URI, Tag.MIME_MEDIA_TYPE}
)
NAME_TAGS: Final = frozenset({Tag.NAME, Tag.NAME_WITH_LANGUAGE})


class Refused(IppError):
    """A refusal that also names the attributes in its unsupported-attributes group."""

    def __init__(self, status: Status, message: str, unsupported: tuple[Attribute, ...]) -> None:
        super().__init__(status, message)
        self.unsupported = unsupported


@dataclass(frozen=True)
class Arrivals:
    """When a body came. `parts`: where each part of it began, and the monotonic clock (s) when that was there."""

    parts: Sequence[tuple[int, float]] = ()

    def of(self, position: int) -> float:
        """When the octet at `position` was there, at the latest; 0 where nobody looked at the clock."""
        return max((when for began, when in self.parts if began <= position), default=0.0)


NEVER: Final = Arrivals()
"""Nobody looked at the clock."""


class Request:
    """The operation attributes of one request, read with their syntax checked.

    `first_byte_s`: the monotonic clock when the first octet of its document was there.
    """

    def __init__(self, message: Message, first_byte_s: float) -> None:
        self.message = message
        self.first_byte_s = first_byte_s
        self.operation = message.group(Tag.OPERATION)

    def one(self, name: str, tags: frozenset[Tag]) -> Value | None:
        """The single value of an operation attribute, None if it is not there; of another syntax: bad request."""
        attr = self.operation.get(name)
        if attr is None:
            return None
        if len(attr.values) != 1 or attr.tag not in tags:
            raise IppError(Status.BAD_REQUEST, f"{name} has a wrong syntax")
        return attr.values[0]

    def text(self, name: str, tags: frozenset[Tag] = _STRINGS, default: str = "") -> str:
        value = self.one(name, tags)
        if value is None:
            return default
        return value.data.text if isinstance(value.data, Localized) else str(value.data)

    def number(self, name: str) -> int | None:
        value = self.one(name, frozenset({Tag.INTEGER}))
        return None if value is None else int(str(value.data))

    def flag(self, name: str) -> bool | None:
        value = self.one(name, frozenset({Tag.BOOLEAN}))
        return None if value is None else bool(value.data)

    def words(self, name: str) -> frozenset[str] | None:
        attr = self.operation.get(name)
        if attr is None:
            return None
        if any(v.tag is not Tag.KEYWORD for v in attr.values):
            raise IppError(Status.BAD_REQUEST, f"{name} has a wrong syntax")
        return frozenset(str(v.data) for v in attr.values)

    @property
    def user(self) -> str:
        return self.text("requesting-user-name", NAME_TAGS, "anonymous")

    def path(self, name: str) -> str | None:
        """The path of a URI attribute, None if it is not there."""
        value = self.one(name, frozenset({Tag.URI}))
        if value is None:
            return None
        try:
            parts = urlsplit(str(value.data))
        except ValueError:
            raise IppError(Status.BAD_REQUEST, f"{name} is not a URI") from None
        if parts.scheme not in ("ipp", "ipps", "http", "https"):
            raise IppError(Status.URI_SCHEME_NOT_SUPPORTED, "URI schemes ipp, ipps, http and https are supported")
        return parts.path
