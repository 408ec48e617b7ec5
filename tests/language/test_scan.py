"""Text into words with their places: quoting, variables, comments, redirection, scripts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dicomsh.language.scan import Scanner, Statement, SystemCommand, Word, is_open, place_of, scan
from dicomsh.language.words import quote

VARIABLES = {"DAY": "2024-03-05", "1": "first", "EMPTY": "", "TWO": "two words", "_x": "x"}


@dataclass(frozen=True)
class EntityIndex:
    """What a text of one statement says."""

    words: list[str]
    file: str | None = None
    append: bool = False
    stages: tuple[list[str] | str, ...] = ()
    problem: str = ""


def statements(text: str) -> list[Statement]:
    return list(scan(text, VARIABLES))


def seen(statement: Statement) -> EntityIndex:
    redirect = statement.redirect
    return EntityIndex(
        [word.text for word in statement.words],
        redirect.target.text if redirect and redirect.target else None,
        redirect.append if redirect else False,
        tuple(
            stage.text if isinstance(stage, SystemCommand) else [word.text for word in stage]
            for stage in statement.stages
        ),
        statement.problem.message if statement.problem else "",
    )


def judge(
    text: str,
    words: list[str],
    *,
    file: str | None = None,
    append: bool = False,
    stages: tuple[list[str] | str, ...] = (),
    problem: str = "",
) -> None:
    (statement,) = statements(text)
    assert seen(statement) == EntityIndex(words, file, append, stages, problem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls", ["ls"]),
        ("  find   patient\tJOD*  ", ["find", "patient", "JOD*"]),
        # quotes
        ("print 'a b'", ["print", "a b"]),
        ('print "a b"', ["print", "a b"]),
        ("print 'a'\"b\"c", ["print", "abc"]),
        ("print ''", ["print", ""]),
        ('print ""', ["print", ""]),
        ("print 'it''s'", ["print", "its"]),
        ('print "it\'s"', ["print", "it's"]),
        (r'print "a\"b"', ["print", 'a"b']),
        (r'print "a\\b"', ["print", r"a\b"]),
        (r'print "a\nb"', ["print", r"a\nb"]),
        (r"print 'a\'", ["print", "a\\"]),
        ("print 'a;b|c>d#e'", ["print", "a;b|c>d#e"]),
        ("print 'a\nb'", ["print", "a\nb"]),
        ("find patient name='Yamada^*=山田*'", ["find", "patient", "name=Yamada^*=山田*"]),
        # outside of quotes a backslash escapes what would mean something, and nothing else
        (r"mod=CT\MR", [r"mod=CT\MR"]),
        (r"C:\out.csv", [r"C:\out.csv"]),
        (r"name=\*", [r"name=\*"]),
        (r"name='\*'", [r"name=\*"]),
        (r"a\ b", ["a b"]),
        (r"a\;b\|c\>d", ["a;b|c>d"]),
        (r"\# \! \$DAY", ["#", "!", "$DAY"]),
        (r"\\", ["\\"]),
        (r"a\\b", [r"a\b"]),
        ("a\\", ["a\\"]),
        (r"\'\"", ["'\""]),
        # a dash, an equals sign, a bang inside of a word mean nothing
        ("--limit=5 -x ! b!", ["--limit=5", "-x", "!", "b!"]),
        ("a#b", ["a#b"]),
        ("日本 é", ["日本", "é"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    judge(text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$DAY", ["2024-03-05"]),
        ("${DAY}", ["2024-03-05"]),
        ("date=$DAY..today", ["date=2024-03-05..today"]),
        ('"$DAY"', ["2024-03-05"]),
        ("'$DAY'", ["$DAY"]),
        (r"\$DAY", ["$DAY"]),
        (r'"\$DAY"', ["$DAY"]),
        ("${DAY}x", ["2024-03-05x"]),
        ("$1", ["first"]),
        ("$12", ["first2"]),
        ("${1}", ["first"]),
        ("$_x", ["x"]),
        ("$TWO", ["two words"]),
        ("a$EMPTY", ["a"]),
        ("$EMPTY", [""]),
        # what names no variable stands as it is
        ("$ a$", ["$", "a$"]),
        ("$0", ["$0"]),
        ("${}", ["${}"]),
        ("${DAY", ["${DAY"]),
        ("${a b}", ["${a", "b}"]),
        ("5$-", ["5$-"]),
    ],
)
def test_variables(text: str, words: list[str]) -> None:
    judge(text, words)


def test_a_word_remembers_its_variables() -> None:
    (statement,) = statements("find date=${DAY}..$DEY 'a' $X")
    assert statement.problem is None
    word = statement.words[1]
    assert (word.text, [v.name for v in word.unknown]) == ("date=2024-03-05..", ["DEY"])
    assert word.unknown[0].span == (18, 22)
    again = word.resolved({"DEY": "today", "DAY": "2023"})
    assert (again.text, again.span, again.unknown) == ("date=2023..today", word.span, ())
    assert again.places[-1] == word.span.end
    assert len(again.places) == len(again.text) + 1
    assert statement.words[3].resolved({"X": "--y"}).quoted


@pytest.mark.parametrize(
    "text", ["date=${DAY}..${DEY}", "'a b'${X}", "${X}", "plain", "'a b'", "'-x'", "it\\'s", "'$X'"]
)
def test_a_word_can_be_typed_again(text: str) -> None:
    (first,) = statements(text)
    (second,) = statements(first.words[0].typed)
    one, other = first.words[0], second.words[0]
    assert one.text == other.text
    assert [v.name for v in one.variables] == [v.name for v in other.variables]
    assert other.quoted or not one.text.startswith("-")


def test_a_statement_may_set_what_the_next_one_uses() -> None:
    variables: dict[str, str] = {}
    words = []
    for statement in scan("let X = 1; print $X", variables):
        words += [word.text for word in statement.words]
        variables["X"] = "later"
    assert words == ["let", "X", "=", "1", "print", "later"]


@pytest.mark.parametrize(
    ("text", "words", "file", "append"),
    [
        ("ls > f", ["ls"], "f", False),
        ("ls>f", ["ls"], "f", False),
        ("ls >>f", ["ls"], "f", True),
        ("ls >> 'a b.csv'", ["ls"], "a b.csv", True),
        ("ls > f sex=M", ["ls", "sex=M"], "f", False),
        (r"ls > C:\out.csv", ["ls"], r"C:\out.csv", False),
        ("ls > $DAY.csv", ["ls"], "2024-03-05.csv", False),
        # after an equals sign it is a value: date=>=2024
        ("find study date=>=2024 > out.csv", ["find", "study", "date=>=2024"], "out.csv", False),
        ("find study date=>2024>out.csv", ["find", "study", "date=>2024"], "out.csv", False),
        ("find study date='>2024'", ["find", "study", "date=>2024"], None, False),
        ("print 'a='>f", ["print", "a="], "f", False),
        ("print $DAY>f", ["print", "2024-03-05"], "f", False),
        ("print '>' \\> a\\>b", ["print", ">", ">", "a>b"], None, False),
    ],
)
def test_redirection(text: str, words: list[str], file: str | None, append: bool) -> None:
    judge(text, words, file=file, append=append)


@pytest.mark.parametrize(
    ("text", "words", "stages"),
    [
        ("ls | !less -S", ["ls"], ("less -S",)),
        ("ls|!sort|uniq", ["ls"], ("sort|uniq",)),
        ("ls | head 5", ["ls"], (["head", "5"],)),
        ("ls | where a | !wc", ["ls"], (["where", "a"], "wc")),
        ("print 'a|b'", ["print", "a|b"], ()),
    ],
)
def test_stages(text: str, words: list[str], stages: tuple[list[str] | str, ...]) -> None:
    judge(text, words, stages=stages)


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("!ls -l", ["ls -l"]),
        ("!echo $HOME | wc > /tmp/x", ["echo $HOME | wc > /tmp/x"]),
        ("!echo a; !echo b", ["echo a", "echo b"]),
        ('!echo \'a;b\' "c;\\"d"; !echo \\; e', ['echo \'a;b\' "c;\\"d"', "echo \\; e"]),
        ("!echo a\n!echo b", ["echo a", "echo b"]),
        ("! ls ", ["ls"]),
    ],
)
def test_system_commands_are_not_read(text: str, commands: list[str]) -> None:
    found = [statement.first for statement in statements(text)]
    assert [first.text for first in found if isinstance(first, SystemCommand)] == commands
    assert len(found) == len(commands)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        (" ; ;\n\n", []),
        ("# only a comment", []),
        ("ls; pwd", [["ls"], ["pwd"]]),
        ("ls;pwd;", [["ls"], ["pwd"]]),
        ("ls # list\npwd", [["ls"], ["pwd"]]),
        ("ls #a;b\npwd", [["ls"], ["pwd"]]),
        ("# it's\nls", [["ls"]]),
        ("find \\\n  study", [["find", "study"]]),
        ("find stu\\\ndy", [["find", "study"]]),
        ('print "a\\\nb"', [["print", "ab"]]),
        ("print 'a\\\nb'", [["print", "a\\\nb"]]),
        # the same with the line ends of Windows
        ("ls\r\npwd\r\n", [["ls"], ["pwd"]]),
        ("ls # c\r\npwd", [["ls"], ["pwd"]]),
        ("find \\\r\n  study\r\n", [["find", "study"]]),
        ("find stu\\\r\ndy", [["find", "study"]]),
        ("find study\\\r\n sex=M", [["find", "study", "sex=M"]]),
        ('print "a\\\r\nb"', [["print", "ab"]]),
    ],
)
def test_statements(text: str, lines: list[list[str]]) -> None:
    found = statements(text)
    assert [[word.text for word in statement.words] for statement in found] == lines
    assert all(statement.problem is None for statement in found)


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("print 'a", "the quote ' is not closed", "'"),
        ('print "a', 'the quote " is not closed', '"'),
        ("ls >", "a file name is missing after '>'", ">"),
        ("ls >> ; pwd", "a file name is missing after '>'", ">>"),
        ("ls > ''", "a file name is missing after '>'", ">"),
        ("ls > | !wc", "a file name is missing after '>'", ">"),
        ("ls > a > b", "only one output file is allowed", ">"),
        ("ls |", "a stage is missing after '|'", "|"),
        ("| !wc", "a command is missing", "|"),
        ("ls || !wc", "a stage is missing after '|'", "|"),
        ("> f", "a command is missing", "> f"),
        ("!", "a system command is missing after '!'", "!"),
        ("ls | ! ", "a system command is missing after '!'", "! "),
    ],
)
def test_what_is_wrong_with_a_text(text: str, message: str, marked: str) -> None:
    problem = statements(text)[0].problem
    assert problem is not None
    assert problem.message == message
    assert problem.span is not None
    assert text[slice(*problem.span)] == marked


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("ls", False),
        ("ls\n", False),
        ("ls \\\n", True),
        ("ls\\\n", True),
        ("ls \\\r\n", True),
        ("find \\\n study\n", False),
        ("print 'a\n", True),
        ('print "a\n', True),
        ("print 'a\n'\n", False),
        ("print 'it' 's", True),
        ("# don't\n", False),
        ("# a comment \\\n", False),
        ("print C:\\\\\n", False),
        ("print 'a\\'\n", False),
        ("!echo 'a\n", False),
        ("ls \\", False),
        ("", False),
    ],
)
def test_whether_a_text_goes_on(text: str, goes_on: bool) -> None:
    assert is_open(text) is goes_on


# places


def sources(text: str) -> list[tuple[str, str]]:
    """Each word with the part of the text that it stands in."""
    words = [word for statement in statements(text) for word in statement.words]
    return [(word.text, text[slice(*word.span)]) for word in words]


def test_the_place_of_a_word_holds_its_quotes() -> None:
    assert sources("find patient 'a b' id=\"x\"1 $DAY a\\ b") == [
        ("find", "find"),
        ("patient", "patient"),
        ("a b", "'a b'"),
        ("id=x1", 'id="x"1'),
        ("2024-03-05", "$DAY"),
        ("a b", "a\\ b"),
    ]


@pytest.mark.parametrize(
    ("text", "part", "source"),
    [
        ("id='a b'c", "a b", "a b"),
        ("id='a b'c", "id", "id"),
        ("id='a b'c", "bc", "b'c"),
        ("a\\;b", ";b", ";b"),
        ("a\\;b", "a;", "a\\;"),
        ("x$DAY", "2024", "$"),
        ("stu\\\ndy", "dy", "dy"),
        ('"a\\"b"', '"b', '"b'),
    ],
)
def test_the_place_of_a_part(text: str, part: str, source: str) -> None:
    ((word,),) = (statement.words for statement in statements(text))
    start = word.text.index(part)
    assert text[slice(*word.part(start, start + len(part)))] == source


def test_the_place_behind_a_word_is_its_end() -> None:
    ((word,),) = (statement.words for statement in statements("'ab'"))
    assert word.part(2, 2) == (4, 4)


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("ls", 0, (1, 1, "ls")),
        ("ls\nfind x", 8, (2, 6, "find x")),
        ("ls\r\npwd\r\n", 4, (2, 1, "pwd")),
        ("ls\r\npwd\r\n", 2, (1, 3, "ls")),
        ("ls", 2, (1, 3, "ls")),
        ("ls\n", 3, (2, 1, "")),
    ],
)
def test_line_and_column(text: str, offset: int, place: tuple[int, int, str]) -> None:
    assert place_of(text, offset) == place


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("abc", "abc"),
        (r"CT\MR", r"CT\MR"),
        ("a b", "'a b'"),
        ("", "''"),
        ("it's", '"it\'s"'),
        ("a;b", "'a;b'"),
        ("$X", "'$X'"),
        ("it's $X", '"it\'s \\$X"'),
        ("a\\", "'a\\'"),
        ("a\\\\b", "'a\\\\b'"),
    ],
)
def test_how_a_word_must_be_typed(text: str, quoted: str) -> None:
    assert quote(text) == quoted


any_text = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab=> '\"\\$;|#!{}1\n\r\t", max_size=60),
)


@given(any_text)
@example("a'\nb")
@example("\\\\")
@example("'\\\r\n")
def test_a_quoted_word_means_what_it_says(text: str) -> None:
    for typed in (quote(text), f"print {quote(text)} > {quote(text or 'f')}; pwd"):
        found = statements(typed)
        assert found[0].problem is None
        assert found[0].words[-1].text == text
        assert len(found[0].words) == (1 if typed == quote(text) else 2)


def assert_places(word: Word, text: str) -> None:
    assert 0 <= word.span.start < word.span.end <= len(text)
    assert len(word.places) == len(word.text) + 1
    assert list(word.places) == sorted(word.places)
    assert word.span.start <= word.places[0]
    assert word.places[-1] == word.span.end


def assert_spans(scanner: Scanner, comments: list[tuple[int, int]], text: str) -> None:
    end = 0
    for statement in scanner:
        assert end <= statement.span.start <= statement.span.end <= len(text)
        end = statement.span.end
        spot = statement.span.start
        for stage in (statement.first, *statement.stages):
            for part in (stage,) if isinstance(stage, SystemCommand) else stage:
                assert spot <= part.span.start <= part.span.end <= statement.span.end
                spot = part.span.end
                if isinstance(part, Word):
                    assert_places(part, text)
        if statement.problem is not None:
            assert statement.problem.span is not None
            start, stop = statement.problem.span
            assert statement.span.start <= start <= stop <= statement.span.end
    assert comments == sorted(comments)


@given(any_text)
def test_any_text_is_scanned_with_spans_in_order(text: str) -> None:
    comments: list[tuple[int, int]] = []
    assert_spans(scan(text, VARIABLES, comments), comments, text)  # type: ignore[arg-type]
    assert isinstance(is_open(text), bool)


@given(any_text)
def test_without_variables_every_character_stands_in_its_place(text: str) -> None:
    for statement in scan(text, {}):
        for word in statement.words:
            if "$" not in text[slice(*word.span)]:
                assert word.text == "".join(text[place] for place in word.places[:-1])


@pytest.mark.parametrize("piece", ["1.2,", "a\\", "'a' ", '"', "$DAY", "\\ ", "a;", "!'", ">"])
def test_long_texts_are_scanned_at_once(piece: str) -> None:
    """No text may take more than linear time."""
    text = piece * (200_000 // len(piece))
    assert statements(text)[-1].span.end <= len(text)


def test_a_list_of_10_000_uids_is_one_word() -> None:
    text = ",".join(f"1.2.840.113704.1.111.2768.1239195678.{number}" for number in range(10_000))
    judge(f"find study uid={text}", ["find", "study", f"uid={text}"])


def _blocks(text: str) -> list[list[str]]:
    """The words of the statements in braces, stages apart by |."""
    blocks = [
        w.block
        for part in statements(text)[0].parts
        if isinstance(part, tuple)
        for w in part
        if w.block
    ]
    return [
        [
            " | ".join(" ".join(w.text for w in p) for p in s.parts if isinstance(p, tuple))
            for s in b
        ]
        for b in blocks
    ]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("ls | each { ls; print a }", ["ls", "print a"]),
        ("ls | each --keep-going { ls | count; print $X; } --x | head", ["ls | count", "print "]),
        ("ls | each {\n ls # }\n\n print '}' }\n", ["ls", "print }"]),
        ("ls | each { print a{b} {}\n}", ["print a{b} {}"]),
        ('ls | each { !echo "a; }"; ls }', ['! echo "a; }"', "ls"]),
        ("ls | each { !echo a } | head", ["! echo a"]),
        ("alias x = { ls; find study }", ["ls", "find study"]),
    ],
)
def test_braces(text: str, inside: list[str]) -> None:
    assert _blocks(text) == [inside]


@pytest.mark.parametrize("text", ["print { a }", "alias x { a }", "ls | each x { a }", "find { a"])
def test_braces_elsewhere_are_words(text: str) -> None:
    assert _blocks(text) == []
    assert not is_open(text)


def test_braces_in_braces() -> None:
    (stage,) = statements("ls | each { ls | each { print a; ls }; show }")[0].stages
    assert isinstance(stage, tuple)
    outer = stage[1]
    assert outer.block is not None
    assert len(outer.block) == 2
    deep = "ls | each { " * 1_000
    assert statements(deep)[0].unclosed


@pytest.mark.parametrize(
    "text", ["ls | each {", "ls | each { ls", "ls | each { ls;\n", "ls | each { print 'a }"]
)
def test_an_open_brace_goes_on_in_the_next_line(text: str) -> None:
    assert is_open(text)
    assert statements(text)[0].problem is not None
