"""The toolbar while a command runs: in the line below the rows, on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.styles import default_ui_style, merge_styles
from prompt_toolkit.utils import is_dumb_terminal

from dicomsh.repl.colours import STYLE
from dicomsh.repl.toolbar import running

if TYPE_CHECKING:
    from dicomsh.output.progress import Headway
    from dicomsh.shell.shell import Shell

_CLASSES = "class:bottom-toolbar class:bottom-toolbar.text"
"""Styles of the toolbar below the prompt."""


def standard_bar(shell: Shell, depth: Callable[[], ColorDepth]) -> ProgressBar | None:
    """The bar of this process; None if standard error is not a terminal that can show it."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or is_dumb_terminal():
        return None
    return ProgressBar(shell, create_output(stream), depth)


class ProgressBar:
    """The toolbar, drawn below what a command writes; implements `output.progress.PassingLine`.

    The cursor stays at its beginning: if a terminal that gets narrower breaks it into several rows,
    everything from the cursor on is the bar.

    Args:
        shell: the shell whose state is shown.
        output: the terminal.
        depth: the colours to use.
    """

    def __init__(self, shell: Shell, output: Output, depth: Callable[[], ColorDepth]) -> None:
        self._shell = shell
        self._output = output
        self._depth = depth
        styles = merge_styles([default_ui_style(), STYLE])
        self._look = styles.get_attrs_for_style_str(_CLASSES)
        self._text = ""
        self._shown = False

    def show(self, headway: Headway, columns: int) -> None:
        """Draws it, as wide as the terminal is now."""
        from dicomsh.model.safe import width

        columns = self._output.get_size().columns
        text = running(self._shell, headway, columns)
        self._text = text + " " * (columns - width(text))
        self.again()

    def again(self) -> None:
        """Redraws it."""
        self._shown = True
        self._erase()
        self._output.disable_autowrap()
        self._output.set_attributes(self._look, self._depth())
        self._output.write(self._text)
        self._output.reset_attributes()
        self._output.enable_autowrap()
        self._output.write_raw("\r")
        self._flush()

    def clear(self) -> bool:
        """Erases it."""
        shown = self._shown
        if shown:
            self.wipe(0)
        return shown

    def wipe(self, columns: int) -> None:
        """Erases the whole line."""
        del columns
        self._shown = False
        self._erase()
        self._flush()

    def _erase(self) -> None:
        self._output.write_raw("\r")
        self._output.erase_down()

    def _flush(self) -> None:
        with contextlib.suppress(OSError):
            self._output.flush()
