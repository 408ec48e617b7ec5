"""What differs between two answers to one query: rows without a counterpart, and values. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum

from dicomsh.frozen import frozen
from dicomsh.model.columns import AttributeColumn
from dicomsh.model.keys import ISSUER_OF_PATIENT_ID, Attribute, by_keyword, path_of
from dicomsh.model.level_keys import inside
from dicomsh.model.levels import Level
from dicomsh.model.row import Row, text_at
from dicomsh.model.vr import NUMBER_VRS, UNDELIMITED_VRS
from dicomsh.regex import regex


class Where(Enum):
    """Which of two answers has a row; the value is the wording, with the name of the answer."""

    BOTH = "different"
    ONE = "only in {}"
    MORE = "repeated in {}"
    """The other answer has the entity, too, but in fewer rows."""


@frozen
class Pair:
    """A row of each of two answers, or of one of them.

    Args:
        first: the row of the first answer, or None.
        second: the row of the second answer, or None.
        where: whether the other answer has other rows of the entity.
    """

    first: Row | None
    second: Row | None
    where: Where

    @property
    def row(self) -> Row:
        """A row of the entity."""
        row = self.second if self.first is None else self.first
        assert row is not None
        return row


def key_of(row: Row, level: Level) -> str:
    """The unique key; for a patient with the issuer, because PatientID alone is not unique.

    An item of a worklist has no unique key: the numbers that it usually has say which it is.
    """
    if level is Level.WORKLIST:
        return " ".join(filter(None, (text_at(row, path_of(name)) for name in _OF_ITEM)))
    key = row.text(by_keyword(level.unique_keyword).tag) or ""
    issuer = row.text(ISSUER_OF_PATIENT_ID) if level is Level.PATIENT else None
    return f"{key} (issuer {issuer})" if issuer else key


_OF_ITEM = ("AccessionNumber", inside("ScheduledProcedureStepID"), "StudyInstanceUID")


def paired(
    first: Sequence[Row], second: Sequence[Row], level: Level, columns: Sequence[AttributeColumn]
) -> list[Pair]:
    """Each row of two answers once, with its counterpart, in the order of the first answer.

    Rows with the same unique key are paired: those with equal values first, then in their order.
    Rows without a key have a counterpart only if all values are equal.

    Args:
        first: the rows of one answer.
        second: the rows of the other.
        level: their level.
        columns: the attributes that are compared.
    """
    ours, theirs = _by_key(first, level), _by_key(second, level)
    pairs: list[Pair] = []
    for key in dict.fromkeys((*ours, *theirs)):
        pairs += _of_entity(ours.get(key, ()), theirs.get(key, ()), bool(key), columns)
    return pairs


def _by_key(rows: Iterable[Row], level: Level) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key_of(row, level)].append(row)
    return groups


def _of_entity(
    ours: Sequence[Row], theirs: Sequence[Row], keyed: bool, columns: Sequence[AttributeColumn]
) -> Iterator[Pair]:
    """The pairs of rows that have the same unique key, or none."""
    where = Where.MORE if keyed and ours and theirs else Where.ONE
    others: dict[tuple[object, ...], deque[Row]] = defaultdict(deque)
    for row in theirs:
        others[_values(row, columns)].append(row)
    alone: list[Row] = []
    for row in ours:
        equal = others.get(_values(row, columns))
        if equal:
            yield Pair(row, equal.popleft(), Where.BOTH)
        else:
            alone.append(row)
    left = [row for rows in others.values() for row in rows]
    paired_off = min(len(alone), len(left)) if keyed else 0
    for one, other in zip(alone[:paired_off], left[:paired_off], strict=True):
        yield Pair(one, other, Where.BOTH)
    yield from (Pair(row, None, where) for row in alone[paired_off:])
    yield from (Pair(None, row, where) for row in left[paired_off:])


def _values(row: Row, columns: Sequence[AttributeColumn]) -> tuple[object, ...]:
    return tuple(value_of(column.attribute, text_of(row, column)) for column in columns)


def text_of(row: Row, column: AttributeColumn) -> str | None:
    """What a row has in a column, as one text; None if it is absent."""
    return "\\".join(column.texts(row)) if column.path else row.text(column.attribute.tag)


def differing(columns: Sequence[AttributeColumn], one: Row, other: Row) -> list[AttributeColumn]:
    """The columns in which two rows have different values."""
    pairs = zip(columns, _values(one, columns), _values(other, columns), strict=True)
    return [column for column, first, second in pairs if first != second]


_SETS = frozenset(
    ("ModalitiesInStudy", "SOPClassesInStudy", "OtherPatientIDs", "OtherPatientNames")
)
"""Attributes whose values come from several entities, in an order that means nothing."""


def value_of(attribute: Attribute, text: str | None) -> tuple[object, ...]:
    r"""The values of an attribute in a form that is equal for equal values (PS3.5 6.2).

    `04` and `4` are the same number, `101500` and `101500.000` the same time, `Doe^` and `Doe` the
    same name, and the values of ModalitiesInStudy have no order. An absent attribute is an empty
    one.
    """
    vr = attribute.vr
    parts = [text or ""] if vr in UNDELIMITED_VRS else (text or "").split("\\")
    values = [_single(vr, unicodedata.normalize("NFC", part.strip(" \0"))) for part in parts]
    if attribute.keyword in _SETS:
        return tuple(sorted({str(value) for value in values if value}))
    return tuple(values) if any(value != "" for value in values) else ()


def _single(vr: str, text: str) -> object:
    if vr in NUMBER_VRS:
        return _number(text)
    if vr == "PN":
        return _name(text)
    if vr == "DA":
        return text.replace(".", "")  # before DICOM 3.0, 2009.04.12 (PS3.5 6.2)
    if vr in ("TM", "DT"):
        return _FRACTION.sub(_rounded, text.replace(":", "") if vr == "TM" else text)
    return text.lstrip("0").upper() if vr == "AS" else text


_FRACTION = regex(r"\.(\d*?)0*(?=[+-]|\Z)")
"""A fraction of a second, and the zeros at its end."""


def _rounded(fraction: re.Match[str]) -> str:
    return f".{fraction[1]}" if fraction[1] else ""


def _number(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _name(text: str) -> str:
    """A person name without empty components and groups at its end (PS3.5 6.2.1)."""
    return "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")
