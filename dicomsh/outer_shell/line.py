"""A command line of the outer shell up to the cursor, as its words; quotes may still be open."""

from __future__ import annotations

from collections.abc import Iterator

from dicomsh.frozen import frozen

_BREAKS = "=:@"
"""What bash begins another word at (COMP_WORDBREAKS): it replaces only what comes after."""


@frozen
class OuterLine:
    """The words of a command line.

    Args:
        words: those before the cursor's, unquoted, without the name of the program.
        current: the word that ends at the cursor, unquoted; empty after a space.
        quote: the quote that is open there, or empty.
    """

    words: tuple[str, ...]
    current: str
    quote: str

    @property
    def replaced(self) -> int:
        """Where in the current word that part begins which bash replaces."""
        if self.quote:
            return 0
        return max(self.current.rfind(mark) for mark in _BREAKS) + 1


def read_line(text: str) -> OuterLine:
    """The words of a text as POSIX shells split it (POSIX.1 2.2); expansions stay as typed."""
    words, quote = [""], ""
    begun = False
    letters = iter(text)
    for letter in letters:
        if quote == "'" or (quote and letter not in '"\\'):
            quote, words[-1] = _in_quotes(letter, quote, words[-1])
        elif letter == "\\":
            words[-1] += next(letters, "")
            begun = True
        elif letter == quote:
            quote = ""
        elif letter in "'\"" and not quote:
            quote, begun = letter, True
        elif letter.isspace():
            words += [""] if begun else []
            begun = False
        else:
            words[-1] += letter
            begun = True
    *before, current = words
    return OuterLine(tuple(before[1:]), current, quote)


def _in_quotes(letter: str, quote: str, word: str) -> tuple[str, str]:
    return ("", word) if letter == quote else (quote, word + letter)


def options_of(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each word of a command line with the one after it."""
    yield from zip(words, (*words, "")[1:], strict=True)
