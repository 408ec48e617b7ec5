"""The TARGET of a command: looked up in the session, and if need be in the archive."""

from __future__ import annotations

from dicomsh.commands.context import Context
from dicomsh.errors import NotThereError, UsageError
from dicomsh.frozen import frozen
from dicomsh.language.scan import Word
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.query import resolve as query
from dicomsh.query.resolve import ResolvedTarget
from dicomsh.session import targets
from dicomsh.session.state import Session


async def resolve(context: Context, target: Word | None) -> ResolvedTarget:
    """Where a TARGET leads; no target is the current place.

    Raises:
        NotThereError: it does not exist, or that is unknown; the span is the target's.
        UsageError: it is ambiguous; the span is the target's.
        DicomshError: the peer could not be asked.
    """
    session = context.session
    if target is None:
        return ResolvedTarget(session.current(), session.place)
    session.learn()
    try:
        return await query.resolve(context.query, _Listed(session), target.text)
    except (NotThereError, UsageError) as error:
        raise type(error)(error.message, hint=error.hint, span=target.span) from None


@frozen
class _Listed:
    """The targets that a session has listed; satisfies `dicomsh.query.resolve.KnownTargets`."""

    session: Session

    def start_of(self, text: str) -> tuple[Modality, Place, list[str]]:
        return targets.start_of(self.session, text)

    def whole_key(self, text: str) -> Place | None:
        return targets.whole_key(self.session, text)

    def known_step(
        self, modality: Modality, place: Place, segment: str, *, first: bool
    ) -> Place | None:
        return targets.known_step(self.session, modality, place, segment, first=first)

    def no_row(self, place: Place, segment: str, *, first: bool) -> str:
        return targets.no_row(self.session, place, segment, first=first)
