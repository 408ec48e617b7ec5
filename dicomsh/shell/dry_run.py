"""A script in a dry run: what each statement would send, run and write, and nothing of it done.

Commands run as they are, with archives that answer each query with one made-up row
(`query.dry_run`). So errors that only a run shows are found, and later statements have a listing
and a place to go on from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomsh.commands.context import Context
from dicomsh.commands.run import result_of
from dicomsh.explain.reasons import Sent
from dicomsh.explain.transfer import SentRetrieve, SentStore
from dicomsh.frozen import replace
from dicomsh.language.analyse import Analysis
from dicomsh.language.binding import Call, Commands
from dicomsh.language.scan import Statement, SystemCommand, Word
from dicomsh.model.query import Query
from dicomsh.model.results import Listing, Text
from dicomsh.query.dry_run import DryArchives, DryRun

_FAMILIES = ("query", "walk")
_OTHERS = frozenset("use echo get view move store set let alias print source exit help".split())
"""Commands that run here, besides those families; of any other, the name alone is told."""


class DryScript:
    """Runs statements in a dry run.

    Args:
        context: where they would run.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def lines(self, analysis: Analysis) -> list[str]:
        """What a statement without a problem would do, a line each.

        Raises:
            DicomshError: it would fail before anything is sent.
            LeaveShell: it is the end of the script.
        """
        statement = analysis.statement
        if isinstance(statement.first, SystemCommand):
            return [f"run !{statement.first.text}"]
        assert analysis.call is not None
        call = _once(analysis.call)
        done = DryRun()
        told = await self._run(call, analysis.stages, done) if _runs(call) else [_not_here(call)]
        return [*told, *actions(done), *_written(statement)]

    async def _run(self, call: Call, stages: Sequence[Call], done: DryRun) -> list[str]:
        archives = DryArchives(self._context.archives, done)
        context = replace(self._context, archives=archives)
        stages = [stage for stage in stages if all(map(_runs, _repeated(stage)))]
        result = await result_of(context, call, stages)
        if isinstance(result, Listing):
            await self._keep(result)
        is_said = call.command.name == "print" and isinstance(result, Text)
        return [f"print {result.text}"] if is_said and isinstance(result, Text) else []

    async def _keep(self, listing: Listing) -> None:
        """Consume the rows, as some queries are sent only then; they become the last listing."""
        session = self._context.session
        rows = [row async for batch in listing.answer for row in batch]
        if listing.level is None or listing.again:
            return
        kept = session.begin(listing.columns, listing.level, listing.place)
        kept.asked_query = listing.asked_query
        kept.add(rows)
        session.keep(kept, listing.answer.outcome)


def _once(call: Call) -> Call:
    """The command itself; of one that is repeated, the command that it repeats."""
    inner = next((part for part in call.arguments if isinstance(part, Call)), None)
    return inner if call.command.name == "watch" and inner is not None else call


def _runs(call: Call) -> bool:
    """Whether a command has no effect but on the session, if nothing is sent."""
    saves = call.command.name == "set" and bool(call.options.get("save"))
    return (call.command.family in _FAMILIES or call.command.name in _OTHERS) and not saves


def _not_here(call: Call) -> str:
    return f"{call.command.name}: not run"


def _repeated(stage: Call) -> Iterator[Call]:
    """The commands that a stage runs for each row."""
    for argument in stage.arguments:
        if isinstance(argument, Commands):
            yield from argument.calls


def _system_lines(words: tuple[Word, ...]) -> Iterator[str]:
    """The lines for the system's shell among the words of a stage, in braces or not."""
    for word in words:
        if word.system:
            yield word.text
        for statement in word.block or ():
            yield from _system_lines(statement.words)


def _written(statement: Statement) -> Iterator[str]:
    """Where the data of a statement would go, and the programs that would run."""
    for stage in statement.stages:
        if isinstance(stage, SystemCommand):
            yield f"pass rows to !{stage.text}"
        else:
            yield from (f"run !{line} for each row" for line in _system_lines(stage))
    redirect = statement.redirect
    if redirect is not None and redirect.target is not None:
        yield f"{'append to' if redirect.append else 'write'} {redirect.target.text}"


def actions(done: DryRun) -> list[str]:
    """What would be sent, a line each.

    Args:
        done: what a command has asked in a dry run.
    """
    lines = ["C-ECHO"] if done.echoes else []
    lines += [_query_line(sent) for sent in done.sent]
    lines += [_retrieve_line(sent) for sent in done.moved.retrieves]
    return lines + [_store_line(sent) for sent in done.moved.stores]


def _query_line(sent: Sent) -> str:
    level = sent.query.level.dicom if sent.query.level else "worklist"
    limit = f", at most {sent.limit:,} rows" if sent.limit else ""
    return f"C-FIND {level} at {sent.peer.name}: {_keys(sent.query)}{limit}"


def _keys(query: Query) -> str:
    """The keys with a value, and how many others are requested."""
    matched = [key.asked for key in query.keys if key.value]
    others = len(query.keys) - len(matched)
    return f"{', '.join(matched) or 'everything'}; {others} more attributes"


def _retrieve_line(sent: SentRetrieve) -> str:
    to = f" to {sent.destination}" if sent.destination else ""
    matched = ", ".join(key.asked for key in sent.query.keys if key.value)
    return f"{sent.service}{to} from {sent.peer.name}: {matched}"


def _store_line(sent: SentStore) -> str:
    number = sum(sent.counts.values())
    commits = ", with storage commitment" if sent.commits else ""
    return f"C-STORE of {number:,} object{'s' * (number != 1)} to {sent.peer.name}{commits}"
