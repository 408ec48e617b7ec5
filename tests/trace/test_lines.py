"""How a trace words what was sent and received."""

from __future__ import annotations

from dicomsh.dimse.command import CommandSet, write_command
from dicomsh.trace.conversation import TracedMessage
from dicomsh.trace.lines import lines_of

_SYNTAXES = ("1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.2")


def title(command: bytes, identifier: bytes) -> str:
    event = TracedMessage(False, 3, _SYNTAXES, command, identifier, len(identifier))
    found = lines_of(event, hexadecimal=False)
    assert found is not None
    return found[0]


def test_a_data_set_without_a_command_is_called_so() -> None:
    """Orthanc's, after its response to a C-CANCEL."""
    assert title(b"", bytes(8)).startswith("data set without a command  context 3 Study Root")


def test_an_unknown_command_is_named_by_its_field() -> None:
    command = write_command(CommandSet(0x8ABC, 7))
    assert title(command, b"").startswith("message with Command Field 0x8ABC  to message 7")
