"""The C-STORE service of the practice archive (PS3.4 annex B), with faults."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset

from dicomsh.frozen import frozen
from dicomsh.model.levels import Level
from dicomsh.model.modality import Faults
from dicomsh.model.status import OUT_OF_RESOURCES, SUCCESS, UNABLE_TO_PROCESS
from dicomsh.practice.archive import Content
from dicomsh.practice.holdings import Holdings
from dicomsh.practice.identifier import RefusedError
from dicomsh.practice.objects import instance_number
from dicomsh.practice.received import Received, received
from dicomsh.practice.responses import Dropped


@frozen
class StoreService:
    """Answers `EVT_C_STORE`.

    Args:
        holdings: where objects are kept.
        faults: the faults to show.
    """

    holdings: Holdings
    faults: Faults

    def handle(self, event: Any) -> Dataset:
        """Keep an object; returns the status of the response."""
        try:
            self._take(event)
        except RefusedError as refusal:
            return _status(refusal.status, str(refusal))
        except Exception:  # pynetdicom's own status would name no reason
            return _status(UNABLE_TO_PROCESS, "Internal error of the practice archive")
        finally:
            event.assoc.dimse.handled(event.request.DataSet.tell())
        return _status(SUCCESS)

    def _take(self, event: Any) -> None:
        request = event.request
        if isinstance(request.DataSet, Dropped):
            raise RefusedError(OUT_OF_RESOURCES, "The practice archive is full")
        content = Content(str(event.context.transfer_syntax), request.DataSet.getvalue())
        one = received(content, request.AffectedSOPClassUID, request.AffectedSOPInstanceUID)
        if _is_every(self.faults.refuse_every, one):
            raise RefusedError(OUT_OF_RESOURCES, "Practice fault: this object is refused")
        if not _is_every(self.faults.forget_every, one):
            self.holdings.keep(one)


def _is_every(nth: int | None, one: Received) -> bool:
    """Whether an object is one of every so many in its series, by its Instance Number."""
    return bool(nth) and instance_number(one.levels[Level.INSTANCE]) % (nth or 1) == 0


def _status(status: int, comment: str = "") -> Dataset:
    made = Dataset()
    made.Status = status
    if comment:
        made.ErrorComment = comment[:64]
    return made
