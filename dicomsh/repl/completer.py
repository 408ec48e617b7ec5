"""Completion at the prompt, from the one analysis of the line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

if TYPE_CHECKING:
    from dicomsh.language.command import Registry
    from dicomsh.language.expect import Expected
    from dicomsh.language.kinds import Knowledge


class SessionCompleter(Completer):
    """Completes commands, options, keys, and what the session has seen; never asks a peer.

    It completes nothing until it knows a session.
    """

    def __init__(self) -> None:
        self._known: tuple[Registry, Knowledge] | None = None

    def know(self, registry: Registry, knowledge: Knowledge) -> None:
        """Complete from these commands and this knowledge from now on."""
        self._known = registry, knowledge

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Completions of the word before the cursor."""
        if self._known is None:
            return
        from dicomsh.language.expect import expect

        before = document.text_before_cursor
        expected = expect(before, len(before), *self._known)
        if expected is not None and expected.file:
            from prompt_toolkit.completion import PathCompleter

            path = Document(expected.prefix)
            yield from PathCompleter(expanduser=True).get_completions(path, complete_event)
        elif expected is not None:
            yield from _words(expected, len(before), self._known[0])


def _words(expected: Expected, cursor: int, registry: Registry) -> Iterable[Completion]:
    from dicomsh.language.expect import candidates
    from dicomsh.language.scan import quote

    prefix = expected.prefix.lower()
    for candidate in candidates(expected, registry):
        if candidate.text.lower().startswith(prefix):
            text = quote(candidate.text)
            start = expected.start - cursor
            yield Completion(text, start, candidate.text, display_meta=candidate.meta)
