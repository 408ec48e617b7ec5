"""A query on the worklist of the practice archive: its matches, and the identifiers of answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicomsh.frozen import replace
from dicomsh.model.charset import UTF8
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.keys import BOOKKEEPING, SPECIFIC_CHARACTER_SET, by_keyword, by_tag
from dicomsh.model.level_keys import STEP
from dicomsh.model.modality import Faults
from dicomsh.model.status import UNABLE_TO_PROCESS
from dicomsh.practice.archive import Attributes, Value
from dicomsh.practice.encoding import encoded
from dicomsh.practice.extended import extended_condition
from dicomsh.practice.identifier import RefusedError
from dicomsh.practice.matching import RequestedKey, UnmatchableError
from dicomsh.practice.query import Style

_STEP = by_keyword(STEP).tag


class WorklistQuery:
    """One query on the worklist (PS3.4 K.2.2.1, K.4.1).

    A range of dates and one of times are one period (K.6.1.2.2). An attribute without a value
    matches nothing but universal matching and `*` (K.2.2.1.1.1). One that the worklist does not
    have is left out of the answers, which then have the status 0xFF01.

    Args:
        items: the worklist.
        keys: the keys of the identifier.
        style: the style of the answers.

    Raises:
        RefusedError: a value that cannot be matched.
    """

    def __init__(
        self, items: tuple[Attributes, ...], keys: tuple[RequestedKey, ...], style: Style
    ) -> None:
        self._items = items
        self._style = style
        self._keys = tuple(key for key in keys if key.tag not in BOOKKEEPING)
        self._matches = _item_test(self._keys, style)
        known = {tag for item in items for tag in item}
        self.unsupported = any(key.tag not in known for key in self._keys)

    def matches(self) -> Iterator[Attributes]:
        """The matching items, in the order of the schedule."""
        return filter(self._matches, self._items)

    def answer(self, item: Attributes) -> bytes:
        """The encoded response identifier for an item, elements in the order of their tags."""
        style = self._style
        label: dict[int, Value] = {SPECIFIC_CHARACTER_SET: UTF8} if style.labelled else {}
        returned = {**label, **_returned(self._keys, item)}
        return b"".join(
            encoded(tag, value, style.explicit) for tag, value in sorted(returned.items())
        )


def _item_test(keys: tuple[RequestedKey, ...], style: Style) -> Callable[[Attributes], bool]:
    try:
        steps = [key for key in keys if key.tag == _STEP]
        around = extended_condition(tuple(key for key in keys if key.tag != _STEP), style.agreed)
        agreed = style.agreed | {Extension.DATETIME}  # a worklist combines them by itself
        inside = [extended_condition(key.items or (), agreed) for key in steps]
    except UnmatchableError as error:
        raise RefusedError(UNABLE_TO_PROCESS, str(error)) from None

    def matches(item: Attributes) -> bool:
        return around(item) and all(any(map(test, _steps(item))) for test in inside)

    return matches


def _steps(item: Attributes) -> tuple[Attributes, ...]:
    steps = item[_STEP]
    assert isinstance(steps, tuple)
    return steps


def _returned(keys: tuple[RequestedKey, ...], entry: Attributes) -> dict[int, Value]:
    """The values of the keys; of a sequence without keys everything (PS3.4 K.2.2.1.2)."""
    found: dict[int, Value] = {}
    for key in keys:
        value = entry.get(key.tag)
        if isinstance(value, tuple) and key.items:
            found[key.tag] = tuple(_returned(key.items, inner) for inner in value)
        elif value is not None:
            found[key.tag] = value
    return found


def as_read(keys: tuple[RequestedKey, ...], faults: Faults) -> tuple[RequestedKey, ...]:
    """The keys as an archive with these faults reads them.

    Raises:
        RefusedError: one of them is rejected.
    """
    return tuple(_as_read(key, faults, inside=False) for key in keys)


def _as_read(key: RequestedKey, faults: Faults, *, inside: bool) -> RequestedKey:
    word = by_tag(key.tag).keyword
    if word in faults.reject_keys:
        raise RefusedError(UNABLE_TO_PROCESS, f"Practice fault: {word} is not supported")
    unread = word in faults.ignore_keys or (inside and faults.ignore_step_keys)
    unread = unread or (faults.station_of_caller and word == "ScheduledStationAETitle")
    items = None
    if key.items is not None:
        items = tuple(_as_read(part, faults, inside=key.tag == _STEP) for part in key.items)
    return replace(key, value="" if unread else key.value, items=items)
