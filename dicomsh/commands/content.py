"""What is in objects: the files that `view` and `show --text` read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from dicomsh.commands.context import Context
from dicomsh.commands.target import resolve
from dicomsh.errors import UsageError
from dicomsh.event_loop import asyncio
from dicomsh.folders import path_of
from dicomsh.frozen import replace
from dicomsh.language.file_kinds import is_named_as_file, is_path
from dicomsh.language.scan import Word
from dicomsh.model.levels import Level, Model
from dicomsh.model.place import Place, PlaceStep
from dicomsh.model.results import Text
from dicomsh.query.resolve import ResolvedTarget
from dicomsh.retrieve.briefly import LAYOUT, fetched
from dicomsh.retrieve.contract import listed
from dicomsh.retrieve.fetch import FetchOptions
from dicomsh.retrieve.job import JobOptions

_GET = FetchOptions()
_WAYS = JobOptions((_GET, replace(_GET, sop_class=Model.STUDY_ROOT.move, port=0)))


def local_file(context: Context, target: Word | None) -> Path | None:
    """The file that a TARGET names, if it looks like the name of one and there is one.

    Row numbers, keys and UIDs are never files: `./1` is the file 1 in the current folder.

    Raises:
        UsageError: it can only be the name of a file, and there is none; or there is one, and what
            would be sent is to be explained.
    """
    if target is None:
        return None
    is_file = is_named_as_file(target.text)
    if not is_file and not is_path(target.text):
        return None
    try:
        path = path_of(target.text)
        there = path.is_file()
    except (OSError, ValueError, RuntimeError):
        there = False
    if there and not context.archives.sends:
        raise UsageError("nothing is sent: this reads a file", span=target.span)
    if is_file and not there:
        raise UsageError(f"there is no file '{target.text}'", span=target.span)
    return path if there else None


def check_unmasked(context: Context, what: str) -> None:
    """Raise UsageError if the session is masked: what is in an object cannot be."""
    if context.session.settings.mask:
        raise UsageError(f"masking does not reach into {what}", hint="set mask off")


def check_files_may_have_names(context: Context) -> None:
    """Raise UsageError if the session is masked, unless nothing is sent, as in a dry run."""
    if context.archives.sends:
        check_unmasked(context, "files: they would hold the real names")


async def instances_of(context: Context, target: Word | None) -> tuple[ResolvedTarget, list[Place]]:
    """An instance, or those of a series in the order of their numbers.

    Raises:
        NotThereError: it does not exist.
        UsageError: it is neither an instance nor a series; the span is the target's.
    """
    there = await resolve(context, target)
    level, span = there.place.level, target.span if target else None
    if level is Level.INSTANCE:
        return there, [there.place]
    if level is not Level.SERIES:
        raise UsageError("this needs an instance or a series", hint="'ls' lists them", span=span)
    modality = context.known(there.modality)
    found = await listed(context.query, modality, [there.place], LAYOUT)
    ordered = sorted(found.instances, key=lambda one: _number(one.number))
    if not ordered and context.archives.sends:
        raise UsageError("the archive lists no instances in this series", span=span)
    return there, [there.place.down(PlaceStep(Level.INSTANCE, one.uid)) for one in ordered]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


@asynccontextmanager
async def content_of(
    context: Context, there: ResolvedTarget, places: Sequence[Place]
) -> AsyncIterator[list[Path]]:
    """Inside the `async with`, the files of instances; none if nothing is sent."""
    async with fetched(context.query, there.modality, places, _WAYS) as files:
        yield files


_MOST_REPORTS = 20
"""Reports of a series that are shown together."""


async def text_of_objects(context: Context, target: Word | None) -> Text | None:
    """The text of a report, of those of a series one after another, or of a file.

    None if nothing is sent, as for `explain`.
    """
    check_unmasked(context, "the text of a report")
    local = local_file(context, target)
    if local is not None:
        return await _text([local])
    there, places = await instances_of(context, target)
    if len(places) > _MOST_REPORTS:
        raise UsageError(
            f"this series has {len(places):,} instances", hint="'ls' lists them; show --text N"
        )
    async with content_of(context, there, places) as files:
        return await _text(files) if files else None


async def _text(files: Sequence[Path]) -> Text:
    from dicomsh.objects.document import text_of

    texts = [await asyncio.to_thread(text_of, path) for path in files]
    return Text("\n\n".join(texts))
