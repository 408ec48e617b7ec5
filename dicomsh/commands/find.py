"""find: C-FIND at a level, or of a worklist. It needs what a query needs, and no session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from dicomsh.commands.as_device import AS_HELP, as_device, asked_as
from dicomsh.errors import UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.language.command import Alone, AsRecords, command
from dicomsh.language.kinds import (
    COUNT,
    DEVICE,
    FILE,
    LEVEL,
    MODALITIES,
    MODEL,
    PATTERN,
    PERIOD,
    QUERIES,
    TERM,
)
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term, pattern_key, query_keys
from dicomsh.model.adapt import date_times
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.derived_answer import Processed
from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.level_keys import displayed
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Device, Modality
from dicomsh.model.moments import ends
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.parts import with_time
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, QueryKey
from dicomsh.model.results import Listing, Records
from dicomsh.model.windows import Period
from dicomsh.query.ask import Advised, Way, ask, plain_way
from dicomsh.query.context import Asks
from dicomsh.query.suggest import advice

LIMIT_HELP = "stop after N rows"
QUERIES_HELP = "with --split: at most N queries more (2,000)"
SPLIT_HELP = "ask for studies in date windows: if the answer is cut off, or from the start"
MODEL_HELP = "query in this information model: patient or study"
RELATIONAL_HELP = "negotiate relational queries: keys of higher levels may be left out"
FUZZY_HELP = "negotiate fuzzy name matching: the server decides which names are similar"
EMPTY_HELP = "negotiate matching of empty values: the server matches Key='\"\"'"
MISSING_HELP = "with a list of values, Key=@FILE: show those that were not found"
RESUME_HELP = "with a list of values: keep the answers in FILE, and ask only for the rest next time"
LINT_HELP = "worklist: list what may keep a device from taking an item"
DATETIME_HELP = "treat date and time ranges as one continuous period"


ON_HELP = "ask these modalities, side by side: names or groups with commas, or all"


@frozen
class Whom:
    """Who is asked, and as whom.

    Args:
        on: names of modalities, or None for those in use.
        device: the device that asks, or None.
        modality: the modality that a TARGET is in, or None.
    """

    on: Word | None = None
    device: Device | None = None
    modality: Modality | None = None


async def asked(
    context: Asks, whom: Whom, request: Request, options: QueryOptions, way: Way = plain_way
) -> Listing:
    """The answer of one modality, or of several that are in use or named.

    Raises:
        UsageError: no modality is in use or named, or a name means nothing.
        DicomshError: the only modality cannot be asked.
    """
    query, on = context.query, whom.on
    several = len(query.modalities) > 1 and whom.modality is None
    if on is None and not several:
        modality = whom.modality or query.current()
        modality, request = as_device(modality, request, whom.device)
        return asked_as(await ask(query, modality, request, options, way), whom.device)
    from dicomsh.query.several import ask_several

    modalities = query.named(on.text, on.span) if on else query.modalities
    asking = [as_device(modality, request, whom.device) for modality in modalities]
    # each by itself suggests nothing: that one of them has nothing is often why several are asked
    apart, request = replace(query, modalities=()), asking[0][1]
    listing = ask_several(apart, [one for one, _ in asking], request, options, way)
    line = advice(request, query.place, ("--on", on.text) if on else ())
    advised = Advised(empty=(note(NoteKind.TRY, line),) if line else ())
    return asked_as(replace(listing, answer=Processed(listing.answer, [advised])), whom.device)


@command(
    "find",
    family="query",
    examples=(
        "find patient JOD* sex=M",
        "find study date=2009 mod=CT,MR",
        "find study PatientName=*山田* +ReferringPhysicianName",
        "find series CT --limit 10",
        "find study date=2024 --split",
        "find study acc=A4713 --on all",
        "find worklist date=today mod=CT,MR",
        "find worklist station=CT1 --lint",
    ),
)
async def find(
    context: Asks,
    level: Annotated[Level, LEVEL],
    pattern: Annotated[Word | None, PATTERN] = None,
    *terms: Annotated[Term, TERM],
    limit: Annotated[int | None, COUNT, LIMIT_HELP] = None,
    model: Annotated[Model | None, MODEL, MODEL_HELP] = None,
    relational: Annotated[bool, RELATIONAL_HELP] = False,
    fuzzy: Annotated[bool, FUZZY_HELP] = False,
    datetime: Annotated[bool, DATETIME_HELP] = False,
    empty: Annotated[bool, EMPTY_HELP] = False,
    split: Annotated[Period | None, PERIOD, Alone(Period.AUTO), SPLIT_HELP] = None,
    queries: Annotated[int | None, QUERIES, QUERIES_HELP] = None,
    as_: Annotated[Device | None, DEVICE, AS_HELP] = None,
    on: Annotated[Word | None, MODALITIES, ON_HELP] = None,
    lint: Annotated[bool, LINT_HELP, AsRecords] = False,
    missing: Annotated[bool, MISSING_HELP, AsRecords] = False,
    resume: Annotated[Word | None, FILE, RESUME_HELP] = None,
) -> Listing | Records:
    """Query at a level, inside the current place; or a worklist.

    The query includes the unique keys of your place above that level. Key=Value matches, +Key
    requests an attribute. PATTERN means the patient's name (or ID, if it contains a digit); for
    series the Modality or description; for instances the number. A worklist is what a RIS has
    scheduled: its keys date, time, mod, station, physician, step and status are those of the
    scheduled step ('help worklist'). Names are matched as typed; wildcards are * and ?. dicomsh
    negotiates --relational, --fuzzy, --datetime and --empty with the server (PS3.4 C.5.1.1), on a
    separate association. If the server cuts an answer off, --split asks for the studies again in
    ever smaller date windows, and also if it does not answer in time; --split day, week or month
    starts with windows of that size. It also shows StudyTime, and stops dividing after as many
    queries as --queries says. --lint checks each item of a worklist (PS3.4 K.6.1.2.2): values that
    a device needs, their lengths, and numbers that items share; exit status 1 if something is
    wrong. --as asks with the AE title of a device of modalities.yaml, or with any AE title; a
    worklist is then asked for its station, and for its Modality.

    Key=@FILE asks for each value of a list: one a line, or a column of CSV, TSV, JSON, NDJSON or
    Parquet (Key=@FILE:COLUMN); Key=@- reads standard input. The rows come in the order of the list,
    and the line below counts the values that were found; --missing shows those that were not. With
    --resume FILE, a run that was interrupted continues where it ended; FILE is removed when nothing
    is left to ask for.

    With --on, or after 'use' of several, the modalities are asked at the same time: the rows say
    which archive they come from, a line for each says how its answer ended, and --limit applies to
    each.
    """
    today = context.query.today
    keys = [] if pattern is None else [pattern_key(level, pattern, today)]
    keys += query_keys(terms, level, today, over_midnight=datetime or level is Level.WORKLIST)
    check_nights(keys, terms)
    place = context.query.place.above(level)
    if level is Level.WORKLIST:
        hierarchical = {"--model": model, "--relational": relational, "--datetime": datetime}
        check_worklist({**hierarchical, "--split": split})
    wanted = extensions(relational=relational, fuzzy=fuzzy, datetime=datetime, empty=empty)
    request = Request(level, place, keys_once(keys, terms))
    if split is not None:
        request = with_time(request)
    elif queries is not None:
        raise UsageError("--queries is for --split", hint="find study … --split --queries N")
    options = QueryOptions(limit, model, wanted, split, queries)
    way = plain_way if split is None else _split_way()
    listed = only_list(terms)
    if listed is not None:
        wants = _Wants(listed, resume, missing)
        return await _listed(context, Whom(on, as_), request, options, wants)
    check_only_of_lists({"--missing": missing, "--resume": resume})
    if lint and on:
        raise UsageError("--lint checks one worklist", hint="omit --on", span=on.span)
    if lint:
        modality, request = as_device(context.query.current(), request, as_)
        return await _linted(context, modality, request, options)
    return await asked(context, Whom(on, as_), request, options, way)


def check_only_of_lists(given: Mapping[str, object]) -> None:
    """Refuse options that need a list of values; raises UsageError.

    Args:
        given: the value of each option.
    """
    for option, value in given.items():
        if value:
            hint = f"find study acc=@FILE {option}"
            raise UsageError(f"{option} needs a list of values", hint=hint)


@frozen
class _Wants:
    """A list, the file of its checkpoint, and whether the values that are not found are wanted."""

    term: Term
    resume: Word | None
    missing: bool


async def _listed(
    context: Asks, whom: Whom, request: Request, options: QueryOptions, wants: _Wants
) -> Listing | Records:
    """The rows for each value of a list, or the values that have none."""
    from dicomsh.commands.listed import list_way, not_found

    term = wants.term
    if options.split is not None:
        hint = "leave out --split: each value is a query of its own"
        raise UsageError("a list of values is not split by date", hint=hint, span=term.word.span)
    way = await list_way(context.query, term, request.level, options.limit, wants.resume)
    listing = await asked(context, whom, request, options, way)
    if len(listing.archives) > 1 and (wants.missing or wants.resume):
        option = "--missing" if wants.missing else "--resume"
        raise UsageError(f"{option} asks one archive", hint="--on NAME")
    if not wants.missing:
        return replace(listing, asked_query=None)
    return not_found(listing, way, term, request.level)


def only_list(terms: tuple[Term, ...]) -> Term | None:
    """The term that names a list of values, or None.

    Raises:
        UsageError: there are several.
    """
    found = [term for term in terms if term.listed_in is not None]
    if len(found) > 1:
        hint = "ask for one list, and narrow the rows afterwards: … | where Key=Value"
        raise UsageError("only one key can have a list", hint=hint, span=found[1].word.span)
    return found[0] if found else None


async def _linted(
    context: Asks, modality: Modality, request: Request, options: QueryOptions
) -> Records:
    from dicomsh.commands.worklist import EVERYTHING, linted

    if request.level is not Level.WORKLIST:
        raise UsageError("--lint checks a worklist", hint="find worklist … --lint")
    asked = {key.keyword for key in request.keys}
    more = (key for key in EVERYTHING if key.keyword not in asked)
    whole = replace(request, keys=(*request.keys, *more))
    listing = await ask(context.query, modality, whole, options)
    return linted(listing.answer)


def check_worklist(given: Mapping[str, object]) -> None:
    """Refuse options that a worklist does not have (PS3.4 K.1.2, K.6.1.2.2).

    Args:
        given: the value of each option.

    Raises:
        UsageError: one of them has a value.
    """
    option = next((name for name, value in given.items() if value), "")
    if option:
        raise UsageError(f"a worklist has no {option}", hint=_NOT_IN_WORKLISTS[option])


_NOT_IN_WORKLISTS = {
    "--model": "it has an information model of its own",
    "--relational": "nothing is above its items",
    "--datetime": "ranges of date= and time= are one period in a worklist anyway",
    "--split": "narrow the query: date=today, station=, mod=",
}


def _split_way() -> Way:
    from dicomsh.query.split import split_answer

    return split_answer


def extensions(**chosen: bool) -> Extensions:
    """What the flags of a query ask to negotiate."""
    return frozenset(extension for extension in Extension if chosen[extension.word])


def check_nights(keys: list[QueryKey], terms: tuple[Term, ...]) -> None:
    """Refuse a time range that ends before it begins, on a single day.

    Raises:
        UsageError: there is one; the span is its own.
    """
    # date and time match independently, so that such a range matches nothing (PS3.4 C.2.2.2.5)
    several = {date.keyword for date, _ in date_times(tuple(keys)) if _is_long(date)}
    for key, term in zip(keys[len(keys) - len(terms) :], terms, strict=True):
        first, last = ends("TM", key.value) if key.attribute.vr == "TM" else ("", "")
        date = key.keyword.removesuffix("Time") + "Date"
        if first and last and first > last and date not in several:
            raise UsageError(
                "the range is backwards",
                hint="a time over midnight needs a date range:"
                f" {displayed(date)}=2024-03-05..2024-03-06",
                span=term.word.part(term.value_start, len(term.word.text)),
            )


def _is_long(date: QueryKey) -> bool:
    first, last = ends("DA", date.value)
    return first != last


def keys_once(keys: list[QueryKey], terms: tuple[Term, ...]) -> tuple[QueryKey, ...]:
    """The keys, without repeated attributes.

    Raises:
        UsageError: an attribute has two different values; a data set can contain it only once
            (PS3.5 7.1).
    """
    held: dict[str, QueryKey] = {}
    spans = [None] * (len(keys) - len(terms)) + [term.word.span for term in terms]
    for key, span in zip(keys, spans, strict=True):
        other = held.get(key.keyword)
        if other is not None and other.value and key.value and other.value != key.value:
            message = f"{key.keyword} is given twice, {other.value} and {key.value}"
            raise UsageError(message, hint=_one_value(other), span=span)
        if other is None or key.value:
            held[key.keyword] = key
    return tuple(held.values())


def _one_value(key: QueryKey) -> str:
    """What to do if a key already has a value."""
    if key.origin is KeyOrigin.PATTERN:
        return f"the PATTERN {key.typed or key.value} already sets {key.keyword}: omit one of them"
    return "give several values in one key: Key=A,B"
