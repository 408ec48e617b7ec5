"""Regular expressions that are compiled when they are first used.

`re.compile` takes a third of a millisecond, most modules have an expression or two, and a run of
the program uses few of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any


class _Regex:
    """What `re.compile` would give, made when its first method is asked for."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)  # the next time it is found without coming here
        return found


if TYPE_CHECKING:  # it has all that a pattern has
    regex = re.compile
else:
    regex = _Regex
