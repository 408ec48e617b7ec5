"""get and move: fetch or send the objects that were found, and prove that all of them came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from dicomsh.commands.content import check_files_may_have_names
from dicomsh.commands.context import Context
from dicomsh.commands.target import resolve_rows
from dicomsh.dimse.associate import is_title
from dicomsh.errors import UsageError
from dicomsh.folders import path_of
from dicomsh.frozen import replace
from dicomsh.language.command import command, stage
from dicomsh.language.kinds import COUNT, FOLDER, MODALITY, PORT, RETRIES, TARGET, VIA, WORD
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.daily_window import DailyWindow, read_daily_window
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import DicomAddress, Modality, PracticeAddress
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, places_of
from dicomsh.model.results import Listing, Records, listing_of
from dicomsh.model.row import Row
from dicomsh.query.resolve import ResolvedTarget
from dicomsh.retrieve import move_job
from dicomsh.retrieve.contract import Wanted
from dicomsh.retrieve.fetch import FetchOptions
from dicomsh.retrieve.job import Folder, JobOptions, RetrieveJob
from dicomsh.retrieve.layout import DEFAULT, Layout, read_layout, safe_name
from dicomsh.retrieve.records import COLUMNS, problem

_TO = "the folder for the files (named after the place)"
LAYOUT = "folders and names of the files below it"
_DRY = "list what would be retrieved; retrieve nothing"
_PROGRESS = "say a line about each series that is complete"
_CHECK = "read the files that are here and compare; retrieve nothing"
_RETRIES = "how often to ask again for what is missing (2)"
_JOBS = "associations at a time (1)"
_VIA = "C-GET, or C-MOVE to this computer; auto takes what the server offers (auto)"
_BETWEEN = "only at this time of day: 19:00..07:00"
_PORT = "the port that a C-MOVE sends to (11112)"
_DESTINATION = "where to: a modality, or an AE title that the archive knows"
_DRY_MOVE = "list what would be sent; send nothing"
_NO_VERIFY = "do not ask the destination what has arrived"


@command(
    "get",
    family="retrieve",
    examples=(
        "cd 0555643F; ls; cd 1; ls; get 1",
        "cd 0555643F; ls; cd 1; ls; get 1 --check",
        "get 0555643F --dry-run",
    ),
)
async def get(
    context: Context,
    *targets: Annotated[Word, TARGET],
    to: Annotated[Word | None, FOLDER, _TO] = None,
    layout: Annotated[Word | None, WORD, LAYOUT] = None,
    retries: Annotated[int | None, RETRIES, _RETRIES] = None,
    jobs: Annotated[int | None, COUNT, _JOBS] = None,
    via: Annotated[str | None, VIA, _VIA] = None,
    port: Annotated[int | None, PORT, _PORT] = None,
    between: Annotated[Word | None, WORD, _BETWEEN] = None,
    dry_run: Annotated[bool, _DRY] = False,
    check: Annotated[bool, _CHECK] = False,
    progress: Annotated[bool, _PROGRESS] = False,
) -> Records:
    """Fetch the objects of the current place, or of each TARGET, by C-GET.

    The archive is first asked for the list of instances; the result is complete when each of them
    is here as a whole file, whatever the archive says. What is missing is asked for again. A
    second 'get' into the same folder asks only for what is not there; 'dicomsh-ledger.ndjson' in
    it lists the files with their SHA-256. '3-5' are rows 3, 4 and 5 of the last listing.
    """
    wanted = await _targets(context, targets)
    window = None if between is None else _window(between)
    plain = FetchOptions(2 if retries is None else retries, jobs or 1, between=window)
    ways = _ways(plain, via, port)
    options = JobOptions(() if dry_run or check else ways, check)
    folder = _folder(wanted.places, to, layout)
    return _retrieved(context, wanted, folder, options, told=progress)


@stage(
    "get", examples=("find series mod=NM | get --to scans", "find series mod=CT | get --dry-run")
)
async def get_rows(
    context: Context,
    rows: Listing,
    *,
    to: Annotated[Word | None, FOLDER, _TO] = None,
    layout: Annotated[Word | None, WORD, LAYOUT] = None,
    retries: Annotated[int | None, RETRIES, _RETRIES] = None,
    jobs: Annotated[int | None, COUNT, _JOBS] = None,
    via: Annotated[str | None, VIA, _VIA] = None,
    port: Annotated[int | None, PORT, _PORT] = None,
    between: Annotated[Word | None, WORD, _BETWEEN] = None,
    dry_run: Annotated[bool, _DRY] = False,
    check: Annotated[bool, _CHECK] = False,
    progress: Annotated[bool, _PROGRESS] = False,
) -> Records:
    """Fetch the objects of every row, as the command 'get' does."""
    wanted = await _rows(context, rows)
    window = None if between is None else _window(between)
    plain = FetchOptions(2 if retries is None else retries, jobs or 1, between=window)
    ways = _ways(plain, via, port)
    options = JobOptions(() if dry_run or check else ways, check)
    folder = _folder(wanted.places or [rows.place], to, layout)
    return _retrieved(context, wanted, folder, options, told=progress)


@command(
    "move",
    family="retrieve",
    examples=("move 0555643F --to ARCHIVE --dry-run",),
)
async def move(
    context: Context,
    *targets: Annotated[Word, TARGET],
    to: Annotated[Word | None, MODALITY, _DESTINATION] = None,
    no_verify: Annotated[bool, _NO_VERIFY] = False,
    dry_run: Annotated[bool, _DRY_MOVE] = False,
) -> Records:
    """Make the archive send objects to another one, by C-MOVE: the current place, or each TARGET.

    --to is the AE title of the destination, or the name of a modality. The archive has to know its
    address. If the destination is a modality that can be asked, it is asked afterwards which
    instances it has; else the numbers are those of the sending archive. '3-5' are rows 3, 4 and 5
    of the last listing.
    """
    wanted = await _targets(context, targets)
    return _moved(context, wanted, _destination(context, to, verify=not no_verify), dry=dry_run)


@stage("move", examples=("find series mod=CT | head 3 | move --to ARCHIVE --dry-run",))
async def move_rows(
    context: Context,
    rows: Listing,
    *,
    to: Annotated[Word | None, MODALITY, _DESTINATION] = None,
    no_verify: Annotated[bool, _NO_VERIFY] = False,
    dry_run: Annotated[bool, _DRY_MOVE] = False,
) -> Records:
    """Make the archive send the objects of every row, as the command 'move' does."""
    wanted = await _rows(context, rows)
    return _moved(context, wanted, _destination(context, to, verify=not no_verify), dry=dry_run)


async def _targets(context: Context, targets: Sequence[Word]) -> Wanted:
    """The places that TARGETs name; none of them is a whole archive."""
    there: list[ResolvedTarget] = []
    for target in targets or (None,):
        named = await resolve_rows(context, target)
        if any(found.place.level in (None, Level.WORKLIST) for found in named):
            raise UsageError(
                "this needs a patient, study, series or instance: an archive is not fetched whole",
                hint="name a TARGET, or cd to one",
                span=target.span if target else None,
            )
        there += named
    modality = _only_one([found.modality for found in there])
    return Wanted(modality, [found.place for found in there])


def _only_one(modalities: Sequence[Modality]) -> Modality:
    """The archive that everything comes from.

    Raises:
        UsageError: there are several.
    """
    names = dict.fromkeys(modality.name for modality in modalities)
    if len(names) > 1:
        raise UsageError(
            f"these are in several archives: {', '.join(names)}",
            hint="for each of them by itself: … | each get, or … | where modality=NAME | get",
        )
    return modalities[0]


async def _rows(context: Context, rows: Listing) -> Wanted:
    """The places of the rows of a listing."""
    if rows.level in (None, Level.WORKLIST):
        raise UsageError(
            "this needs patients, studies, series or instances",
            hint="rows of find or ls; of others that have a UID: … | each get $StudyInstanceUID",
        )
    answer = rows.answer
    try:
        received = [row async for batch in answer for row in batch]
    finally:
        await answer.aclose()
    found = await places_of(received, rows.level, rows.place)
    places = [place for place in found if place is not None]
    modality = _modality_of_rows(context, rows, received)
    return Wanted(modality, places, _told(answer.outcome, received, places))


def _moved(
    context: Context, wanted: Wanted, destination: move_job.Destination, *, dry: bool
) -> Records:
    if destination.modality is not None and destination.modality.name == wanted.modality.name:
        raise UsageError(
            f"{destination.modality.name} is the archive that is to send", hint="--to another one"
        )
    job = move_job.MoveJob(context.query, wanted, None if dry else destination)
    listing = listing_of(
        move_job.COLUMNS,
        job.records(),
        outcome=lambda: job.outcome,
        unit=("instance", "instances"),
        entities=True,
        own=True,
    )
    return Records(replace(listing, progress=lambda: job.progress))


def _destination(context: Context, to: Word | None, *, verify: bool) -> move_job.Destination:
    """A modality by its name or its AE title, or an AE title that we know nothing about."""
    if to is None:
        raise UsageError("move needs a destination", hint="move … --to NAME, or --to AETITLE")
    modalities = context.session.config.modalities
    named = modalities.get(to.text)
    same = [known for known in modalities.values() if _aet(known) == to.text]
    found = named or next(iter(same), None)
    if found is None:
        if not is_title(to.text):
            raise UsageError(f"'{to.text}' is not a valid AE title", span=to.span)
        return move_job.Destination(to.text, None, verify)
    aet = _aet(context.archives.reach(found))
    return move_job.Destination(aet, found, verify)


def _aet(modality: Modality) -> str:
    address = modality.address
    return address.aet if isinstance(address, DicomAddress | PracticeAddress) else ""


def _modality_of_rows(context: Context, listing: Listing, rows: Sequence[Row]) -> Modality:
    names = dict.fromkeys(row.archive for row in rows if row.archive) or listing.archives[:1]
    known = [found for name in names if (found := context.session.known(name)) is not None]
    return _only_one(known) if known else modality_of(context, listing)


def modality_of(context: Context, rows: Listing) -> Modality:
    """The archive that rows came from."""
    return rows.asked_query.modality if rows.asked_query else context.session.current()


def _told(outcome: Outcome, rows: Sequence[Row], places: Sequence[Place]) -> Outcome:
    """How certain the rows are; those without a unique key cannot be retrieved."""
    outcome = replace(outcome, notes=())
    unnamed = len(rows) - len(places)
    if not unnamed:
        return outcome
    said = note(NoteKind.UNNAMED_ENTITIES, count=unnamed)
    return replace(outcome, ending=Ending.PARTIAL, notes=(said,))


def _window(word: Word) -> DailyWindow:
    try:
        return read_daily_window(word.text)
    except UsageError as error:
        raise word.error(error) from None


def _ways(options: FetchOptions, via: str | None, port: int | None) -> tuple[FetchOptions, ...]:
    """C-GET, C-MOVE, or the second where an archive does not offer the first."""
    move = replace(options, sop_class=Model.STUDY_ROOT.move, port=port or 0)
    if via == "move" and options.jobs > 1:
        raise UsageError("--jobs works with C-GET only: a C-MOVE has one port to arrive at")
    return {"get": (options,), "move": (move,)}.get(via or "", (options, replace(move, jobs=1)))


def _folder(places: Sequence[Place], to: Word | None, layout: Word | None) -> Folder:
    path = path_of(to.text) if to else Path(safe_name(_title(places)))
    return Folder(path, layout_of(layout))


def layout_of(word: Word | None) -> Layout:
    """The layout in an option, or the usual one.

    Raises:
        UsageError: it is not a layout; the span is the option's.
    """
    try:
        return read_layout(word.text if word else DEFAULT)
    except UsageError as error:
        assert word is not None
        raise word.error(error) from None


def _title(places: Sequence[Place]) -> str:
    """The name of the place that several places share."""
    shared = places[0]
    while any(place.steps[: len(shared.steps)] != shared.steps for place in places):
        shared = shared.parent
    return shared.labels[-1] if shared.steps else "dicom"


def _retrieved(
    context: Context, wanted: Wanted, folder: Folder, options: JobOptions, *, told: bool
) -> Records:
    """The records of a retrieval; `told` is whether it says when a series is complete."""
    check_files_may_have_names(context)
    job = RetrieveJob(context.query, wanted, folder, options)
    listing = listing_of(
        COLUMNS,
        job.records(),
        draw=problem,
        outcome=lambda: job.outcome,
        unit=("instance", "instances"),
        entities=True,
        own=True,
    )
    listing = Records(replace(listing, progress=lambda: job.progress))
    return Records(replace(listing, remarks=job.remarks)) if told else listing
