"""Everything a query needs: archives, limits, today's date, the current place. No shell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Protocol

from dicomsh.archives.archive import Archives
from dicomsh.errors import Span, UsageError
from dicomsh.frozen import field, frozen, replace
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality, in_use
from dicomsh.model.place import Place
from dicomsh.model.plan import Request

if TYPE_CHECKING:
    from dicomsh.input.value_list import ValueList
    from dicomsh.model.keys import Attribute

Earlier = Callable[[str], Iterable[tuple[Request, Outcome]]]
"""Earlier requests to the modality of that name, and how each answer ended."""


def _nothing(name: str) -> Iterable[tuple[Request, Outcome]]:
    del name
    return ()


FindAll = Callable[[str, "Span | None"], "tuple[Modality, ...]"]
"""The modalities that names separated by commas mean; raises UsageError at the span for others."""


def _no_others(names: str, span: Span | None) -> tuple[Modality, ...]:
    raise UsageError(f"other modalities cannot be asked here: {names}", span=span)


ReadList = Callable[[str, "tuple[Attribute, ...]", Level], "Awaitable[ValueList]"]
"""Reads the list that `FILE[:COLUMN]` names; raises UsageError if it cannot be read."""


async def _no_lists(text: str, path: tuple[Attribute, ...], level: Level) -> ValueList:
    del path, level
    raise UsageError(f"files cannot be read here: @{text}")


@frozen
class Limits:
    """What applies to every query that does not set its own.

    Args:
        rows: maximum number of rows, as the user set it; None if not set.
        usual_rows: maximum number of rows if the user set none, or None. It does not apply to an
            answer that is split into windows: all of that one is wanted.
        seconds: the time limit for connecting, for the association and for a response; None for
            the limits set for the modality.
        model: the information model, or None to choose by query.
    """

    rows: int | None = None
    usual_rows: int | None = None
    seconds: float | None = None
    model: Model | None = None


@frozen
class QueryContext:
    """Where a query is asked from.

    Args:
        archives: where it may go.
        today: the day that relative dates count from.
        limits: what applies to every query.
        modalities: those in use.
        place: the current place in them.
        earlier: earlier queries.
        named: finds other modalities by their names.
        read_list: reads lists of values.
    """

    archives: Archives
    today: date
    limits: Limits = Limits()
    modalities: tuple[Modality, ...] = ()
    place: Place = field(default_factory=Place)
    earlier: Earlier = _nothing
    named: FindAll = _no_others
    read_list: ReadList = _no_lists

    @property
    def modality(self) -> Modality | None:
        """The modality in use; None if there is none, or if there are several."""
        return self.modalities[0] if len(self.modalities) == 1 else None

    def current(self) -> Modality:
        """The modality in use.

        Raises:
            UsageError: there is none, or there are several.
        """
        return in_use(self.modalities)

    def known(self, modality: Modality) -> Modality:
        """A modality with what was found out about it, and with the time limit set, if any."""
        modality = replace(modality, capabilities=self.archives.memory.of(modality))
        seconds = self.limits.seconds
        if seconds is None:
            return modality
        limits = replace(modality.timeouts, connect=seconds, association=seconds, response=seconds)
        return replace(modality, timeouts=limits)

    def settled(self, modality: Modality, options: QueryOptions) -> QueryOptions:
        """The options of a query, completed by the limits and the modality's configuration."""
        return replace(
            options,
            limit=options.limit or self._rows(modality, options),
            model=options.model or self.limits.model or modality.model,
        )

    def _rows(self, modality: Modality, options: QueryOptions) -> int | None:
        whole = options.split is not None
        return self.limits.rows or modality.limit or (None if whole else self.limits.usual_rows)


class Asks(Protocol):
    """What a command that only asks needs of the place where it runs."""

    @property
    def query(self) -> QueryContext:
        """Where queries are asked from."""
        ...
