"""Completion at the prompt: adapts the language's candidates to prompt_toolkit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.application import Application
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from dicomsh.regex import regex

if TYPE_CHECKING:
    from dicomsh.language.command import Registry
    from dicomsh.language.offer import Offer
    from dicomsh.session.state import Session

_AT_ONCE = 40
"""Rows of new answers that one key press indexes; `learn` indexes the rest between keys."""

_UID = regex(r"[0-9.]+\Z", re.ASCII)
_WIDEST = 20
"""Cells for a UID in the menu; it is shortened in the middle, as in tables."""


class SessionCompleter(Completer):
    """Completes commands, options, keys, and what the session has seen; never asks a peer.

    Tab waits for the session, which takes a moment after the first prompt.
    """

    def __init__(self) -> None:
        self._known: tuple[Registry, Session] | None = None
        self._ready = asyncio.Event()
        self._learning: asyncio.Task[None] | None = None

    def know(self, registry: Registry, session: Session) -> None:
        """From now on, complete from these commands and this session."""
        self._known = registry, session
        self._ready.set()

    def learn(self, application: Application[str]) -> None:
        """Index new answers, if any, while the prompt waits for keys."""
        idle = self._learning is None or self._learning.done()
        if idle and self._known is not None and self._known[1].learn(0):
            self._learning = asyncio.ensure_future(_learn(self._known[1], application))

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Like `get_completions`; a Tab pressed before there is a session waits."""
        if complete_event.completion_requested:
            await self._ready.wait()
        for completion in self.get_completions(document, complete_event):
            yield completion

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Completions of the word before the cursor."""
        del complete_event
        if self._known is None:
            return []
        from dicomsh.language.offer import offers
        from dicomsh.repl.files import complete_file
        from dicomsh.session.knowledge import SessionKnowledge

        registry, session = self._known
        session.learn(_AT_ONCE)
        before = document.text_before_cursor
        knowledge = SessionKnowledge(session)
        found = offers(before, len(before), registry, knowledge, complete_file)
        return [_completion(offer, len(before), session.masking.text) for offer in found]


async def _learn(session: Session, application: Application[str]) -> None:
    while application.is_running and session.learn(_AT_ONCE):  # noqa: ASYNC110 - nothing to await
        await asyncio.sleep(0)


def _completion(offer: Offer, cursor: int, shown: Callable[[str], str]) -> Completion:
    """The completion; its description is made when it is shown."""
    from dicomsh.model.safe import shorten_middle, visible

    candidate = offer.candidate
    long = len(candidate.text) > _WIDEST and _UID.match(candidate.text)
    return Completion(
        offer.text,
        offer.start - cursor,
        shorten_middle(candidate.text, _WIDEST) if long else candidate.text,
        display_meta=lambda: visible(shown(candidate.told)),
    )
