"""The topics of `help` that are no command, level or attribute."""

from __future__ import annotations

from collections.abc import Mapping

TOPICS: Mapping[str, str] = {
    "keys": "how attributes are named, and their aliases",
    "values": "what can be asked for: dates, lists, wildcards",
    "targets": "how patients, studies, series and instances are pointed at",
    "language": "quotes, variables, stages, files",
    "settings": "what 'set' changes, and where it is kept",
    "mask": "what 'set mask on' hides, and what it keeps",
    "prompt": "the keys of the keyboard",
}
"""Topics with what they are about."""
