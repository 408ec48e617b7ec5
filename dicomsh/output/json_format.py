"""JSON: one array for a command, or one object per line (RFC 8259)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from dicomsh.model.safe import is_unsafe
from dicomsh.output.plain import AnyRow, Members, Plain

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode
_encode_compact = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def json_text(value: Plain, *, compact: bool = False) -> str:
    """A value as JSON on one line that is safe on a terminal and in any UTF-8 file.

    Text stays readable in every script; only unsafe characters are escaped, and a lone surrogate,
    which is not a character, becomes U+FFFD.
    """
    text = _encode_compact(value) if compact else _encode(value)
    return text if text.isprintable() else escaped(text, _pair)


def needs_no_escape(text: str) -> bool:
    r"""Whether a text is the same in JSON, apart from `\`."""
    return '"' not in text and text.isprintable()


def escaped(text: str, astral: Callable[[int], str]) -> str:
    r"""The text with unsafe characters as `\uXXXX`; `astral` writes code points above U+FFFF."""
    return "".join(_escape(char, astral) if is_unsafe(char) else char for char in text)


def _escape(char: str, astral: Callable[[int], str]) -> str:
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return f"\\u{code:04x}" if code < 0x10000 else astral(code)


def _pair(code: int) -> str:
    """UTF-16 surrogates, the form of code points above U+FFFF in RFC 8259 section 7."""
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def object_parts(members: Iterable[tuple[str, Plain]]) -> Iterator[str]:
    """The text of an object, a member at a time."""
    lead = "{"
    for key, value in members:
        yield f"{lead}{json_text(key)}: {json_text(value)}"
        lead = ", "
    yield "{}" if lead == "{" else "}"


Lines = Callable[[Sequence[AnyRow]], list[str]]
"""The JSON text of each row, without line ends."""


class JsonArray:
    """Renders all rows of a command as one array, an object per line.

    Args:
        lines: turns rows into the text of objects.
        members: the same of one row, a member at a time.
    """

    def __init__(self, lines: Lines, members: Members) -> None:
        self._lines = lines
        self._members = members
        self._lead = "\n"
        self.hidden: list[str] = []

    def begin(self) -> str:
        """The opening bracket."""
        return "["

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """The objects of a batch, each on a line of its own."""
        if not batch:
            return ""
        text = self._lead + ",\n".join(self._lines(batch))
        self._lead = ",\n"
        return text

    def parts(self, row: AnyRow) -> Iterator[str]:
        """The object of a row, a member at a time."""
        lead, self._lead = self._lead, ",\n"
        yield lead
        yield from object_parts(self._members(row))

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """The closing bracket."""
        return "]\n" if self._lead == "\n" else "\n]\n"


class JsonLines:
    """Renders one object per line; nothing if there are no rows.

    Args:
        lines: turns rows into the text of objects.
        members: the same of one row, a member at a time.
    """

    def __init__(self, lines: Lines, members: Members) -> None:
        self._lines = lines
        self._members = members
        self.hidden: list[str] = []

    def begin(self) -> str:
        """Nothing: the format has no frame."""
        return ""

    def rows(self, batch: Sequence[AnyRow]) -> str:
        """The objects of a batch, each ended by a line end."""
        return "".join([f"{line}\n" for line in self._lines(batch)])

    def parts(self, row: AnyRow) -> Iterator[str]:
        """The object of a row, a member at a time, and the line end."""
        yield from object_parts(self._members(row))
        yield "\n"

    def flush(self) -> str:
        """Nothing: no row is held back."""
        return ""

    def end(self) -> str:
        """Nothing: the format has no frame."""
        return ""
