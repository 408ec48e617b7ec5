"""One place where a request becomes a query on the wire and rows come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dicomsh.commands.context import Context
from dicomsh.commands.emulate import OfIssuer, PatientsOfStudies, StudiesOfPatients
from dicomsh.model.answer import Row
from dicomsh.model.levels import Level, Model
from dicomsh.model.listing import Answer, Listing, Outcome
from dicomsh.model.peer import Modality
from dicomsh.model.plan import Request, build, choose_model, matched, patients_from_studies

if TYPE_CHECKING:
    from dicomsh.dimse.client import Client


@dataclass(frozen=True, slots=True)
class Wish:
    """How the user wants a query asked: a row limit and an information model, or None."""

    limit: int | None = None
    model: Model | None = None


async def ask(
    context: Context, modality: Modality, request: Request, wish: Wish | None = None
) -> Listing:
    """Send a request to a modality.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    modality = context.timed(modality)
    client = await context.peers.client(modality)
    chosen = resolved(context, modality, wish or Wish())
    answer = await answer_from(client, modality, request, chosen)
    return Listing(request.columns(), answer, request.level, request.place)


def resolved(context: Context, modality: Modality, wish: Wish) -> Wish:
    """The wish, completed from settings and the modality's configuration."""
    settings = context.session.settings
    return Wish(
        wish.limit or settings.limit or modality.limit,
        wish.model or settings.model or modality.model,
    )


async def answer_from(client: Client, modality: Modality, request: Request, wish: Wish) -> Answer:
    """The answer of one client; what the peer's models do not allow is emulated, and said."""
    model = choose_model(request, await client.connect(), wish.model)
    if request.level is Level.PATIENT and model is Model.STUDY_ROOT:
        query = build(patients_from_studies(request), model, modality.charset, modality.universal)
        studies = await client.find(query)
        return Noted(PatientsOfStudies(studies, wish.limit), _notes(request))
    if _needs_patients(request, model):
        return StudiesOfPatients(client, modality, request, wish.limit)
    query = build(request, model, modality.charset, modality.universal)
    answer = await client.find(query, limit=wish.limit)
    issuer = next((step.issuer for step in request.place.steps if step.issuer), "")
    return Noted(OfIssuer(answer, issuer) if issuer else answer, _notes(request))


def _needs_patients(request: Request, model: Model) -> bool:
    typed = {key.keyword for key in request.keys if key.value}
    return (
        model is Model.PATIENT_ROOT
        and request.level is not Level.PATIENT
        and request.place.step(Level.PATIENT) is None
        and "PatientID" not in typed
    )


def _notes(request: Request) -> tuple[str, ...]:
    what = matched(request.keys)
    return (f"matched {what}",) if what else ()


class Noted:
    """An answer with further statements in its outcome; about matching only when it is empty."""

    def __init__(self, answer: Answer, matched_on: tuple[str, ...]) -> None:
        self._answer = answer
        self._matched_on = matched_on

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        return self._answer.__aiter__()

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with the statements."""
        outcome = self._answer.outcome
        if outcome.rows:
            return outcome
        return replace(outcome, notes=(*self._matched_on, *outcome.notes))

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()
