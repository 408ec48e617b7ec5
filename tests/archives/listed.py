"""A kind of archive that answers from a list of data sets: what a new kind takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicomsh.archives.archive import Connection
from dicomsh.archives.rows import Elements, row_of
from dicomsh.archives.transfer import Transfers
from dicomsh.errors import UsageError
from dicomsh.frozen import replace
from dicomsh.model.abilities import Abilities
from dicomsh.model.answer import Answer, Ending, Outcome
from dicomsh.model.derived_answer import KnownAnswer
from dicomsh.model.keys import by_keyword
from dicomsh.model.levels import Model
from dicomsh.model.modality import Modality
from dicomsh.model.query import Query
from dicomsh.model.row_matching import test_of as matcher_of
from dicomsh.model.tap import Tap


@dataclass(frozen=True)
class ListAddress:
    """Where it is: the data sets of instances, kept in memory."""

    instances: tuple[Dataset, ...]
    title: str = "a list of data sets"

    def __str__(self) -> str:
        return self.title


class ListKind:
    """Opens it."""

    def reach(self, modality: Modality) -> Modality:
        return modality

    def open(self, modality: Modality, tap: Tap) -> Connection:
        del tap  # bytes are traced; there are none
        assert isinstance(modality.address, ListAddress)
        return ListArchive(modality.address.instances)

    def transfers(self, modality: Modality, tap: Tap) -> Transfers:
        del modality, tap
        raise UsageError("a list of rows holds no objects")

    def close(self) -> None:
        """Nothing was started."""


class ListArchive:
    """The archive."""

    abilities = Abilities(frozenset(model.value for model in Model))
    is_open = True
    is_opening = False

    def __init__(self, instances: Sequence[Dataset]) -> None:
        self._rows = [row_of(elements_of(instance)) for instance in instances]

    async def connect(self) -> Abilities:
        return self.abilities

    async def echo(self) -> float:
        return 0.0

    async def find(self, query: Query, *, limit: int | None = None) -> Answer:
        assert query.level is not None
        keys = [matcher_of(replace(key, literal=False)) for key in query.keys if key.value]
        unique = by_keyword(query.level.unique_keyword).tag
        found = [row for row in self._rows if all(matches(row) for matches in keys)]
        rows = list({row.text(unique): row for row in found}.values())
        ending = Ending.COMPLETE if limit is None or len(rows) <= limit else Ending.LIMIT
        return KnownAnswer(rows[:limit], Outcome(ending, len(rows[:limit]), 0.0))

    async def close(self) -> None:
        """Nothing is open."""


def elements_of(dataset: Dataset) -> Elements:
    """The elements of a data set of pydicom."""
    return {int(e.tag): (e.VR, list(map(value_of, values_of(e)))) for e in dataset}


def values_of(element: object) -> list[object]:
    value, number = element.value, element.VM  # type: ignore[attr-defined]
    return list(value) if number > 1 or isinstance(value, Items) else [value] * number


def value_of(value: object) -> str | int | float | bytes | Elements:
    if isinstance(value, Dataset):
        return elements_of(value)
    return value if isinstance(value, int | float | bytes) else str(value)
