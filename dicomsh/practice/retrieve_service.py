"""The C-GET and C-MOVE services of the practice archive (PS3.4 C.4.2, C.4.3), with faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Any

from dicomsh.frozen import frozen
from dicomsh.model.levels import ROOT_MODELS
from dicomsh.model.modality import Faults
from dicomsh.model.status import (
    CANCEL,
    PENDING,
    SUCCESS,
    UNABLE_TO_PROCESS,
    UNABLE_TO_SEND,
    UNKNOWN_DESTINATION,
)
from dicomsh.model.transfer_syntaxes import EXPLICIT_LITTLE_ENDIAN
from dicomsh.practice.codec import element
from dicomsh.practice.destinations import Entity, associated, destination, storage_contexts
from dicomsh.practice.holdings import Holdings
from dicomsh.practice.identifier import RefusedError, read_identifier
from dicomsh.practice.objects import CompositeObject
from dicomsh.practice.responses import Responses, uint
from dicomsh.practice.service import answered, still_wanted
from dicomsh.practice.sub_operations import Originator, SubOperations
from dicomsh.practice.wanted import objects

_MODELS = {sop_class.uid: model for model in ROOT_MODELS for sop_class in (model.get, model.move)}
_WARNING = 0xB000
_FAILED_UIDS = 0x00080058


class _Tally:
    """Numbers of sub-operations, and the SOP Instance UIDs of those that failed."""

    def __init__(self, remaining: int) -> None:
        self.remaining = remaining
        self.completed = 0
        self.warnings = 0
        self.failed: list[str] = []

    def count(self, uid: str, status: int) -> None:
        """Count a sub-operation that ended with a status (PS3.4 table B.2-1)."""
        self.remaining -= 1
        if status == SUCCESS:
            self.completed += 1
        elif status >> 12 == 0xB:
            self.warnings += 1
        else:
            self.failed.append(uid)

    @property
    def status(self) -> int:
        """The final status that it leads to (PS3.4 tables C.4-2, C.4-3)."""
        if not self.failed:
            return SUCCESS
        return _WARNING if self.completed or self.warnings else UNABLE_TO_SEND

    def elements(self, *, final: bool) -> list[bytes]:
        """The numbers, in a response; the final one has none remaining."""
        remaining = [] if final else [uint(0x00001020, self.remaining)]
        return [
            *remaining,
            uint(0x00001021, self.completed),
            uint(0x00001022, len(self.failed)),
            uint(0x00001023, self.warnings),
        ]


@frozen
class RetrieveService:
    """Answers `EVT_C_GET` and `EVT_C_MOVE`.

    Args:
        holdings: what can be retrieved.
        faults: the faults to show.
        known: host and port of the application entities that a C-MOVE can send to, by AE title.
        stopped: set when the server stops.
    """

    holdings: Holdings
    faults: Faults
    known: Mapping[str, Entity]
    stopped: Event

    def get(self, event: Any) -> Iterator[tuple[int, None]]:
        """Answer a C-GET completely; pynetdicom has nothing left to do."""
        return answered(event, self._get)

    def move(self, event: Any) -> Iterator[tuple[int, None]]:
        """Answer a C-MOVE completely; pynetdicom has nothing left to do."""
        return answered(event, self._move)

    def _get(self, event: Any, responses: Responses) -> None:
        wanted = self._wanted(event)
        largest = event.assoc.requestor.maximum_length
        self._retrieval(event, responses, wanted).run(SubOperations(event.assoc, largest))

    def _move(self, event: Any, responses: Responses) -> None:
        entity = None if self.faults.unknown_destination else destination(event, self.known)
        if entity is None:
            raise RefusedError(UNKNOWN_DESTINATION, "Move destination unknown")
        wanted = self._wanted(event)
        retrieval = self._retrieval(event, responses, wanted)
        if not retrieval.wanted:
            retrieval.run(None)
            return
        caller = event.assoc.requestor.ae_title
        called, contexts = event.request.MoveDestination, storage_contexts(wanted)
        with associated(event.assoc.ae, entity, called, contexts) as association:
            if association is None:
                retrieval.run(None)
                return
            largest = association.acceptor.maximum_length
            originator = Originator(caller, event.request.MessageID)
            retrieval.run(SubOperations(association, largest, originator))

    def _wanted(self, event: Any) -> list[CompositeObject]:
        explicit = event.context.transfer_syntax == EXPLICIT_LITTLE_ENDIAN
        model = _MODELS[event.context.abstract_syntax]
        identifier = read_identifier(event.request.Identifier.getvalue(), explicit, model)
        return list(objects(self.holdings.archive, identifier, model, self.faults))

    def _retrieval(
        self, event: Any, responses: Responses, wanted: Sequence[CompositeObject]
    ) -> _Retrieval:
        wanted = () if self.faults.nothing_sent else wanted
        return _Retrieval(event, responses, wanted, self.faults, self.stopped)


class _Retrieval:
    """The sub-operations of one request, one after another.

    Args:
        event: the request.
        responses: to it.
        wanted: the objects to send.
        faults: the faults to show.
        stopped: set when the server stops.
    """

    def __init__(
        self,
        event: Any,
        responses: Responses,
        wanted: Sequence[CompositeObject],
        faults: Faults,
        stopped: Event,
    ) -> None:
        self.wanted = wanted
        self._event = event
        self._responses = responses
        self._faults = faults
        self._stopped = stopped
        self._tally = _Tally(len(wanted))
        self._explicit = event.context.transfer_syntax == EXPLICIT_LITTLE_ENDIAN

    def run(self, peer: SubOperations | None) -> None:
        """Send every object, or as many as a fault or C-CANCEL allow; None is nobody to send to."""
        self._event.assoc.dimse.wake.clear()
        for number, one in enumerate(self.wanted):
            if number == self._faults.abort_after_objects:
                self._responses.outlet.abort()
                return
            if not self._wait():
                self._final(CANCEL)
                return
            self._tally.count(one.uid, self._sent(peer, one))
            self._responses.progress(PENDING, self._counted(final=False))
        self._final(self._tally.status)

    def _sent(self, peer: SubOperations | None, one: CompositeObject) -> int:
        """Send an object, unless a fault forbids it; returns the status to count."""
        faults = self._faults
        if faults.skip_every and one.number % faults.skip_every == 0:
            return SUCCESS
        if peer is None or (faults.fail_every and one.number % faults.fail_every == 0):
            return UNABLE_TO_PROCESS
        return peer.store(one)

    def _wait(self) -> bool:
        """Wait before an object as the faults say; returns whether it is still wanted."""
        if self._faults.object_delay:
            waker = self._stopped if self._faults.ignore_cancel else self._event.assoc.dimse.wake
            waker.wait(self._faults.object_delay)
        return still_wanted(self._event, self._faults, self._stopped)

    def _final(self, status: int) -> None:
        failed = self._tally.failed
        identifier = b""
        if failed and not self._faults.no_failed_list:
            value = "\\".join(failed).encode()
            identifier = element(_FAILED_UIDS, "UI", value, self._explicit)
        self._responses.final(
            status,
            counted=self._counted(final=status != CANCEL),
            identifier=identifier,
        )

    def _counted(self, *, final: bool) -> list[bytes]:
        return [] if self._faults.no_suboperations else self._tally.elements(final=final)
