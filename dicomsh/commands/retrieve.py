"""get: fetch the objects that were found, and prove that all of them came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.commands.target import resolve
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.language.command import command, stage
from dicomsh.language.kinds import COUNT, FILE, PORT, RETRIES, TARGET, VIA, WORD
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import Record
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.place import Place, places_of
from dicomsh.model.results import Listing, Records, listing_of
from dicomsh.model.row import Row
from dicomsh.retrieve.fetch import FetchOptions
from dicomsh.retrieve.job import COLUMNS, Folder, JobOptions, RetrieveJob, Wanted
from dicomsh.retrieve.layout import DEFAULT, read_layout, safe_name

_TO = "the folder for the files (named after the place)"
_LAYOUT = "folders and names of the files below it"
_DRY = "list what would be retrieved; retrieve nothing"
_CHECK = "read the files that are here and compare; retrieve nothing"
_RETRIES = "how often to ask again for what is missing (2)"
_JOBS = "associations at a time (1)"
_VIA = "C-GET, or C-MOVE to this computer; auto takes what the server offers (auto)"
_PORT = "the port that a C-MOVE sends to (11112)"
_USUAL_PORT = 11112
"""The port registered for DICOM besides 104, which only administrators may listen on."""


@command(
    "get",
    family="retrieve",
    examples=("get 0555643F --dry-run", "cd 0555643F; ls; get 1 --dry-run"),
)
async def get(
    context: Context,
    *targets: Annotated[Word, TARGET],
    to: Annotated[Word | None, FILE, _TO] = None,
    layout: Annotated[Word | None, WORD, _LAYOUT] = None,
    retries: Annotated[int | None, RETRIES, _RETRIES] = None,
    jobs: Annotated[int | None, COUNT, _JOBS] = None,
    via: Annotated[str | None, VIA, _VIA] = None,
    port: Annotated[int | None, PORT, _PORT] = None,
    dry_run: Annotated[bool, _DRY] = False,
    check: Annotated[bool, _CHECK] = False,
) -> Records:
    """Fetch the objects of the current place, or of each TARGET, by C-GET.

    The archive is first asked for the list of instances; the result is complete when each of them
    is here as a whole file, whatever the archive says. What is missing is asked for again. A
    second 'get' into the same folder asks only for what is not there; 'dicomsh-ledger.ndjson' in
    it lists the files with their SHA-256.
    """
    there = [await resolve(context, target) for target in targets or (None,)]
    for found, target in zip(there, targets or (None,), strict=True):
        if found.place.level is None:
            raise UsageError(
                "get needs a patient, study, series or instance: an archive is not fetched whole",
                hint="get TARGET, or cd to one",
                span=target.span if target else None,
            )
    places = [found.place for found in there]
    ways = _ways(FetchOptions(2 if retries is None else retries, jobs or 1), via, port)
    options = JobOptions(() if dry_run or check else ways, check)
    wanted = Wanted(there[0].modality, places)
    return _retrieved(context, wanted, _folder(places, to, layout), options)


@stage("get", examples=("find series mod=CT | get --dry-run", "ls 0555643F | get --dry-run"))
async def get_rows(
    context: Context,
    rows: Listing,
    *,
    to: Annotated[Word | None, FILE, _TO] = None,
    layout: Annotated[Word | None, WORD, _LAYOUT] = None,
    retries: Annotated[int | None, RETRIES, _RETRIES] = None,
    jobs: Annotated[int | None, COUNT, _JOBS] = None,
    via: Annotated[str | None, VIA, _VIA] = None,
    port: Annotated[int | None, PORT, _PORT] = None,
    dry_run: Annotated[bool, _DRY] = False,
    check: Annotated[bool, _CHECK] = False,
) -> Records:
    """Fetch the objects of every row, as the command 'get' does."""
    if rows.level is None:
        raise UsageError("get needs patients, studies, series or instances", hint="find … | get")
    answer, level = rows.answer, rows.level
    try:
        received = [row async for batch in answer for row in batch]
    finally:
        await answer.aclose()
    places = [place for place in places_of(received, level, rows.place) if place is not None]
    wanted = Wanted(modality_of(context, rows), places, _told(answer.outcome, received, places))
    ways = _ways(FetchOptions(2 if retries is None else retries, jobs or 1), via, port)
    options = JobOptions(() if dry_run or check else ways, check)
    folder = _folder(places or [rows.place], to, layout)
    return _retrieved(context, wanted, folder, options)


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


def _ways(options: FetchOptions, via: str | None, port: int | None) -> tuple[FetchOptions, ...]:
    """C-GET, C-MOVE, or the second where an archive does not offer the first."""
    move = replace(options, sop_class=Model.STUDY_ROOT.move, port=port or _USUAL_PORT)
    if via == "move" and options.jobs > 1:
        raise UsageError("--jobs works with C-GET only: a C-MOVE has one port to arrive at")
    return {"get": (options,), "move": (move,)}.get(via or "", (options, replace(move, jobs=1)))


def _folder(places: Sequence[Place], to: Word | None, layout: Word | None) -> Folder:
    try:
        found = read_layout(layout.text if layout else DEFAULT)
    except UsageError as error:
        assert layout is not None
        raise layout.error(error) from None
    path = Path(to.text).expanduser() if to else Path(safe_name(_title(places)))
    return Folder(path, found)


def _title(places: Sequence[Place]) -> str:
    """The name of the place that several places share."""
    shared = places[0]
    while any(place.steps[: len(shared.steps)] != shared.steps for place in places):
        shared = shared.parent
    return shared.labels[-1] if shared.steps else "dicom"


def _retrieved(context: Context, wanted: Wanted, folder: Folder, options: JobOptions) -> Records:
    if context.session.settings.mask:
        raise UsageError(
            "masking does not reach into files: they would hold the real names",
            hint="set mask off",
        )
    job = RetrieveJob(context.query, wanted, folder, options)
    listing = listing_of(
        COLUMNS,
        job.records(),
        draw=_problem,
        outcome=lambda: job.outcome,
        unit=("instance", "instances"),
        entities=True,
    )
    return Records(replace(listing, headway=lambda: job.headway))


def _problem(record: Record) -> str | None:
    """A line about an object that is not there; for people, the others are only counted."""
    if record["state"] in ("arrived", "here"):
        return None
    about = " ".join(filter(None, (record["Modality"], record["SeriesNumber"])))
    name = f"{about} #{record['InstanceNumber']}" if record["InstanceNumber"] else about
    said = f": {record['reason']}" if record["reason"] else ""
    return f"{record['state']}  {name}  {record['SOPInstanceUID']}{said}".replace("    ", "  ")
