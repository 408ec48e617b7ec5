"""Tables that are created, and modules that are imported, on first use."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from types import ModuleType
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
        found = getattr(imported(self._name), name)
        setattr(self, name, found)  # the next time it is found without coming here
        return found


def imported(name: str) -> ModuleType:
    """Import a module; a signal that comes during that is handled when the module is whole.

    A package of which half was imported is not imported rightly the next time: its modules that
    are there already do not become its attributes. Ctrl-C and what follows it need `asyncio`.
    """
    if name in sys.modules:
        return import_module(name)
    with _signals_held():
        return import_module(name)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Inside the `with`, signals that would raise an error wait for its end."""
    came: list[int] = []
    before: dict[int, Any] = {}
    try:
        for number in _INTERRUPTING:
            handler = signal.getsignal(number)
            if callable(handler):
                before[number] = handler
                signal.signal(number, lambda number, _: came.append(number))
    except ValueError:  # not the main thread, which alone handles signals
        before.clear()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


_INTERRUPTING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
