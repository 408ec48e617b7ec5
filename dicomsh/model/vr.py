"""Classes of value representations: what PS3.5 6.2 and PS3.4 C.2.2.2 say about VRs."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

BINARY_NUMBERS: Mapping[str, Struct] = {
    "US": Struct("<H"),
    "SS": Struct("<h"),
    "UL": Struct("<I"),
    "SL": Struct("<i"),
    "UV": Struct("<Q"),
    "SV": Struct("<q"),
    "FL": Struct("<f"),
    "FD": Struct("<d"),
}
"""Layout of the VRs whose values are binary numbers (PS3.5 6.2)."""

NUMBER_VRS = frozenset(("IS", "DS", *BINARY_NUMBERS))
"""VRs whose values are numbers, binary or written as text (PS3.5 6.2)."""

MOMENT_VRS = frozenset(("DA", "TM", "DT"))
"""VRs whose values are dates, times or both, and can be matched by range (PS3.4 C.2.2.2.5)."""

UNDELIMITED_VRS = frozenset("LT ST UR UT".split())
"""VRs with at most one value, in which a backslash is an ordinary character (PS3.5 6.2)."""

TEXT_VRS = UNDELIMITED_VRS | frozenset("AE AS CS DA DS DT IS LO PN SH TM UC UI".split())
"""VRs whose values are character strings (PS3.5 6.2)."""

CHARSET_VRS = frozenset("LO LT PN SH ST UC UT".split())
"""VRs whose text is written in the Specific Character Set (PS3.5 6.1.2.2)."""

MOST_CHARACTERS: Mapping[str, int] = {"AE": 16, "CS": 16, "SH": 16, "LO": 64}
"""Characters of a value at most, of the short text VRs (PS3.5 6.2)."""

WILDCARD_VRS = CHARSET_VRS | {"AE", "CS", "UR"}
"""VRs that take the wildcards `*` and `?` (PS3.4 C.2.2.2.4)."""

COMMA_VRS = frozenset("AE AS CS DA DT IS SH SL SS SV TM UI UL US UV".split())
"""VRs whose values have no commas, or hardly ever: one separates the values of a list as typed."""


def separators(vr: str, keyword: str) -> str:
    r"""The characters that separate several values of an attribute as typed.

    A comma in a description or a name is a part of it, and in `7,5` may be a decimal comma; those
    lists are written with `\`.
    """
    if vr in UNDELIMITED_VRS or vr == "SQ":
        return ""
    is_id = vr == "LO" and keyword.endswith(("ID", "IDs"))
    return ",\\" if vr in COMMA_VRS or is_id else "\\"


BULK_VRS = frozenset("OB OD OF OL OV OW UN".split())
"""VRs whose values are bytes to be passed on, not read (PS3.5 6.2)."""

SHORT_LENGTH_VRS = frozenset(
    "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()
)
"""VRs with a length of 16 bits in explicit VR encoding; all others have 32 (PS3.5 7.1.2)."""
