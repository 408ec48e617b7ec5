"""A device whose worklist is asked for."""

from __future__ import annotations

from dicomsh.frozen import frozen


@frozen
class Device:
    """What a device, such as a scanner, asks for its worklist with.

    Args:
        aet: its AE title: it calls with it, and steps are scheduled for it.
        modality: the Modality that it asks for, or empty for any.
        station: its station name, or empty.
    """

    aet: str
    modality: str = ""
    station: str = ""
