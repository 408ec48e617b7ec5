"""Help on commands, from their definitions."""

from __future__ import annotations

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
    return [f"{name}:", *(f"  {word:<18} {summary}" for word, summary in entries)]


def command_page(made: Command) -> str:
    """Usage, description, options and examples of a command."""
    lines = [f"usage: {made.usage}", "", made.doc]
    options = [p for p in made.parameters if p.option]
    if options:
        lines += ["", "options:"]
        names = [f"{p.flags} {p.kind.name}" if p.kind else p.flags for p in options]
        lines += [f"  {n:<18} {p.help}" for n, p in zip(names, options, strict=True)]
    if made.examples:
        lines += ["", "examples:", *(f"  {example}" for example in made.examples)]
    return "\n".join(lines)
