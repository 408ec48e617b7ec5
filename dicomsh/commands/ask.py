"""One place where a request becomes a query on the wire and rows come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from dicomsh.commands.context import Context, Scu
from dicomsh.commands.emulate import OfIssuer, PatientsOfStudies, StudiesOfPatients
from dicomsh.commands.observe import send
from dicomsh.model.answer import Row
from dicomsh.model.levels import Level, Model
from dicomsh.model.listing import Answer, Ending, Listing, Outcome
from dicomsh.model.peer import Modality
from dicomsh.model.plan import Request, choose_model, matched, patients_from_studies
from dicomsh.model.question import Question, Wish


async def ask(
    context: Context, modality: Modality, request: Request, wish: Wish | None = None
) -> Listing:
    """Send a request to a modality.

    Raises:
        DicomshError: no association, or a key that cannot be sent.
    """
    wish = wish or Wish()
    modality = context.timed(modality)
    modality = replace(modality, extended=modality.extended | wish.extended)
    question = Question(modality, request, wish)
    client = await context.peers.client(question.modality)
    chosen = resolved(context, question.modality, question.wish)
    answer = await answer_from(client, question.modality, request, chosen)
    if question.wish.limit is None and chosen.limit == context.session.settings.limit:
        answer = Noted(answer, limited=(_LIFTED,))
    return Listing(request.columns(), answer, request.level, request.place, question=question)


def resolved(context: Context, modality: Modality, wish: Wish) -> Wish:
    """The wish, completed from settings and the modality's configuration."""
    settings = context.session.settings
    return Wish(
        wish.limit or _own_limit(context, modality),
        wish.model or settings.model or modality.model,
        wish.extended,
    )


def _own_limit(context: Context, modality: Modality) -> int | None:
    """The limit that was set; the modality's goes before the one that a prompt begins with."""
    limit = context.session.settings.limit
    if limit == context.session.defaults.limit:
        return modality.limit or limit
    return limit or modality.limit


async def answer_from(client: Scu, modality: Modality, request: Request, wish: Wish) -> Answer:
    """The answer of one client; what the peer's models do not allow is emulated, and said."""
    model = choose_model(request, await client.connect(), wish.model)
    if request.level is Level.PATIENT and model is Model.STUDY_ROOT:
        studies = await send(client, modality, patients_from_studies(request), model, None)
        return _noted(PatientsOfStudies(studies, wish.limit), request)
    if _needs_patients(request, model):
        return StudiesOfPatients(client, modality, request, wish.limit)
    answer = await send(client, modality, request, model, wish.limit)
    issuer = next((step.issuer for step in request.place.steps if step.issuer), "")
    return _noted(OfIssuer(answer, issuer) if issuer else answer, request)


def _needs_patients(request: Request, model: Model) -> bool:
    typed = {key.keyword for key in request.keys if key.value}
    return (
        model is Model.PATIENT_ROOT
        and request.level is not Level.PATIENT
        and request.place.step(Level.PATIENT) is None
        and "PatientID" not in typed
    )


_LIFTED = "--limit N takes N rows, 'set limit none' all"


def _noted(answer: Answer, request: Request) -> Answer:
    what = matched(request.keys)
    return Noted(answer, empty=(f"matched {what}",) if what else ())


class Noted:
    """An answer with further statements in its outcome.

    Args:
        answer: the answer.
        empty: statements for the case that nothing was found.
        limited: statements for the case that the limit ended it.
    """

    def __init__(
        self, answer: Answer, *, empty: tuple[str, ...] = (), limited: tuple[str, ...] = ()
    ) -> None:
        self._answer = answer
        self._empty = empty
        self._limited = limited

    def __aiter__(self) -> AsyncIterator[list[Row]]:
        return self._answer.__aiter__()

    @property
    def outcome(self) -> Outcome:
        """How the answer ended, with the statements."""
        outcome = self._answer.outcome
        empty = () if outcome.rows else self._empty
        limited = self._limited if outcome.ending is Ending.LIMIT else ()
        return replace(outcome, notes=(*empty, *outcome.notes, *limited))

    async def aclose(self) -> None:
        """Leave early."""
        await self._answer.aclose()
