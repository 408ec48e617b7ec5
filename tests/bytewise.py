"""A server that compares bytes: no text is decoded, `?` stands for one byte, sets are as stored.

    with bytewise(Person("A1", "Grün^Anna", "ISO_IR 100")) as server:
        run("find patient Grün*", modality=server.address)
        server.asked    # [("ISO_IR 192", b"Gr\\xc3\\xbcn*"), …]

Like servers whose database holds the text of each file as it came. What else such servers do, or do
not, is a habit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.config import IGNORE

from dicomsh.dimse.elements import IMPLICIT_LITTLE_ENDIAN
from dicomsh.model.charset import decoder, encode
from dicomsh.model.keys import by_keyword
from tests.dimse.peers import scp

_CHARSET = 0x00080005
_BEYOND = "beyond ASCII"


@dataclass(frozen=True)
class Person:
    """A patient with one study; `more` are attributes by keyword, in the same character set."""

    key: str
    name: str
    charset: str = ""
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Habits:
    """What else the server does.

    Args:
        ignores: keywords of keys whose value it ignores; `beyond ASCII` for any such value.
        labels: whether rows name their character set: `always`, `asked` for it, or `never`.
        answers_in: the character set of all answers, or empty for that of each row as stored; what
            it lacks is left out.
        decodes: whether text is compared, not bytes.
        status: the status of each row.
        returned: keywords of attributes that are returned, or None for all.
    """

    ignores: frozenset[str] = frozenset()
    labels: str = "always"
    answers_in: str = ""
    decodes: bool = False
    status: int = 0xFF00
    returned: frozenset[str] | None = None


@dataclass
class Bytewise:
    """The running server, and each query it was sent: its set, None for none, and its name."""

    address: str
    asked: list[tuple[str | None, bytes]] = field(default_factory=list)


@contextmanager
def bytewise(*people: Person, habits: Habits | None = None) -> Iterator[Bytewise]:
    """A server that holds these patients."""
    ways = habits or Habits()
    asked: list[tuple[str | None, bytes]] = []

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        identifier = event.identifier
        keys = {int(tag): _raw(identifier, int(tag)) for tag in identifier.keys()}  # noqa: SIM118
        named = keys.get(_CHARSET)
        term = None if named is None else named.decode().strip()
        asked.append((term, keys.get(0x00100010, b"")))
        for number, person in enumerate(people, 1):
            held = _held(person, number, keys[0x00080052].decode().strip())
            matched = ((raw, held.get(tag, "")) for tag, raw in _matched(keys, ways))
            if all(_fits(raw, term, text, person, ways) for raw, text in matched):
                yield ways.status, _answer(held, keys, person, ways)

    with scp(find, transfer_syntaxes=[IMPLICIT_LITTLE_ENDIAN]) as peer:
        yield Bytewise(str(peer.entity), asked)


def _raw(identifier: Dataset, tag: int) -> bytes:
    value = identifier.get_item(tag).value
    return value.rstrip(b" \0") if isinstance(value, bytes) else b""


def _held(person: Person, number: int, level: str) -> dict[int, str]:
    values = {
        "PatientID": person.key,
        "PatientName": person.name,
        "StudyInstanceUID": f"1.2.3.{number}",
        "QueryRetrieveLevel": level,
        **person.more,
    }
    return {by_keyword(word).tag: text for word, text in values.items()}


def _matched(keys: dict[int, bytes], habits: Habits) -> Iterator[tuple[int, bytes]]:
    """The keys with a value, without those that it ignores."""
    ignored = {_CHARSET, *(by_keyword(word).tag for word in habits.ignores - {_BEYOND})}
    for tag, raw in keys.items():
        if raw and tag not in ignored and (raw.isascii() or _BEYOND not in habits.ignores):
            yield tag, raw


def _fits(raw: bytes, term: str | None, text: str, person: Person, habits: Habits) -> bool:
    """Whether a stored text matches a key: byte by byte, unless it decodes."""
    if habits.decodes:
        wanted = decoder((term or "").encode(), "")(raw)
        return bool(re.fullmatch(_pattern(wanted), text, re.IGNORECASE | re.DOTALL))
    stored = encode(text, person.charset).decode("latin-1")
    return bool(re.fullmatch(_pattern(raw.decode("latin-1")), stored, re.DOTALL))


def _pattern(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text)


def _answer(
    held: dict[int, str], keys: dict[int, bytes], person: Person, habits: Habits
) -> Dataset:
    charset = habits.answers_in or person.charset
    answer = Dataset()
    labels = habits.labels == "always" or (habits.labels == "asked" and _CHARSET in keys)
    if charset and labels:
        answer.SpecificCharacterSet = charset.split("\\")
    wanted = keys.keys() & held.keys()
    if habits.returned is not None:
        wanted &= {by_keyword(word).tag for word in habits.returned}
    for tag in sorted(wanted):
        raw = _written(held[tag], charset)
        answer.add(DataElement(tag, "LO", raw, validation_mode=IGNORE))
    return answer


def _written(text: str, charset: str) -> bytes:
    """The bytes of a text, without the letters that the set lacks."""
    decoded = (letter for letter in text if _holds(letter, charset))
    return encode("".join(decoded), charset)


def _holds(letter: str, charset: str) -> bool:
    from dicomsh.model.charset import carries

    return carries(letter, charset)
