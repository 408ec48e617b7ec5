"""What a command can use: the session, the archives, and the shell it runs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dicomsh.archives.archive import Archives
from dicomsh.frozen import frozen
from dicomsh.language.command import Registry
from dicomsh.model.answer import Outcome
from dicomsh.model.keys import Attribute
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.plan import Request
from dicomsh.query.context import Limits, QueryContext
from dicomsh.session.history import History
from dicomsh.session.state import Session
from dicomsh.trace.tracing import Tracing

if TYPE_CHECKING:
    from dicomsh.input.value_list import ValueList
    from dicomsh.lessons.tutor import Tutor


class LeaveShell(Exception):  # noqa: N818 - not an error: the user wants to leave
    """The user asked to leave the shell."""


@frozen
class Context:
    """Where a command runs.

    Args:
        session: what the shell remembers.
        archives: the archives that can be queried.
        tracing: the trace of the conversation with them.
        find_tutor: returns the course.
        registry: all commands, for help.
        run_file: runs a script file with its arguments in this shell.
        environ: environment variables.
        history: the lines typed at the prompt; None in scripts.
    """

    session: Session
    archives: Archives
    tracing: Tracing
    find_tutor: Callable[[], Tutor]
    registry: Registry
    run_file: Callable[[Path, tuple[str, ...]], Awaitable[None]]
    environ: Mapping[str, str]
    history: History | None = None

    @property
    def tutor(self) -> Tutor:
        """The course."""
        return self.find_tutor()

    @property
    def query(self) -> QueryContext:
        """The parts of this that a query needs."""
        session = self.session
        limits, place = limits_of(session), session.place
        return QueryContext(
            self.archives,
            session.today,
            limits,
            session.modalities,
            place,
            self._earlier,
            session.config.find_all,
            _read_list,
        )

    def _earlier(self, modality: str) -> Iterable[tuple[Request, Outcome]]:
        for kept in self.session.listings:
            if kept.asked_query and kept.outcome and kept.modality == modality:
                yield kept.asked_query.request, kept.outcome

    def known(self, modality: Modality) -> Modality:
        """A modality with the findings of probe, and with the session's time limit if any."""
        return self.query.known(modality)


async def _read_list(text: str, path: tuple[Attribute, ...], level: Level) -> ValueList:
    from dicomsh.input.value_list import read_list

    return await read_list(text, path, level)


def limits_of(session: Session) -> Limits:
    """The limits of a session; the prompt's default row limit does not count as set by the user."""
    settings = session.settings
    untouched = settings.limit == session.defaults.limit
    return Limits(
        rows=None if untouched else settings.limit,
        usual_rows=settings.limit if untouched else None,
        seconds=settings.timeout,
        model=settings.model,
    )
