"""The completer in a prompt of prompt_toolkit, without a terminal."""

from __future__ import annotations

import asyncio

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from dicomsh.model.levels import Level
from dicomsh.repl.completer import SessionCompleter
from dicomsh.session.state import Session
from tests.language.knowledge import REGISTRY
from tests.session.test_entity_index import row
from tests.session.test_targets import shell_after

UIDS = [f"1.2.840.113704.1.111.2768.1239195678.{number}" for number in range(500)]


def session_with_patients() -> Session:
    """500 studies of a patient, none looked into yet."""
    session = shell_after("use pacs; cd 0555643F").session
    rows = [row(StudyInstanceUID=uid, StudyDescription="A\x1bB") for uid in UIDS]
    session.seen.feed(rows, Level.STUDY, session.place)
    return session


def completions(completer: SessionCompleter, text: str) -> list[Completion]:
    return list(completer.get_completions(Document(text), CompleteEvent()))


def test_answers_are_looked_into_while_the_prompt_waits_for_keys() -> None:
    session = session_with_patients()
    completer = SessionCompleter()
    completer.know(REGISTRY, session)

    async def prompt() -> str:
        with create_pipe_input() as keys:
            lines: PromptSession[str] = PromptSession(input=keys, output=DummyOutput())
            lines.app.after_render += completer.learn
            reading = asyncio.ensure_future(lines.prompt_async())
            while session.learn(0):
                assert not reading.done()
                await asyncio.sleep(0)
            keys.send_text("done\r")
            return await reading

    assert asyncio.run(asyncio.wait_for(prompt(), 30)) == "done"
    assert len(session.seen.below(session.place, UIDS[0])) == 1


def test_a_key_looks_into_some_rows_itself() -> None:
    session = session_with_patients()
    completer = SessionCompleter()
    completer.know(REGISTRY, session)
    assert completions(completer, "cd 1.2")
    assert session.learn(0)


def test_what_is_shown_is_short_and_safe() -> None:
    completer = SessionCompleter()
    session = session_with_patients()
    completer.know(REGISTRY, session)
    session.learn()
    first = completions(completer, "cd 1.2")[0]
    assert first.text == UIDS[0]
    assert first.display_text == "1.2.840.113704…678.0"
    assert "\x1b" not in first.display_meta_text
    assert first.start_position == -len("1.2")


def test_without_a_session_nothing_is_offered() -> None:
    assert completions(SessionCompleter(), "fi") == []


def test_tab_waits_for_the_session() -> None:
    completer = SessionCompleter()
    session = session_with_patients()

    async def tab() -> list[str]:
        event = CompleteEvent(completion_requested=True)
        found = completer.get_completions_async(Document("fin"), event)
        coming = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0)
        assert not coming.done()
        completer.know(REGISTRY, session)
        first = await coming
        return [first.text, *[other.text async for other in found]]

    assert asyncio.run(tab()) == ["find"]
