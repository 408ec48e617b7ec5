"""The tables of names, by which modules are imported late, say what the modules have."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import pytest

from dicomsh import commands
from dicomsh.language.command import commands_of, stages_of

MODULES = [found.name for found in pkgutil.iter_modules(commands.__path__)]


@pytest.mark.parametrize(
    ("table", "read"), [(commands.COMMANDS, commands_of), (commands.STAGES, stages_of)]
)
def test_the_tables_say_what_the_modules_have(
    table: Mapping[str, str], read: Callable[[Any], Mapping[str, Any]]
) -> None:
    had = {name: ", ".join(read(import_module(f"dicomsh.commands.{name}"))) for name in MODULES}
    assert {name: names for name, names in had.items() if names} == table


def test_every_signature_is_a_grammar() -> None:
    registry = commands.registry()
    assert len([*registry]) == len(registry.names)
    assert len([*registry.stages]) == len(registry.stages.names)
