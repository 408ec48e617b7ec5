"""find-patient, find-study, find-series, find-instance, find: the routes that Orthanc deprecated.

Their body is a flat object of keys, and their answer is all rows, with keywords as keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from dicomsh.explain.deprecated import LEAST, ROUTES
from dicomsh.gateway import body as reading
from dicomsh.gateway.core import with_charset
from dicomsh.gateway.endpoint import Body, Call, Endpoint, Reply, reply
from dicomsh.gateway.errors import RequestError, Trouble
from dicomsh.gateway.forms import Form, row_object, rows_text
from dicomsh.gateway.kept import Answered
from dicomsh.gateway.keys import Tags, find_tag, query_keys
from dicomsh.gateway.styled import Json
from dicomsh.gateway.told import headers_of, is_whole, line_of
from dicomsh.model.answer import combined
from dicomsh.model.keys import PATIENT_ID, by_keyword, by_tag
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.row import Row

_STUDY_UID = by_keyword("StudyInstanceUID").tag
_SERIES_UID = by_keyword("SeriesInstanceUID").tag

_BARE = RequestError(Trouble.BAD_REQUEST, bare=True)
"""What these routes answer to a body that they cannot use: 400, without a word."""


def tags_of(body: bytes) -> Tags:
    """The keys in a body.

    Raises:
        RequestError: it is no JSON object, or has a key that is no tag; Orthanc calls the second
            an error of its own (500).
    """
    try:
        fields = reading.parsed(body)
    except ValueError:
        raise _BARE from None
    if not isinstance(fields, dict):
        raise _BARE
    return dict(_tag_and_text(name, value) for name, value in fields.items())


def _tag_and_text(name: str, value: Json) -> tuple[int, str]:
    tag = find_tag(name)
    if tag is None:
        raise RequestError(Trouble.UNKNOWN_TAG)
    try:
        return tag, reading.loose_text(value)
    except ValueError:
        about = f"expected text for {name}"
        raise RequestError(Trouble.BAD_FORMAT, about, http=HTTPStatus.BAD_REQUEST) from None


def _check_needed(tags: Tags, level: Level) -> None:
    """Refuse a body that lacks the keys of the levels above.

    An empty SeriesInstanceUID is taken, as it is on the page that these routes come from: the
    instances of all series of the study. Orthanc 1.10.1 refuses it.
    """
    needed = list(ROUTES[level].needed)
    if level is Level.INSTANCE and _SERIES_UID in tags and not tags[_SERIES_UID]:
        needed.pop()
    given = {by_tag(tag).keyword for tag, text in tags.items() if len(text) >= LEAST}
    if any(words.isdisjoint(given) for words in needed):
        raise _BARE


def _request(tags: Tags, level: Level) -> Request:
    """The request of a route: its own keys, and those of the body that it takes.

    A key with a value is never left out, which would answer another question.
    """
    route = ROUTES[level]
    taken = {t: text for t, text in tags.items() if text or by_tag(t).keyword in route.kept}
    return Request(level, Place(), query_keys(taken), returned=route.sent)


async def find_at(call: Call, level: Level) -> Reply:
    """All entities of a level that match."""
    tags = call.gateway.real(tags_of(call.body))
    _check_needed(tags, level)
    modality = with_charset(call.gateway.modality(call.path["id"]), tags)
    found = await call.gateway.answered(modality, call.caller, _request(tags, level))
    text = rows_text(call.gateway.shown_rows(found.rows), Form.SIMPLIFIED)
    return Reply(text, headers=call.gateway.told(level, found.outcome))


_WALKED = (Level.PATIENT, Level.STUDY, Level.SERIES)
_LISTS = {Level.STUDY: "Studies", Level.SERIES: "Series"}


async def find(call: Call) -> Reply:
    """Patients with their studies and series."""
    tags = call.gateway.real(tags_of(call.body))
    walk = _Walk(call, with_charset(call.gateway.modality(call.path["id"]), tags), tags)
    value = await walk.below(Level.PATIENT, {})
    outcome = combined([found.outcome for found in walk.found])
    line = call.gateway.shown(line_of(None, outcome))
    return reply(value, headers_of(line, whole=is_whole(outcome)))


class _Walk:
    """Everything that matches, level by level.

    Args:
        call: the request.
        modality: the archive.
        tags: the keys in the body; each applies at every level whose route takes it.

    Attributes:
        found: the answers so far.
    """

    def __init__(self, call: Call, modality: Modality, tags: Tags) -> None:
        self._call = call
        self._modality = modality
        self._tags = tags
        self.found: list[Answered] = []

    async def below(self, level: Level, above: Mapping[int, str]) -> list[Json]:
        """The entities of a level, each with those below it.

        Args:
            level: the level.
            above: unique keys of what they are in.
        """
        request = _request({**self._of(level), **above}, level)
        found = await self._call.gateway.answered(self._modality, self._call.caller, request)
        self.found.append(found)
        return [await self._with_lower(row, level, above) for row in found.rows]

    async def _with_lower(self, row: Row, level: Level, above: Mapping[int, str]) -> Json:
        (shown,) = self._call.gateway.shown_rows([row])
        value = row_object(shown, Form.SIMPLIFIED)
        lower = level.below
        if lower in _LISTS:
            tag = PATIENT_ID if level is Level.PATIENT else _STUDY_UID
            value[_LISTS[lower]] = await self.below(lower, {**above, tag: row.text(tag) or ""})
        return value

    def _of(self, level: Level) -> Tags:
        """The keys that apply at a level: those that its route takes, or no route does."""
        takers = [one for one in _WALKED if one is not level]
        others = frozenset().union(*(ROUTES[one].kept for one in takers)) - ROUTES[level].kept
        return {t: text for t, text in self._tags.items() if by_tag(t).keyword not in others}


_SCHEMA = {
    "type": "object",
    "description": "keyword or gggg,eeee: matching value in DICOM form",
    "additionalProperties": {"type": "string"},
}
_STUDY = {
    "PatientID": "0555643F",
    "StudyInstanceUID": "1.2.840.113704.1.111.2768.1239195678.57",
}
_EXAMPLES = {
    Level.PATIENT: {"PatientName": "JOD*", "PatientSex": "M"},
    Level.STUDY: {"PatientID": "0555643F"},
    Level.SERIES: _STUDY,
    Level.INSTANCE: {**_STUDY, "SeriesInstanceUID": ""},
}
_FAILS = (400, 404, 422, 500, 503)

ENDPOINTS = (
    *(
        Endpoint(
            "POST",
            f"/modalities/{{id}}/{route.route}",
            partial(find_at, level=level),
            f"Send a C-FIND for {level.plural} (deprecated by Orthanc)",
            body=Body(_SCHEMA, _EXAMPLES[level]),
            fails=_FAILS,
        )
        for level, route in ROUTES.items()
    ),
    Endpoint(
        "POST",
        "/modalities/{id}/find",
        find,
        "Patients with their studies and series (deprecated by Orthanc)",
        body=Body(_SCHEMA, {"PatientID": "0555643F"}),
        fails=_FAILS,
    ),
)
