"""One place where a request becomes a query on the wire and rows come back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dicomsh.archives.archive import Archive
from dicomsh.errors import DicomshError, TimedOutError
from dicomsh.frozen import replace
from dicomsh.model.answer import Advancing, Answer, Ending, Outcome
from dicomsh.model.asked_query import AskedQuery, QueryOptions
from dicomsh.model.derived_answer import AnswerStep, Processed, noted
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.notes import Note, NoteKind, note
from dicomsh.model.plan import Request, choose_model, matched, patients_from_studies
from dicomsh.model.results import Listing
from dicomsh.model.silent_truncation import suspicion
from dicomsh.query.check import Unreturned
from dicomsh.query.context import QueryContext
from dicomsh.query.insist import send
from dicomsh.query.other_model import (
    NamesOfPatient,
    OfIssuer,
    PatientsOfStudies,
    StudiesOfPatients,
    is_of_patient_in_study_root,
    with_name,
)
from dicomsh.query.suggest import advice, split_line

Way = Callable[[QueryContext, Archive, Modality, Request, QueryOptions], Awaitable[Answer]]
"""How a request is answered: with one query, or with several."""


async def plain_way(
    context: QueryContext,
    archive: Archive,
    modality: Modality,
    request: Request,
    options: QueryOptions,
) -> Answer:
    """The answer to one query; level by level if the server refuses to search across levels."""
    answer = await answer_from(archive, modality, request, options)
    if not request.open_levels:
        return answer
    from dicomsh.query.descent import Descent, OrDescended

    descent = Descent(context, modality, request, options, answer_from)
    return OrDescended(answer, descent)


async def ask(
    context: QueryContext,
    modality: Modality,
    request: Request,
    options: QueryOptions | None = None,
    way: Way = plain_way,
) -> Listing:
    """Send a request to a modality.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    options = options or QueryOptions()
    modality = context.known(modality)
    modality = replace(modality, extended=modality.extended | options.extended)
    archive = await context.archives.open(modality)
    chosen = context.settled(modality, options)
    found = await way(context, archive, modality, request, chosen)
    steps: list[AnswerStep] = [
        Unreturned(request, modality.capabilities.rejected | modality.capabilities.hiding),
        _advised(context, modality, request, split=isinstance(found, Advancing)),
    ]
    if not isinstance(found, Advancing):
        steps.append(Suspected(context, modality, request))
    if options.limit is None and chosen.limit in (context.limits.rows, context.limits.usual_rows):
        steps.append(Advised(limited=(note(NoteKind.LIMIT_CAN_BE_LIFTED),)))
    return Listing(
        request.columns(),
        Processed(found, steps),
        request.level,
        request.place,
        asked_query=AskedQuery(modality, request, options),
        headway=(lambda: found.headway) if isinstance(found, Advancing) else str,
    )


async def answer_from(
    archive: Archive, modality: Modality, request: Request, options: QueryOptions
) -> Answer:
    """The answer of one archive; what the peer's models do not offer is emulated, with a note."""
    accepted = (await archive.connect()).sop_classes
    model = choose_model(request, accepted, options.model, str(modality.address))
    if request.level is Level.PATIENT and model is Model.STUDY_ROOT:
        studies = await send(archive, modality, patients_from_studies(request), model, None)
        step = PatientsOfStudies(_why(options, Model.PATIENT_ROOT))
        return Processed(studies, [step], options.limit)
    if needs_patients(request, model):
        why = _why(options, Model.STUDY_ROOT)
        return StudiesOfPatients(archive, modality, request, options.limit, why)
    steps: list[AnswerStep] = []
    if is_of_patient_in_study_root(request, model):
        request = with_name(request)
        steps.append(NamesOfPatient())
    issuer = next((step.issuer for step in request.place.steps if step.issuer), "")
    if issuer:
        steps.append(OfIssuer(issuer))
    answer = await send(archive, modality, request, model, options.limit)
    return Processed(answer, steps) if steps else answer


def _why(options: QueryOptions, missing: Model) -> str:
    """Why an answer is derived from another information model."""
    return (
        f"the peer has no {missing.title}" if options.model is None else "because of the model set"
    )


def needs_patients(request: Request, model: Model) -> bool:
    """Whether a request below the patient level lacks the PatientID that Patient Root needs."""
    typed = {key.keyword for key in request.keys if key.value}
    return (
        model is Model.PATIENT_ROOT
        and request.level is not Level.PATIENT
        and request.place.step(Level.PATIENT) is None
        and "PatientID" not in typed
    )


def _advised(
    context: QueryContext, modality: Modality, request: Request, *, split: bool
) -> Advised:
    """What to suggest if nothing was found, or if something is missing.

    Args:
        context: where the suggested command line would be typed.
        modality: the peer.
        request: the request.
        split: whether it is split into windows already.
    """
    what = matched(request)
    empty = (note(NoteKind.MATCHED, what),) if what else ()
    if context.modality is None or context.modality.name != modality.name:
        return Advised(empty=empty)
    line = advice(request, context.place)
    narrower = "" if split else split_line(request, context.place)
    return Advised(
        empty=(*empty, note(NoteKind.TRY, line)) if line else empty,
        remedy=f"narrow the query, or: {narrower}" if narrower else "",
    )


class Suspected(AnswerStep):
    """Compares the number of rows of the whole answer with those of earlier queries.

    Args:
        context: knows the earlier queries.
        modality: the peer.
        request: the request.
    """

    def __init__(self, context: QueryContext, modality: Modality, request: Request) -> None:
        self._earlier = context.earlier
        self._name = modality.name
        self._request = request

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with a note if the number of rows is suspicious."""
        odd = suspicion(self._request, outcome, self._earlier(self._name))
        return noted(outcome, odd) if odd else outcome


class Advised(AnswerStep):
    """Says what to do next, depending on how an answer ended.

    Args:
        empty: notes for an answer without rows.
        limited: notes for an answer that the limit ended.
        remedy: what to do if it was cut off; empty for the general advice.
    """

    def __init__(
        self,
        *,
        empty: tuple[Note, ...] = (),
        limited: tuple[Note, ...] = (),
        remedy: str = "",
    ) -> None:
        self._empty = empty
        self._limited = limited
        self._remedy = remedy

    def failed(self, error: DicomshError) -> None:
        """Say how to ask for less if there was no answer in time."""
        if self._remedy and isinstance(error, TimedOutError):
            error.hint = "; ".join(filter(None, (error.hint, self._remedy)))

    def concluded(self, outcome: Outcome) -> Outcome:
        """The outcome, with the advice."""
        nothing = outcome.ending is Ending.COMPLETE and not outcome.rows
        empty = self._empty if nothing else ()
        limited = self._limited if outcome.ending is Ending.LIMIT else ()
        notes = (*empty, *outcome.notes, *limited)
        return replace(outcome, notes=notes, remedy=outcome.remedy or self._remedy)
