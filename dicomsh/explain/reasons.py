"""Why a query is sent as it is: model, level, character set; and possible problems."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.model.capability import Feature, Support
from dicomsh.model.charset import UTF8, alternatives, encode
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET
from dicomsh.model.level_keys import REQUIRED_KEYS, key_type
from dicomsh.model.levels import ROOT_MODELS, Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from dicomsh.model.widened import as_part, one_of_several, open_letters


@frozen
class Sent:
    """A query as it would be sent.

    Args:
        query: the query.
        peer: the peer, at the address where it can be reached.
        limit: the maximum number of rows, or None.
        accepted: abstract syntaxes that the peer accepts; empty if unknown.
        forced: what chose the information model (`--model`, a setting), or empty.
    """

    query: Query
    peer: Modality
    limit: int | None = None
    accepted: frozenset[str] = frozenset()
    forced: str = ""


def model_reason(sent: Sent) -> str:
    """Why this information model (PS3.4 C.6)."""
    if sent.query.model is Model.MODALITY_WORKLIST:
        return "scheduled procedure steps, which have no Query/Retrieve level (PS3.4 K.6.1)"
    chosen, other = sent.query.model, _other(sent.query.model)
    if sent.forced:
        return f"because of {sent.forced}"
    if sent.accepted and other.value not in sent.accepted:
        return f"the peer does not accept {other.title}"
    if sent.query.level is Level.PATIENT:
        return "only this model has a patient level (PS3.4 C.6.2.1)"
    if chosen is Model.PATIENT_ROOT:
        return "the query is inside a patient and includes the PatientID (PS3.4 C.6.1)"
    return "the query is across patients and needs no PatientID here (PS3.4 C.6.2)"


def _other(model: Model) -> Model:
    return Model.STUDY_ROOT if model is Model.PATIENT_ROOT else Model.PATIENT_ROOT


def acceptance(sent: Sent) -> str:
    """What is known and assumed about the peer's models."""
    if not sent.accepted:
        return "no association yet: we assume that it accepts all models and proposals"
    titles = [model.title for model in Model if model.value in sent.accepted]
    said = " and ".join(filter(None, (", ".join(titles[:-1]), *titles[-1:]))) or "none"
    return f"{sent.peer.name} accepted {said} in its last association"


def level_reason(query: Query, level: Level) -> str:
    """The meaning of the level, and the unique keys included (PS3.4 C.6.1.1)."""
    above = [upper.unique_keyword for upper in level.ancestors if _has(query, upper)]
    keys = f", below {' and '.join(above)}" if above else ""
    return f"one answer per {level.word}, identified by {level.unique_keyword}{keys}"


def _has(query: Query, level: Level) -> bool:
    return any(key.keyword == level.unique_keyword and key.value for key in query.keys)


def charset_reason(query: Query, declared: str) -> str:
    """Which Specific Character Set and why (PS3.3 C.12.1.1.2)."""
    beyond = [key for key in query.keys if not key.value.isascii()]
    if not beyond and any(key.attribute.tag == SPECIFIC_CHARACTER_SET for key in query.keys):
        return "requested: this server names that of its answers only then"
    if not beyond:
        return "none: all values are ASCII; requested once text of an answer comes without one"
    if query.charset == declared:
        return f"{query.charset}: set by 'charset:' for this modality; holds the text without loss"
    told = f"{query.charset}: represents every character; {beyond[0].keyword} is not ASCII"
    if declared and not _fits(beyond, declared):
        return f"{told}, not even in {declared}, set by 'charset:' for this modality"
    return told


def asked_again(sent: Sent) -> list[str]:
    """In which other character sets the query would be sent, for servers that compare bytes."""
    text = "".join(key.value for key in sent.query.keys)
    known = sent.peer.capabilities
    if text.isascii() or known.feature(Feature.ANY_CHARSET) is Support.WORKS:
        return []
    others = list(alternatives(text, sent.query.charset, (*known.name_charsets, *known.charsets)))
    also = [term for term in others if term in known.name_charsets]
    rest = [term for term in others if term not in also]
    told = [f"asked in {', '.join(also)} too, in which it has found names"] if also else []
    told += (
        [f"asked again in {', '.join(rest)}, until rows show that it reads them"] if rest else []
    )
    return told


def _fits(keys: Sequence[QueryKey], charset: str) -> bool:
    try:
        return all(encode(key.value, charset) is not None for key in keys)
    except UsageError:
        return False


def doubts(sent: Sent, missing: Sequence[str] = ()) -> list[str]:
    """What the peer is known not to support, or need not support.

    Args:
        sent: the query.
        missing: keywords that the peer never returned at this level when asked.
    """
    query, told = sent.query, []
    asked = (query.model,) if query.model is Model.MODALITY_WORKLIST else ROOT_MODELS
    refused = [m for m in asked if sent.accepted and m.value not in sent.accepted]
    told += [f"{sent.peer.name} did not accept {model.title}" for model in refused]
    told += _of_keys(query, known_letters=_knows_letters(sent))
    told += _of_capabilities(sent)
    if missing:
        told.append(f"requested before but never returned: {', '.join(missing)}")
    if query.charset and query.charset != UTF8 and not sent.peer.charset:
        told.append(f"unknown whether it supports {query.charset}")
    return told


def _of_capabilities(sent: Sent) -> list[str]:
    """The findings of a probe, or the configuration."""
    known = sent.peer.capabilities
    words = [key.keyword for key in sent.query.keys]
    lost = [word for word in words if known.returned.get(word) is False]
    told = [f"it does not return {', '.join(lost)} ({known.source})"] if lost else []
    if known.cap is not None:
        told.append(f"it has cut off an answer after {known.cap:,} rows ({known.source})")
    if sent.peer.extended:
        titles = ", ".join(sorted(extension.title for extension in sent.peer.extended))
        told.append(f"proposed by extended negotiation: {titles} (PS3.4 C.5.1.1)")
    return told


def _knows_letters(sent: Sent) -> bool:
    return sent.peer.capabilities.feature(Feature.ONE_LETTER) is Support.WORKS


def _open_keywords(query: Query, known_letters: bool) -> list[str]:
    return [] if known_letters else [key.keyword for key in open_letters(query.keys)]


def _of_keys(query: Query, *, known_letters: bool) -> list[str]:
    told = [_relational(query)]
    told += [
        f"? may match one byte, not one letter: unless an answer shows that it does not, {keyword}"
        " is asked with * too, and filtered locally"
        for keyword in _open_keywords(query, known_letters)
    ]
    told += _of_worklist(query) if query.model is Model.MODALITY_WORKLIST else _of_sequences(query)
    if any(key.keyword == "ModalitiesInStudy" and key.value for key in query.keys):
        told.append("ModalitiesInStudy is an optional key: a peer may return all modalities")
    if any(key.matching is Matching.MULTIPLE_VALUES for key in query.keys):
        told.append(
            "only a list of UIDs means any of them; without negotiation the standard leaves any"
            " other undefined, with it all values must match (PS3.4 C.2.2.2.8)"
        )
    unique = [key for key in query.keys if query.level and _is_unique_pattern(key, query.level)]
    told += [
        f"{key.keyword} is the unique key of this level: the standard has no wildcards for it"
        " (PS3.4 C.4.1.2.1), though many peers accept them"
        for key in unique
    ]
    return [text for text in told if text]


def _of_sequences(query: Query) -> list[str]:
    if any(len(key.path) > 1 and key.value for key in query.keys):
        return ["matching in a sequence is optional (PS3.4 C.2.2.2.6): many peers ignore it"]
    return []


def _of_worklist(query: Query) -> list[str]:
    """What differs in a worklist (PS3.4 K.2.2.1, K.6.1.2.2)."""
    matched = [key for key in query.keys if key.value]
    optional = [key.name for key in matched if key.keyword not in REQUIRED_KEYS]
    widely = [as_part(key) for key in one_of_several(query.keys)]
    told = []
    if optional:
        told.append(
            f"matching on {' and '.join(optional)} is optional in a worklist (PS3.4 table K.6-1):"
            " a server may ignore it"
        )
    if matched:
        told.append(
            "an item without a value matches no key but an empty one (PS3.4 K.2.2.1.1.1): in a"
            " worklist, empty is not any"
        )
    told += [
        "some servers do not find an item with several AE titles by one of them:"
        f" {key.asked} is asked too, and filtered locally"
        for key in widely
    ]
    return told


def _is_unique_pattern(key: QueryKey, level: Level) -> bool:
    typed = key.origin is not KeyOrigin.CONTEXT
    wild = key.matching is Matching.WILDCARD
    return typed and wild and key.keyword == level.unique_keyword


def _relational(query: Query) -> str:
    """Why a query is relational: what it lacks or has of higher levels; empty if it is not."""
    above = [
        level
        for level in query.levels_above
        if not (level is Level.PATIENT and _is_study_root(query))
    ]
    left_open = [level.unique_keyword for level in above if not _has(query, level)]
    matched = [key.keyword for key in query.keys if key.value and _is_other_key(key, above)]
    reasons = [
        *([f"{' and '.join(left_open)} is left open"] if left_open else []),
        *([f"{' and '.join(matched)} belongs to a higher level"] if matched else []),
    ]
    if not reasons:
        return ""
    return (
        f"relational: {'; '.join(reasons)}; the standard has that only with negotiated relational"
        " queries (PS3.4 C.4.1.2.2.1); other peers may refuse, or ignore keys of higher levels"
    )


def _is_other_key(key: QueryKey, above: Sequence[Level]) -> bool:
    """Whether a key belongs to one of the levels above and is not the unique key there."""
    found = key_type(key.keyword)
    return found is not None and found[0] in above and found[1] != "unique"


def _is_study_root(query: Query) -> bool:
    return query.model is Model.STUDY_ROOT
