"""Text that knows its subject, so that it can be made again with other values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Subject = TypeVar("_Subject")


class TextAbout(str):
    """Text about something that holds values of patients.

    Masking makes the text again from the masked subject: in the text itself, a short value, a date
    or a quoted key cannot be told from other words. Combined with other text, it becomes a plain
    `str` and can no longer be masked this way.

    Attributes:
        subject: a row, query, request or place, or several as a tuple.
        make: returns the text of a subject.
    """

    __slots__ = ("make", "subject")

    subject: Any
    make: Callable[[Any], str]


def text_about(subject: _Subject, make: Callable[[_Subject], str]) -> TextAbout:
    """The text made from a subject."""
    text = TextAbout(make(subject))
    text.subject, text.make = subject, make
    return text
