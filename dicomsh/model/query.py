"""A query as it will be sent: a SOP class, the keys of the identifier, and perhaps a level."""

from __future__ import annotations

from enum import Enum

from dicomsh.frozen import field, frozen
from dicomsh.model.keys import Attribute
from dicomsh.model.level_keys import displayed
from dicomsh.model.levels import Level, Model, SopClass


class Matching(Enum):
    """Kinds of matching (PS3.4 C.2.2.2); the value is the paragraph of the standard."""

    SINGLE_VALUE = "C.2.2.2.1"
    UID_LIST = "C.2.2.2.2"
    UNIVERSAL = "C.2.2.2.3"
    WILDCARD = "C.2.2.2.4"
    RANGE = "C.2.2.2.5"
    SEQUENCE = "C.2.2.2.6"
    EMPTY_VALUE = "C.2.2.2.7"
    MULTIPLE_VALUES = "C.2.2.2.8"

    @property
    def title(self) -> str:
        """The kind in words: single value, UID list, …."""
        words = self.name.replace("_", " ").lower()
        return words.replace("uid", "UID")


EMPTY = '""'
"""The matching value that requests entities without a value (PS3.4 C.2.2.2.7)."""


class KeyOrigin(Enum):
    """Where a key of a query came from."""

    TYPED = "typed"
    PATTERN = "the pattern"
    CONTEXT = "the current place"
    LEVEL = "asked for by default at this level"
    RETURN = "asked for with +"
    WINDOW = "the window of --split"


_LONG = 200
"""Characters of a value beyond which it is shortened."""


@frozen
class QueryKey:
    """One element of the identifier.

    Args:
        path: the attribute, preceded by the sequences that hold it.
        value: the matching value as it is sent, in DICOM form (`CT\\MR`, `20240101-`); empty for
            universal matching.
        matching: the kind of matching that the value requests.
        origin: where the key came from.
        typed: the word it came from, as typed; empty if there is none.
        literal: whether the value came out of an answer, so that `*`, `?` and `\\` in it are
            ordinary characters, although a server takes them for wildcards and a list.
    """

    path: tuple[Attribute, ...]
    value: str
    matching: Matching
    origin: KeyOrigin
    typed: str = field(default="", compare=False)
    literal: bool = False

    @property
    def attribute(self) -> Attribute:
        """The attribute matched or requested, without the sequences around it."""
        return self.path[-1]

    @property
    def keyword(self) -> str:
        """Keywords of the path joined by full stops."""
        return ".".join(part.keyword for part in self.path)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of a list, each of which may match; otherwise the one value."""
        if self.matching in (Matching.UID_LIST, Matching.MULTIPLE_VALUES):
            return tuple(self.value.split("\\"))
        return (self.value,)

    @property
    def asked(self) -> str:
        """Keyword and value for display; of a long list, its start and the number of values."""
        value = self.value
        if len(value) > _LONG:
            value = f"{value[:60]}… ({value.count(chr(92)) + 1:,} values)"
        return f"{self.name}={value}"

    @property
    def name(self) -> str:
        """The keyword for display, and to type: of a worklist's step, without its sequence."""
        return displayed(self.keyword)


@frozen
class Query:
    """A request with an identifier, such as C-FIND, without its encoding.

    `keys` do not hold (0008,0052), and (0008,0005) only to request it: the values of both follow
    from `level` and `charset`.

    Args:
        sop_class: the information model and the service (PS3.4 C.3, K.6.1).
        level: the Query/Retrieve level; None if the model has no levels, such as a worklist.
        keys: the contents of the identifier.
        charset: defined term of its Specific Character Set; empty for a query in ASCII.
    """

    sop_class: SopClass
    level: Level | None
    keys: tuple[QueryKey, ...]
    charset: str = ""

    @property
    def model(self) -> Model:
        """The Query/Retrieve information model that it queries; raises ValueError for any other."""
        return Model(self.sop_class.uid)

    @property
    def levels_above(self) -> tuple[Level, ...]:
        """The levels above its own, from the patient down; none if it has no level."""
        return () if self.level is None else self.level.ancestors
