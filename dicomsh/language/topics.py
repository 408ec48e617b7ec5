"""The topics of `help` besides commands, levels and attributes."""

from __future__ import annotations

from collections.abc import Mapping

TOPICS: Mapping[str, str] = {
    "keys": "how to name attributes, and their aliases",
    "values": "values in queries: dates, lists, wildcards",
    "targets": "how to name patients, studies, series and instances",
    "language": "quotes, variables, stages, files",
    "settings": "what 'set' can change, and where it is saved",
    "mask": "what 'set mask on' replaces, and what it keeps",
    "prompt": "keyboard shortcuts",
}
"""Each topic with a short description."""
