"""One place where a request becomes a query on the wire and rows come back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from dicomsh.archives.archive import Archive
from dicomsh.model.answer import Advancing, Answer, Ending, Listing, Outcome
from dicomsh.model.asked_query import AskedQuery, QueryOptions
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, choose_model, matched, patients_from_studies
from dicomsh.model.row import Row
from dicomsh.model.silent_truncation import suspicion
from dicomsh.query.check import send
from dicomsh.query.context import QueryContext
from dicomsh.query.other_model import OfIssuer, PatientsOfStudies, StudiesOfPatients
from dicomsh.query.suggest import advice, split_line

Way = Callable[[QueryContext, Archive, Modality, Request, QueryOptions], Awaitable[Answer]]
"""How a request is answered: as one query, or as several."""


async def plain_way(
    context: QueryContext,
    archive: Archive,
    modality: Modality,
    request: Request,
    options: QueryOptions,
) -> Answer:
    """The answer to one query."""
    del context
    return await answer_from(archive, modality, request, options)


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
    asked_query = AskedQuery(modality, request, options)
    archive = await context.archives.open(modality)
    chosen = context.settled(modality, options)
    found = await way(context, archive, modality, request, chosen)
    current = context.modality
    here = context.place if current and current.name == modality.name else None
    answer = noted(found, request, here)
    if options.split is None:
        answer = Suspected(answer, context, asked_query)
    if options.limit is None and chosen.limit in (context.limits.rows, context.limits.usual_rows):
        answer = Noted(answer, limited=(_LIFTED,))
    return Listing(
        request.columns(),
        answer,
        request.level,
        request.place,
        asked_query=asked_query,
        headway=(lambda: found.headway) if isinstance(found, Advancing) else str,
    )


async def answer_from(
    archive: Archive, modality: Modality, request: Request, options: QueryOptions
) -> Answer:
    """The answer of one client; what the peer's models do not allow is emulated, and said."""
    model = choose_model(request, (await archive.connect()).sop_classes, options.model)
    if request.level is Level.PATIENT and model is Model.STUDY_ROOT:
        studies = await send(archive, modality, patients_from_studies(request), model, None)
        return PatientsOfStudies(studies, options.limit, _why(options, Model.PATIENT_ROOT))
    if needs_patients(request, model):
        why = _why(options, Model.STUDY_ROOT)
        return StudiesOfPatients(archive, modality, request, options.limit, why)
    answer = await send(archive, modality, request, model, options.limit)
    issuer = next((step.issuer for step in request.place.steps if step.issuer), "")
    return OfIssuer(answer, issuer) if issuer else answer


def _why(options: QueryOptions, missing: Model) -> str:
    """Why an answer is made of another model's."""
    return (
        f"the peer has no {missing.title}" if options.model is None else "because of the model set"
    )


def needs_patients(request: Request, model: Model) -> bool:
    """Whether a request below the patient level names no patient, which Patient Root needs."""
    typed = {key.keyword for key in request.keys if key.value}
    return (
        model is Model.PATIENT_ROOT
        and request.level is not Level.PATIENT
        and request.place.step(Level.PATIENT) is None
        and "PatientID" not in typed
    )


_LIFTED = "--limit N takes N rows, 'set limit none' all"


def noted(answer: Answer, request: Request, here: Place | None) -> Answer:
    """An answer with statements for people: what was asked, and a command line to go on with.

    Args:
        answer: the answer.
        request: what was asked.
        here: where the command line would be typed; None when it was asked of another modality.
    """
    what = matched(request)
    empty = (f"matched {what}",) if what else ()
    if here is None:
        return Noted(answer, empty=empty)
    line = advice(request, here)
    split = "" if isinstance(answer, Advancing) else split_line(request, here)
    return Noted(
        answer,
        empty=(*empty, f"try: {line}") if line else empty,
        remedy=f"narrow the query, or: {split}" if split else "",
    )


class Suspected:
    """An answer whose number of rows is compared with those of earlier queries.

    Args:
        answer: the answer.
        context: knows what was asked before.
        asked_query: what was asked.
    """

    def __init__(self, answer: Answer, context: QueryContext, asked_query: AskedQuery) -> None:
        self._answer = answer
        self._earlier = context.earlier
        self._question = asked_query

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        return self._answer.__aiter__()

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with what is odd about the number of rows."""
        outcome, modality = self._answer.outcome, self._question.modality
        earlier = list(self._earlier(modality.name))
        cap = modality.capabilities.cap
        told = suspicion(self._question.request, outcome, earlier, cap)
        return replace(outcome, notes=(*outcome.notes, told)) if told else outcome

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()


class Noted:
    """An answer with further statements in its outcome.

    Args:
        answer: the answer.
        empty: statements for the case that nothing was found.
        limited: statements for the case that the limit ended it.
        remedy: what to do when it was cut off, or empty for the general advice.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        empty: tuple[str, ...] = (),
        limited: tuple[str, ...] = (),
        remedy: str = "",
    ) -> None:
        self._answer = answer
        self._empty = empty
        self._limited = limited
        self._remedy = remedy

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        return self._answer.__aiter__()

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with the statements."""
        outcome = self._answer.outcome
        nothing = outcome.ending is Ending.COMPLETE and not outcome.rows
        empty = self._empty if nothing else ()
        limited = self._limited if outcome.ending is Ending.LIMIT else ()
        remedy = outcome.remedy or self._remedy
        return replace(outcome, notes=(*empty, *outcome.notes, *limited), remedy=remedy)

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()
