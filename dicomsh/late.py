"""Tables that are created, and modules that are imported, on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, TypeVar

_Value = TypeVar("_Value")


class LateTable(Mapping[str, _Value]):
    """A table that is created on first access.

    Args:
        make: creates it.
    """

    def __init__(self, make: Callable[[], Mapping[str, _Value]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, _Value]:
        return self._make()

    def __getitem__(self, name: str) -> _Value:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


class LateModule:
    """A module that is imported when something of it is used.

        if TYPE_CHECKING:
            from dicomsh.mask import shown
        else:
            shown = LateModule("dicomsh.mask.shown")

    is for what only some runs need, and several functions of a module use.

    Args:
        name: the whole name of the module.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module(self._name), name)
        setattr(self, name, found)  # the next time it is found without coming here
        return found
