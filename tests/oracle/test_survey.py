"""No answer of dicomsh is wrong in silence, none is doubted without need: asked of real servers."""

from __future__ import annotations

import pytest

from tests.oracle.known import known
from tests.oracle.page import PAGE, known_section, section
from tests.oracle.peers import PEERS, title
from tests.oracle.survey import survey


@pytest.mark.parametrize("name", PEERS)
def test_answers_are_right_or_their_faults_are_told(name: str) -> None:
    """`python -m tests.oracle` writes the table, for the versions of the servers that it finds."""
    found = survey(name)
    faults = {
        (way, query): f"{verdict.value}: {answer.line}"
        for way, of in found.faults.items()
        for query, (verdict, answer) in of.items()
    }
    unknown = {fault: line for fault, line in faults.items() if fault not in known(name)}
    assert not unknown
    assert not known(name) - faults.keys(), "mended: no longer to be listed in known.py"
    page = PAGE.read_text("utf-8")
    if f"### {title(name)}," in page:
        assert section(name, found) in page


def test_the_page_lists_what_is_known() -> None:
    assert PAGE.read_text("utf-8").endswith(known_section())
