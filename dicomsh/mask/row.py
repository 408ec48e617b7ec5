"""A row with the elements that may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomsh.frozen import replace
from dicomsh.mask.ps315_actions import Action, treatment
from dicomsh.model.keys import by_tag
from dicomsh.model.row import Row, Source
from dicomsh.model.vr import CHARSET_VRS

if TYPE_CHECKING:
    from dicomsh.mask.mask import Mask


_MOST_VALUES = 32
"""With more values than this, an element is hidden: making them up would take long."""


class MaskedRow(Row):
    """The row with made-up values; sequence items are masked on access.

    Args:
        row: the real one.
        mask: the mask.
    """

    __slots__ = ("_mask",)

    def __init__(self, row: Row, mask: Mask) -> None:
        self._mask = mask
        elements = row.with_values({tag: _raw(row, tag, mask) for tag in row.elements})
        source = row.source
        if source.error:
            source = replace(source, error=mask.typed(source.error))
        super().__init__(row.data, source, elements, row.decode, row.depth)

    def _item(self, data: bytes, source: Source) -> Row:
        return MaskedRow(super()._item(data, source), self._mask)


def _raw(row: Row, tag: int, mask: Mask) -> bytes:
    """The value field shown in place of the real one; made-up values are ASCII."""
    raw, vr = row.elements[tag], row.vr(tag)
    kept = treatment(tag, vr) is Action.KEEP
    if not raw or (kept and vr not in CHARSET_VRS):
        return raw
    text = row.text(tag) or ""
    many = not kept and raw.count(b"\\") > _MOST_VALUES
    shown = mask.hidden(text) if many else mask.value(by_tag(tag), text, vr)
    return raw if shown == text else shown.encode("ascii", "replace")
