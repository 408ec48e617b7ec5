"""The history as prompt_toolkit reads it, without lines that must not be kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable

from prompt_toolkit import history

from dicomsh.session.history import History


class PromptHistory(history.History):
    """The lines that can be recalled at the prompt.

    Lines that begin with a space are not remembered, and none while recording is off. Each command
    of a multi-line text is remembered separately.

    Args:
        kept: the stored lines.
        recording: whether lines are being remembered.
        masked: whether masking is on: then only lines typed since are recalled.
    """

    def __init__(
        self, kept: History, recording: Callable[[], bool], masked: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._kept = kept
        self._recording = recording
        self._masked = masked

    async def load(self) -> AsyncGenerator[str, None]:
        """The lines, the latest first."""
        for line in self.load_history_strings():
            yield line

    def load_history_strings(self) -> Iterable[str]:
        """The lines, the latest first."""
        return reversed(self.get_strings())

    def get_strings(self) -> list[str]:
        """The lines, the oldest first."""
        return self._kept.recalled(masked=self._masked())

    def append_string(self, string: str) -> None:
        """Remember the text typed, except lines that must not be kept."""
        from dicomsh.language.lines import commands_of

        for line in commands_of(string) if self._recording() else ():
            if not line.startswith(" ") and self._kept.lines[-1:] != [line]:
                self.store_string(line)

    def store_string(self, string: str) -> None:
        """Remember a line."""
        self._kept.add(string, masked=self._masked())
