"""JSON text as Orthanc writes it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dicomsh.gateway.styled import TAB, nested, styled

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def test_the_text_is_that_of_orthanc() -> None:
    value = {"b": [], "a": {"x": "ü", "w": 1.5}, "c": ["0", True], "d": None, "e": {}}
    assert styled(value) == (
        '{\n   "a" : \n   {\n      "w" : 1.5,\n      "x" : "\\u00fc"\n   },\n   "b" : [],\n'
        '   "c" : \n   [\n      "0",\n      true\n   ],\n   "d" : null,\n   "e" : {}\n}\n'
    )


def test_errors_have_tabs() -> None:
    assert styled({"a": 1}, TAB) == '{\n\t"a" : 1\n}\n'


@given(VALUES)
def test_it_is_json(value: object) -> None:
    assert json.loads(styled(value)) == value


@given(VALUES, st.integers(0, 3))
def test_a_value_inside_another_is_the_same(value: object, depth: int) -> None:
    assert json.loads(nested(value, depth)) == value
