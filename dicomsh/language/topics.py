"""The topics of `help` besides commands, levels and attributes."""

from __future__ import annotations

from collections.abc import Mapping

TOPICS: Mapping[str, str] = {
    "keys": "how to name attributes, and their aliases",
    "values": "values in queries: dates, lists, wildcards",
    "targets": "how to name patients, studies, series and instances",
    "language": "quotes, variables, stages, files",
    "settings": "what 'set' can change, and where it is saved",
    "formats": "how rows are written, and which suffix of a file means what",
    "scripts": "-c, script files, arguments, what ends a script",
    "statuses": "the exit statuses",
    "files": "which files are read and written, and where they are",
    "tls": "servers with TLS, and their certificates",
    "mask": "what 'set mask on' replaces, and what it keeps",
    "prompt": "keyboard shortcuts",
}
"""Each topic with a short description."""
