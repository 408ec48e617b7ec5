"""The TARGET of a command: looked up in the session, and if need be in the archive."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dicomsh.commands.context import Context
from dicomsh.errors import NotThereError, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.frozen import frozen, replace
from dicomsh.language.scan import Word
from dicomsh.model.batches import BATCH_ROWS
from dicomsh.model.modality import Modality
from dicomsh.model.place import PathStart, Place, quote_segment
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
    if target is None:
        return ResolvedTarget(context.session.current(), context.session.place)
    (there,) = await _resolved(context, target, lambda text: [text])
    return there


async def resolve_rows(context: Context, target: Word | None) -> list[ResolvedTarget]:
    """Where a TARGET leads that may be several rows, as `3-5`; raises as `resolve` does."""
    if target is None:
        return [await resolve(context, None)]
    return await _resolved(context, target, partial(targets.rows_in, context.session))


async def _resolved(
    context: Context, target: Word, read: Callable[[str], list[str]]
) -> list[ResolvedTarget]:
    while context.session.learn(BATCH_ROWS):
        await asyncio.sleep(0)
    try:
        return [await _resolved_text(context, text) for text in read(target.text)]
    except (NotThereError, UsageError) as error:
        raise type(error)(error.message, hint=error.hint, span=target.span) from None


async def _resolved_text(context: Context, text: str) -> ResolvedTarget:
    session = context.session
    if _is_key_of_several(session, text):
        return await _in_one_of_several(context, text)
    return await query.resolve(context.query, _Listed(session), text)


def _is_key_of_several(session: Session, text: str) -> bool:
    """Whether a TARGET may be in any of several modalities in use."""
    if len(session.modalities) < 2 or text.startswith("/"):
        return False
    number, last = targets.row_number(text.partition("/")[0]), session.last
    return number is None or last is None or not last.archive(number)


async def _in_one_of_several(context: Context, text: str) -> ResolvedTarget:
    """Where a TARGET leads that only one of the modalities in use has.

    Raises:
        NotThereError: none of them has it.
        UsageError: several have it; the hint is the path to each.
        DicomshError: none has it, as far as they could be asked.
    """
    there = [context.session.seen_in(modality) for modality in context.session.modalities]
    contexts = [replace(context, session=one) for one in there]
    looked = [query.resolve(one.query, _Listed(one.session), text) for one in contexts]
    results = await asyncio.gather(*looked, return_exceptions=True)
    found = [result for result in results if isinstance(result, ResolvedTarget)]
    errors = [result for result in results if isinstance(result, BaseException)]
    if not found:
        unknown = [error for error in errors if not isinstance(error, NotThereError)]
        raise (unknown or errors)[0]
    if len(found) > 1:
        paths = [f"/{quote_segment(one.modality.name)}{one.place.path}" for one in found]
        hint = f"one of {', '.join(paths)}"
        raise UsageError(f"'{text}' is in {len(found)} of the archives", hint=hint)
    return found[0]


@frozen
class _Listed:
    """The targets that a session has listed; satisfies `dicomsh.query.resolve.KnownTargets`."""

    session: Session

    def start_of(self, text: str) -> PathStart:
        return targets.start_of(self.session, text)

    def whole_key(self, text: str) -> Place | None:
        return targets.whole_key(self.session, text)

    def known_step(
        self, modality: Modality, place: Place, segment: str, *, first: bool
    ) -> Place | None:
        return targets.known_step(self.session, modality, place, segment, first=first)

    def no_row(self, place: Place, segment: str, *, first: bool) -> str:
        return targets.no_row(self.session, place, segment, first=first)
