"""Real values → made-up ones for what is shown, and back for what is typed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping

from dicomsh.mask.ps315_actions import Action, treatment
from dicomsh.mask.pseudonyms import (
    CODE_LENGTH,
    CODE_LETTERS,
    CODE_PREFIX,
    STANDARD_ROOT,
    Pseudonyms,
)
from dicomsh.mask.replacements import Replacements
from dicomsh.model.keys import Attribute, by_keyword, by_tag

MASKED = "(masked)"
"""What stands for free text."""

_LEAST = 4
"""Characters that a value must have to be looked for in text: shorter ones are ordinary words."""

_TAG = re.compile(r"\(?([0-9a-f]{4}),([0-9a-f]{4})\)?\Z")
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_UID = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}(?![\w])")
_SURELY = 5
"""Components from which on a number with full stops is taken for a UID: addresses have four."""

_CODE = re.compile(rf"{CODE_PREFIX}[{CODE_LETTERS}]{{1,{CODE_LENGTH}}}")
_MADE_UP = re.compile(rf"(?<![\w.])(?:{_CODE.pattern}|2\.25\.[0-9]+)(?![\w.])")


class Mask:
    """Made-up values in place of real ones.

    What a real value becomes depends on the value and on a secret of this object alone, so that it
    is the same all through a session and another in the next.

    Args:
        secret: what the made-up values depend on; random when left out.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        inventor = Pseudonyms(secret or secrets.token_bytes(32))
        self._made: dict[tuple[Action, str], str] = {}
        self._reals: dict[str, str] = {}
        self._known = Replacements()
        self._names = Replacements()
        self._make: Mapping[Action, Callable[[str, int], str]] = {
            Action.NAME: inventor.name,
            Action.CODE: inventor.code,
            Action.UID: inventor.uid,
        }

    def value(self, attribute: Attribute, text: str, vr: str = "") -> str:
        """What is shown for the value of an attribute, as one DICOM string.

        Args:
            attribute: whose value it is.
            text: the value.
            vr: the VR where the dictionary has none.
        """
        how = treatment(attribute.tag, vr or attribute.vr)
        if how is Action.KEEP or not text:
            return text
        if how is Action.BLANK:
            return MASKED if (vr or attribute.vr) in ("LT", "ST", "UT") else ""
        return "\\".join(self._one(how, part) for part in text.split("\\"))

    def by_tag(self, tag: int, text: str) -> str:
        """As `value`, by tag."""
        return self.value(by_tag(tag), text)

    def by_keyword(self, keyword: str, text: str) -> str:
        """As `value`, by keyword, path or tag; as `text` for what is none of these."""
        last = keyword.rpartition(".")[2].lstrip(">")
        tag = _TAG.match(last)
        if tag is not None:
            return self.by_tag(int(tag[1] + tag[2], 16), text)
        try:
            attribute = by_keyword(last)
        except KeyError:
            return self.text(text)
        return self.value(attribute, text) if attribute.keyword == last else self.text(text)

    def _one(self, how: Action, real: str) -> str:
        real = real.strip(" \0")
        standard = how is Action.UID and real.startswith(STANDARD_ROOT)
        if not real or standard or real in self._reals:  # made up already
            return real
        if how is Action.YEAR:
            return "-".join(map(_first_day, real.split("-")))
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
        if len(real) >= _LEAST and how is not Action.UID:
            self._known.add(real, made)
        return made

    def text(self, text: str) -> str:
        """Any text with the real values in it replaced: UIDs, and what was masked before."""
        parts = _COLOUR.split(text)
        parts[::2] = [self._known.replace(_UID.sub(self._uid_in_text, part)) for part in parts[::2]]
        return "".join(parts)

    def _uid_in_text(self, found: re.Match[str]) -> str:
        uid = found[0]
        known = (Action.UID, uid) in self._made
        if known or uid.count(".") >= _SURELY - 1:
            return self._one(Action.UID, uid)
        return uid

    def word(self, text: str) -> str:
        """A word as it may be shown: a whole value even if it is short."""
        for how in (Action.CODE, Action.UID):
            if (how, text) in self._made:
                return self._made[how, text]
        return self.text(text)

    def real(self, text: str) -> str:
        """What was typed, with made-up values replaced by the real ones they stand for.

        An identifier or UID may be typed by a beginning that no other has.
        """
        return self._names.replace(_MADE_UP.sub(self._real_of, text))

    def _real_of(self, found: re.Match[str]) -> str:
        typed = found[0]
        if typed in self._reals:
            return self._reals[typed]
        begun = [real for made, real in self._reals.items() if made.startswith(typed)]
        return begun[0] if len(begun) == 1 else typed


_DAY = re.compile(r"[0-9]{8}\Z")


def _first_day(day: str) -> str:
    """The first day of the same year; nothing for what is no day."""
    return f"{day[:4]}0101" if _DAY.match(day) else ""
