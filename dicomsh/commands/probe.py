"""probe: finding out with harmless queries what a peer can do, and remembering it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import date
from typing import Annotated

from dicomsh.commands.context import Context
from dicomsh.frozen import replace
from dicomsh.language.command import command
from dicomsh.language.kinds import MODALITY
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.extended_negotiation import Extension
from dicomsh.model.modality import Modality, all_in_use
from dicomsh.model.notes import NoteKind, note
from dicomsh.model.results import Records, Talk, listing_of
from dicomsh.query.probe.steps import findings
from dicomsh.query.probe.trial import Finding, Trial

_COLUMNS = (
    FieldColumn("capability", "Capability"),
    FieldColumn("finding", "Finding"),
    FieldColumn("how", "How it was found"),
)


@command("probe", family="modalities", examples=("probe pacs",))
async def probe(
    context: Context,
    name: Annotated[Word | None, MODALITY] = None,
    *,
    forget: Annotated[bool, "discard the findings; send no queries"] = False,
) -> Records | Talk:
    """Find out with harmless queries what a modality can do, and remember it.

    Sends some twenty queries, each with a row limit and ended with C-CANCEL, to test the
    information models, extended negotiation, which keys are matched and returned, wildcards,
    character sets, relational queries, repeated rows, and after how many rows an answer is cut
    off, with a status that says so or silently. Later queries use the findings: dicomsh applies
    the filters that the server ignores or matches too late, leaves out keys that it rejects, calls
    an answer that ends at the server's limit INCOMPLETE, and says so in the result line.

    If several modalities are in use, they are probed one after another.
    """
    session = context.session
    named = [session.config.find(name.text, name.span)] if name else all_in_use(session.modalities)
    if forget:
        return Talk("\n".join(_forgotten(context, modality) for modality in named))
    first, *others = named
    if not others:
        return _probed(context, first)
    from dicomsh.commands.apiece import apiece

    return apiece({modality.name: _probed(context, modality) for modality in named})


def _probed(context: Context, modality: Modality) -> Records:
    probing = _Probing(context, modality)
    return listing_of(
        _COLUMNS,
        probing.records(),
        outcome=lambda: probing.outcome,
        unit=("finding", "findings"),
    )


def _forgotten(context: Context, modality: Modality) -> str:
    known = context.archives.memory.forget(modality)
    return f"{modality.name}: " + ("forgotten" if known else "nothing was known")


class _Probing:
    """A probe in progress, and its outcome."""

    def __init__(self, context: Context, modality: Modality) -> None:
        self._memory = context.archives.memory
        self._modality = modality
        self._archives = context.archives
        self._timed = replace(context.known(modality), extended=frozenset())
        self.outcome = Outcome(Ending.COMPLETE, 0, 0.0)

    async def records(self) -> AsyncGenerator[list[Record], None]:
        """A record for each finding; the findings are saved at the end."""
        # two associations: a peer may answer differently once extensions have been negotiated
        everything = replace(self._timed, extended=frozenset(Extension))
        trial = Trial(self._timed, await self._archives.open(self._timed))
        rows = 0
        async for finding in findings(trial, await self._archives.open(everything)):
            rows += 1
            yield [_record(finding)]
        self._memory.keep(self._modality, replace(trial.found, probed=date.today().isoformat()))
        queries = note(NoteKind.QUERIES, count=trial.queries)
        notes = (queries, note(NoteKind.REMEMBERED, self._where()))
        self.outcome = Outcome(Ending.COMPLETE, rows, trial.seconds, notes=notes)

    def _where(self) -> str:
        path, problem = self._memory.path, self._memory.problem
        if path is None:
            return "remembered for this session only: no home folder"
        return f"{problem} and was replaced" if problem else f"remembered in {path}"


def _record(finding: Finding) -> Record:
    return {"capability": finding.capability, "finding": finding.result, "how": finding.how}
