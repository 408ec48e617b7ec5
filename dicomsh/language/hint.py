"""The usage of the command being typed, with the parts the word at the cursor may be."""

from __future__ import annotations

from collections.abc import Iterable

from dicomsh.language.command import Command, Parameter, Registry
from dicomsh.language.expect import Expected, expect
from dicomsh.language.knowledge import Knowledge

UsagePart = tuple[str, bool]
"""A part of a usage line, and whether it may be at the cursor."""


def usage_at(before: str, registry: Registry, knowledge: Knowledge) -> list[UsagePart]:
    """The usage line of the command at the end of a text; empty if there is none.

    Args:
        before: the text before the cursor.
        registry: all commands.
        knowledge: what the session knows.
    """
    expected = expect(before, len(before), registry, knowledge)
    if expected is None or expected.command is None:
        return []
    command = expected.command
    current = _current(command, expected)
    return [(command.name, False), *((p.usage, p in current) for p in command.parameters)]


def _current(command: Command, expected: Expected) -> Iterable[Parameter]:
    """The words allowed at the cursor; if none, the options that take such a value."""
    fitting = [p for p in command.parameters if p.kind is not None and p.kind in expected.kinds]
    return [p for p in fitting if not p.option] or fitting
