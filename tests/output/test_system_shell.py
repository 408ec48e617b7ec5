"""How variables reach a command line of the system's shell."""

from __future__ import annotations

import asyncio
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import DicomshError, UsageError
from dicomsh.output.system_shell import check_percent, output_of, passed

posix = pytest.mark.skipif(sys.platform == "win32", reason="a line for a POSIX shell")

HOSTILE = (
    "$(echo broken)",
    "`echo broken`",
    "; echo broken",
    "'; echo broken; '",
    '"; echo broken; "',
    "a\nb",
    "%PATH%",
    "* ? ~ !",
    "-n",
    "",
    "Müller^Jörg=山田",
)


@posix
@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_data_to_the_shell(value: str) -> None:
    line = """printf '%s|' "$NAME" "${NAME}" '$NAME'"""
    written = asyncio.run(output_of(line, {"NAME": value}))
    assert written == f"{value}|{value}|$NAME|"


@posix
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20))
def test_any_value_is_data_to_the_shell(value: str) -> None:
    assert asyncio.run(output_of('printf "%s" "$X"', {"X": value})).encode() == value.encode()


@posix
def test_arguments_of_a_script_are_arguments_of_the_line() -> None:
    line = 'printf "%s|" "$1" "$2" "$#"'
    assert asyncio.run(output_of(line, {"1": "a b", "2": "$(x)", "4": "no"})) == "a b|$(x)|2|"


@posix
@pytest.mark.parametrize("line", ['echo "$NOPE"', "echo $1", "echo ${NOPE}x"])
def test_a_variable_that_is_not_set_is_an_error(line: str) -> None:
    with pytest.raises(DicomshError, match="exited with status"):
        asyncio.run(output_of(line, {"OTHER": "1"}))


@posix
def test_the_end_of_what_a_failing_command_wrote_is_told() -> None:
    with pytest.raises(DicomshError) as caught:
        asyncio.run(output_of("echo first; echo last; exit 7", {}))
    assert (caught.value.message, caught.value.hint) == (
        "the command exited with status 7",
        "last",
    )


def test_what_cannot_be_an_environment_variable_is_left_out() -> None:
    held = {"A": "1", "0009,1001": "2", "B": "nul\0", "C": "x" * 40_000, "Ä": "3", "1": "4"}
    assert passed(held, by_cmd=False) == {"A": "1"}


@pytest.mark.parametrize(
    "value", ["a & calc", "a | b", "<x>", "%PATH%", 'a"b', "a^b", "(a)", "!a!"]
)
def test_cmd_gets_no_value_that_it_would_interpret(value: str) -> None:
    held = {"SAFE": "Doe, Jane", "NAME": value}
    assert passed(held, by_cmd=True) == {"SAFE": "Doe, Jane"}
    assert passed(held, by_cmd=False) == held


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("echo %StudyInstanceUID%", ""),
        ("echo %studyinstanceuid% %Path:;=,%", ""),
        ("for %i in (1 2) do echo %i", ""),
        ("echo 100%", ""),
        ("echo %PatientName%", "PatientName"),
        ("echo %PatientName:a=b%", "PatientName"),
    ],
)
def test_cmd_leaves_no_variable_as_it_is(line: str, wrong: str) -> None:
    environ = {"StudyInstanceUID": "1.2.3", "PATH": "x"}
    if not wrong:
        check_percent(line, environ)
        return
    with pytest.raises(UsageError, match=f"%{wrong}% has no value"):
        check_percent(line, environ)
