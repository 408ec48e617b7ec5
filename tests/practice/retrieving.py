"""What pynetdicom's own SCU gets from a practice archive by C-GET, with every response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_role, evt
from pynetdicom.events import Event

from dicomsh.model.levels import Model
from dicomsh.model.transfer_syntaxes import UNCOMPRESSED
from dicomsh.practice.archive import StoredEntity, practice_archive
from dicomsh.practice.protocols import DEVICES, JPEG_BASELINE
from tests.practice.scu import identifier, keep_answers

SYNTAXES = (JPEG_BASELINE, *UNCOMPRESSED)


@dataclass
class Got:
    """What came.

    Args:
        objects: data sets as bytes, by SOP Instance UID.
        syntaxes: their transfer syntaxes.
        responses: the responses to the C-GET, in order.
        failed: Failed SOP Instance UID List of the last one.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    syntaxes: dict[str, str] = field(default_factory=dict)
    responses: list[Dataset] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The final status; -1 if the association was lost before it."""
        return int(self.responses[-1].get("Status", -1))

    def counted(self, number: int = -1) -> tuple[int | None, ...]:
        """Remaining, completed, failed, and warning sub-operations of a response."""
        words = ("Remaining", "Completed", "Failed", "Warning")
        return tuple(self.responses[number].get(f"NumberOf{word}Suboperations") for word in words)


@dataclass(frozen=True)
class Asking:
    """How to ask.

    Args:
        model: the information model.
        syntaxes: transfer syntaxes, each in a presentation context of its own.
        modalities: the modalities whose objects are taken.
        answer: the status that is answered to an object with this number, from 1.
        cancel_after: objects after which a C-CANCEL is sent.
    """

    model: Model = Model.STUDY_ROOT
    syntaxes: Sequence[str] = SYNTAXES
    modalities: Sequence[str] = tuple(DEVICES)
    answer: Callable[[int], int] = lambda _: 0x0000
    cancel_after: int | None = None


def fetched(port: int, level: str, asking: Asking = Asking(), /, **keys: Any) -> Got:
    """One C-GET on an association of its own."""
    got = Got()
    entity = AE("TESTER")
    entity.acse_timeout = entity.dimse_timeout = entity.connection_timeout = 20
    entity.add_requested_context(asking.model.get.uid)
    classes = [DEVICES[modality].sop_class for modality in asking.modalities]
    for sop_class in classes:
        for syntax in asking.syntaxes:
            entity.add_requested_context(sop_class, syntax)
    roles = [build_role(UID(sop_class), scp_role=True) for sop_class in classes]

    def stored(event: Event) -> int:
        request: Any = event.request
        uid = str(request.AffectedSOPInstanceUID)
        got.objects[uid] = request.DataSet.getvalue()
        got.syntaxes[uid] = event.context.transfer_syntax
        if len(got.objects) == asking.cancel_after:
            event.assoc.send_c_cancel(1, query_model=asking.model.get.uid)
        return asking.answer(len(got.objects))

    association = entity.associate(
        "127.0.0.1", port, ext_neg=list(roles), evt_handlers=[(evt.EVT_C_STORE, stored)]
    )
    assert association.is_established
    keep_answers(association)
    try:
        wanted = identifier(level, **keys)
        for response, failed in association.send_c_get(wanted, asking.model.get.uid):
            got.responses.append(response)
            if failed is not None and "FailedSOPInstanceUIDList" in failed:
                listed = failed.FailedSOPInstanceUIDList
                got.failed = [listed] if isinstance(listed, str) else list(listed)
    finally:
        if association.is_established:
            association.release()
    return got


def first_of(modality: str) -> tuple[StoredEntity, ...]:
    """The first instance of a modality in the archive, with what it is in."""
    return next(
        (patient, study, series, instance)
        for patient in practice_archive().patients
        for study in patient.children
        for series in study.children
        if series.attributes[0x00080060] == modality
        for instance in series.children
    )
