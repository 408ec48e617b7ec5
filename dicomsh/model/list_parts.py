"""The parts of a query for a list of values: one for each, or for a hundred UIDs. Pure.

Only a list of UIDs means any of them (PS3.4 C.2.2.2.2); for other values the standard defines
nothing, or with extended negotiation that all of them match (C.2.2.2.8).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from dicomsh.frozen import frozen, replace
from dicomsh.model.plan import Request
from dicomsh.model.query import Matching, QueryKey
from dicomsh.model.row import Row, items_at
from dicomsh.model.row_matching import noticing

UIDS_AT_ONCE = 100
"""UIDs of one query: 6 KB, which every server takes, and few enough for an answer without a cap."""


@frozen
class ListPart:
    """Some of the values.

    Args:
        base: the request, in which the key has no value.
        keys: the key with each of the values.
    """

    base: Request
    keys: tuple[QueryKey, ...]
    optional: bool = False
    lone: bool = True

    @property
    def key(self) -> QueryKey:
        """The key with all of the values."""
        first = self.keys[0]
        if len(self.keys) == 1:
            return first
        value = "\\".join(key.value for key in self.keys)
        return replace(first, value=value, matching=Matching.UID_LIST)

    @property
    def request(self) -> Request:
        """The query for them; their key comes last."""
        own = self.key
        others = (key for key in self.base.keys if key.keyword != own.keyword)
        return replace(self.base, keys=(*others, own))

    @property
    def title(self) -> str:
        """The first value, and how many more."""
        more = f" and {len(self.keys) - 1:,} more" if len(self.keys) > 1 else ""
        return f"{self.keys[0].value}{more}"

    def divided(self, rows: list[Row]) -> list[ListPart]:
        """The values in halves; nothing for one, or if the peer ignored the list."""
        half = len(self.keys) // 2
        if not half or None in self._indices(rows):
            return []
        return [replace(self, keys=keys) for keys in (self.keys[:half], self.keys[half:])]

    def found(self, rows: Sequence[Row]) -> frozenset[int]:
        """Which of the values rows have, by index.

        Rows without the attribute count if only one value was asked for: they answer it.
        """
        if len(self.keys) > 1:
            return frozenset(index for index in self._indices(rows) if index is not None)
        fits = noticing(self.keys[0])
        return frozenset({0} if any(fits(row) is not False for row in rows) else ())

    def in_order(self, rows: list[Row]) -> list[Row]:
        """Rows in the order of the values that they have; the others come last."""
        last = len(self.keys)
        places = [last if index is None else index for index in self._indices(rows)]
        order = sorted(range(len(rows)), key=places.__getitem__)
        return [rows[index] for index in order]

    def _indices(self, rows: Sequence[Row]) -> list[int | None]:
        """Which of the values each row has, by index; None for none of them."""
        path = self.keys[0].path
        indices = {key.value: index for index, key in enumerate(self.keys)}

        def index_of(row: Row) -> int | None:
            texts = [item.text(path[-1].tag) or "" for item in items_at(row, path[:-1])]
            values = (value.strip() for text in texts for value in text.split("\\"))
            return min((indices[value] for value in values if value in indices), default=None)

        return [index_of(row) for row in rows]


def list_parts(base: Request, keys: Sequence[QueryKey]) -> Iterator[ListPart]:
    """The parts that ask for all values, in order.

    Args:
        base: the request, in which the key has no value.
        keys: the key with each of the values.
    """
    size = UIDS_AT_ONCE if keys and keys[0].attribute.vr == "UI" else 1
    left = iter(keys)
    while some := tuple(islice(left, size)):
        yield ListPart(base, some)
