"""The line at the start."""

from __future__ import annotations

from datetime import date

from dicomsh import __version__

TIPS = (
    "Tab completes what was listed",
    "'cd 1' goes to row 1, 'cd ..' back up",
    "'last --wide' shows the last rows in full",
    "'find study date=-7d' asks for the last week",
    "'+Key' requests an attribute",
    "'tree 1' shows everything below row 1",
    "'ls > list.csv' saves for a spreadsheet",
    "a leading space keeps a line out of history",
    "Ctrl-R searches earlier lines",
    "'help PatientName' describes an attribute",
    "'set --save' keeps your settings",
    "'lesson' teaches C-FIND step by step",
    "'explain find study' shows what would be sent",
)


def greeting(today: date) -> str:
    """Version, how to get help, and the tip of the day."""
    tip = TIPS[today.toordinal() % len(TIPS)]
    return f"dicomsh {__version__} · 'help' for help · {tip}"
