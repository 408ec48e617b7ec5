"""Colours, as roles: the sixteen colours of the terminal, so that every palette stays readable."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dicomsh.frozen import frozen
from dicomsh.regex import regex

_RESET = "\x1b[0m"

SEQUENCE = regex(r"\x1b\[(?:0|1|2|[39][0-7]|1;[39][0-7])m")
"""Matches exactly the escape sequences that a theme can write (ECMA-48 8.3.117, SGR)."""


@frozen
class Theme:
    """The parameters of an SGR sequence for each role; empty for none.

    Args:
        heading: headings of columns.
        number: row numbers.
        uid: unique identifiers.
        label: names before values.
        bar: bars beside numbers.
        note: remarks.
        complete: the word that says nothing is missing.
        warning: the words that say something is missing.
        error: errors.
        place: the marker under the place of an error.
    """

    heading: str = ""
    number: str = ""
    uid: str = ""
    label: str = ""
    bar: str = ""
    note: str = ""
    complete: str = ""
    warning: str = ""
    error: str = ""
    place: str = ""

    @classmethod
    def plain(cls) -> Theme:
        """No colour at all."""
        return cls()

    @classmethod
    def ansi(cls) -> Theme:
        """The colours for a terminal, light or dark."""
        return cls(
            heading="1",
            number="36",
            uid="90",
            label="36",
            bar="34",
            note="90",
            complete="32",
            warning="1;33",
            error="1;31",
            place="31",
        )


def paint(role: str, text: str) -> str:
    """The text in the colour of a role, such as `theme.error`; untouched when either is empty."""
    return f"\x1b[{role}m{text}{_RESET}" if role and text else text


def wants_colour(stream_is_tty: bool, environ: Mapping[str, str], color: str = "auto") -> bool:
    """Whether to write colours: only on a terminal, and there according to the setting `color`.

    With `auto`, the environment can turn them off: a non-empty NO_COLOR (no-color.org), or
    TERM=dumb.
    """
    objects = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return stream_is_tty and (color == "on" or (color == "auto" and not objects))


Palette = Callable[[str], Theme]
"""The colours for a value of the setting `color`."""


def no_colours(color: str) -> Theme:
    """The palette without colours."""
    del color
    return Theme.plain()


def palette(stream_is_tty: bool, environ: Mapping[str, str]) -> Palette:
    """The palette of a stream."""

    def theme(color: str) -> Theme:
        return Theme.ansi() if wants_colour(stream_is_tty, environ, color) else Theme.plain()

    return theme
