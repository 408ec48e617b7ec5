"""explain: what a command would send and why; what the last answer means."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, TypeVar

from dicomsh.commands.context import Context
from dicomsh.commands.last_queries import answers_of
from dicomsh.errors import UsageError
from dicomsh.explain.answer import answer_lines
from dicomsh.explain.equivalent import Equivalent
from dicomsh.explain.identifier import Element, elements
from dicomsh.explain.page import query_lines, tool_lines
from dicomsh.explain.reasons import Sent
from dicomsh.explain.tools import TOOLS
from dicomsh.explain.transfer import SentRetrieve
from dicomsh.explain.transfer_page import equivalents, moved_lines, tool_text
from dicomsh.explain.transfer_tools import RETRIEVE_TOOLS, STORE_TOOLS, StoredPaths
from dicomsh.frozen import frozen, replace
from dicomsh.language.binding import Call
from dicomsh.language.command import command
from dicomsh.language.kinds import COMMAND, one_of
from dicomsh.language.scan import Word
from dicomsh.model.answer import Outcome
from dicomsh.model.asked_query import AskedQuery
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.modality import DicomAddress
from dicomsh.model.plan import Request
from dicomsh.model.query import Query
from dicomsh.model.results import Listing, Records, Report, Text, at_once, listing_of
from dicomsh.model.safe import remark
from dicomsh.model.text_about import TextAbout, text_about
from dicomsh.output.note_words import note_text
from dicomsh.query.ask import ask
from dicomsh.query.dry_run import DryArchives, DryRun, notes_of
from dicomsh.session.kept_answer import KeptAnswer

_ALL = "all"
_EVERY_TOOL = dict.fromkeys((*TOOLS, *RETRIEVE_TOOLS, *STORE_TOOLS))
_TOOL = one_of("TOOL", {name: name for name in (*_EVERY_TOOL, _ALL)})
_ENOUGH = 200
"""How many rows of an earlier answer to examine for what a peer returns."""


@command(
    "explain",
    family="teaching",
    examples=(
        "explain find patient JOD* sex=M",
        "explain find study date=2009 mod=CT,MR",
        "explain --as findscu find study name=*山田*",
        "cd 0555643F; explain ls",
        "cd 0555643F; ls; explain get 1",
        "cd 0555643F; explain --as getscu get",
        "find patient JOD*; explain last",
    ),
)
async def explain(
    context: Context,
    inner: Annotated[Call, COMMAND],
    *,
    as_: Annotated[str | None, _TOOL, "print only the query for another tool, to copy"] = None,
) -> Report | Text:
    """Show what COMMAND would send, and why; nothing is sent.

    Lists the information model, the level, the character set and every element of the identifier:
    its value as sent, its origin, and the type of matching with its paragraph of the standard. Then
    the same query for DCMTK, dcm4che, pynetdicom, Orthanc and QIDO-RS. Of get, move and store, it
    also shows the presentation contexts, and the same for getscu, movescu or storescu of DCMTK and
    dcm4che, Orthanc and WADO-RS.

    What a peer accepts is known while an association is open, and assumed otherwise. A TARGET that
    was not listed is assumed to exist. explain last explains the last answer.
    """
    if inner.command.name == "last":
        return await _last(context, as_)
    _check_explainable(inner)
    done = await _dry_run(context, inner)
    asked = [_forced(context, sent, typed=bool(inner.options.get("model"))) for sent in done.sent]
    if done.moved.retrieves or done.moved.stores:
        return _transfer(context, done, asked, inner, as_)
    if as_ is not None:
        return _tools_only(context, asked, as_, inner.command.name)
    page = _about(asked, partial(_page, context, done))
    copied = _about(asked, partial(_equivalents, context))
    return Report(page, _records(asked), copied)


_Asked = TypeVar("_Asked", Sent, SentRetrieve)


def _about(asked: list[_Asked], make: Callable[[list[_Asked]], str]) -> str:
    """A text made from requests."""
    return text_about(
        tuple(sent.query for sent in asked), lambda queries: make(_with(asked, queries))
    )


def _with(asked: list[_Asked], queries: tuple[Query, ...]) -> list[_Asked]:
    pairs = zip(asked, queries, strict=True)
    return [replace(sent, query=query) for sent, query in pairs]


def _check_explainable(call: Call) -> None:
    """Raise UsageError for a command that queries no archive."""
    if call.command.name == "watch":
        raise UsageError("explain takes the command that watch runs", hint="explain find …")
    if call.command.family not in ("query", "walk") and call.command.name not in _OTHERS:
        named = "find, ls, cd, tree, show, wado, get, view, move, store, use, echo, last"
        raise UsageError(
            f"there is nothing to explain about '{call.command.name}'",
            hint=f"explain takes {named}",
        )


_OTHERS = ("use", "echo", "get", "view", "move", "store")


async def _dry_run(context: Context, call: Call) -> DryRun:
    """What a command would ask, and whom: it runs, and its changes are discarded.

    Raises:
        DicomshError: the command would fail before anything is sent.
    """
    done = DryRun()
    apart = _apart(context, done)
    await _read(await call.command.result(apart, *call.arguments, **call.options), done)
    return done


async def _dry_run_again(context: Context, asked: AskedQuery) -> DryRun:
    """What would be sent now for an earlier query."""
    done = DryRun()
    apart = _apart(context, done)
    await _read(await ask(apart.query, asked.modality, asked.request, asked.options), done)
    return done


def _apart(context: Context, done: DryRun) -> Context:
    archives = DryArchives(context.archives, done)
    return replace(context, session=copy.copy(context.session), archives=archives)


async def _read(result: object, done: DryRun) -> None:
    """Consume the rows of a result: some queries are sent only then."""
    if isinstance(result, Listing):
        async for _ in result.answer:
            pass
        done.notes = tuple(notes_of(result, done))


def _forced(context: Context, sent: Sent, *, typed: bool) -> Sent:
    """The query with what chose its information model, if anything did."""
    by_setting = "'set model'" if context.session.settings.model else ""
    by_modality = f"model: for {sent.peer.name}" if sent.peer.model else ""
    forced = "--model" if typed else by_setting or by_modality
    return replace(sent, forced=forced)


def _page(context: Context, done: DryRun, asked: list[Sent]) -> str:
    lines = ["nothing is sent; the command would do this:"]
    if done.echoes:
        lines.append("open an association, unless one is open, and send a C-ECHO (PS3.4 A.4)")
    if not asked and not done.echoes:
        lines.append("no query: what it needs has been listed already")
    for number, sent in enumerate(asked, 1):
        lines += ["", *_numbered(number, asked), *query_lines(sent, _missing(context, sent))]
    lines += [f"note: {note_text(note)}" for note in done.notes]
    return "\n".join(lines)


def _numbered(number: int, asked: list[Sent]) -> list[str]:
    if len(asked) == 1:
        return []
    values = [key.value for key in asked[number - 1].query.keys]
    each = any(value.startswith("<") for value in values)
    return [f"query {number}" + (", for each answer to the previous one" if each else "")]


def _transfer(
    context: Context, done: DryRun, asked: list[Sent], inner: Call, as_: str | None
) -> Report | Text:
    """The explanation of a command that moves objects.

    Raises:
        UsageError: the tool cannot do it.
    """
    retrieves, stored = done.moved.retrieves, _stored(done, inner)
    subject = tuple(tuple(sent.query for sent in each) for each in (asked, retrieves))

    def about(make: Callable[[list[Sent], list[SentRetrieve]], list[str]]) -> TextAbout:
        def made(subject: tuple[tuple[Query, ...], ...]) -> str:
            queries, requests = subject
            return "\n".join(make(_with(asked, queries), _with(retrieves, requests)))

        return text_about(subject, made)

    def page(asked: list[Sent], retrieves: list[SentRetrieve]) -> list[str]:
        head = [] if stored and not asked else _page(context, done, asked).split("\n")
        return head + moved_lines(retrieves, stored, listed=bool(asked))

    def copied(_: list[Sent], retrieves: list[SentRetrieve]) -> list[str]:
        blocks = [["", *tool_lines(one)] for one in equivalents(retrieves, stored)]
        head = ["", "# the same with other tools", *_said_of_mask(context)]
        return [*head, *(line for block in blocks for line in block), ""]

    def for_tool(_: list[Sent], retrieves: list[SentRetrieve]) -> list[str]:
        name = None if as_ == _ALL else as_
        return [*_said_of_mask(context), *tool_text(name, retrieves, stored)]

    if as_ is not None:
        return Text(about(for_tool))
    return Report(about(page), _records(asked, retrieves), about(copied))


def _stored(done: DryRun, inner: Call) -> list[StoredPaths]:
    paths = [word.text for word in inner.arguments if isinstance(word, Word)]
    return [StoredPaths(sent, paths or ["FILE"]) for sent in done.moved.stores]


def _said_of_mask(context: Context) -> list[str]:
    masked = context.session.settings.mask
    return (
        ["# masked: names and IDs are made up; 'set mask off' writes real ones"] if masked else []
    )


def _equivalents(context: Context, asked: list[Sent]) -> str:
    return "".join(f"{line}\n" for line in _equivalent_lines(context, asked))


def _equivalent_lines(context: Context, asked: list[Sent]) -> list[str]:
    if not asked:
        return []
    if len(asked) > 1:
        return ["", f"explain --as {'|'.join(TOOLS)} COMMAND writes these for other tools"]
    if not isinstance(asked[0].peer.address, DicomAddress):
        return []
    blocks = [tool_lines(tool(asked[0])) for tool in TOOLS.values()]
    head = ["", "# the same query elsewhere", *_said_of_mask(context)]
    return [*head, *(line for block in blocks for line in ("", *block))]


def _tools_only(context: Context, asked: list[Sent], name: str, of: str) -> Text:
    """The query for one tool, ready to run.

    Raises:
        UsageError: there is no query, or the tool cannot express it.
    """
    if not asked:
        raise UsageError(f"'{of}' would send no query", hint="explain without --as says what")
    if not all(isinstance(sent.peer.address, DicomAddress) for sent in asked):
        raise UsageError(f"other tools cannot query {asked[0].peer.address}")
    return Text(_about(asked, partial(_for_tools, context, name)))


def _for_tools(context: Context, name: str, asked: list[Sent]) -> str:
    names = list(TOOLS) if name == _ALL else [name]
    made = [TOOLS[each](sent) for sent in asked for each in names]
    if name != _ALL:
        _check_said(made)
    lines = [line for one in made for line in tool_lines(one)]
    return "\n".join(_said_of_mask(context) + lines)


def _check_said(made: list[Equivalent]) -> None:
    for equivalent in made:
        if not equivalent.text:
            raise UsageError(f"{equivalent.title}: {'; '.join(equivalent.notes)}")


_COLUMNS = (
    FieldColumn("query", "Query", True),
    FieldColumn("model", "Model"),
    FieldColumn("level", "Level"),
    FieldColumn("tag", "Tag"),
    FieldColumn("vr", "VR"),
    FieldColumn("keyword", "Keyword"),
    FieldColumn("value", "Value"),
    FieldColumn("matching", "Matching"),
    FieldColumn("paragraph", "Paragraph"),
    FieldColumn("origin", "Origin"),
)


def _records(asked: list[Sent], retrieves: Sequence[SentRetrieve] = ()) -> Records:
    every: tuple[Sent | SentRetrieve, ...] = (*asked, *retrieves)
    records = [
        _record(number, sent, element)
        for number, sent in enumerate(every, 1)
        for element in elements(sent.query, sent.peer)
    ]
    return listing_of(_COLUMNS, at_once(records))


def _record(number: int, sent: Sent | SentRetrieve, element: Element) -> Record:
    attribute, query = element.attribute, sent.query
    return {
        "query": number,
        "model": query.sop_class.title if isinstance(sent, SentRetrieve) else query.model.title,
        "level": None if sent.query.level is None else sent.query.level.dicom,
        "tag": f"{'>' * element.depth}{attribute.tag_text}",
        "vr": attribute.vr,
        "keyword": attribute.keyword,
        "value": element.value,
        "matching": element.matching or None,
        "paragraph": element.paragraph,
        "origin": text_about(element.origin, str),
    }


def _missing(context: Context, sent: Sent) -> list[str]:
    """Attributes requested from a peer at this level before, but not returned in any row."""
    kept = [
        one
        for one in context.session.listings
        if one.modality == sent.peer.name and one.level is sent.query.level and one.rows
    ]
    if not kept:
        return []
    seen = {tag for one in kept for row in one.rows[:_ENOUGH] for tag in row.compact().elements}
    asked = {key for one in kept for key in _asked_back(one)}
    return [
        key.keyword
        for key in sent.query.keys
        if len(key.path) == 1 and key.keyword in asked and key.attribute.tag not in seen
    ]


def _asked_back(kept: KeptAnswer) -> tuple[str, ...]:
    if kept.asked_query is None:
        return ()
    request = kept.asked_query.request
    return (*request.default_keywords(), *(key.keyword for key in request.keys))


@frozen
class _Answered:
    """A query that was answered, how, and what would be sent for it now."""

    query: AskedQuery
    outcome: Outcome
    sent: list[Sent]


async def _last(context: Context, as_: str | None) -> Report | Text:
    """The explanation of the last answer, or of that of each archive."""
    answered = [
        await _answered(context, query, outcome)
        for query, outcome in answers_of(context.session, "explain last")
    ]
    every = [sent for one in answered for sent in one.sent]
    if as_ is not None:
        return _tools_only(context, every, as_, "last")
    subject = tuple(
        (one.query.request, tuple(sent.query for sent in one.sent), one.outcome) for one in answered
    )

    def page(subject: tuple[tuple[Request, tuple[Query, ...], Outcome], ...]) -> str:
        pages = (
            _answer_page(
                context, replace(one.query, request=request), outcome, _with(one.sent, queries)
            )
            for one, (request, queries, outcome) in zip(answered, subject, strict=True)
        )
        return "\n\n".join(pages)

    return Report(text_about(subject, page), _records(every))


async def _answered(context: Context, query: AskedQuery, outcome: Outcome) -> _Answered:
    done = await _dry_run_again(context, query)
    typed = query.options.model is not None
    return _Answered(query, outcome, [_forced(context, sent, typed=typed) for sent in done.sent])


def _answer_page(
    context: Context, asked_query: AskedQuery, outcome: Outcome, asked: list[Sent]
) -> str:
    lines = answer_lines(asked_query, outcome, lambda note: remark(note_text(note)))
    for number, sent in enumerate(asked, 1):
        lines += ["", *_numbered(number, asked), *query_lines(sent, _missing(context, sent))]
    return "\n".join(lines)
