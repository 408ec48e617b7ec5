"""The identifier of a request: a query encoded as a data set (PS3.4 C.4.1.1.3, K.4.1.1.3)."""

from __future__ import annotations

from collections.abc import Iterable
from struct import error

from dicomsh.dimse.elements import LittleEndian, item
from dicomsh.errors import UsageError
from dicomsh.model.charset import encode
from dicomsh.model.keys import QUERY_RETRIEVE_LEVEL, SPECIFIC_CHARACTER_SET, Attribute, by_tag
from dicomsh.model.query import Query, QueryKey
from dicomsh.model.vr import BINARY_NUMBERS, CHARSET_VRS

_Node = dict[Attribute, "str | _Node"]
"""Attributes of a data set: each has a value, or the content of a sequence's only item."""


def encode_identifier(query: Query, encoding: LittleEndian) -> bytes:
    """The identifier of a query, elements sorted by tag.

    (0008,0005) is there if the query needs it, and never empty (PS3.4 C.2.2.2, C.4.1.1.3.1), unless
    a key requests it.

    Raises:
        UsageError: a value cannot be encoded in its VR or in the query's character set.
    """
    tree = _tree(query.keys)
    if query.charset:
        tree[by_tag(SPECIFIC_CHARACTER_SET)] = query.charset
    if query.level is not None:
        tree[by_tag(QUERY_RETRIEVE_LEVEL)] = query.level.dicom
    return _data_set(tree, query.charset, encoding)


def _tree(keys: Iterable[QueryKey]) -> _Node:
    tree: _Node = {}
    for key in keys:
        node = tree
        for sequence in key.path[:-1]:
            inside = node.get(sequence)
            if not isinstance(inside, dict):
                inside = node[sequence] = {}
            node = inside
        if key.value or key.attribute not in node:
            node[key.attribute] = key.value
    return tree


def _data_set(node: _Node, charset: str, encoding: LittleEndian) -> bytes:
    return b"".join(
        encoding.element(attribute.tag, attribute.vr, _value(attribute, value, charset, encoding))
        for attribute, value in sorted(node.items(), key=lambda entry: entry[0].tag)
    )


def _value(attribute: Attribute, value: str | _Node, charset: str, encoding: LittleEndian) -> bytes:
    if isinstance(value, dict):
        return item(_data_set(value, charset, encoding))
    if not value:
        return b""
    raw = _written(attribute, value, charset)
    if len(raw) % 2:
        raw += b"\0" if attribute.vr in ("UI", "UN") else b" "  # PS3.5 6.2
    return raw


def _written(attribute: Attribute, value: str, charset: str) -> bytes:
    vr = attribute.vr
    if vr in BINARY_NUMBERS:
        return b"".join(_number(attribute, part) for part in value.split("\\"))
    if vr == "AT":
        return b"".join(_tag(attribute, part) for part in value.split("\\"))
    if vr == "SQ" or vr.startswith("O"):
        raise _unwritable(attribute, value)
    if vr in CHARSET_VRS or vr == "UN":
        # never lossy: a letter sent as ? would be a wildcard (Weasis #428)
        return encode(value, charset)
    if not value.isascii():
        raise _unwritable(attribute, value)
    return value.encode("ascii")


def _number(attribute: Attribute, text: str) -> bytes:
    kind = float if attribute.vr in ("FL", "FD") else int
    try:
        return BINARY_NUMBERS[attribute.vr].pack(kind(text))
    except (ValueError, OverflowError, error):
        raise _unwritable(attribute, text) from None


def _tag(attribute: Attribute, text: str) -> bytes:
    digits = text.strip("()").replace(",", "")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raw = b""
    if len(raw) != 4:
        raise _unwritable(attribute, text)
    return raw[1::-1] + raw[:1:-1]  # group and element are swapped separately (PS3.5 6.2, AT)


def _unwritable(attribute: Attribute, value: str) -> UsageError:
    return UsageError(f"'{value}' cannot be encoded as {attribute.keyword} (VR {attribute.vr})")
