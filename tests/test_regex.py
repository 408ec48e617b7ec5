from __future__ import annotations

import re

import pytest

from dicomsh.regex import regex


def test_it_does_what_the_compiled_expression_does() -> None:
    late, compiled = regex(r"(?P<word>[a-z]+)", re.IGNORECASE), re.compile("([a-z]+)", re.I)
    for text in ("Word two", "12", ""):
        for method in ("match", "search", "fullmatch"):
            ours, theirs = getattr(late, method)(text), getattr(compiled, method)(text)
            assert (ours and ours.span()) == (theirs and theirs.span())
        assert late.sub("x", text) == compiled.sub("x", text)
        assert late.findall(text) == compiled.findall(text)
    assert late.groupindex == {"word": 1}


def test_a_wrong_one_is_told_when_it_is_used() -> None:
    wrong = regex("(")
    assert wrong.pattern == "("
    with pytest.raises(re.error, match="unterminated subpattern"):
        wrong.match("")
