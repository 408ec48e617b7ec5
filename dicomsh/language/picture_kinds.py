"""Kinds of argument of commands that show images: which one, and how."""

from __future__ import annotations

from dicomsh.errors import UsageError
from dicomsh.language.candidate import Candidate
from dicomsh.language.kinds import one_of
from dicomsh.language.knowledge import Kind, Scope
from dicomsh.language.scan import Word
from dicomsh.model.drawing import DrawingStyle
from dicomsh.model.position import POSITIONS
from dicomsh.model.voi import PRESETS, WHOLE, Window, read_window


def _read_position(word: Word, scope: Scope) -> str | int:
    del scope
    text = word.text.lower()
    if text.isascii() and text.isdecimal() and int(text[:9]) > 0:
        return int(text[:9])
    if text in POSITIONS:
        return text
    expected = f"expected {', '.join(POSITIONS)} or a number from 1"
    raise UsageError(f"{expected}, found '{word.text}'", span=word.span)


def _read_voi(word: Word, scope: Scope) -> Window | str:
    del scope
    try:
        return read_window(word.text)
    except UsageError as error:
        raise word.error(error) from None


_STYLES = {style.value: style for style in DrawingStyle}
DRAWING = one_of("|".join(_STYLES), _STYLES)
POSITION = Kind("first|middle|last|N", "value", _read_position, lambda _: map(Candidate, POSITIONS))
WINDOW = Kind("CENTER/WIDTH|NAME", "value", _read_voi, lambda _: map(Candidate, (*PRESETS, WHOLE)))
