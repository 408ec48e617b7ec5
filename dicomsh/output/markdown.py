"""Tables in GitHub Flavored Markdown, for issues, wikis and mail."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dicomsh.model.columns import Column
from dicomsh.output.cells import view
from dicomsh.output.extra_attributes import ExtraAttributes
from dicomsh.output.plain import AnyRow, is_context
from dicomsh.regex import regex

_SPECIAL = regex(r"[\\`*_\[\]<>|~&]")


class Markdown:
    """Renders rows as lines of a table; values are as in a table for people, and whole.

    Args:
        columns: what to show.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._views = [view(column) for column in columns if not is_context(column)]
        self._unasked = ExtraAttributes(columns)
        self._count = 0

    def begin(self) -> str:
        """The headings."""
        rule = ["--:" if column.right else "---" for column in self._views]
        return self._line([escaped(column.heading) for column in self._views]) + self._line(rule)

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """A line for each row."""
        self._unasked.look(batch, self._count + 1)
        self._count += len(batch)
        return "".join(
            self._line([escaped(column.read(row) or "") for column in self._views]) for row in batch
        )

    def _line(self, cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |\n"

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """Nothing: the format has no frame."""
        return ""

    @property
    def hidden(self) -> list[str]:
        """What the lines leave out."""
        return self._unasked.statements()


def escaped(text: str) -> str:
    r"""The text without a meaning in Markdown: `\|` for `|`, `&lt;` for `<`."""
    return _SPECIAL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}")
