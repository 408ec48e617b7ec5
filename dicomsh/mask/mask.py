"""Real values → made-up ones in output, and back in typed text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping

from dicomsh.errors import UsageError
from dicomsh.mask.dates import DATE, YEAR, days_in, first, without
from dicomsh.mask.ps315_actions import Action, treatment
from dicomsh.mask.pseudonyms import (
    CODE_LENGTH,
    CODE_LETTERS,
    CODE_PREFIX,
    STANDARD_ROOT,
    Pseudonyms,
)
from dicomsh.mask.replacements import Replacements
from dicomsh.model.derived_keys import Part, split_part
from dicomsh.model.keys import Attribute, by_keyword, by_tag, find_path, is_keyword
from dicomsh.model.levels import Level
from dicomsh.model.vr import CHARSET_VRS
from dicomsh.regex import regex

MASKED = "(masked)"
"""The replacement for free text."""

_LEAST = 4
"""Minimum length of a value to be replaced anywhere in text: shorter ones are ordinary words."""

_SHORT = regex(r"""(?:(?<=['"=/,\\])|(?<==\ ))[^\s'"=/,\\]{1,3}(?=[\s'"=/,\\;:.*?)]|\Z)""")
"""What may be a shorter value, because it is quoted, assigned, or part of a path or list."""

_ASSIGNED = regex(r"([\w,.()]+) ?= ?['\"]?\Z")
_TOKEN = regex(r"""[^\s;|'"=/,\\]+""")
_PART = regex(r"(?<![^\W_])[^\W_]{1,3}(?![^\W_])")
_SAID = regex(rf"(the server says: )(?!{re.escape(MASKED)})[^\n]*")
_NUMBERS = regex(r"[0-9]{2}|[0-9][./-]")
_PLAIN_YEAR = regex(rf"{YEAR}\Z")

_TAG = regex(r"\(?([0-9a-f]{4}),([0-9a-f]{4})\)?\Z")
_COLOUR = regex(r"(\x1b\[[0-9;]*m)")
_UID = regex(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}(?![\w])")
_SURELY = 5
"""Minimum components for a number with full stops to be a UID: IP addresses have four."""

_CODE = regex(rf"{CODE_PREFIX}[{CODE_LETTERS}]{{1,{CODE_LENGTH}}}")
_MADE_UP = regex(rf"(?<![\w.])(?:{_CODE.pattern}|2\.25\.[0-9]+)(?![\w.])")


class Mask:
    """Made-up values in place of real ones.

    A made-up value depends only on the real value and this object's secret, so it stays the same
    throughout a session and differs in the next.

    Args:
        secret: the secret that made-up values depend on; random by default.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        inventor = Pseudonyms(secret or os.urandom(32))
        self._made: dict[tuple[Action, str], str] = {}
        self._reals: dict[str, str] = {}
        self._known = Replacements()
        self._names = Replacements()
        self._short: dict[str, str] = {}
        self._days: set[str] = set()
        self._make: Mapping[Action, Callable[[str, int], str]] = {
            Action.NAME: inventor.name,
            Action.CODE: inventor.code,
            Action.UID: inventor.uid,
        }

    def value(self, attribute: Attribute, text: str, vr: str = "") -> str:
        """The value to show for an attribute, as one DICOM string.

        Args:
            attribute: the attribute.
            text: the value.
            vr: the VR if the dictionary has none.
        """
        how = treatment(attribute.tag, vr or attribute.vr)
        if how is Action.KEEP and (vr or attribute.vr) in CHARSET_VRS:
            return self.text(text)  # a description may name somebody
        if how is Action.KEEP or not text:
            return text
        if how is Action.BLANK:
            return MASKED if (vr or attribute.vr) in ("LT", "ST", "UT") else ""
        return "\\".join(self._one(how, part) for part in text.split("\\"))

    def hidden(self, text: str) -> str:
        """The replacement of a text of which nothing is shown; it is found in other texts, too."""
        self._known.add(text, MASKED)
        return MASKED

    def by_tag(self, tag: int, text: str) -> str:
        """Like `value`, by tag."""
        return self.value(by_tag(tag), text)

    def by_keyword(self, keyword: str, text: str) -> str:
        """Like `value`, by keyword, path or tag; otherwise like `text`."""
        base, part = split_part(keyword)
        if part is not None:
            return self._part(base, part, text)
        last = keyword.rpartition(".")[2].lstrip(">")
        tag = _TAG.match(last)
        if tag is not None:
            return self.by_tag(int(tag[1] + tag[2], 16), text)
        try:
            attribute = by_keyword(last)
        except KeyError:
            return self.word(text)
        return self.value(attribute, text) if attribute.keyword == last else self.word(text)

    def _part(self, base: str, part: Part, text: str) -> str:
        """A part of a value, which may show no more of it than the mask does."""
        attribute = find_path(base, Level.STUDY)[-1]
        how = treatment(attribute.tag, attribute.vr)
        shown = how is Action.KEEP or (how is Action.YEAR and part.name == "year")
        return text if shown else MASKED

    def _one(self, how: Action, real: str) -> str:
        real = real.strip(" \0")
        standard = how is Action.UID and real.startswith(STANDARD_ROOT)
        if not real or standard or real in self._reals:  # already made up
            return real
        if how is Action.YEAR:
            return self._first_days(real)
        made = self._made.get((how, real))
        return made if made is not None else self._invented(how, real)

    def _invented(self, how: Action, real: str) -> str:
        attempt = 0
        while (made := self._make[how](real, attempt)) in self._reals:
            attempt += 1
        self._made[how, real] = made
        self._reals[made] = real
        if how is Action.NAME:
            self._names.add(made, real)
        if len(real) < _LEAST:
            self._short.setdefault(real.lower(), made)
        elif how is not Action.UID:
            self._known.add(real, made)
        return made

    def _first_days(self, dates: str) -> str:
        """Each date, or month, as the first one of its year; nothing else is kept but a range.

        Digits that are neither are a date as somebody has typed it, and are hidden.
        """
        found = list(DATE.finditer(dates))
        rest = DATE.sub("", dates)
        if _NUMBERS.search(rest) and not _PLAIN_YEAR.match(dates):
            self._known.add(dates, MASKED)
            self._days.update(days_in(dates))
            if dates[:4].isdecimal() and not _PLAIN_YEAR.match(dates[:4]):
                self._known.add(dates[:4], MASKED)  # an error names what it takes for the year
            return MASKED
        for date in found:
            self._know_date(date)
        ends = dates.split("-") if not any(date[2] for date in found) else [dates]
        return "-".join("".join(first(date) for date in DATE.finditer(end)) for end in ends)

    def _know_date(self, date: re.Match[str]) -> None:
        """Find it in text from now on, as DICOM and ISO 8601 write it."""
        self._known.add(date[0], first(date))
        digits = date[0].replace("-", "")
        if len(digits) == len("YYYYMMDD"):
            year = digits[:4]
            self._known.add(digits, f"{year}0101")
            self._known.add(f"{year}-{digits[4:6]}-{digits[6:]}", f"{year}-01-01")
            self._known.add(f"{year}-{digits[4:6]}", f"{year}-01")
            self._days.update((digits, digits[:6]))

    def text(self, text: str) -> str:
        """Any text with its real values replaced: UIDs, and values masked before.

        Of values shorter than four characters, those that are quoted, assigned, or in a path. What
        a server says is free text.
        """
        parts = _COLOUR.split(text)
        parts[::2] = map(self._plain, parts[::2])
        return "".join(parts)

    def _plain(self, text: str) -> str:
        text = self._known.replace(_UID.sub(self._uid_in_text, _SAID.sub(rf"\1{MASKED}", text)))
        text = without(text, self._days) if self._days else text
        return _SHORT.sub(self._short_in_text, text) if self._short else text

    def _short_in_text(self, found: re.Match[str]) -> str:
        made = self._short.get(found[0].lower())
        if made is None:
            return found[0]
        line = found.string.rfind("\n", 0, found.start()) + 1  # more would be searched each time
        name = _ASSIGNED.search(found.string, line, found.start())
        return found[0] if name and _is_kept(name[1]) else made

    def typed(self, text: str) -> str:
        """Text that somebody typed, or made of values: short ones, and parts of words, count."""
        return self.text(_TOKEN.sub(self._token, self.glued(text)))

    def _token(self, found: re.Match[str]) -> str:
        shown = self.word(found[0])
        if shown != found[0]:
            return shown
        return _PART.sub(lambda part: self._short.get(part[0].lower(), part[0]), shown)

    def glued(self, text: str) -> str:
        """A text in which values may be parts of words, as of `x$PatientID`: long ones replaced."""
        return self._known.inside(text)

    def told(self, text: str, quoted: Iterable[str]) -> str:
        """The text of an error, in which what it quotes from a file may be anything.

        Args:
            text: the message, or the hint.
            quoted: what it quotes; names of attributes stay.
        """
        for one in sorted(quoted, key=len, reverse=True):
            if one and not is_keyword(one):
                text = text.replace(one, MASKED)
        return self.glued(text)

    def _uid_in_text(self, found: re.Match[str]) -> str:
        uid = found[0]
        known = (Action.UID, uid) in self._made
        if known or uid.count(".") >= _SURELY - 1:
            return self._one(Action.UID, uid)
        return uid

    def word(self, text: str) -> str:
        """A word as it may be shown: a complete value even if it is short."""
        for how in (Action.CODE, Action.UID):
            if (how, text) in self._made:
                return self._made[how, text]
        return self._short.get(text.lower()) or self.text(text)

    def real(self, text: str) -> str:
        """Typed text with made-up values replaced by the real ones.

        An identifier or UID may be typed by an unambiguous beginning.
        """
        return self._names.replace(_MADE_UP.sub(self._real_of, text))

    def _real_of(self, found: re.Match[str]) -> str:
        typed = found[0]
        if typed in self._reals:
            return self._reals[typed]
        begun = [real for made, real in self._reals.items() if made.startswith(typed)]
        return begun[0] if len(begun) == 1 else typed


def _is_kept(name: str) -> bool:
    """Whether what is assigned to a name is shown as it is: no key, or a key that is kept."""
    try:
        attribute = find_path(name, Level.PATIENT)[-1]
    except UsageError:
        return True
    return treatment(attribute.tag, attribute.vr) is Action.KEEP
