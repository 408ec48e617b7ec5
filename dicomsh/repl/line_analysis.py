"""Analysis of the line being typed, shared by colours, hints and completion."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicomsh.errors import Span
    from dicomsh.language.analyse import Analysis
    from dicomsh.language.hint import UsagePart
    from dicomsh.shell.shell import Shell


class LineAnalysis:
    """The shell, once there is one, and its analysis of a text."""

    def __init__(self) -> None:
        self.shell: Shell | None = None
        self._prompts = 0
        self._analysed: tuple[Hashable, tuple[list[Analysis], list[Span]]] | None = None
        self._hinted: tuple[Hashable, list[UsagePart]] | None = None

    @property
    def version(self) -> Hashable:
        """Changes whenever the same text may mean something else."""
        return self._prompts, self.shell is not None

    def renew(self) -> None:
        """Start a new line: the session's knowledge may have changed."""
        self._prompts += 1

    def analysed(self, text: str) -> tuple[list[Analysis], list[Span]]:
        """The statements of a text, and the positions of its comments."""
        if self.shell is None:
            return [], []
        key = text, self.version
        if self._analysed is None or self._analysed[0] != key:
            from dicomsh.language.analyse import analyse_text
            from dicomsh.session.knowledge import SessionKnowledge

            found = analyse_text(text, self.shell.registry, SessionKnowledge(self.shell.session))
            self._analysed = key, found
        return self._analysed[1]

    def usage(self, before: str) -> list[UsagePart]:
        """The usage line of the command before the cursor, in parts."""
        if self.shell is None:
            return []
        key = before, self.version
        if self._hinted is None or self._hinted[0] != key:
            from dicomsh.language.hint import usage_at
            from dicomsh.session.knowledge import SessionKnowledge

            knowledge = SessionKnowledge(self.shell.session)
            self._hinted = key, usage_at(before, self.shell.registry, knowledge)
        return self._hinted[1]
