"""Regular expressions that are compiled on first use.

`re.compile` takes a third of a millisecond, most modules have an expression or two, and one run of
the program uses only a few of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any


class _Regex:
    """What `re.compile` would return, compiled when its first method is used."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)  # next time, `__getattr__` is not called
        return found


if TYPE_CHECKING:  # it has all attributes of a pattern
    regex = re.compile
else:
    regex = _Regex
