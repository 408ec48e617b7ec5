"""Runs a command, and the stages after it."""

from __future__ import annotations

from collections.abc import Sequence

from dicomsh.errors import UsageError
from dicomsh.language.binding import Call
from dicomsh.model.results import Listing, Result
from dicomsh.query.context import Asks


async def result_of(context: Asks, call: Call, stages: Sequence[Call]) -> Result:
    """What a command returns, after the stages that follow it.

    Raises:
        DicomshError: the command or a stage cannot be run.
    """
    result: Result = await call.command.result(context, *call.arguments, **call.options)
    for stage in stages:
        try:
            if not isinstance(result, Listing):
                raise _no_rows(call, stage)
            give = stage.command.result
            result = await give(context, result, *stage.arguments, **stage.options)
        except BaseException:
            if isinstance(result, Listing):
                await result.answer.aclose()
            raise
    return result


def _no_rows(call: Call, stage: Call) -> UsageError:
    name = stage.command.name
    return UsageError(f"{call.command.name} returns no rows for {name}", span=stage.words[0].span)
