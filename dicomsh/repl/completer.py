"""Completion at the prompt: what the language offers, as prompt_toolkit wants it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

if TYPE_CHECKING:
    from dicomsh.language.command import Registry
    from dicomsh.language.offer import Offer
    from dicomsh.session import Session

_AT_ONCE = 40
"""Rows of new answers that one key looks into; `learn` looks into the others between keys."""


class SessionCompleter(Completer):
    """Completes commands, options, keys, and what the session has seen; never asks a peer.

    It completes nothing until it knows a session.
    """

    def __init__(self) -> None:
        self._known: tuple[Registry, Session] | None = None

    def know(self, registry: Registry, session: Session) -> None:
        """Complete from these commands and this session from now on."""
        self._known = registry, session

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Completions of the word before the cursor."""
        del complete_event
        if self._known is None:
            return []
        from dicomsh.language.offer import offers
        from dicomsh.repl.files import complete_file

        registry, session = self._known
        session.learn(_AT_ONCE)
        before = document.text_before_cursor
        found = offers(before, len(before), registry, session, complete_file)
        return [_completion(offer, len(before)) for offer in found]


def _completion(offer: Offer, cursor: int) -> Completion:
    """The completion; what is said about it is made when it is shown."""
    from dicomsh.output.safe import visible

    candidate = offer.candidate
    return Completion(
        offer.text,
        offer.start - cursor,
        candidate.text,
        display_meta=lambda: visible(candidate.told),
    )
