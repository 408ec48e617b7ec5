"""What became of every object that was asked for, and of those that came unasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from dicomsh.frozen import frozen, slotted
from dicomsh.retrieve.ledger import LedgerEntry


class State(Enum):
    """What became of an object; the value is its name in output."""

    LISTED = "listed"
    ARRIVED = "arrived"
    HERE = "here"
    FAILED = "failed"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    STORED = "stored"
    SENDABLE = "sendable"
    COMMITTED = "committed"
    UNCOMMITTED = "not committed"

    @property
    def whole(self) -> bool:
        """Whether the object is in the folder, as the archive lists it."""
        return self in (State.ARRIVED, State.HERE)


@frozen
class Instance:
    """An object that the archive listed.

    Args:
        patient: PatientID; empty if the archive did not say.
        study: Study Instance UID.
        series: Series Instance UID.
        uid: SOP Instance UID.
        sop_class: SOP Class UID; empty if the archive did not say.
        file: where it goes, below the folder.
        modality: Modality of its series, or empty.
        series_number: Series Number, or empty.
        number: Instance Number, or empty.
        series_listed: whether all instances of its series are to arrive, not only some of them.
    """

    patient: str
    study: str
    series: str
    uid: str
    sop_class: str
    file: str
    modality: str = ""
    series_number: str = ""
    number: str = ""
    series_listed: bool = True


@slotted
class Line:
    """The account of one object.

    Args:
        uid: its SOP Instance UID.
        instance: what the archive listed; None if it was not asked for.
        state: what became of it.
        reason: why it is not there, in words; empty if it is.
        entry: its file, if there is one.
        told: whether it was reported as a row.
    """

    uid: str
    instance: Instance | None
    state: State = State.LISTED
    reason: str = ""
    entry: LedgerEntry | None = None
    told: bool = False


class Account:
    """The account of a retrieval.

    Args:
        instances: what the archive listed, and so what has to arrive.
    """

    def __init__(self, instances: Iterable[Instance]) -> None:
        self._lines = {one.uid: Line(one.uid, one) for one in instances}
        self._whole: list[Line] = []
        self._unasked: list[Line] = []
        self._changed: list[Line] = []

    @property
    def expected(self) -> int:
        """How many objects have to arrive."""
        return len(self._lines)

    @property
    def whole(self) -> int:
        """How many of them are in the folder."""
        return len(self._whole)

    @property
    def size(self) -> int:
        """Bytes of the files that are in the folder."""
        return sum(line.entry.bytes for line in self._whole if line.entry)

    def line(self, uid: str) -> Line | None:
        """The account of an object that was asked for."""
        return self._lines.get(uid)

    def missing(self) -> list[Instance]:
        """The objects that are not in the folder."""
        return [
            line.instance
            for line in self._lines.values()
            if line.instance is not None and not line.state.whole
        ]

    def settle(
        self, uid: str, state: State, reason: str = "", entry: LedgerEntry | None = None
    ) -> None:
        """Note what became of an object that was asked for; one that is there stays so."""
        line = self._lines[uid]
        if line.state.whole:
            return
        line.state, line.reason, line.entry = state, reason, entry
        if state.whole:
            self._whole.append(line)
            self._changed.append(line)

    def unasked(self, uid: str, state: State, reason: str, entry: LedgerEntry | None) -> None:
        """Note an object that nobody asked for, or that came once more."""
        line = Line(uid, None, state, reason, entry)
        self._unasked.append(line)
        self._changed.append(line)

    def news(self) -> list[Line]:
        """Objects that have come to rest since the last call."""
        changed, self._changed = self._changed, []
        return changed

    def unsettled(self) -> Iterator[Line]:
        """Objects that are not there, in the order of the list."""
        return (line for line in self._lines.values() if not line.state.whole)

    def counted(self, state: State) -> int:
        """How many objects are in a state."""
        return sum(line.state is state for line in (*self._lines.values(), *self._unasked))

    def reasons(self, state: State) -> dict[str, int]:
        """How many objects are in a state, by reason."""
        found: dict[str, int] = {}
        for line in (*self._lines.values(), *self._unasked):
            if line.state is state:
                found[line.reason] = found.get(line.reason, 0) + 1
        return found
