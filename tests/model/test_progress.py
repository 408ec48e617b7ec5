"""The bar of a command that knows how much there is to do."""

from __future__ import annotations

import pytest

from dicomsh.model.progress import bar


@pytest.mark.parametrize(
    ("done", "total", "filled"),
    [
        (0, 3, 0),
        (1, 3, 2),
        (2, 3, 4),
        (3, 3, 6),
        # more than was announced
        (9, 3, 6),
        # full only when all is done
        (999, 1000, 5),
        (1, 1000, 0),
        (0, 1, 0),
        (1, 1, 6),
        (0, 0, 0),
    ],
)
def test_a_bar_is_filled_by_what_is_done(done: int, total: int, filled: int) -> None:
    assert bar(done, total, 6) == "█" * filled + "░" * (6 - filled)


def test_a_bar_is_twelve_wide_where_nothing_else_is_said() -> None:
    assert bar(1, 4) == "███░░░░░░░░░"
