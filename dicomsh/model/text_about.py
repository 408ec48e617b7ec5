"""Text that knows what it is about, so that it can be made again with other values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Subject = TypeVar("_Subject")


class TextAbout(str):
    """Text about something that holds values of patients.

    Masking makes the text again of its masked subject: in the text itself, a short value, a date
    or a quoted key could not be told from other words. It is no `TextAbout` any more once it has
    been put together with other text.

    Attributes:
        subject: a row, query, request or place, or several as a tuple.
        make: gives the text of a subject.
    """

    __slots__ = ("make", "subject")

    subject: Any
    make: Callable[[Any], str]


def text_about(subject: _Subject, make: Callable[[_Subject], str]) -> TextAbout:
    """The text that is made of a subject."""
    text = TextAbout(make(subject))
    text.subject, text.make = subject, make
    return text
