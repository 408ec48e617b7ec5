"""The commands, one module per family; they return results and never print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from dicomsh.language.command import Command, Loader, Registry, commands_of, stages_of
from dicomsh.late import imported

COMMANDS: Mapping[str, str] = {
    "modalities": "use, echo, modalities, modality add, modality remove",
    "probe": "probe",
    "find": "find",
    "from_file": "from",
    "query": "ls, last",
    "why": "why",
    "watch": "watch",
    "walk": "cd, pwd, tree",
    "show": "show, wado",
    "retrieve": "get, move",
    "receive": "receive",
    "store": "store",
    "view": "view",
    "explain": "explain",
    "compare": "compare",
    "diff": "diff",
    "scripting": "set, history, let, print, source, exit",
    "system": "!",
    "aliases": "alias",
    "assertion": "assert",
    "trace": "trace, trace on, trace pdu, trace to, trace off",
    "lesson": "lesson, lesson start, lesson stop, lesson list, lesson hint, lesson skip,"
    " lesson answer, lesson reset",
    "guide": "help",
}
"""The commands of each module; a module is imported when one of its commands is used."""

STAGES: Mapping[str, str] = {
    "stages": "where, sort, select, head, tail, uniq, count, to",
    "each": "each",
    "retrieve": "get, move",
}
"""The stages of each module."""


def registry() -> Registry:
    """All commands."""
    return Registry(_loaders(COMMANDS, commands_of), _loaders(STAGES, stages_of))


def asking() -> Registry:
    """The command that only asks, and the stages after it: these need no session."""
    commands, stages = _loaders(COMMANDS, commands_of), _loaders(STAGES, stages_of)
    return Registry(
        {"find": commands["find"]}, {name: stages[name] for name in STAGES["stages"].split(", ")}
    )


def _loaders(
    table: Mapping[str, str], read: Callable[[Any], Mapping[str, Loader]]
) -> dict[str, Loader]:
    return {
        name: partial(_load, module, name, read)
        for module, names in table.items()
        for name in names.split(", ")
    }


@cache  # reading the annotations of a signature takes 1 ms, and each session has its own registry
def _load(module: str, name: str, read: Callable[[Any], Mapping[str, Loader]]) -> Command:
    return read(imported(f"dicomsh.commands.{module}"))[name]()
