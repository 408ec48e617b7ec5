"""The columns of an answer: attributes of DICOM rows, or fields of plain records."""

from __future__ import annotations

from collections.abc import Mapping
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
    """

    keyword: str
    heading: str
    number: bool = False
    whole: bool = False
    vr: str = ""


Column = AttributeColumn | FieldColumn
