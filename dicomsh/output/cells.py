"""How one value is shown to people, and how a column is laid out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import Enum

from dicomsh.frozen import frozen
from dicomsh.model.columns import (
    ArchiveColumn,
    AttributeColumn,
    Column,
    DerivedColumn,
    ErrorColumn,
    FieldColumn,
    Record,
)
from dicomsh.model.keys import Attribute
from dicomsh.model.level_keys import brief_heading, displayed
from dicomsh.model.row import Row, items_at
from dicomsh.model.safe import visible
from dicomsh.model.standard import uid_name
from dicomsh.model.vr import MOMENT_VRS, NUMBER_VRS
from dicomsh.output.plain import AnyRow
from dicomsh.regex import regex

_SOP_CLASS_TAGS = frozenset({0x00080016, 0x00080062})

Read = Callable[[AnyRow], str | None]


class CellKind(Enum):
    """How the text of a column may be shortened."""

    TEXT = "at its end"
    UID = "in the middle"
    ID = "in the middle, after longer texts"
    EXACT = "not at all: half a number is another number"


@frozen
class View:
    """A column as people see it.

    Args:
        heading: the heading of a table.
        label: the name in a vertical block.
        kind: how its text may be shortened.
        right: whether it is aligned to the right.
        optional: left out of a table if the first screenful has no value.
        read: the text of a row; None when the attribute is absent.
        usual: terminal cells that hold most texts; 0 if unknown.
        spare: left out of a table if space is short: a UID that nobody asked for.
        telling: identifies the entity to people, like names and dates.
        most: returns the largest number of the column, if bars show its numbers.
        brief: a shorter heading; empty for none.
    """

    heading: str
    label: str
    kind: CellKind
    right: bool
    optional: bool
    read: Read
    usual: int = 0
    spare: bool = False
    telling: bool = False
    most: Callable[[], int] | None = None
    brief: str = ""


def view(column: Column) -> View:
    """The column for people: ISO dates, names of SOP classes, no terminal control characters."""
    if isinstance(column, FieldColumn):
        return _field_view(column)
    if isinstance(column, DerivedColumn):
        return _derived_view(column)
    if isinstance(column, ErrorColumn):
        return _error_view(column)
    if isinstance(column, ArchiveColumn):
        return _archive_view(column)
    attribute, kind = column.attribute, _kind(column.attribute)
    return View(
        heading=visible(column.heading),
        label=visible(displayed(column.keyword)),
        kind=kind,
        right=attribute.vr in NUMBER_VRS,
        optional=column.optional,
        read=_attribute_reader(column),
        usual=_usual(attribute),
        spare=kind is CellKind.UID and not column.asked,
        telling=_is_telling(attribute),
        brief=brief_heading(column.keyword),
    )


def _archive_view(column: ArchiveColumn) -> View:
    def read(row: AnyRow) -> str | None:
        assert isinstance(row, Row)
        return visible(row.archive)

    heading, label = column.heading, column.keyword
    return View(
        heading,
        label,
        CellKind.EXACT,
        right=False,
        optional=False,
        read=read,
        usual=8,
        brief="Arch",
    )


def _field_view(column: FieldColumn) -> View:
    def read(row: AnyRow) -> str | None:
        assert not isinstance(row, Row)
        text = _field(row, column.keyword)
        return "\\".join(map(form, text.split("\\"))) if form and text else text

    form = _FORMS.get(column.vr)
    heading, kind = visible(column.heading), _field_kind(column)
    usual = _USUAL_FIELD if kind is CellKind.TEXT else 0
    right, most = column.number, column.most
    return View(heading, column.keyword, kind, right, False, read, usual, most=most)


def _error_view(column: ErrorColumn) -> View:
    def read(row: AnyRow) -> str | None:
        assert isinstance(row, Row)
        return visible(row.error) or None

    return View(
        column.heading, column.keyword, CellKind.TEXT, right=False, optional=True, read=read
    )


def _derived_view(column: DerivedColumn) -> View:
    def read(row: AnyRow) -> str | None:
        texts = column.texts(row)
        return visible("\\".join(map(form, texts))) if texts else None

    form = _FORMS.get(column.vr, str)
    right = column.vr in NUMBER_VRS
    return View(visible(column.heading), column.keyword, CellKind.EXACT, right, False, read)


_USUAL_FIELD = 36
"""Terminal cells that hold most texts of records."""


def _field_kind(column: FieldColumn) -> CellKind:
    if column.number or column.whole or column.vr in MOMENT_VRS:
        return CellKind.EXACT
    return CellKind.UID if column.keyword.endswith("UID") else CellKind.TEXT


def _field(record: Record, keyword: str) -> str | None:
    if keyword not in record:
        return None
    value = record[keyword]
    if isinstance(value, list | tuple):
        return visible("\\".join(str(part) for part in value))
    return "" if value is None else visible(str(value))


def _attribute_reader(column: AttributeColumn) -> Read:
    tag, path = column.attribute.tag, column.path

    def read(row: AnyRow) -> str | None:
        assert isinstance(row, Row)
        if not path:
            return shown(row, tag)
        texts = [shown(item, tag) for item in items_at(row, path)]
        found = [text for text in texts if text is not None]
        return "\\".join(found) if found else None

    return read


_USUAL = {"PN": 24, "LO": 10, "SH": 10, "CS": 5, "DA": 10, "TM": 8, "UI": 44}


def _usual(attribute: Attribute) -> int:
    """Terminal cells that hold most values of an attribute."""
    described = attribute.keyword.endswith("Description")
    return 24 if described else _USUAL.get(attribute.vr, 0)


def _is_telling(attribute: Attribute) -> bool:
    """Whether people can tell entities apart by its values; not UIDs, types and counts."""
    return attribute.vr not in ("UI", "CS") and not attribute.keyword.startswith("NumberOf")


def _kind(attribute: Attribute) -> CellKind:
    if attribute.vr in NUMBER_VRS | MOMENT_VRS:
        return CellKind.EXACT
    if attribute.vr == "UI" and attribute.tag not in _SOP_CLASS_TAGS:
        return CellKind.UID
    return CellKind.ID if _is_id(attribute) else CellKind.TEXT


def _is_id(attribute: Attribute) -> bool:
    """Whether values are identifiers, which begin alike and end alike, and differ between."""
    named = attribute.keyword.endswith("ID") or attribute.keyword == "AccessionNumber"
    return named and attribute.vr in ("LO", "SH")


def shown(row: Row, tag: int) -> str | None:
    """One element for people, safe for a terminal; None when it is absent.

    For a sequence, its number of items.
    """
    if tag not in row.elements:
        return None
    vr = row.vr(tag)
    if vr == "SQ":
        count = len(row.values(tag) or ())
        return f"{count} item{'s' * (count != 1)}" if count else ""
    text = row.text(tag) or ""
    form = sop_class_name if tag in _SOP_CLASS_TAGS else _FORMS.get(vr)
    return visible("\\".join(map(form, text.split("\\"))) if form and text else text)


def sop_class_name(uid: str) -> str:
    """The name of a SOP class (PS3.6 annex A); the UID itself if it has none."""
    return uid_name(uid.strip())


_DATE = regex(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_MONTH = regex(r"(\d{4})(0[1-9]|1[0-2])", re.ASCII)
_TIME = regex(r"(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_DATE_TIME = regex(r"(\d{8})(\d{4}(?:\d\d(?:\.\d{1,6})?)?)([+-]\d{4})?", re.ASCII)


def iso_date(text: str) -> str:
    """A DA value (PS3.5 6.2) as `2009-04-12`; unchanged if it is not a valid date."""
    match = _DATE.fullmatch(text.strip())
    try:
        return date(*map(int, match.groups())).isoformat() if match else text
    except ValueError:
        return text


def iso_time(text: str) -> str:
    """A TM value as `10:15`, `10:15:30` or `10:15:30.5`, as precise as received."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        return text
    hours, minutes, seconds, fraction = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 60:  # 60: a leap second
        return text
    parts = ":".join(part for part in (hours, minutes, seconds) if part)
    fraction = (fraction or "").rstrip("0")
    return f"{parts}.{fraction}" if fraction else parts


def iso_date_time(text: str) -> str:
    """A DT value as `2009-04-12 10:15:30+0200`, `2009-04-12`, `2009-04` or `2009`."""
    match = _DATE_TIME.fullmatch(text.strip())
    if not match:
        month = _MONTH.fullmatch(text.strip())
        return f"{month[1]}-{month[2]}" if month else iso_date(text)
    day, moment = iso_date(match[1]), iso_time(match[2])
    malformed = day == match[1] or moment == match[2]
    return text if malformed else f"{day} {moment}{match[3] or ''}"


_FORMS = {"DA": iso_date, "TM": iso_time, "DT": iso_date_time}


def moment_for_people(vr: str, text: str) -> str:
    r"""Values of a VR of dates or times, `\` between them, in the notation of ISO 8601."""
    return "\\".join(map(_FORMS[vr], text.split("\\")))
