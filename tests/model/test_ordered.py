"""Strings in order, against a sorted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.ordered import OrderedStrings

_texts = st.text(st.sampled_from("ab\x00é"), max_size=6)


@given(st.sets(_texts), st.sets(_texts), _texts, st.sampled_from([2, 1024]))
def test_it_is_a_sorted_list(added: set[str], removed: set[str], prefix: str, largest: int) -> None:
    ordered = OrderedStrings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dicomsh.model.ordered._LARGEST", largest)
        for text in added:
            ordered.add(text)
        for text in removed & added:
            ordered.remove(text)
    left = added - removed
    assert list(ordered.beginning("")) == sorted(left)
    assert list(ordered.beginning(prefix)) == sorted(t for t in left if t.startswith(prefix))
    assert len(ordered) == len(left)


@pytest.mark.parametrize("gone", range(6))
def test_a_string_is_found_in_runs_that_were_divided(
    gone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicomsh.model.ordered._LARGEST", 2)
    texts = list("badcfe")
    ordered = OrderedStrings()
    for text in texts:
        ordered.add(text)
    ordered.remove(texts.pop(gone))
    assert list(ordered.beginning("")) == sorted(texts)


def test_thousands_of_strings_in_any_order() -> None:
    texts = [f"{number * 7919 % 10007:05}" for number in range(10007)]
    ordered = OrderedStrings()
    for text in texts:
        ordered.add(text)
    assert list(ordered.beginning("")) == sorted(texts)
    assert list(ordered.beginning("012")) == [f"{number:05}" for number in range(1200, 1300)]
    for text in texts[:10000]:
        ordered.remove(text)
    assert list(ordered.beginning("")) == sorted(texts[10000:])
