"""From a request at a place to the query that this peer can answer (PS3.4 C.4.1, C.6).

Nothing is sent here. Deviations from the plain query are named in the notes.
"""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.errors import NoPresentationContextError, UsageError
from dicomsh.frozen import frozen, replace
from dicomsh.model.charset import choose, encode
from dicomsh.model.columns import AttributeColumn
from dicomsh.model.keys import COUNTS, NOT_SENT, Attribute, by_keyword, path_of
from dicomsh.model.level_keys import LEVEL_KEYS, displayed, heading
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, ROOT_MODELS, Level, Model
from dicomsh.model.place import Place
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from dicomsh.model.vr import WILDCARD_VRS


@frozen
class Request:
    """What the user requests: entities of a level at a place, or a worklist, with keys typed.

    `omitted` are keywords that must not be sent, because this peer rejects them. `returned` are the
    keywords requested by default; None for the usual ones of the level.
    """

    level: Level
    place: Place
    keys: tuple[QueryKey, ...] = ()
    omitted: frozenset[str] = frozenset()
    returned: tuple[str, ...] | None = None

    def default_keywords(self) -> tuple[str, ...]:
        """Keys requested by default, as paths; if ancestors are not known, theirs first."""
        if self.returned is not None:
            return self.returned
        lost = [level for level in self.level.ancestors if self.place.step(level) is None]
        above = [level.unique_keyword for level in lost]
        if Level.PATIENT in lost:
            above.insert(1, "PatientName")
        return (*above, *LEVEL_KEYS[self.level].default)

    @property
    def relational(self) -> bool:
        """Whether a study or series above stays open, which peers may not support (PS3.4 C.4.1)."""
        needed = [level for level in self.level.ancestors if level is not Level.PATIENT]
        return any(self.place.step(level) is None and not self._typed(level) for level in needed)

    @property
    def open_levels(self) -> tuple[Level, ...]:
        """Levels above, from the study down, that lack their single value (PS3.4 C.4.1.2.1)."""
        single = {key.keyword for key in self.keys if key.matching is Matching.SINGLE_VALUE}
        return tuple(
            level
            for level in self.level.ancestors
            if level is not Level.PATIENT
            and self.place.step(level) is None
            and level.unique_keyword not in single
        )

    def _typed(self, level: Level) -> bool:
        return any(key.keyword == level.unique_keyword and key.value for key in self.keys)

    def columns(self) -> tuple[AttributeColumn, ...]:
        """Columns of the answer: the defaults, further keys typed, the keys of the place."""
        names = dict.fromkeys(self.default_keywords())
        asked = {key.keyword: key.path for key in self.keys}
        plain = [_default_column(name, asked=name in asked) for name in names]
        typed = {name: path for name, path in asked.items() if name not in names}
        extra = [
            AttributeColumn(path[-1], _title(path), path=path[:-1], asked=True)
            for path in typed.values()
        ]
        shown = {**names, **typed}
        place = [key.attribute for key in context_keys(self.place) if key.keyword not in shown]
        context = [
            AttributeColumn(attribute, attribute.keyword, context=True) for attribute in place
        ]
        return (*plain, *extra, *context)


def _default_column(name: str, *, asked: bool) -> AttributeColumn:
    *around, attribute = path_of(name)
    optional = attribute.keyword in _OPTIONAL
    return AttributeColumn(attribute, heading(name), optional, tuple(around), asked=asked)


_OPTIONAL = frozenset(("IssuerOfPatientID", "BodyPartExamined", "ScheduledProcedureStepStatus"))
"""Columns that a table leaves out as long as no row has a value for them."""


def _title(path: Sequence[Attribute]) -> str:
    return displayed(".".join(attribute.keyword for attribute in path))


def identifier_keys(request: Request) -> tuple[QueryKey, ...]:
    """The keys that are sent: the parents', those typed, and the default return keys.

    Raises:
        UsageError: a typed key contradicts the place.
    """
    # the unique keys above are always sent: without them, some servers answer 0xA900, or nothing
    # (PS3.4 C.4.1.2.1, dicomtrolley #36)
    keys: dict[str, QueryKey] = {key.keyword: key for key in context_keys(request.place)}
    for key in request.keys:
        held = keys.get(key.keyword)
        if held is not None and key.value and key.value != held.value:
            raise UsageError(
                f"{key.keyword} is {held.value} here, so {key.value} cannot match",
                hint="'cd /' leaves the place",
            )
        keys.setdefault(key.keyword, key)
    for keyword in request.default_keywords():
        if keyword not in keys:
            keys[keyword] = return_key(keyword, KeyOrigin.LEVEL)
    sent = (key for key in keys.values() if not _is_left_out(key, request.omitted))
    return tuple(_as_sent(key) for key in sent)


def _is_left_out(key: QueryKey, omitted: frozenset[str]) -> bool:
    """Whether a key is not sent: the peer rejects it or a sequence around it, or adds it itself."""
    around = (key.keyword.rsplit(".", depth)[0] for depth in range(len(key.path)))
    return key.attribute.tag in NOT_SENT or not omitted.isdisjoint(around)


def _as_sent(key: QueryKey) -> QueryKey:
    r"""A key as it goes out: a `\` in a value from an answer would make a list of it.

    Some servers hold such a value as several, some as one: what is before the `\`, and `*`, matches
    both. The rows are then compared with the value.
    """
    apart = key.matching is Matching.SINGLE_VALUE and "\\" in key.value
    if not (apart and key.literal and key.attribute.vr in WILDCARD_VRS):
        return key
    return replace(key, value=key.value.partition("\\")[0] + "*", matching=Matching.WILDCARD)


def context_keys(place: Place) -> list[QueryKey]:
    """The unique keys of a place and of everything it is in; the worklist has none."""
    steps = (step for step in place.steps if step.level is not Level.WORKLIST)
    keys = [_place_key(step.level.unique_keyword, step.key) for step in steps]
    keys += [_place_key("IssuerOfPatientID", step.issuer) for step in place.steps if step.issuer]
    return keys


def _place_key(keyword: str, value: str) -> QueryKey:
    path = (by_keyword(keyword),)
    return QueryKey(path, value, Matching.SINGLE_VALUE, KeyOrigin.CONTEXT, literal=True)


def return_key(keyword: str, origin: KeyOrigin = KeyOrigin.RETURN) -> QueryKey:
    """A key that requests an attribute, or that of a path: zero length, universal matching."""
    return QueryKey(path_of(keyword), "", Matching.UNIVERSAL, origin)


def choose_model(
    request: Request, accepted: frozenset[str], forced: Model | None, peer: str
) -> Model:
    """The information model to query in.

    A worklist has its own. Patient Root for patients and below a patient, Study Root across
    patients; the other one if the peer accepted only that: some, such as OsiriX, have no Patient
    Root (pynetdicom #898). `peer` is its address, for messages.

    Raises:
        NoPresentationContextError: the peer accepted neither, or not the forced one.
    """
    if request.level is Level.WORKLIST:
        return _worklist_model(accepted, peer)
    below_patient = request.level is Level.PATIENT or request.place.step(Level.PATIENT) is not None
    first = Model.PATIENT_ROOT if below_patient else Model.STUDY_ROOT
    second = Model.STUDY_ROOT if below_patient else Model.PATIENT_ROOT
    wanted = (forced,) if forced else (first, second)
    for model in wanted:
        if model.value in accepted:
            return model
    titles = " or ".join(model.title for model in wanted)
    raise NoPresentationContextError(
        f"{peer} accepted no presentation context for {titles} FIND",
        hint=_without_model(accepted),
    )


def _worklist_model(accepted: frozenset[str], peer: str) -> Model:
    if MODALITY_WORKLIST_FIND in accepted:
        return Model.MODALITY_WORKLIST
    archive = any(model.value in accepted for model in ROOT_MODELS)
    what = "this is an archive: " if archive else ""
    raise NoPresentationContextError(
        f"{peer} accepted no presentation context for {Model.MODALITY_WORKLIST.find.title}",
        hint=f"{what}the worklist may have another AE title or port, often that of the RIS",
    )


def _without_model(accepted: frozenset[str]) -> str:
    """What to do about a peer that lacks the information models needed."""
    others = [model.title for model in ROOT_MODELS if model.value in accepted]
    if others:
        return f"it accepts {others[0]}, which is used if no model is set"
    if MODALITY_WORKLIST_FIND in accepted:
        return (
            "this is a worklist: 'find worklist' lists its scheduled procedures, not studies;"
            " the archive has another AE title, or another port"
        )
    return "ask its administrator to enable C-FIND (Query/Retrieve SCP) for our AE title"


def build(request: Request, model: Model, charset: str, universal: str) -> Query:
    """The query as it is sent.

    Args:
        request: the request.
        model: the information model.
        charset: defined term declared for the peer, or empty.
        universal: what a universal key that was typed is sent as (`*` for peers that need it).

    Raises:
        UsageError: a typed key contradicts the place, or no character set can encode a value.
    """
    keys = identifier_keys(request)
    if universal:
        keys = tuple(replace(key, value=universal) if typed_universal(key) else key for key in keys)
    text = "".join(key.value for key in keys)
    chosen = choose(text, charset)
    for key in keys:
        encode(key.value, chosen)
    level = None if request.level is Level.WORKLIST else request.level
    return Query(model.find, level, keys, chosen)


def typed_universal(key: QueryKey) -> bool:
    """Whether a key is a universal one that was typed, of a VR that takes `*`.

    A return key is not sent as `*`: with one, only entities that have a value need match
    (PS3.4 C.2.2.2.4), so that each attribute requested would narrow the answer.
    """
    typed = key.origin in (KeyOrigin.TYPED, KeyOrigin.PATTERN)
    return typed and key.matching is Matching.UNIVERSAL and key.attribute.vr in WILDCARD_VRS


def patients_from_studies(request: Request) -> Request:
    """The study query whose answers hold the patients requested, for peers without Patient Root.

    Raises:
        UsageError: a count is to be matched, and no study has it.
    """
    counted = [key for key in request.keys if key.value and key.path[0].tag in COUNTS]
    if counted:
        raise UsageError(
            f"{counted[0].keyword} cannot be matched: this server has no patient level",
            hint="find study | count by PatientID",
        )
    asked = {key.keyword for key in request.keys}
    wanted = [word for word in LEVEL_KEYS[Level.PATIENT].default if not word.startswith("NumberOf")]
    keys = [return_key(word, KeyOrigin.LEVEL) for word in wanted if word not in asked]
    return Request(Level.STUDY, request.place, (*request.keys, *keys))


def matched(request: Request) -> str:
    """What a query matched on, in words: `PatientName=JOD*, PatientSex=M`, and the place.

    Empty if no matching key was typed.
    """
    origins = (KeyOrigin.TYPED, KeyOrigin.PATTERN)
    typed = [key.asked for key in request.keys if key.value and key.origin in origins]
    said = ", ".join(typed)
    if not typed or not request.place.steps:
        return said
    step = request.place.steps[-1]
    return f"{said} in {step.level.word} {step.label or step.key}"
