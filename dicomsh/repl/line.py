"""One line from the user: the prompt, its colours, keys, history and toolbar."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import Completer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import FormattedText, StyleAndTextTuples
from prompt_toolkit.output import ColorDepth

from dicomsh.repl.colours import STYLE, LineLexer, depth
from dicomsh.repl.history import PromptHistory
from dicomsh.repl.keys import CONTINUATION, bindings, vi_mode
from dicomsh.repl.line_analysis import LineAnalysis
from dicomsh.repl.place import START, prompt_text
from dicomsh.repl.toolbar import toolbar
from dicomsh.session.history import History

_EDITING = {"emacs": EditingMode.EMACS, "vi": EditingMode.VI}

_ESCAPE = {EditingMode.EMACS: 0.5, EditingMode.VI: 0.1}
"""Seconds after which an ESC byte is the Escape key, not the start of a key sequence."""


class LineReader:
    """Reads lines.

    Args:
        insight: what is known about the shell and the line.
        early: settings by name, as typed, used until there is a shell.
        history: the earlier lines.
        completer: provides Tab completion.
        explain: shows help on the command at the end of a text.
    """

    def __init__(
        self,
        insight: LineAnalysis,
        early: Mapping[str, str],
        history: History,
        completer: Completer,
        explain: Callable[[str], None],
    ) -> None:
        self._insight = insight
        self._early = early
        self._lexer = LineLexer(insight)
        self.prompt: PromptSession[str] = PromptSession(
            self._message,
            history=PromptHistory(
                history, partial(self._is_on, "history"), partial(self._is_on, "mask")
            ),
            completer=completer,
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory(),
            lexer=self._lexer,
            style=STYLE,
            include_default_pygments_style=False,
            bottom_toolbar=self._toolbar,
            key_bindings=bindings(explain),
            enable_open_in_editor=True,
            enable_suspend=True,
            tempfile_suffix=".dsh",
            prompt_continuation=self._continuation,
        )
        self.apply()

    async def read(self, text: str = "") -> str:
        """A line, or several that belong together or were pasted.

        Args:
            text: the initial text at the prompt.

        Raises:
            KeyboardInterrupt: the line was cleared.
            EOFError: end of input.
        """
        self._insight.renew()
        self.apply()
        self.prompt.app.erase_when_done = False
        return await self.prompt.prompt_async(default=text)

    def apply(self) -> None:
        """Follow the settings."""
        self.prompt.editing_mode = _EDITING.get(self._setting("editing"), EditingMode.EMACS)
        self.prompt.app.ttimeoutlen = _ESCAPE[self.prompt.editing_mode]
        self.prompt.color_depth = self.depth()

    def depth(self) -> ColorDepth:
        """The colours to use now."""
        return depth(self._setting("color"), os.environ)

    def echo(self, line: str) -> None:
        """Show a line after its prompt, as if it had been typed."""
        painted = self._lexer.lex_document(Document(line))
        shown = list(self._message())
        for number in range(line.count("\n") + 1):
            shown += [("", "\n" + CONTINUATION)] if number else []
            shown += painted(number)
        print_formatted_text(FormattedText(shown), style=STYLE, color_depth=self.prompt.color_depth)

    def _setting(self, name: str) -> Any:
        shell = self._insight.shell
        if shell is None:
            return self._early.get(name, {"history": "on"}.get(name, "auto"))
        return getattr(shell.session.settings, name)

    def _is_on(self, name: str) -> bool:
        """Whether a setting is on."""
        return self._setting(name) in (True, "on")

    @property
    def _columns(self) -> int:
        return self.prompt.output.get_size().columns

    def _message(self) -> StyleAndTextTuples:
        shell = self._insight.shell
        return START if shell is None else prompt_text(shell.session, self._columns)

    def _toolbar(self) -> StyleAndTextTuples:
        before = self.prompt.default_buffer.document.text_before_cursor
        return toolbar(self._insight, before, self._columns, vi_mode(self.prompt.app))

    def _continuation(self, width: int, number: int, wrapped: int) -> str:
        del number
        return "" if wrapped else CONTINUATION.rjust(width)
