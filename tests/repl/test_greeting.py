"""The line at the start: short, and the same all day."""

from __future__ import annotations

from datetime import date, timedelta

from dicomsh.repl.greeting import TIPS, greeting

DAY = date(2024, 3, 5)


def test_it_is_one_line_that_fits_any_terminal() -> None:
    lines = [greeting(DAY + timedelta(days=number)) for number in range(len(TIPS))]
    assert len(set(lines)) == len(TIPS)
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("dicomsh ") and "\n" not in line for line in lines)


def test_a_day_has_its_tip() -> None:
    assert greeting(DAY) == greeting(DAY)
    assert greeting(DAY) != greeting(DAY + timedelta(days=1))
