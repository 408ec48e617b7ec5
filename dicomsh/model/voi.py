"""Windows: which values of an image are shown from black to white (PS3.3 C.11.2)."""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.regex import regex


@frozen
class Window:
    """A value of interest transformation.

    Args:
        center: the value in the middle of the shades.
        width: how many values lie between black and white; at least 1.
        function: VOI LUT Function (0028,1056): LINEAR, LINEAR_EXACT or SIGMOID.
    """

    center: float
    width: float
    function: str = "LINEAR"

    def __str__(self) -> str:
        return f"{self.center:g}/{self.width:g}"


PRESETS: Mapping[str, Window] = {
    "abdomen": Window(50, 400),
    "bone": Window(400, 1800),
    "brain": Window(40, 80),
    "liver": Window(30, 150),
    "lung": Window(-600, 1500),
    "mediastinum": Window(50, 350),
    "spine": Window(50, 250),
    "stroke": Window(40, 40),
    "subdural": Window(75, 215),
}
"""Windows of CT in Hounsfield units, by name, as radiologists usually set them
(radiopaedia.org/articles/windowing-ct)."""

WHOLE = "full"
"""The name of the window from the lowest value of an image to the highest."""

_NUMBERS = regex(r"([+-]?\d+(?:\.\d+)?)[/,\\]([+]?\d+(?:\.\d+)?)")


def read_window(text: str) -> Window | str:
    """The window that a text names: `40/400`, `40,400`, or a name in small letters.

    Raises:
        UsageError: the width is below 1.
    """
    found = _NUMBERS.fullmatch(text.strip())
    if found is None:
        return text.strip().lower()
    window = Window(float(found[1]), float(found[2]))
    if window.width < 1:
        raise UsageError(f"the width of a window is at least 1, not {found[2]}")
    return window
