"""Records, queries, places and completions as they may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from dicomsh.frozen import replace
from dicomsh.language.candidate import Candidate
from dicomsh.mask.mask import MASKED, Mask
from dicomsh.mask.ps315_actions import Action, treatment
from dicomsh.mask.row import MaskedRow
from dicomsh.model.answer import Outcome
from dicomsh.model.levels import Level
from dicomsh.model.place import Place, PlaceStep, read_segment
from dicomsh.model.plan import Request
from dicomsh.model.query import Matching, Query, QueryKey
from dicomsh.model.row import Row
from dicomsh.model.text_about import TextAbout


def shown_text(text: str, mask: Mask) -> str:
    """A text, made again from its subject if it has one."""
    if isinstance(text, TextAbout):
        text = text.make(_subject(text.subject, mask))
    return mask.text(text)


def _subject(subject: Any, mask: Mask) -> Any:
    if isinstance(subject, tuple):
        return tuple(_subject(part, mask) for part in subject)
    for kind, shown in _SUBJECTS.items():
        if isinstance(subject, kind):
            return shown(subject, mask)
    raise TypeError(f"cannot mask a {type(subject).__name__}")


def shown_record(record: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """A plain record: masked by keyword if its fields have one."""
    named = record.get("keyword") or record.get("attribute") or record.get("tag")
    if record.get("matching") == Matching.WILDCARD.title:  # a pattern of a query
        named = None
    return {
        name: value if value == f"<{named}>" else _field(name, value, named, mask)
        for name, value in record.items()
    }


def _field(name: str, value: Any, named: Any, mask: Mask) -> Any:
    if isinstance(value, list):
        return [_field(name, part, named, mask) for part in value]
    if isinstance(value, TextAbout):
        return shown_text(value, mask)
    if not isinstance(value, str):
        return value
    is_value = named and name == "value"
    return mask.by_keyword(str(named) if is_value else name, value)


def shown_query(query: Query, mask: Mask) -> Query:
    """A query; patterns stay, because they identify nobody."""
    return replace(query, keys=tuple(_key(key, mask) for key in query.keys))


def shown_request(request: Request, mask: Mask) -> Request:
    """A request."""
    keys = tuple(_key(key, mask) for key in request.keys)
    return replace(request, keys=keys, place=shown_place(request.place, mask))


def _key(key: QueryKey, mask: Mask) -> QueryKey:
    if key.attribute.vr == "UI" and "*" in key.value:  # as probe asks: almost a whole UID
        made = mask.value(key.attribute, key.value.replace("*", ""))
        return replace(key, value=f"{made}*")
    if key.matching is Matching.WILDCARD or key.value == f"<{key.attribute.keyword}>":
        return key
    return replace(key, value=mask.value(key.attribute, key.value), typed=_typed(key, mask))


def _typed(key: QueryKey, mask: Mask) -> str:
    if treatment(key.attribute.tag, key.attribute.vr) is Action.KEEP:
        return key.typed
    name, equals, value = key.typed.partition("=")
    if not equals:
        return mask.typed(key.typed)
    mask.value(key.attribute, value)
    return f"{name}={mask.typed(value)}"


def shown_outcome(outcome: Outcome) -> Outcome:
    """How an answer ended, without what the server says about it."""
    if not (outcome.comment or outcome.archives):
        return outcome
    each = (replace(one, outcome=shown_outcome(one.outcome)) for one in outcome.archives)
    return replace(outcome, comment=outcome.comment and MASKED, archives=tuple(each))


def shown_place(place: Place, mask: Mask) -> Place:
    """A place."""
    return Place(tuple(_step(step, mask) for step in place.steps))


def _step(step: PlaceStep, mask: Mask) -> PlaceStep:
    if step.level is Level.WORKLIST:
        return step  # a word of ours
    key = mask.by_keyword(step.level.unique_keyword, step.key)
    label = key if step.label == step.key else mask.text(step.label)
    issuer = mask.by_keyword("IssuerOfPatientID", step.issuer)
    return replace(step, key=key, label=label, issuer=issuer)


def shown_candidates(
    complete: Callable[[str], Iterable[Candidate]], typed: str, mask: Mask
) -> Iterator[Candidate]:
    """Completions of a path.

    Args:
        complete: completes a path of real keys.
        typed: the path of made-up keys; its last part may be the beginning of one.
        mask: the mask.
    """
    head = typed[: typed.rfind("/") + 1]
    for found in complete(mask.real(head)):
        told = partial(_told, found, mask)
        at = len(head) if found.at else 0
        key = read_segment(found.text)
        made = mask.word(key)
        yield replace(found, text=found.text if made == key else made, meta=told, at=at)


def _told(candidate: Candidate, mask: Mask) -> str:
    return shown_text(candidate.told, mask)


_SUBJECTS: Mapping[type, Callable[[Any, Mask], Any]] = {
    str: lambda typed, mask: mask.typed(typed),
    Outcome: lambda outcome, _: shown_outcome(outcome),
    Row: MaskedRow,
    Query: shown_query,
    Request: shown_request,
    Place: shown_place,
}
"""What a text may be about, except several things."""
