"""What a status of C-STORE says: whether the server has the object, and whether to try again."""

from __future__ import annotations

import pytest

from dicomsh.model.store_status import is_stored, may_help, store_words


@pytest.mark.parametrize(
    ("code", "stored", "again"),
    [
        (0x0000, True, False),
        # warnings: the object is there (PS3.4 table B.2-1, PS3.7 C.5)
        (0x0001, True, False),
        (0x0107, True, False),
        (0x0116, True, False),
        (0xB000, True, False),
        (0xB006, True, False),
        (0xB007, True, False),
        # failures: some of them pass
        (0xA700, False, True),
        (0xA7FF, False, True),
        (0x0110, False, True),
        (0x0213, False, True),
        (0xA900, False, False),
        (0xA600, False, False),
        (0xA800, False, False),
        (0x0111, False, False),
        (0x0122, False, False),
        (0xC000, False, False),
        (0xC7A7, False, False),
        (0xFE00, False, False),
    ],
)
def test_what_a_status_means_for_the_object(code: int, stored: bool, again: bool) -> None:
    assert (is_stored(code), may_help(code)) == (stored, again)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0xA700, "0xA700, out of resources"),
        (0xA7FE, "0xA7FE, out of resources"),
        (0xA912, "0xA912, the data set does not match its SOP class"),
        (0xB007, "0xB007, the data set does not match its SOP class"),
        (0xB006, "0xB006, the server has left out some elements"),
        (0xC123, "0xC123, the server cannot understand it"),
        (0xC0DE, "0xC0DE, the server cannot understand it"),
        (0x0122, "0x0122, SOP class not supported"),
        (0x0998, "0x0998"),
        # of these the standard says no more than their class
        (0xA123, "0xA123"),
        (0xB123, "0xB123"),
        (0xB012, "0xB012"),
    ],
)
def test_a_status_in_words(code: int, text: str) -> None:
    """Those whose last digits are left open (Axxx, Cxxx) have the name of the first."""
    assert store_words(code) == text
