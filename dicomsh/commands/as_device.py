"""Asking as a device does: with its AE title, and a worklist for its station."""

from __future__ import annotations

from dicomsh.frozen import replace
from dicomsh.model.answer import Outcome
from dicomsh.model.derived_answer import AnswerStep, Processed, noted
from dicomsh.model.keys import aliases_at, path_of
from dicomsh.model.level_keys import inside
from dicomsh.model.levels import Level
from dicomsh.model.modality import Device, Modality
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.plan import Request
from dicomsh.model.query import KeyOrigin, Matching, QueryKey
from dicomsh.model.results import Listing

AS_HELP = "ask as this device: with its AE title, and a worklist for its station"


def as_device(
    modality: Modality, request: Request, device: Device | None
) -> tuple[Modality, Request]:
    """Whom to ask and what for, as a device does; keys that were typed stay as they are."""
    if device is None:
        return modality, request
    modality = replace(modality, local_aet=device.aet)
    if request.level is not Level.WORKLIST:
        return modality, request
    values = {
        "ScheduledStationAETitle": device.aet,
        "Modality": device.modality,
        "ScheduledStationName": device.station,
    }
    typed = {key.attribute.keyword for key in request.keys if key.value}
    wanted = {word: text for word, text in values.items() if text and word not in typed}
    others = (key for key in request.keys if key.attribute.keyword not in wanted)
    return modality, replace(request, keys=(*others, *map(_key, wanted, wanted.values())))


def _key(keyword: str, value: str) -> QueryKey:
    alias = aliases_at(Level.WORKLIST).get(keyword, keyword)
    path, typed = path_of(inside(keyword)), f"{alias}={value}"
    return QueryKey(path, value, Matching.SINGLE_VALUE, KeyOrigin.TYPED, typed, literal=True)


def asked_as(listing: Listing, device: Device | None) -> Listing:
    """The listing, whose result line says as whom it was asked."""
    if device is None:
        return listing
    return replace(listing, answer=Processed(listing.answer, [_AskedAs(device.aet)]))


class _AskedAs(AnswerStep):
    """Says which AE title a query was sent with."""

    def __init__(self, aet: str) -> None:
        self._aet = aet

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with the AE title."""
        return noted(outcome, note(NoteKind.ASKED_AS, self._aet))
