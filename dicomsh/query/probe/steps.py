"""The trials of a probe, one after the other, and what each shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from dicomsh.archives.archive import Archive
from dicomsh.frozen import replace
from dicomsh.model import evidence
from dicomsh.model.answer import Ending
from dicomsh.model.capability import Feature, Support
from dicomsh.model.charset import UTF8
from dicomsh.model.evidence import Reply
from dicomsh.model.extended_negotiation import NONE, Extension
from dicomsh.model.keys import by_keyword
from dicomsh.model.level_keys import LEVEL_KEYS
from dicomsh.model.levels import ROOT_MODELS, Level, Model
from dicomsh.model.place import Place, place_of
from dicomsh.model.plan import return_key
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.silent_truncation import is_round
from dicomsh.query.probe.trial import Finding, Trial

SAMPLE = 2000
"""Rows after which the widest query is stopped: more than most servers' limits."""

_FILTERS = ("ModalitiesInStudy", "StudyDate", "PatientSex", "StudyDescription")
"""Keys at study level that servers are known to ignore, or to match in their own ways: one ignored
the modality and returned 77 of 77 (ruby-dicom #13)."""

_SEX = "PatientSex"
_NAME = "PatientName"
_COUNT = "NumberOfStudyRelatedInstances"
_SHOWN = 4
_MOST_SETS = 8
_RETURNED = ("ModalitiesInStudy", _SEX, "StudyDescription", _COUNT)


async def findings(trial: Trial, extended: Archive) -> AsyncIterator[Finding]:
    """Every finding in turn; what is learnt from them is in the trial.

    Args:
        trial: the peer.
        extended: an association with it that proposes every extension.

    Raises:
        DicomshError: no association, or even the barest query fails.
    """
    for finding in await _negotiated(trial, extended):
        yield finding
    if not trial.found.models:
        return
    async for finding in _sampled(trial):
        yield finding
    for keyword in _FILTERS:
        yield await _filter(trial, keyword)
    async for finding in _foreign(trial):
        yield finding
    for step in (_any_case, _asterisk, _uid_wildcard, _upper_keys, _series_modality):
        yield await step(trial)
    if Model.PATIENT_ROOT in trial.found.models:
        async for finding in _patients(trial):
            yield finding


async def _negotiated(trial: Trial, extended: Archive) -> Iterable[Finding]:
    accepted = (await trial.archive.connect()).sop_classes
    models = frozenset(model for model in ROOT_MODELS if model.value in accepted)
    # proposed on a connection of its own: what is agreed changes what a query means (C.5.1.1)
    offered = await extended.connect()
    agreed = NONE.union(*(offered.agreed(model) for model in models))
    trial.found = replace(trial.found, models=models, extended=agreed)
    titles = ", ".join(model.title for model in ROOT_MODELS if model in models)
    how = "proposed in extended negotiation"
    return [
        Finding("information models", titles or "none accepted", "both were proposed"),
        *(Finding(e.title, "agreed" if e in agreed else "not agreed", how) for e in Extension),
    ]


async def _sampled(trial: Trial) -> AsyncIterator[Finding]:
    """Studies, as many as come: their values show what the other trials can ask for."""
    if Model.STUDY_ROOT not in trial.found.models:
        trial.model = Model.PATIENT_ROOT
        trial.place = await _some_patient(trial)
    trial.sample = await trial.ask(Level.STUDY, [return_key(_SEX)], SAMPLE)
    if trial.sample.error:
        yield await _rejected(trial, Level.STUDY, trial.sample)
        trial.sample = await trial.ask(Level.STUDY, [return_key(_SEX)], SAMPLE)
    if trial.sample.error and trial.failure is not None:
        raise trial.failure
    yield await _limit(trial)
    yield _repeated(trial)
    yield await _without_optional(trial)
    yield await _charsets(trial)
    for finding in _returned(trial):
        yield finding


async def _some_patient(trial: Trial) -> Place:
    """A patient to stay in, if studies cannot be queried across patients."""
    reply = await trial.ask(Level.PATIENT, (), 1)
    places = (place_of(row, Level.PATIENT, Place()) for row in reply.rows)
    return next((place for place in places if place), Place())


def _optional(level: Level) -> frozenset[str]:
    """Keywords of the keys that queries at a level can do without."""
    return frozenset((*LEVEL_KEYS[level].default, _SEX, _NAME)) - {level.unique_keyword}


async def _rejected(trial: Trial, level: Level, refusal: Reply) -> Finding:
    """Which optional keys make the peer refuse, each tried alone."""
    optional = _optional(level)
    bad, before = set(), trial.found.rejected
    place, model = (trial.place, trial.model) if level is Level.STUDY else _TOP
    trial.found = replace(trial.found, rejected=optional)
    bare = await trial.ask(level, (), 1, place, model)
    for keyword in () if bare.error else sorted(optional):
        trial.found = replace(trial.found, rejected=optional - {keyword})
        alone = await trial.ask(level, [return_key(keyword)], 1, place, model)
        bad |= {keyword} if alone.error else set()
    trial.found = replace(trial.found, rejected=before | bad)
    how = f"{refusal.error}; then each key alone"
    what = f"keys rejected at {level.word} level"
    return Finding(what, ", ".join(sorted(bad)) or "unknown", how)


_TOP = (Place(), Model.PATIENT_ROOT)


_LIMIT = "limit of an answer"


async def _limit(trial: Trial) -> Finding:
    rows, outcome = len(trial.sample.rows), trial.sample.outcome
    how = f"all studies, {SAMPLE:,} rows at most"
    assert outcome is not None  # without an answer, nothing is tried
    match outcome.ending:
        case Ending.CUT_OFF:
            trial.found = replace(trial.found, cap=rows)
            ranges = evidence.ranges_of_days(trial.sample.rows)
            parts = await _by_days(trial, ranges, return_key(_SEX))
            trial.sample = evidence.widened(trial.sample, parts)
            return Finding(_LIMIT, f"cut off after {rows:,} rows (0x{outcome.status:04X})", how)
        case Ending.LIMIT:
            return Finding(_LIMIT, f"none up to {rows:,} rows", how)
        case Ending.COMPLETE:
            return await _silent_limit(trial, how)
        case _:
            return Finding(_LIMIT, f"unknown: {outcome.ending.value}", how)


async def _silent_limit(trial: Trial, how: str) -> Finding:
    """Whether an answer that is called complete is: ranges of days must not have more rows."""
    rows, ranges = len(trial.sample.rows), evidence.ranges_of_days(trial.sample.rows)
    parts = await _by_days(trial, ranges, return_key(_SEX))
    more = evidence.beyond(trial.sample, parts)
    trial.sample = evidence.widened(trial.sample, parts)
    how += f"; again in {len(ranges)} ranges of days" * bool(ranges)
    if more or (more is None and is_round(rows)):
        trial.found = replace(trial.found, cap=rows)
    in_all = f"{Level.STUDY.counted(rows)} in all"
    result = f"not reached: {in_all}" if more is False else f"unknown: only {in_all}"
    if more:
        result = f"cut off after {rows:,} rows, reported as complete"
    elif trial.found.cap is not None:
        result = f"suspicious: exactly {rows:,} rows, reported as complete"
    return Finding(_LIMIT, result, how)


async def _by_days(trial: Trial, ranges: Iterable[str], *keys: QueryKey) -> list[Reply]:
    """The studies, asked for with these keys, in each of these ranges of days."""
    dated = [[*keys, _key("StudyDate", days)] for days in ranges]
    return [await trial.ask(Level.STUDY, asked, SAMPLE) for asked in dated]


def _repeated(trial: Trial) -> Finding:
    number, rows = evidence.repeated(trial.sample.rows), len(trial.sample.rows)
    told = f"{number:,} of {rows:,} rows" if number else "none"
    return Finding("repeated rows", told if rows else "unknown: no rows", f"in {rows:,} rows")


_FEWER = "studies without an optional attribute"


async def _without_optional(trial: Trial) -> Finding:
    """Whether studies without a value of an optional return key are left out of answers."""
    optional = _optional(Level.STUDY) - trial.found.rejected
    bare = await _with_keys(trial, frozenset())
    sample, how = trial.sample, "all studies, with and without optional return keys"
    if not bare.whole or not sample.whole or not bare.rows:
        return Finding(_FEWER, "unknown", how)
    if len(bare.rows) <= len(sample.rows):
        return Finding(_FEWER, f"returned: {len(bare.rows):,} rows either way", how)
    hiding = set()
    for keyword in sorted(optional):
        alone = await _with_keys(trial, frozenset((keyword,)))
        hiding |= {keyword} if len(alone.rows) < len(bare.rows) else set()
    trial.found = replace(trial.found, hiding=frozenset(hiding))
    keys = ", ".join(sorted(hiding))
    told = f"left out: {len(sample.rows):,} of {len(bare.rows):,} rows come with {keys}"
    return Finding(_FEWER, told, f"{how}; then each key alone")


async def _with_keys(trial: Trial, keywords: frozenset[str]) -> Reply:
    """All studies, with these of the optional return keys."""
    found = trial.found
    trial.found = replace(found, rejected=found.rejected | (_optional(Level.STUDY) - keywords))
    try:
        return await trial.ask(Level.STUDY, [return_key(word) for word in keywords], SAMPLE)
    finally:
        trial.found = found


async def _charsets(trial: Trial) -> Finding:
    how = "as rows name it"
    if "" in evidence.charsets(trial.sample.rows):
        how = await _labelled(trial)
    sets = evidence.charsets(trial.sample.rows)
    trial.found = replace(trial.found, charsets=sets)
    shown = [name or "none named for text beyond ASCII" for name in sets[:_SHOWN]]
    more = [f"and {len(sets) - _SHOWN} more"] if len(sets) > _SHOWN else []
    named = ", ".join([*shown, *more])
    nothing = "none named; all text is ASCII" if trial.sample.rows else "unknown: no rows"
    return Finding("character set of answers", named or nothing, how)


async def _labelled(trial: Trial) -> str:
    """Whether rows name their character set once (0008,0005) is requested, in words."""
    keys = [return_key(_SEX), return_key("SpecificCharacterSet")]
    again = await trial.ask(Level.STUDY, keys, SAMPLE)
    came = any(evidence.charsets(again.rows))
    trial.note_feature(Feature.LABELS, Support.WORKS if came else Support.IGNORED)
    trial.sample = again if came else trial.sample
    return "only if (0008,0005) is requested" if came else "even if (0008,0005) is requested"


def _returned(trial: Trial) -> Iterable[Finding]:
    rows = trial.sample.rows
    words = [word for word in _RETURNED if word not in trial.found.rejected]
    told = {word: evidence.returned(rows, word) for word in words} if rows else {}
    trial.note_returned(told)
    if told and _COUNT in told:
        counted = bool(evidence.values_of(rows, _COUNT))
        trial.note_feature(Feature.COUNTS, Support.WORKS if counted else Support.IGNORED)
    how = f"in {len(rows):,} rows"
    return [Finding(f"{word} returned", "yes" if yes else "no", how) for word, yes in told.items()]


_REJECTED = "unknown: queries with it are rejected"


async def _filter(trial: Trial, keyword: str) -> Finding:
    what = f"{keyword} matched"
    if keyword in trial.found.rejected:
        return Finding(what, _REJECTED, "")
    value = evidence.telling_value(trial.sample.rows, keyword)
    if value is None:
        return await _impossible(trial, keyword)
    ranged = f"{value}-{value}" if keyword.endswith("Date") else value
    support, how = await trial.matched(_key(keyword, ranged))
    if support is Support.WORKS and await _is_late(trial, keyword):
        support = Support.LATE
    trial.note_matching(keyword, support)
    return Finding(what, support.value, how)


async def _is_late(trial: Trial, keyword: str) -> bool:
    """Whether a server that cuts answers off does so before it matches a key.

    Orthanc with LimitFindResults matches ModalitiesInStudy among the first rows alone, and then
    reports a success (measured: 1.10.1): ranges of days have more rows.
    """
    if trial.found.cap is None or keyword == "StudyDate":
        return False
    ranges = evidence.ranges_of_days(trial.sample.rows)
    for value in evidence.usual_values(trial.sample.rows, keyword)[:_TRIED]:
        key = _key(keyword, value)
        reply = await trial.ask(Level.STUDY, [key], SAMPLE)
        if reply.whole and evidence.beyond(reply, await _by_days(trial, ranges, key)):
            return True
    return False


_TRIED = 3
"""Values of a key that are tried: a server may return the right rows for one by chance."""


async def _impossible(trial: Trial, keyword: str) -> Finding:
    """Without a suitable value: whether a value that no study has finds something."""
    what = f"{keyword} matched"
    key = _key(keyword, evidence.impossible_value(keyword))
    reply = await trial.ask(Level.STUDY, [key])
    how = f"{keyword}={key.value}, which no study has"
    if reply.rows:
        trial.note_matching(keyword, Support.IGNORED)
        return Finding(what, Support.IGNORED.value, how)
    return Finding(what, "unknown: no suitable value among the sampled studies", how)


async def _feature(
    trial: Trial, feature: Feature, keyword: str, value: str | None, level: Level = Level.STUDY
) -> Finding:
    """A feature that shows in what a matching key does."""
    if keyword in trial.found.rejected:
        return Finding(feature.value, _REJECTED, "")
    if value is None:
        return Finding(feature.value, "unknown: no suitable value among the sampled studies", "")
    support, how = await trial.matched(_key(keyword, value), level)
    trial.note_feature(feature, support)
    return Finding(feature.value, support.value, how)


async def _any_case(trial: Trial) -> Finding:
    names = map(evidence.swapped, evidence.values_of(trial.sample.rows, _NAME))
    return await _feature(trial, Feature.ANY_CASE, _NAME, next(filter(None, names), None))


async def _foreign(trial: Trial) -> AsyncIterator[Finding]:
    """Whether names beyond ASCII are found, for each character set they are stored in."""
    if _NAME in trial.found.rejected:
        return
    names = evidence.foreign_names(trial.sample.rows)
    found: list[str] = []
    for charset, name in list(names.items())[:_MOST_SETS]:
        reply = await trial.ask(Level.STUDY, [_key(_NAME, name)])
        result = Support.WORKS.value
        if evidence.holds(reply, name):
            found.append(name)
        else:
            result = await _in_own_set(trial, charset, name, reply)
        yield Finding(f"names in {charset}", result, f"PatientName={name} at study level")
    if len(found) == len(names) and set(names) - {UTF8}:
        trial.note_feature(Feature.ANY_CHARSET, Support.WORKS)
    if found:
        yield await _one_letter(trial, found[0])


async def _in_own_set(trial: Trial, charset: str, name: str, reply: Reply) -> str:
    """Whether a name that is not found in UTF-8 is in the set it is stored in, in words."""
    again = await trial.ask(Level.STUDY, [_key(_NAME, name)], charset=charset)
    if evidence.holds(again, name):
        names = (*trial.found.name_charsets, charset)
        trial.found = replace(trial.found, name_charsets=names)
        return f"works, asked in {charset}"
    trial.found = replace(trial.found, unmatched=(*trial.found.unmatched, charset))
    return reply.error or Support.FINDS_NOTHING.value


async def _one_letter(trial: Trial, name: str) -> Finding:
    # on Orthanc, M?ller* does not find Müller, but M*ller* does (measured: 1.10.1)
    pattern = evidence.one_letter_open(name)
    reply = await trial.ask(Level.STUDY, [_key(_NAME, pattern)])
    support = Support.WORKS if evidence.holds(reply, name) else Support.FINDS_NOTHING
    trial.note_feature(Feature.ONE_LETTER, support)
    return Finding(
        Feature.ONE_LETTER.value,
        support.value,
        "a PatientName with ? for that letter, at study level",
    )


async def _asterisk(trial: Trial) -> Finding:
    if _NAME in trial.found.rejected:
        return Finding(Feature.ASTERISK.value, _REJECTED, "")
    reply = await trial.ask(Level.STUDY, [_key(_NAME, "*")])
    support, words = evidence.asterisk(reply, _NAME)
    if reply.rows and not trial.sample.rows:
        words = "needed: an empty key finds nothing; set universal: '*' here, and type name=*"
    trial.note_feature(Feature.ASTERISK, support)
    return Finding(Feature.ASTERISK.value, words, "PatientName=* at study level")


async def _uid_wildcard(trial: Trial) -> Finding:
    uids = evidence.values_of(trial.sample.rows, "StudyInstanceUID")
    # not in the standard (PS3.4 C.2.2.2.4 excludes UIDs): Orthanc answers 0xC000 (measured: 1.10.1)
    pattern = f"{uids[0][:-2]}*" if len(set(uids)) > 1 else None
    return await _feature(trial, Feature.UID_WILDCARD, "StudyInstanceUID", pattern)


async def _upper_keys(trial: Trial) -> Finding:
    """Series of a patient, without the study: a relational query (PS3.4 C.4.1.2.2.2)."""
    value = evidence.telling_value(trial.sample.rows, "PatientID")
    finding = await _feature(trial, Feature.RELATIONAL, "PatientID", value, Level.SERIES)
    kind = _KINDS.get(trial.found.feature(Feature.RELATIONAL))
    return replace(finding, result=f"{finding.result}: {kind}") if kind else finding


_KINDS = {
    Support.WORKS: "relational",
    Support.IGNORED: "hierarchical",
    Support.FINDS_NOTHING: "hierarchical",
    Support.REFUSED: "hierarchical",
}
"""What a peer does with a query that leaves levels out (PS3.4 C.4.1.2.2, C.4.1.3.2)."""


async def _series_modality(trial: Trial) -> Finding:
    what = "Modality matched"
    tag = by_keyword("ModalitiesInStudy").tag
    mixed = [row for row in trial.sample.rows if "\\" in (row.text(tag) or "")]
    place = place_of(mixed[0], Level.STUDY, trial.place) if mixed else None
    if place is None:
        return Finding(what, "unknown: no sampled study has two modalities", "")
    value = evidence.values_of(mixed[:1], "ModalitiesInStudy")[0]
    support, how = await trial.matched(_key("Modality", value), Level.SERIES, place, Reply())
    trial.note_matching("Modality", support)
    return Finding(what, support.value, how)


async def _patients(trial: Trial) -> AsyncIterator[Finding]:
    what, how = "patient level", "a few patients in Patient Root"
    reply = await trial.ask(Level.PATIENT, (), 5, *_TOP)
    if reply.error:
        yield await _rejected(trial, Level.PATIENT, reply)
        reply = await trial.ask(Level.PATIENT, (), 5, *_TOP)
    if reply.error:
        yield Finding(what, f"refused: {reply.error}", how)
        return
    word = "NumberOfPatientRelatedStudies"
    counts = bool(evidence.values_of(reply.rows, word))
    trial.note_returned({word: counts})
    yield Finding(what, f"works, {'with' if counts else 'without'} counts", how)


def _key(keyword: str, value: str) -> QueryKey:
    kind = Matching.SINGLE_VALUE
    if "*" in value or "?" in value:
        kind = Matching.WILDCARD
    elif keyword.endswith("Date"):
        kind = Matching.RANGE
    return QueryKey((by_keyword(keyword),), value, kind, KeyOrigin.TYPED)
