"""The commands, one module per family; they return results and never print."""

from __future__ import annotations

from dicomsh.language.command import Registry


def registry() -> Registry:
    """All commands."""
    from dicomsh.commands import (
        aliases,
        compare,
        each,
        explain,
        guide,
        lesson,
        probe,
        query,
        scripting,
        stages,
        trace,
        walk,
    )
    from dicomsh.commands import modalities as peers
    from dicomsh.commands import show as entity

    families = (
        peers,
        probe,
        query,
        walk,
        entity,
        explain,
        compare,
        scripting,
        aliases,
        trace,
        lesson,
        guide,
        stages,
        each,
    )
    return Registry(families)
