"""What a statement did, as far as lessons check it."""

from __future__ import annotations

from dicomsh.errors import ExitStatus
from dicomsh.frozen import field, frozen
from dicomsh.model.answer import Outcome
from dicomsh.model.place import Place
from dicomsh.model.query import Query
from dicomsh.model.row import Row


@frozen
class StatementRecord:
    """One statement and its result.

    Args:
        text: the statement as typed.
        command: the name of its command; empty if there is none.
        status: how it ended.
        queries: the queries it sent, in order.
        rows: the rows of the answer it listed, or None.
        outcome: how that answer ended, or None.
        modality: the modality in use afterwards; empty for none.
        place: where the learner is afterwards.
    """

    text: str
    command: str
    status: ExitStatus = ExitStatus.DONE
    queries: tuple[Query, ...] = ()
    rows: tuple[Row, ...] | None = None
    outcome: Outcome | None = None
    modality: str = ""
    place: Place = field(default_factory=Place)
