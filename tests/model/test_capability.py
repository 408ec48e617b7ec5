"""What is known about a peer, in words, and what the configuration declares about it."""

from __future__ import annotations

import pytest

from dicomsh.model.capability import NOTHING_KNOWN, Capabilities, Support, declared

FOUND = Capabilities(
    probed="2026-11-25",
    matching={
        "StudyDate": Support.WORKS,
        "AccessionNumber": Support.IGNORED,
        "ModalitiesInStudy": Support.IGNORED,
        "PatientSex": Support.LATE,
    },
    rejected=frozenset({"IssuerOfPatientID", "BodyPartExamined"}),
    hiding=frozenset({"StudyID", "PatientSex"}),
    unmatched=("ISO_IR 13", "GB18030"),
    name_charsets=("ISO_IR 100", "ISO_IR 192"),
    cap=1_500,
)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (NOTHING_KNOWN, ""),
        (Capabilities(probed="2026-11-25"), "probed 2026-11-25: matches what was tried"),
        (Capabilities(cap=20), "cuts off after 20 rows"),
        (
            Capabilities(cap=20, hiding=frozenset({"StudyID"})),
            "leaves out rows without StudyID; cuts off after 20 rows",
        ),
        (
            FOUND,
            "probed 2026-11-25: ignores AccessionNumber, ModalitiesInStudy;"
            " matches after its limit PatientSex; rejects BodyPartExamined, IssuerOfPatientID;"
            " leaves out rows without PatientSex, StudyID; finds no names in ISO_IR 13, GB18030;"
            " needs names in ISO_IR 100, ISO_IR 192; cuts off after 1,500 rows",
        ),
    ],
)
def test_deviations_are_named_and_nothing_else(known: Capabilities, words: str) -> None:
    assert known.brief == words


def test_what_is_declared_replaces_what_was_found_and_adds_to_what_is_rejected() -> None:
    given = declared(frozenset({"StudyDate", "PatientName"}), frozenset({"PatientAge"}))
    both = FOUND.overridden(given)
    ignored = {word for word, support in both.matching.items() if support is Support.IGNORED}
    assert ignored == {"AccessionNumber", "ModalitiesInStudy", "PatientName", "StudyDate"}
    assert both.support("PatientSex") is Support.LATE
    assert both.rejected == FOUND.rejected | {"PatientAge"}
    assert both.cap == FOUND.cap
