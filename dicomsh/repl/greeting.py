"""The line at the start."""

from __future__ import annotations

from datetime import date

from dicomsh import __version__

TIPS = (
    "Tab completes what was listed",
    "'cd 1' goes to row 1, 'cd ..' back up",
    "'last --wide' shows the last rows whole",
    "'find study date=-7d' asks for the last week",
    "'+Key' asks for an attribute back",
    "'tree 1' shows all that is below row 1",
    "'ls > list.csv' writes a spreadsheet",
    "a space in front keeps a line off the record",
    "Ctrl-R searches the lines typed before",
    "'help PatientName' tells of an attribute",
    "'set --save' keeps your settings",
    "'lesson' teaches C-FIND step by step",
    "'explain find study' shows what would be sent",
)


def greeting(today: date) -> str:
    """Version, the way to help, and the tip of the day."""
    tip = TIPS[today.toordinal() % len(TIPS)]
    return f"dicomsh {__version__} · 'help' for help · {tip}"
