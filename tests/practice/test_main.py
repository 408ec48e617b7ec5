from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from tests.practice.scu import find

COMMAND = [sys.executable, "-m", "dicomsh.practice"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process")
def test_alone_in_the_foreground() -> None:
    command = [*COMMAND, "--aet", "ALONE"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            printed = re.fullmatch(r"ALONE@127\.0\.0\.1:(\d+)\n", process.stdout.readline())
            assert printed
            answer = find(int(printed[1]), "STUDY", PatientID="0555643F")
            assert answer.column("RetrieveAETitle") == ["ALONE", "ALONE"]
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (rest, errors, process.returncode) == ("", "", 0)


@pytest.mark.parametrize("options", [["--port", "70000"], ["--aet", "x" * 17], ["--port", "-1"]])
def test_options_that_cannot_be(options: list[str]) -> None:
    done = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
