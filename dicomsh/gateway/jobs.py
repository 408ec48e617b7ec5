"""Jobs: retrievals that go on while their client does something else, as Orthanc reports them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from typing import Protocol
from uuid import uuid4

from dicomsh.archives.open_archives import OpenArchives
from dicomsh.errors import DicomshError, QueryFailedError
from dicomsh.frozen import replace
from dicomsh.gateway.errors import RequestError, Trouble, as_request_error
from dicomsh.gateway.orders import Order, Resource, Work, claimed
from dicomsh.gateway.styled import Json
from dicomsh.gateway.told import OUTCOME, headers_of, is_whole, line_of, outcome_json
from dicomsh.gateway.turns import TooManyError, Turns
from dicomsh.model.answer import Outcome
from dicomsh.model.status import Category, status
from dicomsh.query.context import QueryContext

MOST_JOBS = 100
"""Jobs that are kept, and that may wait."""

_CANCELED = 37
_CANCELED_WORDS = "This job was canceled"
_OBJECTS = ("instance", "instances")


class State(Enum):
    """How far a job is."""

    PENDING = "Pending"
    RUNNING = "Running"
    PAUSED = "Paused"
    SUCCESS = "Success"
    FAILURE = "Failure"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self in (State.SUCCESS, State.FAILURE)


class Workplace(Protocol):
    """What a job needs of the gateway that it runs in."""

    @property
    def turns(self) -> Turns:
        """Who may go on."""
        ...

    @property
    def archives(self) -> OpenArchives:
        """The archives that everybody asks."""
        ...

    def context(self) -> QueryContext:
        """Where queries are asked from."""
        ...

    def apart(self) -> AbstractAsyncContextManager[OpenArchives]:
        """Archives with connections of their own."""
        ...

    def shown(self, text: str) -> str:
        """A text as it may be shown."""
        ...


class Job:
    """A retrieval.

    Args:
        gateway: where it runs.
        order: what to do.
        caller: who wants it.

    Attributes:
        name: its ID.
        state: how far it is.
        error: why it failed; None if it did not.
    """

    def __init__(self, gateway: Workplace, order: Order, caller: str) -> None:
        self.name = str(uuid4())
        self.order = order
        self.caller = caller
        self.state = State.PENDING
        self.error: RequestError | None = None
        self._gateway = gateway
        self._created = _now()
        self._completed: datetime | None = None
        self._begun = 0.0
        self._seconds = 0.0
        self._done: list[tuple[Resource, Work]] = []
        self._under_way: Work | None = None
        self._canceled = False
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._task = self._started()

    def _started(self) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._run())

    async def ended(self) -> None:
        """Wait until it has ended."""
        await asyncio.wait([self._task])

    def cancel(self) -> None:
        """End it now."""
        self._canceled = True
        self._task.cancel()

    def pause(self) -> None:
        """Stop after the series under way."""
        if not self.state.ended:
            self._goes_on.clear()
            self.state = State.PAUSED

    def resume(self) -> bool:
        """Go on; gives whether it was paused."""
        paused = self.state is State.PAUSED
        if paused:
            self.state = State.RUNNING if self._begun else State.PENDING
            self._goes_on.set()
        return paused

    def resubmit(self) -> bool:
        """Begin again; gives whether it had failed."""
        failed = self.state is State.FAILURE
        if failed:
            self.state, self.error, self._canceled = State.PENDING, None, False
            self._completed, self._begun = None, 0.0
            self._done.clear()
            self._task = self._started()
        return failed

    async def _run(self) -> None:
        try:
            async with self._gateway.turns.of(self.order.line, self.caller):
                await self._goes_on.wait()
                self.state, self._begun = State.RUNNING, _seconds()
                await self._worked()
        except asyncio.CancelledError:
            self.error = RequestError(Trouble.NETWORK, _CANCELED_WORDS)
        except DicomshError as error:
            self.error = as_request_error(error, self.order.source, self.order.service)
        except RequestError as error:
            self.error = error
        except TooManyError:
            self.error = RequestError(Trouble.NETWORK, "too many jobs are waiting")
        finally:
            self._seconds = _seconds() - self._begun if self._begun else 0.0
            self._completed = _now()
            self.state = State.FAILURE if self.error else State.SUCCESS

    async def _worked(self) -> None:
        gateway = self._gateway
        # a practice archive runs in the gateway's own archives, where others ask it, too
        source = gateway.archives.reach(self.order.source)
        order = replace(self.order, source=source)
        async with gateway.apart() as archives:
            context = replace(gateway.context(), archives=archives)
            for resource in order.resources:
                await self._moved(context, order, resource)

    async def _moved(self, context: QueryContext, order: Order, resource: Resource) -> None:
        work = order.work(context, resource)
        self._done.append((resource, work))
        self._under_way = work
        try:
            async with aclosing(work.records()) as batches:
                async for _ in batches:
                    await self._goes_on.wait()
            _check(work, order)
        except (DicomshError, RequestError):
            if not order.permissive:
                raise
        finally:
            self._under_way = None

    @property
    def outcomes(self) -> list[Outcome]:
        """How the retrievals ended, those that have begun."""
        return [work.outcome for _, work in self._done]

    @property
    def whole(self) -> bool:
        """Whether everything has arrived, and that is certain."""
        begun = len(self._done) == len(self.order.resources)
        return begun and self.state is State.SUCCESS and all(map(is_whole, self.outcomes))

    @property
    def line(self) -> str:
        """How the retrievals ended, in words."""
        return "; ".join(self._line(work) for _, work in self._done)

    def _line(self, work: Work) -> str:
        outcome = work.outcome
        if work is self._under_way:
            return f"{outcome.rows} of {outcome.expected or 0} instances so far"
        return line_of(None, outcome, _OBJECTS)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that say whether everything has arrived."""
        return headers_of(self._gateway.shown(self._standing), whole=self.whole)

    @property
    def _standing(self) -> str:
        """How far it is, or how it ended, in words."""
        if not self.state.ended:
            return f"the job is {self.state.value.lower()}: {self._progress} %"
        _, words, details = self._failure()
        return f"the job has failed: {details or words}" if self.error else self.line

    @property
    def _progress(self) -> int:
        if self.state is State.SUCCESS:
            return 100
        total = len(self.order.resources)
        parts = [one.rows / one.expected for one in self.outcomes if one.expected]
        return min(99, round(100 * sum(parts) / total)) if total else 0

    def content(self) -> dict[str, Json]:
        """What it does, and what became of each resource."""
        shown = self._gateway.shown
        return {
            **self.order.content(),
            "Details": [self._detail(*one) for one in self._done],
            OUTCOME: shown(self.line),
        }

    def _detail(self, resource: Resource, work: Work) -> dict[str, Json]:
        claim = claimed(work)
        code = {} if claim is None else {"DimseErrorStatus": claim.status}
        outcome = work.outcome
        told = outcome_json(None, outcome, self._gateway.shown)
        told |= {"Line": self._line(work), "Expected": outcome.expected or 0}
        if work is self._under_way:
            told |= {"Ending": "running"}
        query = resource.query(self.order.form)
        return {**code, "Query": query, "ReceivedInstancesIds": [], OUTCOME: told}

    def described(self) -> dict[str, Json]:
        """All that is known about it."""
        number, words, details = self._failure()
        ended = {"CompletionTime": _written(self._completed)} if self._completed else {}
        running = _seconds() - self._begun if self._begun else 0.0
        seconds = self._seconds if self._completed else running
        return {
            "Content": self.content(),
            "CreationTime": _written(self._created),
            "EffectiveRuntime": round(seconds, 3),
            "ErrorCode": number,
            "ErrorDescription": words,
            "ErrorDetails": self._gateway.shown(details),
            "ID": self.name,
            "Priority": self.order.priority,
            "Progress": self._progress,
            "State": self.state.value,
            "Timestamp": _written(_now()),
            "Type": self.order.kind,
            **ended,
            **({} if self.order.user_data is None else {"UserData": self.order.user_data}),
        }

    def _failure(self) -> tuple[int, str, str]:
        if self.error is None:
            return 0, "Success", ""
        if self._canceled:
            return _CANCELED, _CANCELED_WORDS, ""
        number, message, _ = self.error.trouble.value
        return number, message, self.error.details


def _check(work: Work, order: Order) -> None:
    """Raise the error of a retrieval that did not bring everything.

    Raises:
        RequestError: something is missing.
        QueryFailedError: the archive said that it failed.
    """
    outcome, claim = work.outcome, claimed(work)
    if is_whole(outcome):
        return
    line = line_of(None, outcome, _OBJECTS)
    if claim is not None and status(claim.status).category is Category.FAILURE:
        raise QueryFailedError(line, code=claim.status, comment=claim.comment or line)
    missing = (outcome.expected or 0) - outcome.rows
    if missing or order.folder is not None:
        raise RequestError(Trouble.NETWORK, line, http=HTTPStatus.INTERNAL_SERVER_ERROR)


class Jobs:
    """The last jobs; those that ended first are forgotten first."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def __iter__(self) -> Iterator[Job]:
        return iter(sorted(self._jobs.values(), key=lambda job: job.name))

    def add(self, job: Job) -> None:
        """Keep a job."""
        self._jobs[job.name] = job
        for name, old in list(self._jobs.items()):
            if len(self._jobs) <= MOST_JOBS:
                break
            if old.state.ended:
                del self._jobs[name]

    def get(self, name: str) -> Job | None:
        """The job of an ID."""
        return self._jobs.get(name)

    @property
    def full(self) -> bool:
        """Whether too many have not ended yet for another one."""
        return sum(not job.state.ended for job in self._jobs.values()) >= MOST_JOBS

    async def close(self) -> None:
        """Cancel all that have not ended."""
        running = [job for job in self._jobs.values() if not job.state.ended]
        for job in running:
            job.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*(job.ended() for job in running))


def _now() -> datetime:
    return datetime.now(UTC)


def _written(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S.%f}"


def _seconds() -> float:
    return asyncio.get_running_loop().time()
