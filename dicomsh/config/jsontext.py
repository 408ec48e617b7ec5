"""JSON text with comments → the same nodes as from YAML, each with its line."""

from __future__ import annotations

import json
import re
from bisect import bisect_left

from yaml import MappingNode, Mark, Node, ScalarNode, SequenceNode

from dicomsh.config.tree import MAP, NULL
from dicomsh.errors import ConfigError
from dicomsh.regex import regex

_SKIPPED = regex(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.S)
_TOKEN = regex(
    r"""(?P<str>"(?:[^"\\]|\\.)*")
      | (?P<float>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<bool>(?:true|false)\b)
      | (?P<null>null\b)
      | (?P<mark>[][{}:,])""",
    re.S | re.X,
)
_TAGS = {"float": "tag:yaml.org,2002:float", "bool": "tag:yaml.org,2002:bool", "null": NULL}
_STRING = "tag:yaml.org,2002:str"
_DEPTH = 50


def looks_like_json(text: str) -> bool:
    """Whether the first character after white space and comments is `{`."""
    return text.startswith("{", _after_comments(text, 0))


def compose(text: str, file: str) -> Node:
    """The root node of a JSON text, in which `//` and `/* */` comments are white space.

    As lenient as Orthanc's own reader: a comma before `}` or `]` is allowed.

    Raises:
        ConfigError: not well-formed, or nested too deeply.
    """
    reader = _Reader(text, file)
    root = reader.value(0)
    if reader.position < len(text):
        raise reader.error("the end of the file")
    return root


def _after_comments(text: str, position: int) -> int:
    skipped = _SKIPPED.match(text, position)
    return skipped.end() if skipped else position


class _Reader:
    """A recursive-descent reader (RFC 8259); `position` is at the next token."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self.position = _after_comments(text, 0)

    def error(self, expected: str) -> ConfigError:
        """The error to raise at the next token."""
        rest = self._text[self.position : self.position + 20].split("\n")[0].strip()
        line = self._mark().line + 1
        found = repr(rest) if rest else "the end of the file"
        return ConfigError(f"{self._file}:{line}: JSON: expected {expected}, found {found}")

    def value(self, depth: int) -> Node:
        """The node of the value that begins here."""
        if depth > _DEPTH:
            raise self.error(f"at most {_DEPTH} levels of nesting")
        start = self._mark()
        if self._take("{"):
            return self._mapping(start, depth)
        if self._take("["):
            return self._sequence(start, depth)
        return self._scalar("a value")

    def _mapping(self, start: Mark, depth: int) -> Node:
        pairs = []
        while not self._take("}"):
            key = self._scalar("a name in double quotes or '}'", only="str")
            if not self._take(":"):
                raise self.error("':'")
            pairs.append((key, self.value(depth + 1)))
            self._separator("}")
        return MappingNode(MAP, pairs, start)

    def _sequence(self, start: Mark, depth: int) -> Node:
        items = []
        while not self._take("]"):
            items.append(self.value(depth + 1))
            self._separator("]")
        return SequenceNode("tag:yaml.org,2002:seq", items, start)

    def _separator(self, end: str) -> None:
        if not self._take(",") and self._text[self.position : self.position + 1] != end:
            raise self.error(f"',' or '{end}'")

    def _scalar(self, expected: str, only: str = "") -> ScalarNode:
        start = self._mark()
        token = _TOKEN.match(self._text, self.position)
        if token is None and self._text.startswith('"', self.position):
            raise self.error("a string with a closing quote")
        if token is None or token["mark"] or (only and not token[only]):
            raise self.error(expected)
        if token["str"]:
            value, tag = self._string(token["str"]), _STRING
        else:
            value, tag = token[0], _TAGS[token.lastgroup or "null"]
        self._move(token.end())
        return ScalarNode(tag, value, start)

    def _string(self, token: str) -> str:
        try:
            return str(json.loads(token, strict=False))
        except ValueError:
            raise self.error("a string with JSON escapes only") from None

    def _take(self, mark: str) -> bool:
        found = self._text.startswith(mark, self.position)
        if found:
            self._move(self.position + 1)
        return found

    def _move(self, position: int) -> None:
        self.position = _after_comments(self._text, position)

    def _mark(self) -> Mark:
        line = bisect_left(self._breaks, self.position)
        return Mark(self._file, self.position, line, 0, None, 0)
