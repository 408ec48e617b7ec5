"""store: send files to an archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.errors import UsageError
from dicomsh.folders import path_of
from dicomsh.frozen import replace
from dicomsh.language.command import command
from dicomsh.language.kinds import COUNT, FILE, FOLDER, MODALITY, PORT, RETRIES
from dicomsh.language.scan import Word
from dicomsh.model.results import Records, listing_of
from dicomsh.retrieve.sources import Found, sources_of, sources_of_ledger
from dicomsh.retrieve.store import COLUMNS, StoreJob, StoreOptions, problem

_LEDGER = "a folder: send the files that its ledger lists"
_TO = "the archive to send to (the current one)"
_JOBS = "associations at a time (1)"
_RETRIES = "how often to send again what failed, where that may help (2)"
_DRY = "list the files; send nothing"
_COMMIT = "ask for storage commitment, and wait for the report"
_PORT = "the port to listen on for the report (11112)"


@command(
    "store",
    family="retrieve",
    examples=("store received --dry-run",),
)
async def store(
    context: Context,
    *paths: Annotated[Word, FILE],
    from_ledger: Annotated[Word | None, FOLDER, _LEDGER] = None,
    to: Annotated[Word | None, MODALITY, _TO] = None,
    jobs: Annotated[int | None, COUNT, _JOBS] = None,
    retries: Annotated[int | None, RETRIES, _RETRIES] = None,
    dry_run: Annotated[bool, _DRY] = False,
    commit: Annotated[bool, _COMMIT] = False,
    port: Annotated[int | None, PORT, _PORT] = None,
) -> Records:
    """Send files to an archive by C-STORE: files, folders, zip files, or what a DICOMDIR lists.

    Each file is sent in its own transfer syntax; nothing is converted. A truncated file is not
    sent. Files that the archive refuses are listed with its words. With --commit, the archive is
    asked to promise that it keeps the objects; some archives send their report to this computer,
    so they have to know its address and the port.
    """
    if not paths and from_ledger is None:
        raise UsageError("nothing to send", hint="store PATH…, or store --from-ledger DIR")
    session = context.session
    to_one = "store PATH… --to {}"
    modality = session.config.find(to.text, to.span) if to else session.current(to_one)
    options = StoreOptions(
        2 if retries is None else retries,
        jobs or 1,
        dry_run,
        (port or 0) if commit else None,
    )
    transfers = context.archives.transfers(context.known(modality))
    job = StoreJob(transfers, lambda: _found(paths, from_ledger), options)
    listing = listing_of(
        COLUMNS,
        job.records(),
        draw=problem,
        outcome=lambda: job.outcome,
        unit=("file", "files"),
        entities=True,
        own=True,
    )
    return Records(replace(listing, progress=lambda: job.progress))


def _found(paths: Sequence[Word], ledger: Word | None) -> Iterator[Found]:
    for word in paths:
        try:
            yield from sources_of(path_of(word.text))
        except UsageError as error:
            raise word.error(error) from None
    if ledger is not None:
        try:
            yield from sources_of_ledger(path_of(ledger.text))
        except UsageError as error:
            raise ledger.error(error) from None
