"""Help on commands, from their definitions."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.language.command import Command, Registry
from dicomsh.language.topics import TOPICS


def overview(registry: Registry) -> str:
    """Every command with its summary, by family, and the topics."""
    families: dict[str, list[tuple[str, str]]] = {}
    for made in (*registry, *registry.stages):
        families.setdefault(made.family, []).append((made.name, made.summary))
    families["help TOPIC"] = [
        *TOPICS.items(),
        ("patient … instance", "the keys of a level"),
        ("ATTRIBUTE", "a keyword, an alias or a tag"),
    ]
    lines = (_family(name, entries) for name, entries in families.items())
    return "\n".join(line for family in lines for line in family)


def _family(name: str, entries: list[tuple[str, str]]) -> list[str]:
    return [f"{name}:", *(_entry(word, summary) for word, summary in entries)]


_NAME = 18
"""Cells for the names of a list."""


def _entry(name: str, text: str) -> str:
    """A name and its description, which goes on the next line if the name is long."""
    if len(name) > _NAME:
        return f"  {name}\n  {'':<{_NAME}} {text}"
    return f"  {name:<{_NAME}} {text}"


def command_page(made: Command, further: Sequence[Command] = ()) -> str:
    """Usage, description, options and examples of a command, and its subcommands."""
    lines = [f"usage: {made.usage}", "", made.doc]
    options = [p for p in made.parameters if p.option]
    if options:
        lines += ["", "options:"]
        names = [f"{p.flags} {p.kind.name}" if p.kind else p.flags for p in options]
        lines += [_entry(n, p.help) for n, p in zip(names, options, strict=True)]
    if further:
        lines += ["", "see also:", *(_entry(other.name, other.summary) for other in further)]
    if made.examples:
        lines += ["", "examples:", *(f"  {example}" for example in made.examples)]
    return "\n".join(lines)
