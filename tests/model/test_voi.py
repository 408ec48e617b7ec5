"""Windows as they are typed."""

from __future__ import annotations

import pytest

from dicomsh.errors import UsageError
from dicomsh.model.voi import Window, read_window


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("40/400", Window(40, 400)),
        ("40,400", Window(40, 400)),
        (r"40\400", Window(40, 400)),
        (" -600.5/+1500.25 ", Window(-600.5, 1500.25)),
        ("+40/1", Window(40, 1)),
        ("Bone", "bone"),
        (" full ", "full"),
        # nobody's window, but a name that there might be
        ("40/-400", "40/-400"),
        ("40/400/2", "40/400/2"),
        ("40", "40"),
    ],
)
def test_two_numbers_are_a_window_and_the_rest_is_a_name(text: str, window: Window | str) -> None:
    assert read_window(text) == window


@pytest.mark.parametrize("width", ["0", "0.5", "0.999"])
def test_a_window_is_at_least_one_value_wide(width: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_window(f"40/{width}")
    assert caught.value.message == f"the width of a window is at least 1, not {width}"


@pytest.mark.parametrize(
    ("window", "text"), [(Window(40, 400), "40/400"), (Window(-600.5, 1500), "-600.5/1500")]
)
def test_a_window_is_shown_as_it_is_typed(window: Window, text: str) -> None:
    assert str(window) == text
