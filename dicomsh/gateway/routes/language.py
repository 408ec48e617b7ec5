"""/find: a command in our language, and its rows as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any

from dicomsh.errors import DicomshError, UsageError
from dicomsh.gateway import body as reading
from dicomsh.gateway.core import Gateway
from dicomsh.gateway.endpoint import NDJSON, Body, Call, Endpoint, Reply, Stream
from dicomsh.gateway.errors import as_request_error, bad_format, hint_after
from dicomsh.gateway.kept import MOST_BYTES, stopped
from dicomsh.gateway.language import analysed, listing_of
from dicomsh.gateway.routes.wado import MODALITY, named_modality
from dicomsh.gateway.told import COMPLETE, OUTCOME, headers_of, is_whole, outcome_json
from dicomsh.language.analyse import Analysis
from dicomsh.model.answer import Outcome
from dicomsh.model.keys import BOOKKEEPING
from dicomsh.model.modality import Modality
from dicomsh.model.results import FILE_FORMATS, Listing
from dicomsh.output.formats import renderer
from dicomsh.output.json_format import json_text
from dicomsh.output.plain import needed_tags
from dicomsh.output.renderer import Renderer
from dicomsh.output.result_line import result_line
from dicomsh.output.theme import Theme

FORMATS = {
    "ndjson": NDJSON,
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "yaml": "application/yaml; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "dicom-json": "application/dicom+json",
    "table": "text/plain; charset=utf-8",
    "vertical": "text/plain; charset=utf-8",
}
"""The media type of each format."""


async def find(call: Call) -> Reply | Stream:
    """Run a command; ndjson comes row by row with the outcome as the last line, others at once."""
    fields = reading.object_of(call.body)
    reading.check_names(fields, _SCHEMA["properties"])
    text = reading.string(fields, "command")
    if text is None:
        raise bad_format("The JSON body must contain field command")
    form = reading.string(fields, "format") or "ndjson"
    if form not in FORMATS:
        raise bad_format(f"format is one of {', '.join(FORMATS)}")
    modality = named_modality(call.gateway, fields)
    analysis = _analysed(call.gateway, text)
    rows = _Rows(call, modality, analysis)
    if form != "ndjson":
        return await _whole(rows, form)
    chunks = rows.chunks(form, streaming=True)
    first = await anext(chunks)  # what fails before the first row is an HTTP error
    return Stream(_after(first, chunks), NDJSON, {COMPLETE: "last-line"})


async def _after(first: str, chunks: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    async with aclosing(chunks):
        yield first
        async for chunk in chunks:
            yield chunk


def _analysed(gateway: Gateway, text: str) -> Analysis:
    mask = gateway.mask
    meant = text if mask is None else mask.real(text)
    try:
        return analysed(meant, gateway.context().today)
    except UsageError as error:
        place = f", at character {error.span.start + 1}" if error.span else ""
        raise bad_format(f"{error.message}{place}{hint_after(error)}") from None


class _Rows:
    """The rows of a command, as text.

    Args:
        call: the request.
        modality: the archive.
        analysis: of the command.

    Attributes:
        outcome: how they ended; None before the end.
        listing: what they are; None before the first.
    """

    def __init__(self, call: Call, modality: Modality, analysis: Analysis) -> None:
        self._call = call
        self._gateway = call.gateway
        self._modality = modality
        self._analysis = analysis
        self.outcome: Outcome | None = None
        self.listing: Listing | None = None

    async def chunks(self, form: str, *, streaming: bool) -> AsyncGenerator[str, None]:
        """The text, a piece for each batch of rows.

        Args:
            form: the format.
            streaming: whether the outcome follows as a last line; if not, the size is bounded.

        Raises:
            RequestError: the command failed before the first row.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._gateway.turn(self._modality, self._call.caller))
            listing = await self._listing()
            await stack.enter_async_context(aclosing(listing.answer))
            text = _renderer(form, listing)
            async for chunk in self._rendered(text, listing, bounded=not streaming):
                yield chunk
            outcome = self.outcome or listing.answer.outcome
        if streaming:
            told = outcome_json(listing.level, outcome, self._gateway.shown)
            yield json_text({OUTCOME: {**told, "Line": self.line}}) + "\n"

    async def _listing(self) -> Listing:
        context = self._gateway.context(self._modality)
        self.listing = listing = await listing_of(self._analysis, context)
        return listing

    async def _rendered(
        self, text: Renderer, listing: Listing, *, bounded: bool
    ) -> AsyncIterator[str]:
        begun = text.begin()
        size = 0
        try:
            async for batch in listing.answer:
                chunk = begun + text.rows(self._shown(listing, batch))
                begun = ""
                size += len(chunk)
                if chunk:
                    yield chunk
                if bounded and size > MOST_BYTES:
                    await listing.answer.aclose()
                    ended = listing.answer.outcome
                    self.outcome = stopped(ended, ended.rows)
                    break
        except DicomshError as error:
            raise as_request_error(error, self._modality, "C-FIND") from None
        self.outcome = self.outcome or listing.answer.outcome
        yield begun + text.flush() + text.end()

    def _shown(self, listing: Listing, batch: list[Any]) -> list[Any]:
        if listing.exact:
            tags = BOOKKEEPING.union(needed_tags(listing.columns))
            batch = [row.only(tags) for row in batch]
        return self._gateway.shown_rows(batch)

    @property
    def line(self) -> str:
        """The result line."""
        assert self.listing is not None
        assert self.outcome is not None
        unit = self.listing.counted_as
        return self._gateway.shown(result_line(self.listing.level, self.outcome, unit=unit))

    @property
    def headers(self) -> Mapping[str, str]:
        """Whether it is complete."""
        assert self.outcome is not None
        return headers_of(self.line, whole=is_whole(self.outcome))


def _renderer(form: str, listing: Listing) -> Renderer:
    name = listing.output or form
    if name in FILE_FORMATS:
        raise bad_format(
            f"{name} is written by the shell alone; formats here: {', '.join(FORMATS)}"
        )
    return renderer(
        name,
        listing.columns,
        level=listing.level,
        width=None,
        theme=Theme.plain(),
        delimiting=listing.delimiting,
    )


async def _whole(rows: _Rows, form: str) -> Reply:
    chunks = [chunk async for chunk in rows.chunks(form, streaming=False)]
    return Reply("".join(chunks), FORMATS[form], headers=rows.headers)


_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["command"],
    "properties": {
        "command": {
            "type": "string",
            "description": "find …, and stages after | that need no file",
        },
        "format": {"type": "string", "enum": list(FORMATS)},
        MODALITY: {
            "type": "string",
            "description": "its name; may be left out if it is the only one",
        },
    },
}
_EXAMPLE = {"command": "find study mod=CT date=2009", "format": "ndjson"}

ENDPOINTS = (
    Endpoint(
        "POST",
        "/find",
        find,
        "Run a command of the shell; ndjson comes as the rows come, the outcome is its last line",
        NDJSON,
        body=Body(_SCHEMA, _EXAMPLE),
        fails=(400, 404, 422, 500, 503),
    ),
)
