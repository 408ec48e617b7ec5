"""The columns of an answer: attributes of DICOM rows, or fields of plain records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from dicomsh.frozen import frozen
from dicomsh.model.keys import Attribute
from dicomsh.model.row import Row, items_at
from dicomsh.model.vr import UNDELIMITED_VRS

Record = Mapping[str, Any]
"""A row that is not a DICOM answer: field name → plain value (text, number, list, None)."""


@frozen
class AttributeColumn:
    """A column that shows one attribute of the rows.

    Args:
        attribute: the attribute; for a path into a sequence, its last part.
        heading: the heading for people.
        optional: in a table, shown only if some row of the first screenful has a value.
        path: the sequences on the way to the attribute, outermost first.
        context: the key of the place itself, the same in every row: not shown in a table.
        asked: named by the user: never left out for lack of space.
    """

    attribute: Attribute
    heading: str
    optional: bool = False
    path: tuple[Attribute, ...] = ()
    context: bool = False
    asked: bool = False

    @property
    def keyword(self) -> str:
        """The key in machine output: keywords joined by a full stop."""
        return ".".join(part.keyword for part in (*self.path, self.attribute))

    def texts(self, row: Row) -> list[str]:
        """The values of a row as text, those of all items for a path; none if absent or empty."""
        tag = self.attribute.tag
        if not self.path:  # the usual case, which is fast
            text = row.text(tag)
            if not text:
                return []
            if "\\" not in text:
                return [text.strip()] if text.strip() else []
        found = [item.text(tag) for item in items_at(row, self.path)]
        whole = self.attribute.vr in UNDELIMITED_VRS
        values = [[text] if whole else text.split("\\") for text in found if text]
        return [value.strip() for value in chain.from_iterable(values) if value.strip()]


@frozen
class FieldColumn:
    """A column that shows one field of plain records.

    Args:
        keyword: the field.
        heading: the heading for people.
        number: whether it holds numbers.
        whole: whether part of a value is useless.
        vr: the VR of its values if they are those of an attribute; empty for any other text.
        most: returns its largest number, known once there are rows: a terminal shows bars in
            proportion to it. None for no bars.
    """

    keyword: str
    heading: str
    number: bool = False
    whole: bool = False
    vr: str = ""
    most: Callable[[], int] | None = None

    def texts(self, record: Record) -> list[str]:
        """The values of a record as text; none if absent or empty."""
        value = record.get(self.keyword)
        values = value if isinstance(value, list | tuple) else [value]
        return [str(part) for part in values if part is not None and part != ""]


@frozen
class DerivedColumn:
    """A column whose values follow from those of others; see `derived_keys`.

    Args:
        keyword: the key in machine output.
        heading: the heading for people.
        vr: the VR of its values.
        bases: the columns that it follows from.
        derive: its values, given those of each of `bases`.
    """

    keyword: str
    heading: str
    vr: str
    bases: tuple[AttributeColumn | FieldColumn, ...]
    derive: Callable[..., list[str]]

    def texts(self, row: Any) -> list[str]:
        """The values of a row or record as text; none if nothing follows."""
        values: Sequence[list[str]] = [base.texts(row) for base in self.bases]
        return self.derive(*values)


ARCHIVE_KEYS = ("modality", "archive")
"""What the archive of a row is called in a condition or a key, spelt exactly like this.

The attribute Modality (0008,0060) is spelt with a capital, or `mod`.
"""


@frozen
class ArchiveColumn:
    """A column that shows which modality each entity came from."""

    keyword: str = "modality"
    heading: str = "Archive"
    vr: str = "CS"

    def texts(self, row: Any) -> list[str]:
        """The modality of a row, in a list."""
        return [row.archive] if row.archive else []


ARCHIVE_COLUMN = ArchiveColumn()


@frozen
class ErrorColumn:
    """A column that shows why a command for an entity failed, in a row that has its keys alone."""

    keyword: str = "error"
    heading: str = "Error"
    vr: str = "LT"

    def texts(self, row: Any) -> list[str]:
        """The error of a row, in a list."""
        return [row.error] if row.error else []


ERROR_COLUMN = ErrorColumn()

COMPUTED_KEYS = (*ARCHIVE_KEYS, ERROR_COLUMN.keyword)
"""Keys of rows that no attribute has."""

ComputedColumn = ArchiveColumn | DerivedColumn | ErrorColumn
"""A column of entities whose values are not elements of their data sets."""

Column = AttributeColumn | ArchiveColumn | DerivedColumn | ErrorColumn | FieldColumn
