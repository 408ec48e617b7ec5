"""What Tab offers: text with the cursor as `|`, and what is inserted, best first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.errors import UsageError
from dicomsh.language.analyse import analyse_text
from dicomsh.language.candidate import Candidate
from dicomsh.language.offer import MOST, Offer, offers
from dicomsh.model.levels import Level
from dicomsh.repl.files import complete_file
from tests.language.knowledge import REGISTRY, Known
from tests.language.test_analyse import any_line

SEEN = {
    "Modality": ("MR", "CT"),
    "ModalitiesInStudy": ("MR", "SR"),
    "StudyDate": ("20090412", "20110930"),
    "StudyTime": ("101530.000000",),
    "StudyDescription": ("CT THORAX", "MR * BRAIN", "it's"),
    "PatientName": ("JODOGNE^SEBASTIEN", "山田^太郎"),
    "PatientID": ("0555643F",),
    "SeriesInstanceUID": ("1.2.3", "1.2.4"),
    "ScheduledStationAETitle": ("CT1",),
}
KNOWN = Known(seen=SEEN)
DATE_PARTS = ("year", "month", "weekday")


def no_files(_: str) -> Iterable[Candidate]:
    return ()


def offered(marked: str, known: Known = KNOWN) -> list[Offer]:
    before, _, after = marked.rpartition("|")
    return offers(before + after, len(before), REGISTRY, known, no_files)


def completed(marked: str, known: Known = KNOWN) -> list[str]:
    """The lines up to the cursor that the offers make."""
    before = marked.rpartition("|")[0]
    return [before[: offer.start] + offer.text for offer in offered(marked, known)]


def told(marked: str, known: Known = KNOWN) -> dict[str, str]:
    return {offer.candidate.text: offer.candidate.told for offer in offered(marked, known)}


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        # commands, options and their values
        ("fi|", ["find"]),
        ("FI|", ["find"]),
        ("ls; mod|", ["ls; modalities", "ls; modality add", "ls; modality remove"]),
        ("modality r|", ["modality remove"]),
        ("find study --li|", ["find study --limit"]),
        ("find study --model |", ["find study --model patient", "find study --model study"]),
        ("find study --model=s|", ["find study --model=study"]),
        ("last --output ta|", ["last --output table"]),
        # modalities and levels
        ("use |", ["use pacs", "use ward"]),
        ("use w|", ["use ward"]),
        ("lesson start |", ["lesson start dates"]),
        ("find |", ["find patient", "find study", "find series", "find instance"]),
        ("find se|", ["find series"]),
        # keys: the level's, aliases, then the dictionary
        ("find study StudyD|", ["find study StudyDate=", "find study StudyDescription="]),
        ("find study studyd|", ["find study StudyDate=", "find study StudyDescription="]),
        ("find study +StudyD|", ["find study +StudyDate", "find study +StudyDescription"]),
        ("find study acc|", ["find study AccessionNumber=", "find study acc="]),
        ("find study Echo|", ["find study EchoNumbers=", "find study EchoPeakPosition="]),
        ("find series +Request|", ["find series +RequestAttributesSequence"]),
        ("ls birth|", ["ls birth="]),
        # paths into sequences
        ("find series RequestA|", ["find series RequestAttributesSequence."]),
        (
            "find series RequestAttributesSequence.|",
            [
                "find series RequestAttributesSequence.RequestedProcedureID=",
                "find series RequestAttributesSequence.ScheduledProcedureStepID=",
            ],
        ),
        (
            "find series +RequestAttributesSequence.Sched|",
            ["find series +RequestAttributesSequence.ScheduledProcedureStepID"],
        ),
        (
            "find study ProcedureCodeSequence.|",
            ["find study ProcedureCodeSequence.CodeValue="],
        ),
        (
            "find study ScheduledProcedureStepSequence.ScheduledStationAETitle=|",
            ["find study ScheduledProcedureStepSequence.ScheduledStationAETitle=CT1"],
        ),
        # values: seen ones before those that the standard defines
        ("find series mod=|", ["find series mod=MR", "find series mod=CT", "find series mod=ANN"]),
        ("find series Modality=x|", ["find series Modality=XA", "find series Modality=XAPROTOCOL"]),
        ("find series mod=CT,M|", ["find series mod=CT,MR", "find series mod=CT,M3D"]),
        (r"find series mod=CT\s|", [r"find series mod=CT\SEG", r"find series mod=CT\SM"]),
        ("find patient sex=|", ["find patient sex=F", "find patient sex=M", "find patient sex=O"]),
        ("find series Laterality=|", ["find series Laterality=L", "find series Laterality=R"]),
        (
            "find series body=CHESTA|",
            ["find series body=CHESTABDOMEN"],
        ),
        ("find series series=|", ["find series series=1.2.3", "find series series=1.2.4"]),
        ("find series series=1.2.3,|", ["find series series=1.2.3,1.2.4"]),
        ("find study desc=|", ["find study desc='CT THORAX'", """find study desc="it's\""""]),
        ("find study 'desc=CT T|", ["find study desc='CT THORAX'"]),
        ("find study desc='CT T|", ["find study desc='CT THORAX'"]),
        ("find study name=JO|", ["find study name=JODOGNE^SEBASTIEN"]),
        ("find patient 山|", ["find patient 山田^太郎"]),
        ("find patient 0|", ["find patient 0555643F"]),
        ("find series U|", ["find series US"]),
        # days
        ("find study date=|", ["find study date=today", "find study date=yesterday"]),
        ("find study date=y|", ["find study date=yesterday"]),
        ("find study date=-|", ["find study date=-7d", "find study date=-2w"]),
        ("find study date=-3|", ["find study date=-3d", "find study date=-3w"]),
        ("find study date=2024-|", ["find study date=2024-01", "find study date=2024-02"]),
        (
            "find study date=2024-02-2|",
            ["find study date=2024-02-20"],
        ),
        ("find study date=2009|", ["find study date=2009", "find study date=2009-04-12"]),
        (
            "find study date=2009..t|",
            ["find study date=2009..today"],
        ),
        ("find study date=>=2011|", ["find study date=>=2011"]),
        ("find study time=|", ["find study time=10:15:30"]),
        # stages, and commands inside of commands
        ("find study | count by date.|", [f"find study | count by date.{p}" for p in DATE_PARTS]),
        ("find study | where time.|", ["find study | where time.hour="]),
        ("find study | where date.weekday=s|", ["find study | where date.weekday=Sat"]),
        ("find study | s|", ["find study | sort", "find study | select"]),
        ("find study | sort StudyD|", ["find study | sort StudyDate"]),
        ("find series | where mod=|", ["find series | where mod=MR"]),
        ("find series | where Modality!=U|", ["find series | where Modality!=US"]),
        ("find study | count by stu|", ["find study | count by StudyDate"]),
        ("find study | to cs|", ["find study | to csv"]),
        ("explain fi|", ["explain find"]),
        ("explain find se|", ["explain find series"]),
        ("explain find series mod=C|", ["explain find series mod=CT"]),
        ("find study | each show $Stud|", ["find study | each show $StudyDate"]),
        ("find study | each show ${StudyI|", ["find study | each show ${StudyInstanceUID}"]),
        # settings, topics, variables
        ("help whe|", ["help where"]),
        ("set li|", ["set limit"]),
        ("help fi|", ["help find"]),
        ("help ke|", ["help keys"]),
        ("help stu|", ["help study"]),
        ("help PatientN|", ["help PatientName"]),
        ("find study $|", ["find study $T", "find study $O"]),
        ("find study date=$N|", ["find study date=$N"]),
        ("find study ${|", ["find study ${T}", "find study ${O}"]),
        ('print "a ${N|', ['print "a ${N}']),
    ],
)
def test_what_is_offered_first(marked: str, first: list[str]) -> None:
    assert completed(marked)[: len(first)] == first


@pytest.mark.parametrize(
    "marked",
    [
        "print '$|",
        r"print \$|",
        "!echo $|",
        "# $|",
        "find study StudyDate.|",
        "find study NoSuchSequence.|",
        "find study nothing=|",
        "find study --limit |",
        "find study date=2024-13|",
        "find study StudyInstanceUID=1.2.x|",
        "find study 'name=A*|",
        "find study $Stud|",
        "exit |",
    ],
)
def test_where_nothing_is_known_nothing_is_offered(marked: str) -> None:
    assert completed(marked) == []


@pytest.mark.parametrize(
    ("marked", "never"),
    [
        ("find study |", "find study SeriesDescription="),
        ("find patient StudyD|", "find patient StudyDate="),
        ("find study desc=|", "find study desc='MR * BRAIN'"),
        ("find series mod=CT,|", "find series mod=CT,CT"),
        ("find study date=2024..|", "find study date=2024..2023"),
        ("find study --limit 5 |", "find study --limit 5 --limit"),
        ("find study date=2024 |", "find study date=2024 StudyDate="),
        ("find study StudyDate=2024 |", "find study StudyDate=2024 date="),
        ("find study +acc Acc|", "find study +acc AccessionNumber="),
        ("find study date=2023-02-|", "find study date=2023-02-29"),
        ("find study Command|", "find study CommandField="),
        ("find study |", "find study JODOGNE^SEBASTIEN"),
    ],
)
def test_what_would_be_refused_is_not_offered(marked: str, never: str) -> None:
    assert never not in completed(marked)


@pytest.mark.parametrize(
    ("marked", "text", "words"),
    [
        ("use |", "ward", "WARD@10.0.0.1:104"),
        ("find study --|", "--limit", "stop after N rows"),
        ("fi|", "find", "Query at a level"),
        ("find study |", "StudyDate=", "date · DA · Study Date"),
        ("find study |", "date=", "StudyDate · DA · Study Date"),
        ("find study +|", "+StudyDate", "date · DA · Study Date"),
        ("find series mod=|", "XA", "X-Ray Angiography"),
        ("find series mod=|", "MR", "Magnetic Resonance"),
        ("find patient sex=|", "F", "female"),
        ("find study date=|", "today", "20240305"),
        ("find study date=|", "-7d", "20240227-"),
        ("find study $|", "$T", "sex=M"),
    ],
)
def test_what_is_said_about_it(marked: str, text: str, words: str) -> None:
    assert words in told(marked)[text]


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        ("fd|", "find"),
        ("find st|", "find study"),
        ("find study descr|", "find study StudyDescription="),
        ("find study +birthd|", "find study +PatientBirthDate"),
        ("use cs|", "use pacs"),
    ],
)
def test_fuzzy_finds_what_is_typed_with_gaps(marked: str, found: str) -> None:
    assert found in completed(marked, replace(KNOWN, fuzzy=True))


@pytest.mark.parametrize("marked", ["fd|", "find study descr|", "use cs|"])
def test_without_fuzzy_only_what_begins_so(marked: str) -> None:
    assert completed(marked) == []


def test_fuzzy_puts_letters_that_stand_together_first() -> None:
    found = completed("find study descr|", replace(KNOWN, fuzzy=True))
    assert found[0] == "find study StudyDescription="


def test_fuzzy_puts_what_begins_so_first_and_the_tightest_next() -> None:
    texts = [line.split()[1] for line in completed("help st|", replace(KNOWN, fuzzy=True))]
    begins = [text.lower().startswith("st") for text in texts]
    assert begins == sorted(begins, reverse=True)
    assert "last" in texts


@pytest.mark.parametrize("marked", ["find study |", "find study s|", "help p|", "find study +|"])
def test_so_many_at_most(marked: str) -> None:
    assert 0 < len(completed(marked)) <= MOST


def test_text_that_cannot_be_seen_is_not_offered() -> None:
    known = Known(seen={"PatientName": ("A\x1b[2J", "AB")})
    assert completed("find study name=A|", known) == ["find study name=AB"]
    files = (Candidate("a\x1b[2J.csv"), Candidate("ab.csv"))
    found = offers("source a", 8, REGISTRY, known, lambda _: files)
    assert [offer.text for offer in found] == ["ab.csv"]


@pytest.mark.parametrize(
    ("before", "completed"),
    [
        ("store My", "'My Study/'"),
        ("store a.dcm 'My", "'My Study/'"),
        ("store 'My Study/i", "'My Study/im 1.dcm'"),
        ("store My\\ Study/i", "'My Study/im 1.dcm'"),
        ("store --from-ledger M", "'My Study/'"),
        ("get 1 --to M", "'My Study/'"),
        ("find study | get --to M", "'My Study/'"),
        ("receive --to M", "'My Study/'"),
        ("source M", "'My Study/'"),
        ("find study > M", "'My Study/'"),
        ("store ", "'My Study/'"),
    ],
)
def test_paths_are_offered_where_one_is_expected(
    before: str, completed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "My Study").mkdir()
    (tmp_path / "My Study/im 1.dcm").touch()
    monkeypatch.chdir(tmp_path)
    first, *_ = offers(before, len(before), REGISTRY, KNOWN, complete_file)
    assert first.text == completed


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ("get 1 --to ", ["My Study/"]),
        ("get 1 --to n", []),
        ("store --from-ledger ", ["My Study/"]),
        ("receive --to=", ["My Study/"]),
        ("store ", ["My Study/", "notes.txt", "scan.DCM"]),
        ("store .", [".hidden/"]),
        ("store ..", ["../"]),
        ("view s", ["scan.DCM"]),
        ("view ./", ["My Study/", "notes.txt", "scan.DCM"]),
        ("view 'My Study/", ["im 1"]),
        ("view M", ["My Study/"]),
        ("view n", []),
        ("show --text s", ["scan.DCM"]),
        ("cd s", []),
    ],
)
def test_only_names_that_suit_are_offered(
    before: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("My Study", ".hidden"):
        (tmp_path / folder).mkdir()
    for name in ("My Study/im 1", "notes.txt", "scan.DCM"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    found = offers(before, len(before), REGISTRY, KNOWN, complete_file)
    assert [one.candidate.text for one in found if not one.text.startswith("--")] == names


def test_aliases_of_the_user_are_commands() -> None:
    known = Known(aliases={"today": "find study date=today"})
    assert completed("to|", known) == ["today"]
    assert told("to|", known) == {"today": "find study date=today"}


def test_an_alias_that_is_found_loosely_is_offered_once() -> None:
    known = Known(aliases={"today": "find study date=today"}, fuzzy=True)
    assert completed("tdy|", known).count("today") == 1


def test_a_file_is_asked_of_the_prompt() -> None:
    def files(typed: str) -> Iterable[Candidate]:
        return (Candidate("a b.csv", at=typed.rfind("/") + 1),)

    for before in ("find study > out/", "source out/", "ls >> out/"):
        (offer,) = offers(before, len(before), REGISTRY, KNOWN, files)
        assert before[: offer.start] + offer.text == f"{before}'a b.csv'"
    assert offers("find ", 5, REGISTRY, KNOWN, files)[0].text == "patient"


_words = st.text(st.characters(codec="utf-8"), max_size=12)
_seen = st.dictionaries(st.sampled_from(sorted(SEEN)), st.lists(_words, max_size=5))


@given(any_line, st.integers(0, 60), st.sampled_from(Level), st.booleans(), _seen)
def test_any_text_can_be_completed(
    text: str, cursor: int, level: Level, fuzzy: bool, seen: dict[str, Sequence[str]]
) -> None:
    known = Known(level, fuzzy=fuzzy, seen=seen)
    for offer in offers(text, cursor, REGISTRY, known, no_files):
        assert 0 <= offer.start <= min(cursor, len(text))
        assert offer.candidate.told.isprintable()
        assert offer.text


_unquoted = st.text(st.characters(exclude_characters="'"), max_size=4)


@given(st.sampled_from(sorted(SEEN)), _unquoted, st.lists(_words, max_size=5))
def test_a_value_that_is_offered_is_one_that_can_be_asked(
    keyword: str, typed: str, seen: Sequence[str]
) -> None:
    known = Known(seen={keyword: seen})
    for line in completed(f"find series '{keyword}={typed}|", known):
        analyses, _ = analyse_text(line, REGISTRY, known)
        problem = analyses[0].problem
        below = isinstance(problem, UsageError) and "is a key of" in problem.message
        assert problem is None or below, (line, str(problem))


class _Three(Known):
    """Of three archives."""

    def modality_names(self) -> Iterable[Candidate]:
        return [Candidate(name) for name in ("pacs", "ward", "attic")]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("diff |", ["pacs", "ward", "attic"]),
        ("diff pacs |", ["ward", "attic"]),
        ("diff pacs ward --only |", ["pacs", "ward"]),
        ("diff pacs ward study date=2024 --only |", ["pacs", "ward"]),
        ("diff --only |", ["pacs", "ward", "attic"]),
    ],
)
def test_diff_offers_archives_that_can_stand_there(typed: str, names: list[str]) -> None:
    words = [line.rpartition(" ")[2] for line in completed(typed, _Three(seen=SEEN))]
    assert {word for word in words if not word.startswith("--")} == set(names)
