"""Words bound to the real commands: arguments, options, keys, and the first problem's place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh import cli
from dicomsh.language.analyse import Analysis, analyse_text
from dicomsh.language.command import Command
from dicomsh.language.foreign import OF_THE_PROGRAM
from dicomsh.language.scan import Word
from dicomsh.language.terms import Term
from dicomsh.model.levels import HIERARCHY, Level, Model
from dicomsh.model.windows import Period
from tests.language.knowledge import REGISTRY, Known

PATIENT, STUDY, SERIES, INSTANCE = HIERARCHY


def analysed(text: str, next_level: Level = PATIENT) -> Analysis:
    (analysis,), _ = analyse_text(text, REGISTRY, Known(next_level))
    return analysis


def plain(value: Any) -> Any:
    """An argument as it was typed: words and keys as their text."""
    if isinstance(value, Word):
        return value.text
    return value.word.text if isinstance(value, Term) else value


def bound(text: str) -> tuple[str, list[Any], dict[str, Any]]:
    analysis = analysed(text)
    assert analysis.problem is None, analysis.problem
    assert analysis.call is not None
    arguments = [plain(value) for value in analysis.call.arguments]
    return analysis.call.command.name, arguments, analysis.call.options


@pytest.mark.parametrize(
    ("text", "name", "arguments", "options"),
    [
        ("pwd", "pwd", [], {}),
        ("pwd --keys", "pwd", [], {"keys": True}),
        ("find patient", "find", [PATIENT, None], {}),
        ("find PATIENTS JOD*", "find", [PATIENT, "JOD*"], {}),
        ("find image 3", "find", [INSTANCE, "3"], {}),
        ("find patient JOD* sex=M", "find", [PATIENT, "JOD*", "sex=M"], {}),
        ("find patient sex=M JOD*", "find", [PATIENT, "JOD*", "sex=M"], {}),
        ("find patient sex=M JOD* +age", "find", [PATIENT, "JOD*", "sex=M", "+age"], {}),
        ("find study date=2024 mod=CT,MR", "find", [STUDY, None, "date=2024", "mod=CT,MR"], {}),
        ("find patient 'sex=M'", "find", [PATIENT, None, "sex=M"], {}),
        ("find patient Yamada^Tarou=山田", "find", [PATIENT, "Yamada^Tarou=山田"], {}),
        # options stand anywhere
        ("find --limit 5 patient", "find", [PATIENT, None], {"limit": 5}),
        ("find patient --limit 5 JOD*", "find", [PATIENT, "JOD*"], {"limit": 5}),
        ("find patient JOD* --limit=5", "find", [PATIENT, "JOD*"], {"limit": 5}),
        ("find patient --limit='5'", "find", [PATIENT, None], {"limit": 5}),
        ("find patient --limit=$N", "find", [PATIENT, None], {"limit": 5}),
        ("find study --model Study", "find", [STUDY, None], {"model": Model.STUDY_ROOT}),
        ("last --output json", "last", [], {"output": "json"}),
        ("echo --find pacs", "echo", ["pacs"], {"find": True}),
        # the value of an option may be left out: only a word that fits is one
        ("find study --split", "find", [STUDY, None], {"split": Period.AUTO}),
        ("find study --split week", "find", [STUDY, None], {"split": Period.WEEK}),
        ("find study --split=month", "find", [STUDY, None], {"split": Period.MONTH}),
        ("find study --split DOE*", "find", [STUDY, "DOE*"], {"split": Period.AUTO}),
        ("find study --split 'day'", "find", [STUDY, "day"], {"split": Period.AUTO}),
        ("find study --split mod=CT", "find", [STUDY, None, "mod=CT"], {"split": Period.AUTO}),
        ("find study --split --limit 5", "find", [STUDY, None], {"split": Period.AUTO, "limit": 5}),
        # what only looks like one
        ("find patient -- --limit", "find", [PATIENT, "--limit"], {}),
        ("find patient '--limit'", "find", [PATIENT, "--limit"], {}),
        ("find patient $O", "find", [PATIENT, "--limit=5"], {}),
        ("print -- -- x", "print", ["--", "x"], {}),
        ("print -7d -1", "print", ["-7d", "-1"], {}),
        ("cd -", "cd", ["-"], {}),
        # targets and keys
        ("ls", "ls", [None], {}),
        ("ls sex=M", "ls", [None, "sex=M"], {}),
        ("ls 1 sex=M", "ls", ["1", "sex=M"], {}),
        ("ls sex=M 1", "ls", ["1", "sex=M"], {}),
        ("ls $T", "ls", [None, "sex=M"], {}),
        ("ls 'a b'", "ls", ["a b"], {}),
        # commands of two words
        ("modality add x A@h:1", "modality add", ["x", "A@h:1"], {}),
        ("let A = 1", "let", ["A", "=", "1"], {}),
    ],
)
def test_words_are_bound(
    text: str, name: str, arguments: list[Any], options: dict[str, Any]
) -> None:
    assert bound(text) == (name, arguments, options)


@pytest.mark.parametrize(
    ("text", "marked", "told", "hint"),
    [
        # commands
        ("fnd patient", "fnd", "no command 'fnd'", "did you mean 'find'?"),
        ("qqqq", "qqqq", "no command 'qqqq'", "'help' lists the commands"),
        ("modality", "modality", "needs one of: add, remove", "did you mean 'modalities'?"),
        ("modality ad x", "modality", "needs one of: add, remove", ""),
        ("fidn patient", "fidn", "no command 'fidn'", "did you mean 'find'?"),
        ("quit", "quit", "no command 'quit'", "use 'exit' to leave"),
        ("ping", "ping", "no command 'ping'", "'echo' asks"),
        ("?", "?", "no command '?'", "help COMMAND explains one"),
        ("find patient --help", "--help", "has no option '--help'", "see 'help find'"),
        ("find patient -o json", "-o", "has no option '-o'", "find … | to json"),
        ("find patient -q", "-q", "has no option '-q'", "dicomsh -q -c '…'"),
        ("ls --fail-empty", "--fail-empty", "no option '--fail-empty'", "dicomsh --fail-empty -c"),
        ("find study acc=@my list.csv", "list.csv", "after acc=@my", "acc=@'my list.csv'"),
        ("unset limit", "unset", "no command 'unset'", "'help' lists the commands"),
        ("find patient --wide", "--wide", "has no option '--wide'", "last --wide"),
        ("'' x", "''", "no command ''", ""),
        # words
        ("find", "d", "LEVEL is missing", "usage: find LEVEL [PATTERN]"),
        ("find   # comment", "d", "LEVEL is missing", ""),
        ("modality add x ; pwd", "x", "AET@HOST:PORT is missing", "usage: modality add"),
        ("pwd here", "here", "unexpected word 'here'", "usage: pwd [--keys]"),
        ("find patient A B", "B", "unexpected word 'B'", "usage: find"),
        ("ls 1 'a b'", "'a b'", "unexpected word 'a b'", "usage: ls"),
        ("find study limit 5", "5", "unexpected word '5'", "did you mean --limit 5?"),
        ("find study Split month", "month", "unexpected word 'month'", "mean --split month?"),
        ("find study --split mnth", "mnth", "'mnth' after --split", "did you mean 'month'?"),
        ("find study date=2024 --split Weeks", "Weeks", "after --split", "PATTERN before --split"),
        ("find study date = 2009", "=", "unexpected word '='", "did you mean date=2009?"),
        ("find study date =2009", "=2009", "unexpected word '=2009'", "did you mean date=2009?"),
        ("find study date =", "=", "unexpected word '='", "did you mean date=VALUE?"),
        ("find study date= 2009", "2009", "after date=", "did you mean date=2009?"),
        ("find patient sex M", "M", "unexpected word 'M'", "did you mean sex=M?"),
        ("ls StudyDescription 'a b'", "'a b'", "unexpected", "mean StudyDescription='a b'?"),
        ("find study fuzzy x", "x", "unexpected word 'x'", "usage: find"),
        ("find patient +name,sex", "name,sex", "no attribute", "with spaces: name sex"),
        ("find study | select PatientName,date", "PatientName,date", "no", "PatientName date"),
        ("find study | sort name,", "name,", "no attribute 'name,'", "with spaces: name"),
        ("find study | select name,dte", "name,dte", "no attribute 'name,dte'", "help keys"),
        ("find patint", "patint", "found 'patint'", "did you mean 'patient'?"),
        (
            "find sex=M patient",
            "sex=M",
            "expected patient, study, series, instance or worklist",
            "",
        ),
        # options
        ("find patient --limt 5", "--limt", "find has no option '--limt'", "'--limit'"),
        ("find patient -n 5", "-n", "find has no option '-n'", "options of find: --limit"),
        ("cd --x", "--x", "cd has no option '--x'", "usage: cd [TARGET]"),
        ("find patient --limit", "--limit", "--limit needs N", ""),
        ("find patient --limit x", "x", "expected a whole number from 1, found 'x'", ""),
        ("find patient --limit 0", "0", "expected a whole number from 1", ""),
        ("find patient --limit=x", "x", "expected a whole number from 1", ""),
        ("find patient --limit=", "", "expected a whole number from 1", ""),
        ("find patient --limit='1 0'", "'1 0'", "found '1 0'", ""),
        ("find patient --limit " + "9" * 5000, "9" * 5000, "expected a whole number", ""),
        ("find study --model both", "both", "expected patient, study, found 'both'", ""),
        ("last --output jsn", "jsn", "found 'jsn'", "did you mean 'json'?"),
        ("pwd --keys=yes", "--keys=yes", "--keys takes no value", ""),
        # keys: under the name, or under the part of the value
        ("find patient sx=M", "sx", "no attribute 'sx'", "did you mean 'sex'?"),
        ("find patient +sx", "sx", "no attribute 'sx'", "did you mean 'sex'?"),
        ("find patient +sex=M", "+sex=M", "takes no value", "to match on it: sex=M"),
        ("find patient sex=$N-", "$N-", "'5-' is not a valid PatientSex", ""),
        ("ls date=2024-13", "2024-13", "there is no month 13", ""),
        ("find study date=2024..2023", "2024..2023", "backwards", ""),
        ("find study 'date=2024..2024-02-30'", "2024-02-30", "there is no day 30", ""),
        ("find study date='2024'..\"2024-02-30\"", "2024-02-30", "there is no day 30", ""),
        ("find study mod=CT,M-R,MR", "M-R", "'M-R' is not a valid ModalitiesInStudy", ""),
        ("find study 'mod=CT, M-R'", "M-R", "is not a valid ModalitiesInStudy", ""),
        ("find study uid=1.2,1.*", "*", "no wildcard in StudyInstanceUID", ""),
        ("find study uid=1.2.*", "*", "no wildcard in StudyInstanceUID", ""),
        ("find series number=4?", "?", "no wildcard in SeriesNumber", ""),
        (
            "find series RequestAttributesSequence.Modalty=CT",
            "Modalty",
            "no attribute 'Modalty'",
            "'Modality'",
        ),
        ("find series sex.mod=CT", "sex", "PatientSex is not a sequence", ""),
        ("find patient Modality=CT", "Modality", "a key of the series level", "find series"),
        # a value with a space
        ("find study desc=CT THORAX", "THORAX", "unexpected 'THORAX' after desc=CT", "'CT THORAX'"),
        (
            "find study id=1 StudyTime",
            "StudyTime",
            "unexpected 'StudyTime' after id=1",
            "'+StudyTime'",
        ),
        # the first of several
        ("find patint --limit x sx=M", "patint", "expected patient", ""),
        ("find patient sx=M --limit x 1 2", "sx", "no attribute 'sx'", ""),
        # what is wrong with the text itself comes first
        ("fnd $X", "fnd", "no command 'fnd'", "did you mean 'find'?"),
        ("$X study", "$X", "no variable 'X'", "set it with: let X = VALUE"),
        ("find study date=$X", "$X", "no variable 'X'", ""),
        ("find study --limit=$X", "$X", "no variable 'X'", ""),
        ("find study JOD* $X", "$X", "no variable 'X'", ""),
        ("ls > $X", "$X", "no variable 'X'", ""),
        ("fnd 'a", "'", "the quote ' is not closed", ""),
        ("ls >", ">", "a file name is missing", ""),
        ("ls | wat 5", "wat", "no stage 'wat'", "for a system command write | !wat"),
        ("ls | wher sex=M", "wher", "no stage 'wher'", "did you mean 'where'?"),
        ("ls | where sx=M", "sx", "no attribute 'sx'", "'sex'"),
        ("find study | where date=2024-13", "2024-13", "there is no month 13", ""),
        ("find series | where number=4,x", "x", "'x' is not a valid number", ">=4"),
        ("ls | where sex", "sex", "'sex' is not a condition", "Key=Value"),
        ("ls | sort by date", "by", "'by' is not a sort key", "leave it out: sort date"),
        ("ls | sort date descending", "descending", "not a sort key", "sort date -r"),
        ("ls | sort date asc", "asc", "not a sort key", "first anyway"),
        ("ls | sort", "t", "Key is missing", "usage: sort"),
        ("ls | sort date --revers", "--revers", "no option '--revers'", "'--reverse'"),
        ("ls | head x", "x", "expected a whole number from 1", ""),
        ("ls | to jsn", "jsn", "expected table", "'json'"),
        ("cd 1 | where sex=$X", "$X", "no variable 'X'", ""),
        ("print a | head", "head", "print returns no rows", ""),
        ("ls |", "|", "a stage is missing", "a stage after each"),
        ("ls | where", "e", "Key=Value is missing", "usage: where"),
    ],
)
def test_the_first_problem_is_marked_in_its_place(
    text: str, marked: str, told: str, hint: str
) -> None:
    analysis = analyse_text(text, REGISTRY, Known())[0][0]
    problem = analysis.problem
    assert problem is not None
    assert analysis.call is None
    assert problem.span is not None
    assert text[slice(*problem.span)] == marked
    assert told in problem.message
    assert hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("text", "next_level", "keyword"),
    [
        ("ls date=2024", STUDY, "StudyDate"),
        ("ls date=2024", SERIES, "SeriesDate"),
        ("find instance number=3", STUDY, "InstanceNumber"),
        ("find series number=3", STUDY, "SeriesNumber"),
        ("find series mod=CT", PATIENT, "Modality"),
        ("find study mod=CT", PATIENT, "ModalitiesInStudy"),
    ],
)
def test_an_alias_is_read_at_the_level_of_the_query(
    text: str, next_level: Level, keyword: str
) -> None:
    analysis = analysed(text, next_level)
    assert analysis.problem is None
    assert analysis.call is not None
    (term,) = (value for value in analysis.call.arguments if isinstance(value, Term))
    assert analysis.scope.level is not None
    (key,) = term.path(analysis.scope.level)
    assert key.keyword == keyword


def test_below_a_target_the_level_is_not_known_before_it_runs() -> None:
    analysis = analysed("ls 1 number=x", SERIES)
    assert analysis.scope.level is None
    assert analysis.problem is None


# tokens


def roles(text: str) -> list[tuple[str, str]]:
    found, _ = analyse_text(text, REGISTRY, Known())
    return [(text[slice(*span)], role) for analysis in found for span, role in analysis.tokens]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (
            "find study 'a b' date=2024 +sex --limit=5 > out.csv",
            [
                ("find", "command"),
                ("study", "level"),
                ("'a b'", "string"),
                ("date", "keyword"),
                ("=", "operator"),
                ("2024", "value"),
                ("+", "operator"),
                ("sex", "keyword"),
                ("--limit", "option"),
                ("5", "value"),
                (">", "operator"),
                ("out.csv", "file"),
            ],
        ),
        ("modality add x A@h:1", ["modality", "add", "x", "A@h:1"]),
        ("ls 1 | !less -S", [("ls", "command"), ("1", "target"), ("!less -S", "system")]),
        (
            "ls sex='M'",
            [("ls", "command"), ("sex", "keyword"), ("=", "operator"), ("'M'", "value")],
        ),
        # all of a variable stands in one place: it gets the colour of its beginning
        ("ls $T", [("ls", "command"), ("$", "keyword"), ("T", "value")]),
        ("!ls", [("!ls", "system")]),
        ("fnd x", [("fnd", "error")]),
        ("find patient --limt", [*["find", "patient"], ("--limt", "error")]),
        ("find patient sx=M", [*["find", "patient"], ("sx=M", "error")]),
        ("find patient -- -x", [*["find", "patient"], ("--", "option"), ("-x", "string")]),
        ("ls | wat 5", [("ls", "command"), ("wat", "error")]),
        (
            "ls | where sex!=M | head 5 | !wc",
            [
                *[("ls", "command"), ("where", "command"), ("sex", "keyword"), ("!=", "operator")],
                *[("M", "value"), ("head", "command"), ("5", "value"), ("!wc", "system")],
            ],
        ),
    ],
)
def test_tokens(text: str, tokens: list[tuple[str, str] | str]) -> None:
    found = roles(text)
    assert len(found) == len(tokens)
    for seen, wanted in zip(found, tokens, strict=True):
        assert (seen[0] if isinstance(wanted, str) else seen) == wanted


# any text


def examples() -> list[str]:
    return [text for made in (*REGISTRY, *REGISTRY.stages) for text in made.examples]


lines = st.sampled_from(
    [
        *examples(),
        "find study 'date=2024..2024-03' mod=CT,MR +ref --limit=5 > out.csv",
        "ls $T ${K}=M --model study | !less",
        "top CT,MR date 3 > x.csv",
        "mine date | where sex=M; all --limit 5 +acc; explain all mod=CT; page",
        "find series RequestAttributesSequence.ScheduledProcedureStepID='a b'; pwd # c",
    ]
)
scraps = st.one_of(st.text(max_size=5), st.sampled_from([*"'\"\\$;|>#=+-* \n,", "$O", "--"]))


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A valid line with parts cut out and others put in."""
    text = draw(lines)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 6, len(text))))
        text = text[:start] + draw(scraps) + text[end:]
    return text


any_line = st.one_of(st.text(max_size=40), mutations(), lines)


@given(any_line, st.sampled_from(Level))
def test_any_text_is_analysed(text: str, level: Level) -> None:
    """Never an exception; what is coloured and what is marked lies inside of the text."""
    found, comments = analyse_text(text, REGISTRY, Known(level))
    end = 0
    for analysis in found:
        assert (analysis.call is None) == (analysis.problem is not None or not analysis.command)
        for span, role in analysis.tokens:
            assert role
            assert end <= span.start <= span.end <= len(text)
            end = span.end
        if analysis.problem is not None:
            assert analysis.problem.span is not None
            start, stop = analysis.problem.span
            assert analysis.statement.span.start <= start <= stop <= analysis.statement.span.end
    assert all(0 <= span.start <= span.end <= len(text) for span in comments)


@given(st.one_of(mutations(), lines))
def test_every_word_of_a_valid_line_has_a_colour(text: str) -> None:
    for analysis in analyse_text(text, REGISTRY, Known())[0]:
        aliased = not set(Known().aliases).isdisjoint(text.replace(";", " ").split())
        if analysis.problem is None and "$" not in text and not aliased:
            spans = [span for span, _ in analysis.tokens]
            for word in analysis.statement.words:
                assert any(word.span.start <= s.start <= s.end <= word.span.end for s in spans)


@pytest.mark.parametrize("made", [*REGISTRY, *REGISTRY.stages], ids=lambda made: made.name)
def test_the_examples_of_a_command_are_valid(made: Command) -> None:
    assert made.examples or made.name in ("source", "history", "from", "!")
    for example in made.examples:
        variables = {"DAY": "2009-04-12"}
        aliases = {"chest": "find study desc=*CHEST*", "newest": "find study mod=$1 | head"}
        aliases["both"] = "find study mod=$1; find series mod=$1"
        known = Known(variables=variables, aliases=aliases)
        found, _ = analyse_text(example, REGISTRY, known)
        assert found
        assert [analysis.problem for analysis in found] == [None] * len(found)
        calls = [call for analysis in found for call in (analysis.call, *analysis.stages) if call]
        assert made.name in [call.command.name for call in calls]


@pytest.mark.parametrize("text", ["print {}", "find study {}", "nonsense {}"])
def test_lines_of_50_000_words_are_analysed_at_once(text: str) -> None:
    """No text may take more than linear time: this would take minutes."""
    assert analysed(text.format("id=A " * 50_000)).tokens


def test_options_that_are_said_to_be_the_programs_are() -> None:
    told = cli.parser().format_help().replace(",", " ").split()
    assert told
    assert set(told) >= OF_THE_PROGRAM
