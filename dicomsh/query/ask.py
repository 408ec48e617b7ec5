"""One place where a request becomes a query on the wire and rows come back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from dicomsh.commands.context import Context, Scu
from dicomsh.model.answer import Advancing, Answer, Ending, Listing, Outcome
from dicomsh.model.asked_query import AskedQuery, QueryOptions
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request, choose_model, matched, patients_from_studies
from dicomsh.model.row import Row
from dicomsh.model.silent_truncation import suspicion
from dicomsh.query.check import send
from dicomsh.query.other_model import OfIssuer, PatientsOfStudies, StudiesOfPatients
from dicomsh.query.suggest import advice, split_line
from dicomsh.session.state import Session

Way = Callable[[Context, Scu, Modality, Request, QueryOptions], Awaitable[Answer]]
"""How a request is answered: as one query, or as several."""


async def plain_way(
    context: Context, client: Scu, modality: Modality, request: Request, options: QueryOptions
) -> Answer:
    """The answer to one query."""
    del context
    return await answer_from(client, modality, request, options)


async def ask(
    context: Context,
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
    context.session.asked(request)
    modality = context.timed(modality)
    modality = replace(modality, extended=modality.extended | options.extended)
    asked_query = AskedQuery(modality, request, options)
    client = await context.peers.client(asked_query.modality)
    chosen = resolved(context, asked_query.modality, asked_query.options)
    found = await way(context, client, asked_query.modality, request, chosen)
    current = context.session.modality
    here = context.session.place if current and current.name == modality.name else None
    answer = noted(found, request, here)
    if asked_query.options.split is None:
        answer = Suspected(answer, context.session, asked_query)
    if asked_query.options.limit is None and chosen.limit == context.session.settings.limit:
        answer = Noted(answer, limited=(_LIFTED,))
    return Listing(
        request.columns(),
        answer,
        request.level,
        request.place,
        asked_query=asked_query,
        headway=(lambda: found.headway) if isinstance(found, Advancing) else str,
    )


def resolved(context: Context, modality: Modality, options: QueryOptions) -> QueryOptions:
    """The wish, completed from settings and the modality's configuration."""
    settings = context.session.settings
    return replace(
        options,
        limit=options.limit or _own_limit(context, modality, options),
        model=options.model or settings.model or modality.model,
    )


def _own_limit(context: Context, modality: Modality, options: QueryOptions) -> int | None:
    """The limit that was set.

    The modality's goes before the one that a prompt begins with, which is not meant for an answer
    that is asked in windows: that one is wanted whole.
    """
    limit = context.session.settings.limit
    if limit == context.session.defaults.limit:
        return modality.limit or (limit if options.split is None else None)
    return limit or modality.limit


async def answer_from(
    client: Scu, modality: Modality, request: Request, options: QueryOptions
) -> Answer:
    """The answer of one client; what the peer's models do not allow is emulated, and said."""
    model = choose_model(request, await client.connect(), options.model)
    if request.level is Level.PATIENT and model is Model.STUDY_ROOT:
        studies = await send(client, modality, patients_from_studies(request), model, None)
        return PatientsOfStudies(studies, options.limit, _why(options, Model.PATIENT_ROOT))
    if needs_patients(request, model):
        why = _why(options, Model.STUDY_ROOT)
        return StudiesOfPatients(client, modality, request, options.limit, why)
    answer = await send(client, modality, request, model, options.limit)
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
        session: knows what was listed before.
        asked_query: what was asked.
    """

    def __init__(self, answer: Answer, session: Session, asked_query: AskedQuery) -> None:
        self._answer = answer
        self._session = session
        self._question = asked_query

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        return self._answer.__aiter__()

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with what is odd about the number of rows."""
        outcome, modality = self._answer.outcome, self._question.modality
        earlier = [
            (kept.asked_query.request, kept.outcome)
            for kept in self._session.listings
            if kept.asked_query and kept.outcome and kept.modality == modality.name
        ]
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
