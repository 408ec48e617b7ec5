"""What every refusal owes to the user: a place inside of what was typed."""

from __future__ import annotations

from dicomsh.errors import UsageError


def assert_inside(error: UsageError, typed: str) -> None:
    assert error.span is not None
    assert 0 <= error.span.start <= error.span.end <= len(typed)
