"""Lists of values in files: `Key=@FILE` in a query, and the values that were not found."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from dicomsh.errors import UsageError
from dicomsh.folders import path_of
from dicomsh.frozen import replace
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term
from dicomsh.model.answer import Outcome
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.level_keys import displayed
from dicomsh.model.levels import Level
from dicomsh.model.results import Listing, Records, listing_of
from dicomsh.query.context import QueryContext
from dicomsh.query.from_list import ListWay, Tally, list_keys


async def list_way(
    query: QueryContext, term: Term, level: Level, limit: int | None, resume: Word | None
) -> ListWay:
    """How a request is asked for each value of a list, which is read and checked here.

    Args:
        query: where the list is read, and from which day relative dates count.
        term: names the list.
        level: the level of the query.
        limit: maximum number of rows in all, or None.
        resume: names the file of a checkpoint, or None.

    Raises:
        UsageError: the list cannot be read, or a value in it is not valid.
    """
    path, span = term.path(level), term.word.rest(term.value_start)
    try:
        values = await query.read_list(term.listed_in or "", path, level)
        keys = await list_keys(values, path, query.today, term.word.text)
    except UsageError as error:
        error.span = span
        raise
    return ListWay(values, keys, limit, path_of(resume.text) if resume else None)


def not_found(listing: Listing, way: ListWay, term: Term, level: Level) -> Records:
    """The values of a list that are not there, instead of the rows of those that are.

    Args:
        listing: the answer to the query.
        way: how it was asked.
        term: names the list.
        level: the level of the query.
    """
    path = term.path(level)
    keyword = ".".join(part.keyword for part in path)
    columns = (
        FieldColumn(keyword, displayed(keyword), whole=True, vr=path[-1].vr),
        FieldColumn("line", "Line", number=True),
    )

    async def records() -> AsyncGenerator[list[Record], None]:
        try:
            async for _ in listing.answer:
                yield _records(keyword, tally)
            yield _records(keyword, tally)
        finally:
            await listing.answer.aclose()

    def outcome() -> Outcome:
        return replace(listing.answer.outcome, rows=tally.missing)

    (tally,) = way.tallies
    made = listing_of(columns, records(), outcome=outcome, unit=("missing value", "missing values"))
    return Records(replace(made, headway=listing.headway))


def _records(keyword: str, tally: Tally) -> list[Record]:
    return [{keyword: value.text, "line": value.line} for value in tally.take_missing()]
