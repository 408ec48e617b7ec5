"""What answers requests: the modalities, the archives, the queries that were kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomsh.archives.open_archives import OpenArchives
from dicomsh.config import Config
from dicomsh.errors import DicomshError
from dicomsh.frozen import field, frozen, replace
from dicomsh.gateway.errors import RequestError, Trouble, as_request_error, no_modality
from dicomsh.gateway.jobs import Jobs
from dicomsh.gateway.kept import Answered, KeptQueries, KeptQuery, gathered
from dicomsh.gateway.kept_archives import KeptArchives
from dicomsh.gateway.keys import Tags, query_keys
from dicomsh.gateway.told import headers_of, is_whole, line_of
from dicomsh.gateway.turns import TooManyError, Turns
from dicomsh.mask.masking import Masking
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import QueryOptions
from dicomsh.model.keys import SPECIFIC_CHARACTER_SET, by_tag
from dicomsh.model.levels import Level
from dicomsh.model.modality import Modality
from dicomsh.model.place import Place
from dicomsh.model.plan import Request
from dicomsh.model.results import Listing
from dicomsh.model.tap import Tap
from dicomsh.query.ask import ask
from dicomsh.query.context import Limits, QueryContext

if TYPE_CHECKING:
    from dicomsh.mask.mask import Mask


@frozen
class GatewayOptions:
    """How a gateway behaves.

    Args:
        limit: rows of one query, as the user set it; None for no limit but that of memory.
        environ: the environment, for the user's folders.
        changes: whether changes of modalities are written to the modalities file.
        masking: makes up names and IDs in all answers while it is on.
        store: the folder for files that are retrieved; None for none.
        port: the one it listens on.
        secure: whether nobody can ask but who may: clients of this computer, or with a password.
    """

    limit: int | None
    environ: Mapping[str, str]
    changes: bool = False
    masking: Masking = field(default_factory=lambda: Masking(lambda: False))
    store: Path | None = None
    port: int = 8042
    secure: bool = False


class Gateway:
    """Answers requests about the modalities of a configuration.

    Args:
        config: the modalities.
        archives: where they are asked.
        options: how to behave.

    Attributes:
        queries: the last queries.
        jobs: the last retrievals.
        turns: who may ask an archive next.
        manufacturers: the `Manufacturer` of modalities that were set by a request.
    """

    def __init__(self, config: Config, archives: OpenArchives, options: GatewayOptions) -> None:
        self.config = config
        self.archives = archives
        self.options = options
        self.queries = KeptQueries()
        self.jobs = Jobs()
        self.turns = Turns()
        self.manufacturers: dict[str, str] = {}

    def modality(self, name: str) -> Modality:
        """The modality of a name.

        Raises:
            RequestError: none is called so, or its settings cannot be used.
        """
        if name in self.config.broken:
            error = self.config.broken[name]
            raise RequestError(
                Trouble.BAD_FORMAT, error.message, http=HTTPStatus.INTERNAL_SERVER_ERROR
            )
        found = self.config.modalities.get(name)
        if found is None:
            raise no_modality(name)
        return found

    def context(self, modality: Modality | None = None) -> QueryContext:
        """Where queries are asked from."""
        limits = Limits(rows=self.options.limit)
        today = date.today()
        used = () if modality is None else (modality,)
        return QueryContext(
            self.archives, today, limits, used, Place(), earlier=self.queries.earlier
        )

    @asynccontextmanager
    async def turn(
        self, modality: Modality, caller: str, service: str = "C-FIND"
    ) -> AsyncIterator[None]:
        """Inside the `with`, the archive of a modality is asked by nobody else.

        Raises:
            RequestError: what is asked there has failed, or too many are waiting.
        """
        try:
            async with self.turns.of(modality.name, caller):
                yield
        except TooManyError:
            details = f"too many requests wait for {modality.name}"
            raise RequestError(
                Trouble.NETWORK, details, http=HTTPStatus.SERVICE_UNAVAILABLE
            ) from None
        except DicomshError as error:
            raise as_request_error(error, modality, service) from None

    @asynccontextmanager
    async def asking(
        self, modality: Modality, caller: str, request: Request, options: QueryOptions
    ) -> AsyncIterator[Listing]:
        """Send a request; the archive is asked by nobody else inside the `with`.

        Raises:
            RequestError: it failed, or cannot be sent.
        """
        async with self.turn(modality, caller):
            listing = await ask(self.context(modality), modality, request, options)
            async with aclosing(listing.answer):
                yield listing

    async def answered(self, modality: Modality, caller: str, request: Request) -> Answered:
        """The whole answer to a request.

        Raises:
            RequestError: it failed, or cannot be sent.
        """
        async with self.asking(modality, caller, request, QueryOptions()) as listing:
            return await gathered(listing.answer)

    async def keep(self, modality: Modality, caller: str, level: Level, asked: Asked) -> str:
        """Ask, and keep the answer; gives the ID of the query.

        Raises:
            RequestError: it failed, or cannot be sent.
        """
        request = Request(
            level, Place(), query_keys(self.real(asked.sent)), returned=asked.returned
        )
        modality = with_charset(modality, asked.sent)
        found = await self.answered(modality, caller, request)
        kept = KeptQuery(modality, request, asked.given, found.rows, found.outcome, found.size)
        return self.queries.add(kept)

    @property
    def mask(self) -> Mask | None:
        """What makes up names and IDs; None if real ones are shown."""
        return self.options.masking.mask

    def real(self, tags: Tags) -> Tags:
        """Keys with real values in place of made-up ones."""
        mask = self.mask
        return tags if mask is None else {tag: mask.real(value) for tag, value in tags.items()}

    def shown(self, text: str) -> str:
        """A text as it may be shown."""
        return self.options.masking.text(text)

    def shown_rows(self, rows: list[Any]) -> list[Any]:
        """Rows, or records, as they may be shown."""
        return self.options.masking.rows(rows)

    def shown_tags(self, tags: Tags) -> Tags:
        """Keys as they may be shown."""
        mask = self.mask
        if mask is None:
            return tags
        return {tag: mask.value(by_tag(tag), value) for tag, value in tags.items()}

    def told(self, level: Level | None, outcome: Outcome) -> Mapping[str, str]:
        """The headers that say whether an answer is complete."""
        return headers_of(self.shown(line_of(level, outcome)), whole=is_whole(outcome))

    def outcome_of(self, query: KeptQuery) -> Mapping[str, str]:
        """The headers of what is read out of a kept query."""
        return self.told(query.request.level, query.outcome)

    @asynccontextmanager
    async def apart(self) -> AsyncIterator[OpenArchives]:
        """Archives with connections of their own, for what takes long or is asked only once."""
        archives = KeptArchives(Tap(), self.archives.memory)
        try:
            yield archives
        finally:
            await archives.close()

    async def close(self) -> None:
        """Release every association, and stop the practice archives."""
        await self.jobs.close()
        await self.archives.close()


@frozen
class Asked:
    """What a query asks for.

    Args:
        given: the keys as the client gave them.
        sent: those that are sent.
        returned: keywords that are requested besides.
    """

    given: Tags
    sent: Tags
    returned: tuple[str, ...]


def with_charset(modality: Modality, tags: Tags) -> Modality:
    """A modality that is asked in the character set that a query names (0008,0005)."""
    charset = tags.get(SPECIFIC_CHARACTER_SET, "")
    return replace(modality, charset=charset) if charset else modality


def adjusted(modality: Modality, *, local_aet: str = "", seconds: int = 0) -> Modality:
    """A modality with another AE title of ours, and other time limits; unchanged if they are empty.

    Args:
        modality: the modality.
        local_aet: our AE title.
        seconds: for connecting, the association, and each answer.
    """
    if local_aet:
        modality = replace(modality, local_aet=local_aet)
    if not seconds:
        return modality
    limits = replace(modality.timeouts, connect=seconds, association=seconds, response=seconds)
    return replace(modality, timeouts=limits)
