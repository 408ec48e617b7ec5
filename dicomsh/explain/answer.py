"""The meaning of an answer: its final status, why there are so many rows, what to try next."""

from __future__ import annotations

from collections.abc import Callable

from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.keys import COUNTS
from dicomsh.model.level_keys import displayed
from dicomsh.model.levels import Level, Model
from dicomsh.model.notes import Note
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.status import status
from dicomsh.model.vr import MOMENT_VRS


def answer_lines(
    asked_query: AskedQuery, outcome: Outcome, words: Callable[[Note], str]
) -> list[str]:
    """The answer explained, line by line; `words` puts a note into words."""
    level = asked_query.request.level
    lines = [f"{level.counted(outcome.rows) if outcome.rows else f'no {level.plural}'}"]
    lines[0] += f" from {asked_query.modality.name}"
    lines += [f"  status   {_status(outcome)}"]
    lines += [f"  rows     {_UNSUPPORTED}"] if outcome.unsupported else []
    lines += [f"  ending   {_ENDINGS[outcome.ending]}"]
    lines += [f"  doubt    {_DOUBT}"] if outcome.doubtful else []
    lines += [f"  peer     {outcome.comment}"] if outcome.comment else []
    lines += [f"  matched  {text}" for text in _matched(asked_query)]
    lines += [f"  added    {text}" for text in _added(asked_query)]
    lines += [f"  note     {words(note)}" for note in outcome.notes]
    return lines + [f"  next     {text}" for text in advice(asked_query, outcome)]


def _status(outcome: Outcome) -> str:
    if outcome.status is None:
        return "none received (PS3.4 C.4.1.1.4 requires a final one for every query)"
    told = status(outcome.status).explained or "a status not listed in PS3.4 table C.4-1"
    return f"0x{outcome.status:04X} {told} (PS3.4 C.4.1.1.4)"


_UNSUPPORTED = (
    "some came with 0xFF01: the server does not support all of the optional keys, for matching or"
    " for return (PS3.4 C.4.1.1.4)"
)

_ENDINGS = {
    Ending.COMPLETE: "complete: no match is missing",
    Ending.LIMIT: "stopped by us, by a limit or by head (C-CANCEL): the server has more",
    Ending.CUT_OFF: "cut off by the server, unasked: some matches are missing",
    Ending.CANCELLED: "cancelled with Ctrl-C: some matches are missing",
    Ending.LOST: "the association was lost: some matches are missing",
    Ending.TIMED_OUT: "no further answer in time: some matches are missing",
    Ending.PARTIAL: "some matches may be missing, because no query can ask for them",
    Ending.FAILED: "it gave no answer: everything is missing",
    Ending.CAPPED: "as many rows as the server's known limit: some matches may be missing",
}


_DOUBT = "some rows may not match: a server may ignore optional keys (PS3.4 C.2.2.1)"


def _matched(asked_query: AskedQuery) -> list[str]:
    """Each key that narrows the answer, with how the server compares it."""
    keys = [key for key in asked_query.request.keys if key.value]
    if not keys and not asked_query.request.place.steps:
        return [f"nothing: every {asked_query.request.level.noun} matches"]
    empty = _EMPTY_STEP if asked_query.request.level is Level.WORKLIST else _EMPTY
    return [f"{key.name} = {key.value}: {_reason(key, empty)}" for key in keys]


def _reason(key: QueryKey, empty: str) -> str:
    if key.matching is Matching.SINGLE_VALUE and key.attribute.vr == "PN":
        return "equal, on some servers ignoring case (C.2.2.2.1)"
    about_empty = f"; {empty}" if key.matching in (Matching.WILDCARD, Matching.RANGE) else ""
    return _REASONS[key.matching] + about_empty


_EMPTY = "an empty value matches by C.2.2.1.2, but on few servers"
_EMPTY_STEP = "an empty value does not match (K.2.2.1.1.1)"

_REASONS = {
    Matching.SINGLE_VALUE: "equal (C.2.2.2.1)",
    Matching.UID_LIST: "one of the UIDs (C.2.2.2.2)",
    Matching.UNIVERSAL: "anything (C.2.2.2.3)",
    Matching.WILDCARD: "* any characters, ? one (C.2.2.2.4)",
    Matching.RANGE: "both ends included (C.2.2.2.5)",
    Matching.SEQUENCE: "some item matches (C.2.2.2.6)",
    Matching.EMPTY_VALUE: "no value; if that was not negotiated, filtered locally (C.2.2.2.7)",
    Matching.MULTIPLE_VALUES: "any of the values, on servers that take a list so; the standard has"
    " lists of UIDs only, and matches all values of others if that was negotiated (C.2.2.2.8)",
}


def _added(asked_query: AskedQuery) -> list[str]:
    request = asked_query.request
    steps = [f"{step.level.unique_keyword} = {step.key}" for step in request.place.steps]
    told = [f"{text}, the current place" for text in steps]
    return [*told, f"requested by default: {', '.join(map(displayed, request.default_keywords()))}"]


_AFTER = {
    Ending.LIMIT: "raise --limit N, or use a larger head",
    Ending.CUT_OFF: "narrow the query, for example by date, or split it: find study … --split",
    Ending.LOST: "ask again; 'echo --find' shows whether the server answers queries at all",
    Ending.TIMED_OUT: "ask again; 'echo --find' shows whether the server answers queries at all",
    Ending.FAILED: "'echo --find' shows whether the server answers queries at all",
    Ending.CAPPED: "narrow the query, for example by date, or split it: find study … --split",
    Ending.PARTIAL: "a date range (date=>=1900) leaves out studies that no range can match",
    Ending.CANCELLED: "run it again to the end, or narrow the query",
}


def advice(asked_query: AskedQuery, outcome: Outcome) -> list[str]:
    """What to try next."""
    if outcome.ending in _AFTER:
        return [_AFTER[outcome.ending]]
    if outcome.rows == 0:
        return _for_nothing(asked_query)
    if asked_query.request.level is Level.WORKLIST:
        return ["show 1 lists every attribute of the first; --lint checks what devices need"]
    if asked_query.request.level is Level.INSTANCE:
        return ["show 1 lists every attribute of the first; wado shows its retrieve URL"]
    return ["cd 1 goes into the first; ls lists the level below"]


def _for_nothing(asked_query: AskedQuery) -> list[str]:
    """Why there may be no rows, most likely first."""
    told = [text for key in asked_query.request.keys if key.value for text in _doubts_of(key)]
    if asked_query.request.place.steps:
        told.append("the query is limited to the current place: 'cd /' to search everywhere")
    if len([key for key in asked_query.request.keys if key.value]) > 1:
        told.append("all keys must match: leave them out one by one to find the cause")
    if asked_query.options.model is Model.PATIENT_ROOT:
        told.append("--model study queries the other information model")
    return told or ["the archive has nothing here, or shows nothing to our AE title"]


def _doubts_of(key: QueryKey) -> list[str]:
    if key.attribute.vr == "PN" and key.matching is Matching.SINGLE_VALUE:
        return [f"a name matches as a whole, with all its components: {key.keyword}={key.value}*"]
    if key.path[0].tag in COUNTS:
        return [f"many servers do not match on counts: … | where {key.keyword}={key.value}"]
    if key.matching is Matching.RANGE or key.attribute.vr in MOMENT_VRS:
        return [
            f"most servers leave out entities without {key.keyword}: ask without it to see them"
        ]
    if key.attribute.vr in ("LO", "SH") and key.origin in (KeyOrigin.TYPED, KeyOrigin.PATTERN):
        return [f"{key.keyword} is compared exactly, including case: try *{key.value}*"]
    return []
