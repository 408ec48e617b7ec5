"""Records what a statement does, for the session and for lessons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dicomsh.errors import ExitStatus
from dicomsh.language.analyse import analyse
from dicomsh.language.command import Registry
from dicomsh.language.scan import Statement
from dicomsh.model.query import Query
from dicomsh.model.tap import Tap
from dicomsh.session.kept_answer import KeptAnswer
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Failure, Session

if TYPE_CHECKING:
    from dicomsh.lessons.statement_record import StatementRecord
    from dicomsh.lessons.tutor import Tutor


class Recorder:
    """Watches each statement, and tells the tutor of a lesson what happened.

    Args:
        session: what the shell remembers.
        registry: all commands.
        tap: reports queries.
        tutor: returns the course if a lesson may be in progress.
        talk: writes a line to the user.
    """

    def __init__(
        self,
        session: Session,
        registry: Registry,
        tap: Tap,
        tutor: Callable[[], Tutor | None],
        talk: Callable[[str], None],
    ) -> None:
        self._tutor = tutor
        self._talk = talk
        self._session = session
        self._registry = registry
        self._tap = tap
        self._queries: list[Query] = []
        self._before: KeptAnswer | None = None
        self._failed = False

    def error_told(self) -> None:
        """Note that the statement failed: one with a failure status may just have differences."""
        self._failed = True

    async def attend(
        self, running: Awaitable[ExitStatus], statement: Statement, text: str
    ) -> ExitStatus:
        """Await a statement of a text, then show the tutor's comment on it."""
        session, before = self._session, self._session.last
        session.command = command = " ".join(text[slice(*statement.span)].split())
        self._failed = False
        with self._watching():
            status = await running
        if self._failed and session.last is before:
            session.failure = Failure(command, before)
        tutor = self._tutor()
        if tutor is not None and tutor.step is not None:
            for line in tutor.after(self._happened(statement, text, status)):
                self._talk(line)
        return status

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Note what is sent and listed inside the `with`."""
        self._queries = []
        self._before = self._session.last
        note = self._queries.append
        self._tap.asked.append(note)
        try:
            yield
        finally:
            self._tap.asked.remove(note)

    def _happened(self, statement: Statement, text: str, status: ExitStatus) -> StatementRecord:
        """What the last watched statement did."""
        from dicomsh.lessons.statement_record import StatementRecord

        session, listed = self._session, self._session.last
        new = listed if listed is not self._before else None
        return StatementRecord(
            text[statement.span.start : statement.span.end],
            self._name(statement),
            status,
            tuple(self._queries),
            tuple(new.rows) if new else None,
            new.outcome if new else None,
            session.names_in_use,
            session.place,
        )

    def _name(self, statement: Statement) -> str:
        command = analyse(statement, self._registry, SessionKnowledge(self._session)).command
        return command.name if command else ""
