r"""A small language for peers: what an SCP sends, PDU by PDU, and what dicomsh is to make of it.

A case is a text file in `cases/`. The peer's part comes first; it is played on every association,
its answer for each C-FIND. Then come the commands, each with what is expected of it.

    # Counts as UL                        a comment
    accept explicit                       A-ASSOCIATE-AC for what was proposed, in this syntax
    row                                   a pending response, its identifier below
      0020,000D UI 1.2.3.1                tag, VR, value
      0020,1208 UL 300
    final                                 the final response, 0000
    ---
    find study +NumberOfStudyRelatedInstances
    out "NumberOfStudyRelatedInstances": 300
    line 1 study, complete

The association:

    accept explicit|implicit [KEYWORD=…]  max=N; to=SYNTAX_UID instead of the usual one
      user 59 TEXT                        a further sub-item of user information, type in hex
      version TEXT                        the implementation version name
      context ID RESULT SYNTAX_UID        another answer, or one that nobody asked for
      only 3 5                            accept these contexts alone
    reject RESULT SOURCE REASON           A-ASSOCIATE-RJ
    bytes 16 03 01                        these bytes instead of a PDU, here and anywhere below

The answer to a C-FIND:

    row [explicit|implicit] [status=FF01] [type=0101]    status and Command Data Set Type in hex
    final [STATUS] [type=0001]
    late                                  what follows is sent after the next request has arrived
    data [explicit|implicit]              a data set that no command announces
    abort SOURCE REASON · release

An identifier: `TAG VR VALUE`, in which

  * the VR is written as its two bytes: `--`, `__` (blanks), `..` (NULs); `none` leaves it and the
    reserved bytes out, as in implicit VR; `UN*` has an undefined length;
  * the value of a binary VR is a number, or several; any other is text, in which `\x1b` is a byte
    and `\u00e9` a character in UTF-8; `\s` is a blank, for padding at the ends;
  * `SQ` and `SQ*` (undefined length) hold `item` or `item*` lines, indented by two blanks, and
    these their elements; `open` in place of `*` leaves out the delimiter at the end;
  * `bytes …` are bytes in hex; `short N`: the last N bytes are left out.

What is expected of a command:

    out TEXT · no out TEXT · err TEXT · no err TEXT     on standard output, on standard error
    line TEXT                             the last line of standard error begins with it
    status N                              0 unless this says otherwise
    associations N                        how many were opened until then

and before those, `settings SETTING: VALUE` for this modality, as in modalities.yaml.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from tests.dimse.peers import element, pdu, pdv, response

SYNTAXES = {"explicit": EXPLICIT_LITTLE_ENDIAN, "implicit": IMPLICIT_LITTLE_ENDIAN}
NUMBERS = {"US": "<H", "SS": "<h", "UL": "<I", "SL": "<i", "FL": "<f", "FD": "<d"}
LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class Line:
    """A line with the lines indented below it."""

    words: list[str]
    below: list[Line]

    @property
    def name(self) -> str:
        return self.words[0]

    @property
    def plain(self) -> list[str]:
        """The arguments that are not settings."""
        return [word for word in self.words[1:] if "=" not in word]

    def setting(self, name: str, default: str = "") -> str:
        found = [word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")]
        return found[0] if found else default


@dataclass(frozen=True)
class Wanted:
    """A command, and what is expected of it."""

    command: str
    checks: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """A peer, and what dicomsh makes of it."""

    accept: Line
    answer: list[Line]
    wanted: list[Wanted]


def read_case(path: Path) -> Case:
    """The case in a file."""
    peer, _, wanted = path.read_text(encoding="utf-8").partition("\n---\n")
    lines = _tree([line for line in peer.splitlines() if line.strip() and line[0] != "#"])
    return Case(lines[0], lines[1:], list(_wanted(wanted)))


def _tree(lines: list[str], depth: int = 0) -> list[Line]:
    found: list[Line] = []
    while lines:
        line = lines[0]
        indent = len(line) - len(line.lstrip())
        if indent < depth:
            break
        if indent > depth:
            found[-1].below.extend(_tree(lines, indent))
        else:
            lines.pop(0)
            found.append(Line(line.split(), []))
    return found


_CHECK = re.compile(r"(out|err|no out|no err|line|status|associations|settings) (.*)")


def _wanted(text: str) -> Iterator[Wanted]:
    wanted: list[Wanted] = []
    for line in text.splitlines():
        check = _CHECK.fullmatch(line)
        if check:
            wanted[-1].checks.append((check[1], check[2]))
        elif line.strip() and line[0] != "#":
            wanted.append(Wanted(line))
    yield from wanted


# Identifiers


def data_set(lines: list[Line], explicit: bool) -> bytes:
    """The bytes of an identifier."""
    whole = b""
    for line in lines:
        if line.name == "short":
            whole = whole[: -int(line.words[1])]
        else:
            whole += _raw(line) if line.name == "bytes" else _element(line, explicit)
    return whole


def _raw(line: Line) -> bytes:
    return bytes.fromhex("".join(line.words[1:]))


def _element(line: Line, explicit: bool) -> bytes:
    tag = int(line.name.replace(",", ""), 16)
    vr = line.words[1].removesuffix("*").removesuffix("open")
    undefined, closed = line.words[1] != vr, not line.words[1].endswith("open")
    inside = explicit and vr != "UN"
    value = _value(vr, line.words[2:])
    if line.below:
        value = b"".join(_item(below, inside) for below in line.below)
    end = _delimiter(SEQUENCE_END) if undefined and closed else b""
    length = UNDEFINED if undefined else len(value)
    return _head(tag, vr, length, explicit) + value + end


def _head(tag: int, vr: str, length: int, explicit: bool) -> bytes:
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit or vr == "none":
        return start + struct.pack("<I", length)
    code = vr.replace("_", " ").replace(".", "\0").encode()
    if vr in LONG:
        return start + code + struct.pack("<HI", 0, length)
    return start + code + struct.pack("<H", length)


def _delimiter(tag: int, length: int = 0) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length)


def _item(line: Line, explicit: bool) -> bytes:
    data = data_set(line.below, explicit)
    if line.name == "item":
        return element(ITEM, data)
    end = _delimiter(ITEM_END) if line.name == "item*" else b""
    return _delimiter(ITEM, UNDEFINED) + data + end


def _value(vr: str, words: list[str]) -> bytes:
    if vr in NUMBERS:
        read = float if vr.startswith("F") else int
        return b"".join(struct.pack(NUMBERS[vr], read(word)) for word in words)
    raw = _text(" ".join(words))
    return raw + (b"\0" if vr in ("UI", "UN", "OB") else b" ") * (len(raw) % 2)


_ESCAPE = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\(s)")


def _text(text: str) -> bytes:
    def byte(found: re.Match[str]) -> str:
        if found[3]:
            return " "
        if found[2]:
            return chr(int(found[2], 16)).encode().decode("latin-1")
        return chr(int(found[1], 16))

    return _ESCAPE.sub(byte, text).encode("latin-1")


# PDUs


def association_answer(line: Line, proposal: bytes) -> bytes:
    """What the peer answers to an A-ASSOCIATE-RQ, given its body."""
    if line.name == "bytes":
        return _raw(line)
    if line.name == "reject":
        return pdu(3, bytes((0, *map(int, line.words[1:]))))
    return pdu(2, proposal[:68] + _contexts(line, proposal) + _user(line))


def _sub_item(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(data)) + data


def _contexts(line: Line, proposal: bytes) -> bytes:
    only = [int(word) for below in line.below if below.name == "only" for word in below.words[1:]]
    usual = line.setting("to", SYNTAXES[line.plain[0]])
    answers = [
        (number, 3 if only and number not in only else 0, usual)
        for number in _proposed(proposal[68:])
    ]
    answers += [
        (int(below.words[1]), int(below.words[2]), below.words[3])
        for below in line.below
        if below.name == "context"
    ]
    name = _sub_item(0x10, b"1.2.840.10008.3.1.1.1")
    return name + b"".join(
        _sub_item(0x21, bytes((number, 0, result, 0)) + _sub_item(0x40, syntax.encode()))
        for number, result, syntax in answers
    )


def _proposed(items: bytes) -> Iterator[int]:
    """IDs of the presentation contexts in the items of an A-ASSOCIATE-RQ."""
    while items:
        kind, length = struct.unpack_from(">BxH", items)
        if kind == 0x20:
            yield items[4]
        items = items[4 + length :]


def _user(line: Line) -> bytes:
    parts = _sub_item(0x51, struct.pack(">I", int(line.setting("max", "16384"))))
    parts += _sub_item(0x52, b"1.2.3.4")
    for below in line.below:
        if below.name == "version":
            parts += _sub_item(0x55, _text(" ".join(below.words[1:])))
        if below.name == "user":
            parts += _sub_item(int(below.words[1], 16), _text(" ".join(below.words[2:])))
    return _sub_item(0x50, parts)


def answer_bytes(case: Case, message_id: int, context: int) -> list[bytes]:
    """What the peer sends for a C-FIND; what comes late is in the later parts."""
    parts = [b""]
    for line in case.answer:
        if line.name == "late":
            parts.append(b"")
        else:
            parts[-1] += _sent(line, case.accept, message_id, context)
    return parts


def _sent(line: Line, accept: Line, message_id: int, context: int) -> bytes:
    match line.name:
        case "row":
            status = int(line.setting("status", "FF00"), 16)
            command = _command(line, message_id, status, "0001", context)
            return command + _identifier(line, accept, context)
        case "data":
            return _identifier(line, accept, context)
        case "final":
            status = int(line.plain[0] if line.plain else "0000", 16)
            return _command(line, message_id, status, "0101", context)
        case "abort":
            return pdu(7, bytes((0, 0, *map(int, line.words[1:]))))
        case "release":
            return pdu(5, bytes(4))
        case "bytes":
            return _raw(line)
    raise ValueError(line.name)


def _command(line: Line, message_id: int, status: int, kind: str, context: int) -> bytes:
    wanted = int(line.setting("type", kind), 16)
    whole = response(message_id, status, data_set=False)
    usual = element(0x0800, struct.pack("<H", 0x0101))
    changed = whole.replace(usual, element(0x0800, struct.pack("<H", wanted)))
    return pdu(4, pdv(context, 3, changed))


def _identifier(line: Line, accept: Line, context: int) -> bytes:
    if not line.below and line.name == "row":
        return b""
    syntax = next(iter(line.plain), next(iter(accept.plain), "implicit"))
    return pdu(4, pdv(context, 2, data_set(line.below, syntax == "explicit")))
