"""The history as prompt_toolkit reads it; what may not be kept stays out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable

from prompt_toolkit import history

from dicomsh.session.history import History


class PromptHistory(history.History):
    """The lines that can be recalled at the prompt.

    What begins with a space is not remembered, and nothing while recording is off. Of a text of
    several lines each command is remembered by itself.

    Args:
        kept: where the lines are.
        recording: whether lines are remembered now.
    """

    def __init__(self, kept: History, recording: Callable[[], bool]) -> None:
        super().__init__()
        self._kept = kept
        self._recording = recording

    async def load(self) -> AsyncGenerator[str, None]:
        """The lines, the latest first."""
        for line in self.load_history_strings():
            yield line

    def load_history_strings(self) -> Iterable[str]:
        """The lines, the latest first."""
        return reversed(self._kept.lines)

    def get_strings(self) -> list[str]:
        """The lines, the oldest first."""
        return self._kept.lines

    def append_string(self, string: str) -> None:
        """Remember what was typed, as far as it may be."""
        from dicomsh.language.lines import commands_of

        for line in commands_of(string) if self._recording() else ():
            if not line.startswith(" ") and self._kept.lines[-1:] != [line]:
                self.store_string(line)

    def store_string(self, string: str) -> None:
        """Remember a line."""
        self._kept.add(string)
