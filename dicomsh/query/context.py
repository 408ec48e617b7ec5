"""All that asking needs: archives, limits, the day, and the place where one stands. No shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from dicomsh.archives.archive import Archives
from dicomsh.frozen import field, frozen, replace
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request

Earlier = Callable[[str], Iterable[tuple[Request, Outcome]]]
"""What the modality of a name was asked before, and how each answer ended."""


def _nothing(name: str) -> Iterable[tuple[Request, Outcome]]:
    del name
    return ()


@frozen
class Limits:
    """What holds for every query that does not say otherwise.

    Args:
        rows: the largest number of rows, as it was set; None where none was.
        usual_rows: the largest number of rows where nobody set one, or None. It is not meant for
            an answer that is asked in windows: that one is wanted whole.
        seconds: the time limit for connecting, for the association and for a response, or None
            for those of the modality.
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
        archives: whom it may go to.
        today: the day that relative dates count from.
        limits: what holds for every query.
        modality: the one in use, or None.
        place: where one stands in it.
        earlier: what was asked before.
    """

    archives: Archives
    today: date
    limits: Limits = Limits()
    modality: Modality | None = None
    place: Place = field(default_factory=Place)
    earlier: Earlier = _nothing

    def known(self, modality: Modality) -> Modality:
        """A modality with what was found out about it, and the time limit that was set, if any."""
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
