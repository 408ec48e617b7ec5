"""Examples shared out among the formats."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.model.results import FORMATS


def in_formats(examples: Sequence[str]) -> list[tuple[str, list[str]]]:
    """All examples as a table, and each in one more format: (format, its examples).

    Which one it is does not matter to a mask: rows are masked before they are written.
    """
    others = [name for name in FORMATS if name != "table"]
    shared = [(name, [*examples[at :: len(others)]]) for at, name in enumerate(others)]
    return [("table", [*examples]), *shared]
