"""Modalities: which are configured, which one is in use, whether it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from dicomsh.commands.context import Context
from dicomsh.config import checks, edit
from dicomsh.config.locate import load_again
from dicomsh.errors import DicomshError, ExitStatus, UsageError
from dicomsh.event_loop import asyncio
from dicomsh.language.command import command
from dicomsh.language.kinds import (
    ADDRESS,
    AE_TITLE,
    FILE,
    MODALITIES,
    MODALITY,
    NEW_NAME,
    TIME_LIMIT,
    URL,
)
from dicomsh.language.scan import Word
from dicomsh.model.answer import Ending, Outcome
from dicomsh.model.columns import FieldColumn, Record
from dicomsh.model.levels import MODALITY_WORKLIST_FIND, ROOT_MODELS, VERIFICATION, Model
from dicomsh.model.modality import Address, DicomAddress, Modality, PracticeAddress, all_in_use
from dicomsh.model.results import Records, Talk, at_once, listing_of
from dicomsh.query.harmless import harmless_find

_Result = TypeVar("_Result")


@command("use", family="modalities", examples=("use pacs", "use all"))
async def use(context: Context, *names: Annotated[Word, MODALITIES]) -> Talk:
    """Open an association with a modality and make it the current one.

    NAME is a configured modality or AET@HOST:PORT. The output shows the response time of a C-ECHO
    and the information models that the peer accepted. If the association fails, you stay where you
    are. Without NAME, use shows the current modality.

    With several names, a group of modalities.yaml, or all, find and ls ask all of them at the same
    time, also those that do not answer now.
    """
    modalities = _named(context, names)
    if len(modalities) == 1:
        greeting = await _greeting(context, modalities[0])
        if names:
            context.session.choose(*modalities)
        return Talk(greeting)
    greetings = await asyncio.gather(*(_greeting_or_error(context, one) for one in modalities))
    if names:
        context.session.choose(*modalities)
    statuses = [status for _, status in greetings if status]
    text = "\n".join(greeting for greeting, _ in greetings)
    return Talk(text, statuses[0] if statuses else ExitStatus.DONE)


def _named(context: Context, names: Sequence[Word]) -> tuple[Modality, ...]:
    """The modalities that words name, each once; those in use without a word."""
    session = context.session
    found = [one for name in names for one in session.config.find_all(name.text, name.span)]
    return tuple({one.name: one for one in found}.values()) or tuple(all_in_use(session.modalities))


async def _greeting_or_error(context: Context, modality: Modality) -> tuple[str, ExitStatus]:
    try:
        return await _greeting(context, modality), ExitStatus.DONE
    except DicomshError as error:
        told = " · ".join(filter(None, (error.message, error.hint)))
        return f"{modality.name}  {told}", error.status


def _at(word: Word, action: Callable[[], _Result]) -> _Result:
    """The result of an action; a usage error that it raises gets the span of the word."""
    try:
        return action()
    except UsageError as error:
        raise UsageError(error.message, hint=error.hint, span=error.span or word.span) from None


def _reload(context: Context, path: Path) -> None:
    session = context.session
    session.config = load_again(session.config, path, environ=context.environ, cwd=Path.cwd())


async def _greeting(context: Context, modality: Modality) -> str:
    modality = context.known(modality)
    archive = await context.archives.open(modality)
    accepted = (await archive.connect()).sop_classes
    echo = "no C-ECHO"
    if VERIFICATION in accepted:
        echo = f"C-ECHO {milliseconds(await archive.echo())}"
    where = context.archives.reach(modality).address.title
    parts = (f"{modality.name}  {where}", echo, _models(accepted), *_knowledge(context, modality))
    return "   ".join(parts)


def _knowledge(context: Context, modality: Modality) -> list[str]:
    """The findings about a peer, and any problem with the file that stores them."""
    problem = context.archives.memory.problem
    trouble = f"{problem}: the findings about peers are lost; probe again" if problem else ""
    return [text for text in (modality.capabilities.brief, trouble) if text]


def milliseconds(seconds: float) -> str:
    """A short time for people to read: `3 ms`, `0.4 ms`."""
    value = seconds * 1000
    return f"{value:.1f} ms" if value < 1 else f"{value:,.0f} ms"


def _models(accepted: frozenset[str]) -> str:
    titles = [model.title for model in ROOT_MODELS if model.value in accepted]
    if MODALITY_WORKLIST_FIND in accepted:
        only = "only Modality Worklist: no studies here, 'find worklist' lists what is scheduled"
        titles.append(Model.MODALITY_WORKLIST.title if titles else only)
    return ", ".join(titles) or "no query model accepted"


@command("echo", family="modalities", examples=("echo pacs", "echo pacs --find", "echo all"))
async def echo(
    context: Context,
    *names: Annotated[Word, MODALITIES],
    find: Annotated[bool, "also try a C-FIND that matches nothing"] = False,
) -> Records:
    """Send a C-ECHO and show its response time.

    A peer may answer C-ECHO but refuse queries: --find tries one, for a study that cannot exist. It
    also tries one if the peer does not accept C-ECHO.

    Several modalities are tried at the same time, with a row for each; the exit status is that of
    the first failure.
    """
    modalities = _named(context, names)
    columns = [FieldColumn("modality", "Modality"), FieldColumn("echo_ms", "C-ECHO ms", True)]
    if find:
        columns.append(FieldColumn("find_ms", "C-FIND ms", True))
    if len(modalities) == 1:
        record = await _echoed(context, modalities[0], find=find)
        return listing_of(tuple(columns), at_once([record]))
    begun = time.monotonic()
    tried = await asyncio.gather(*(_echoed_or_error(context, one, find=find) for one in modalities))
    columns.append(FieldColumn("error", "Error"))
    records = [record for record, _ in tried]
    failures = [status for _, status in tried if status]
    ending = Ending.PARTIAL if failures else Ending.COMPLETE
    outcome = Outcome(
        ending,
        len(records),
        time.monotonic() - begun,
        detail=f"{len(failures)} did not answer" if failures else "",
        failure=failures[0] if failures else ExitStatus.DONE,
    )
    unit = ("modality", "modalities")
    return listing_of(tuple(columns), at_once(records), outcome=lambda: outcome, unit=unit)


async def _echoed_or_error(
    context: Context, modality: Modality, *, find: bool
) -> tuple[Record, ExitStatus]:
    try:
        return await _echoed(context, modality, find=find), ExitStatus.DONE
    except DicomshError as error:
        return {"modality": modality.name, "error": error.message}, error.status


async def _echoed(context: Context, modality: Modality, *, find: bool) -> Record:
    """The response times of a modality, in milliseconds."""
    archive = await context.archives.open(context.known(modality))
    accepted = (await archive.connect()).sop_classes
    answers = not find or VERIFICATION in accepted  # without --find, C-ECHO is all that was asked
    echo_ms = _rounded(await archive.echo()) if answers else None
    record: Record = {"modality": modality.name, "echo_ms": echo_ms}
    if not find:
        return record
    # "C-ECHO works, C-FIND does not" is a common fault (pynetdicom #751, horos #344)
    return {**record, "find_ms": _rounded(await harmless_find(context.query, modality))}


def _rounded(seconds: float) -> float:
    return round(seconds * 1000, 1)


@command("modalities", family="modalities", examples=("modalities",))
async def modalities(context: Context) -> Records:
    """List the configured modalities.

    Here, as in Orthanc's DicomModalities, a modality is a remote application entity; the attribute
    is always written Modality.
    """
    session = context.session
    columns = (
        FieldColumn("name", "Name"),
        FieldColumn("aet", "AE title"),
        FieldColumn("host", "Host"),
        FieldColumn("port", "Port", True),
        FieldColumn("association", "Association"),
        FieldColumn("known", "Known"),
    )
    known = dict(session.config.modalities)
    for used in session.modalities:
        known.setdefault(used.name, used)
    records = [_modality_record(context, modality) for modality in known.values()]
    broken = session.config.broken.items()
    groups = session.config.groups.items()
    records += [{"name": n, "association": f"group of {', '.join(m)}"} for n, m in groups]
    records += [{"name": n, "association": f"cannot be used: {e.message}"} for n, e in broken]
    return listing_of(columns, at_once(records), unit=("modality", "modalities"))


def _modality_record(context: Context, modality: Modality) -> Record:
    used = modality.name in context.session.names_in_use.split(",")
    state = context.archives.state(modality)
    return {
        "name": modality.name,
        **_address_fields(modality.address),
        "association": f"{state}, in use" if used else state,
        "known": context.archives.memory.of(modality).brief or None,
    }


def _address_fields(address: Address) -> Record:
    if isinstance(address, DicomAddress):
        return {"aet": address.aet, "host": address.host, "port": address.port}
    aet = address.aet if isinstance(address, PracticeAddress) else None
    return {"aet": aet, "host": str(address), "port": None}


@command(
    "modality add",
    family="modalities",
    examples=(
        "modality add archive ORTHANC@127.0.0.1:4242",
        "modality add other ARCHIVE@192.0.2.11:2762 --tls --local-aet STATION1 --timeout 20",
    ),
)
async def modality_add(
    context: Context,
    name: Annotated[Word, NEW_NAME],
    address: Annotated[Word, ADDRESS],
    *,
    local_aet: Annotated[Word | None, AE_TITLE, "the AE title that we use with it"] = None,
    timeout: Annotated[  # noqa: ASYNC109 - the name of the setting
        Word | None, TIME_LIMIT, "seconds for each of its time limits"
    ] = None,
    wado: Annotated[Word | None, URL, "base URL of its WADO-URI service"] = None,
    tls: Annotated[bool, "use TLS, with the certificates that the system trusts"] = False,
    ca: Annotated[Word | None, FILE, "use TLS, and trust the certificates of this PEM file"] = None,
) -> Talk:
    """Add a modality to the modalities file, keeping its comments and order.

    Without options, it has the settings that the file gives for all of them.
    """
    config = context.session.config
    settings = edit.Settings(
        _checked(local_aet, checks.ae_title),
        _checked(timeout, checks.time_limit),
        _checked(wado, checks.url),
        tls,
        _checked(ca, checks.existing_file(Path.cwd())),
    )
    path = _at(
        name,
        lambda: edit.add(config, name.text, address.text, settings, environ=context.environ),
    )
    _reload(context, path)
    return Talk(f"{name.text} added to {path}")


def _checked(word: Word | None, check: Callable[[str], _Result]) -> _Result | None:
    """The value of an option as in the configuration; None if it was not given."""
    if word is None:
        return None
    try:
        return check(word.text)
    except ValueError as error:
        raise UsageError(f"expected {error}, found '{word.text}'", span=word.span) from None


@command("modality remove", family="modalities", examples=("modality remove archive",))
async def modality_remove(context: Context, name: Annotated[Word, MODALITY]) -> Talk:
    """Remove a modality from the modalities file, keeping its comments and order."""
    config = context.session.config
    path = _at(name, lambda: edit.remove(config, name.text, environ=context.environ))
    _reload(context, path)
    return Talk(f"{name.text} removed from {path}")
