"""Made-up values that depend only on the real one and on a secret."""

from __future__ import annotations

UID_ROOT = "2.25."
"""The root of UIDs made from a number of 128 bits (PS3.5 B.2)."""

STANDARD_ROOT = "1.2.840.10008."
"""The root of UIDs that the standard defines; they reveal nothing about a patient."""

CODE_PREFIX = "X-"
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"


class Pseudonyms:
    """Makes up values.

    Args:
        secret: the secret they depend on besides the real value; without it nobody can tell which
            real value a made-up one replaces.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _number(self, kind: str, real: str, attempt: int) -> int:
        import hmac

        message = f"{kind}\0{attempt}\0{real}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._secret, message, "sha256"), "big")

    def name(self, real: str, attempt: int = 0) -> str:
        """A pronounceable family name and given name that nobody has."""
        number = self._number("name", real, attempt)
        family, given = _syllables(number, 3), _syllables(number >> 64, 2)
        return f"{family}^{given}"

    def code(self, real: str, attempt: int = 0) -> str:
        """An identifier with a distinctive form: `X-7K3QXM2P`."""
        number, letters = self._number("code", real, attempt), ""
        for _ in range(CODE_LENGTH):
            number, index = divmod(number, len(CODE_LETTERS))
            letters += CODE_LETTERS[index]
        return CODE_PREFIX + letters

    def uid(self, real: str, attempt: int = 0) -> str:
        """A UID of the root 2.25."""
        return f"{UID_ROOT}{self._number('uid', real, attempt) >> 128}"


def _syllables(number: int, count: int) -> str:
    text = ""
    for _ in range(count):
        number, first = divmod(number, len(_CONSONANTS))
        number, second = divmod(number, len(_VOWELS))
        text += _CONSONANTS[first] + _VOWELS[second]
    number, last = divmod(number, len(_CONSONANTS))
    return (text + _CONSONANTS[last]).title()
