"""Completion at the prompt, from the one analysis of the line."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from dicomsh.language.command import Registry
from dicomsh.language.expect import Expected, candidates, expect
from dicomsh.language.kinds import Knowledge
from dicomsh.language.scan import quote


class SessionCompleter(Completer):
    """Completes commands, options, keys, and what the session has seen; never asks a peer."""

    def __init__(self, registry: Registry, knowledge: Knowledge) -> None:
        self._registry = registry
        self._knowledge = knowledge
        self._paths = PathCompleter(expanduser=True)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Completions of the word before the cursor."""
        before = document.text_before_cursor
        expected = expect(before, len(before), self._registry, self._knowledge)
        if expected is None:
            return
        if expected.file:
            yield from self._paths.get_completions(Document(expected.prefix), complete_event)
            return
        yield from self._words(expected, len(before))

    def _words(self, expected: Expected, cursor: int) -> Iterable[Completion]:
        prefix = expected.prefix.lower()
        for candidate in candidates(expected, self._registry):
            if candidate.text.lower().startswith(prefix):
                text = quote(candidate.text)
                meta = candidate.meta
                yield Completion(text, expected.start - cursor, candidate.text, meta)
