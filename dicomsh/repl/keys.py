"""Our own key bindings; all others are prompt_toolkit's for Emacs or vi."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import Condition, emacs_mode, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode

CONTINUATION = "… "
"""The prompt of a continuation line."""


def bindings(explain: Callable[[str], None]) -> KeyBindings:
    """The key bindings of the prompt.

    Args:
        explain: shows help on the command at the end of a text.
    """
    keys = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER)

    @keys.add("enter", filter=typing & Condition(_goes_on))
    def _continue(event: KeyPressEvent) -> None:
        """An open quote, or a backslash at the end: the line continues."""
        event.current_buffer.insert_text("\n")

    @keys.add("enter", filter=typing & ~Condition(_goes_on))
    def _accept(event: KeyPressEvent) -> None:
        """Run it; several lines are shown one by one as they run."""
        from dicomsh.language.lines import commands_of

        buffer = event.current_buffer
        event.app.erase_when_done = len(commands_of(buffer.text)) > 1
        buffer.validate_and_handle()

    @keys.add("c-c", filter=typing & Condition(_is_empty))
    @keys.add("<sigint>", filter=Condition(_is_empty))
    def _nothing(event: KeyPressEvent) -> None:
        """Ctrl-C at an empty prompt."""
        event.current_buffer.reset()

    @keys.add("f1", filter=typing)
    @keys.add("escape", "h", filter=typing & emacs_mode)
    def _help(event: KeyPressEvent) -> None:
        """Help on the command being typed."""
        explain(event.current_buffer.document.text_before_cursor)

    return keys


_MODES = {
    InputMode.NAVIGATION: "normal",
    InputMode.REPLACE: "replace",
    InputMode.REPLACE_SINGLE: "replace",
}


def vi_mode(application: Application[Any]) -> str:
    """The current vi mode: `insert`, `normal`, `replace` or `visual`; empty in Emacs."""
    if application.editing_mode is not EditingMode.VI:
        return ""
    selects = application.current_buffer.selection_state is not None
    return "visual" if selects else _MODES.get(application.vi_state.input_mode, "insert")


def _goes_on() -> bool:
    from dicomsh.language.scan import is_open

    return is_open(get_app().current_buffer.text + "\n")


def _is_empty() -> bool:
    return not get_app().current_buffer.text
