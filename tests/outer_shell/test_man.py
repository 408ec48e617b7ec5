"""The manual page says what `--help` and `help` say."""

from __future__ import annotations

import re

from dicomsh.cli import main, parser
from dicomsh.commands import registry
from dicomsh.outer_shell.man import page


def plain(text: str) -> str:
    """The text without macros, fonts and escapes."""
    text = re.sub(r"\\f[BR]|\\&|^\.\w+ ?", "", text, flags=re.M)
    text = re.sub(r"\\\[u([0-9A-F]{4,5})\]", lambda found: chr(int(found[1], 16)), text)
    return text.replace(r"\-", "-").replace(r"\e", "\\")


def test_every_option_and_command_is_there() -> None:
    text = plain(page())
    known = registry()
    for made in (*known, *known.stages):
        assert made.usage in text
        assert " ".join(made.doc.split("\n\n")[0].split()) in text
    for action in parser()._actions:
        assert (action.help or "") in text
        assert all(word in text for word in action.option_strings)


def test_no_line_is_taken_for_a_request_of_roff() -> None:
    """A line of text that began with a full stop or an apostrophe would be lost."""
    requests = {".TH", ".SH", ".SS", ".PP", ".TP", ".IP", ".br"}
    lines = page().splitlines()
    begun = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert begun <= requests
    assert page().isascii()
    assert not re.search(r"(?<!\\)-", "".join(line for line in lines if line[:1] != "."))


def test_it_goes_to_standard_output(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["man"]) == 0
    assert capsys.readouterr().out == page()
