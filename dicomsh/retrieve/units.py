"""A retrieval divided: into what fits one association, and into single requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Level, SopClass
from dicomsh.model.query import KeyOrigin, Matching, Query, QueryKey
from dicomsh.model.storage_classes import classes_of
from dicomsh.model.transfer_syntaxes import STORED, UNCOMPRESSED, USUAL
from dicomsh.retrieve.account import Instance

_MOST_UIDS = 100
"""UIDs in the list of one request: well below what any server was seen to refuse."""


@frozen
class SeriesPart:
    """Instances of one series that are requested together.

    Args:
        instances: at least one, all of the same series.
        whole: whether they are all instances of the series.
    """

    instances: tuple[Instance, ...]
    whole: bool

    @property
    def sop_classes(self) -> tuple[str, ...]:
        """Storage SOP classes that they have, or may have."""
        return classes_of((one.sop_class, one.modality) for one in self.instances)


@frozen
class Group:
    """Parts of series that one association can retrieve.

    Args:
        parts: of series, in the order of the list.
        sop_classes: the storage SOP classes to negotiate.
        syntaxes: the transfer syntaxes to negotiate for each.
    """

    parts: tuple[SeriesPart, ...]
    sop_classes: tuple[str, ...]
    syntaxes: tuple[str, ...]


def series_of(instances: Iterable[Instance], wanted: Iterable[str]) -> list[SeriesPart]:
    """The instances wanted, by series.

    Args:
        instances: all that the archive listed.
        wanted: SOP Instance UIDs of those to be requested.
    """
    asked = frozenset(wanted)
    series: dict[tuple[str, str], list[Instance]] = {}
    for one in instances:
        series.setdefault((one.study, one.series), []).append(one)
    parts = []
    for every in series.values():
        some = tuple(one for one in every if one.uid in asked)
        if some:
            listed = any(one.series_listed for one in every)
            parts.append(SeriesPart(some, listed and len(some) == len(every)))
    return parts


def groups_of(parts: Iterable[SeriesPart], room: int) -> list[Group]:
    """The parts, grouped so that one connection can carry each group.

    Args:
        parts: of series.
        room: how many pairs of a SOP class and a transfer syntax a connection can carry.
    """
    most = room // len(STORED)
    groups: list[tuple[list[SeriesPart], dict[str, None]]] = []
    for part in parts:
        classes = dict.fromkeys(part.sop_classes)
        if groups and len(groups[-1][1] | classes) <= most:
            groups[-1][0].append(part)
            groups[-1][1].update(classes)
        else:
            groups.append(([part], classes))
    return [Group(tuple(some), tuple(all_), _syntaxes(len(all_), room)) for some, all_ in groups]


def _syntaxes(classes: int, room: int) -> tuple[str, ...]:
    """As many transfer syntaxes as there is room for."""
    for syntaxes in (STORED, USUAL):
        if classes * len(syntaxes) <= room:
            return syntaxes
    return UNCOMPRESSED


def requests(part: SeriesPart, sop_class: SopClass, *, singly: bool = False) -> Iterator[Query]:
    """The requests that retrieve a part: for the series, or for lists of instances.

    Args:
        part: what to retrieve.
        sop_class: the information model's C-GET or C-MOVE.
        singly: whether to request one instance at a time, because the peer knows no lists.

    Raises:
        UsageError: a unique key is empty or a pattern; nothing must be sent then (an empty one
            makes some servers send everything they have: dcmqrscp, pynetdicom's qrscp).
    """
    if part.whole and not singly:
        yield _query(part, sop_class, Level.SERIES, ())
        return
    step = 1 if singly else _MOST_UIDS
    uids = [one.uid for one in part.instances]
    for start in range(0, len(uids), step):
        yield _query(part, sop_class, Level.INSTANCE, uids[start : start + step])


def _query(part: SeriesPart, sop_class: SopClass, level: Level, uids: Sequence[str]) -> Query:
    first = part.instances[0]
    keys = [_key("StudyInstanceUID", first.study), _key("SeriesInstanceUID", first.series)]
    if sop_class.title.startswith("Patient Root"):
        keys.insert(0, _key("PatientID", first.patient))
    if uids:
        keys.append(_key("SOPInstanceUID", *uids))
    return Query(sop_class, level, tuple(keys))


def _key(keyword: str, *values: str) -> QueryKey:
    for value in values:
        if not value or any(character in value for character in "*?\\"):
            raise UsageError(
                f"{keyword} is '{value}': nothing can be retrieved by it",
                hint="a retrieval needs complete unique keys (PS3.4 C.4.2.1.4, C.4.3.1.3)",
            )
    matching = Matching.UID_LIST if len(values) > 1 else Matching.SINGLE_VALUE
    return QueryKey((by_keyword(keyword),), "\\".join(values), matching, KeyOrigin.CONTEXT)
