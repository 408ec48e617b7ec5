"""The A-ASSOCIATE codec against pynetdicom's, DCMTK's bytes, and any bytes at all."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import pdu as oracle
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import PresentationContext, build_context

from dicomsh.dimse import associate
from dicomsh.dimse.associate import (
    Abort,
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ExtendedNegotiation,
    ProposedContext,
    RoleSelection,
    UserInformation,
)
from dicomsh.dimse.command import ECHO_REQUEST, STORE_REQUEST, CommandSet, write_command
from dicomsh.dimse.elements import EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from dicomsh.dimse.negotiation import Proposal, agreement, associate_request, peer_max_pdu
from dicomsh.dimse.pdu import ASSOCIATE_AC, ASSOCIATE_RQ, RELEASE_RQ, Pdu, PduReader, write_message
from dicomsh.errors import ProtocolViolationError
from dicomsh.frozen import replace
from dicomsh.model.extended_negotiation import Extension, Extensions
from dicomsh.model.levels import VERIFICATION, Model
from dicomsh.model.modality import DicomAddress, Modality
from dicomsh.model.storage import Fragment
from tests.processes import find_program
from tests.samples import bundled
from tests.servers import Server

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
CT = "1.2.840.10008.5.1.4.1.1.2"
QUERIES = [model.value for model in Model]
SYNTAXES = (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN)
HEADER = 6
LIMIT = 30.0

REQUEST = AssociateRequest(
    "ARCHIVE",
    "DICOMSH",
    (
        ProposedContext(1, VERIFICATION, (IMPLICIT_LITTLE_ENDIAN,)),
        ProposedContext(3, FIND, SYNTAXES),
        ProposedContext(5, CT, SYNTAXES),
    ),
    UserInformation(
        65536,
        "1.2.3.4",
        "VERSION_1",
        (4, 2),
        (RoleSelection(CT, False, True),),
        (ExtendedNegotiation(FIND, b"\1\0\1"),),
    ),
)
ACCEPT = AssociateAccept(
    "ARCHIVE",
    "DICOMSH",
    (
        AnsweredContext(1, 0, IMPLICIT_LITTLE_ENDIAN),
        AnsweredContext(3, 3, IMPLICIT_LITTLE_ENDIAN),
        AnsweredContext(5, 0, EXPLICIT_LITTLE_ENDIAN),
    ),
    UserInformation(
        16384,
        "1.2.3.5",
        "VERSION_2",
        (1, 1),
        (RoleSelection(CT, False, True),),
        (ExtendedNegotiation(FIND, b"\0\0\1"),),
    ),
)


def item(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(data)) + data


# pynetdicom


def told(primitive: A_ASSOCIATE) -> UserInformation:
    """The user information that pynetdicom read."""
    items = primitive.user_information

    def of(kind: type) -> list[Any]:
        return [found for found in items if isinstance(found, kind)]

    [window] = of(AsynchronousOperationsWindowNegotiation)
    return UserInformation(
        of(MaximumLengthNotification)[0].maximum_length_received,
        of(ImplementationClassUIDNotification)[0].implementation_class_uid,
        of(ImplementationVersionNameNotification)[0].implementation_version_name,
        (window.maximum_number_operations_invoked, window.maximum_number_operations_performed),
        tuple(
            RoleSelection(role.sop_class_uid, role.scu_role, role.scp_role)
            for role in of(SCP_SCU_RoleSelectionNegotiation)
        ),
        tuple(
            ExtendedNegotiation(it.sop_class_uid, it.service_class_application_information)
            for it in of(SOPClassExtendedNegotiation)
        ),
    )


def test_pynetdicom_reads_our_request() -> None:
    read = oracle.A_ASSOCIATE_RQ()
    read.decode(associate.write_request(REQUEST))
    primitive = read.to_primitive()
    assert primitive.called_ae_title == "ARCHIVE"
    assert primitive.calling_ae_title == "DICOMSH"
    assert primitive.application_context_name == associate.APPLICATION_CONTEXT
    contexts = [
        (c.context_id, c.abstract_syntax, tuple(c.transfer_syntax))
        for c in primitive.presentation_context_definition_list
    ]
    assert contexts == [(c.id, c.abstract_syntax, c.transfer_syntaxes) for c in REQUEST.contexts]
    assert told(primitive) == REQUEST.user
    assert read.encode() == associate.write_request(REQUEST)


def test_pynetdicom_reads_our_acceptance() -> None:
    read = oracle.A_ASSOCIATE_AC()
    read.decode(associate.write_accept(ACCEPT))
    primitive = read.to_primitive()
    results = primitive.presentation_context_definition_results_list
    contexts = [(c.context_id, c.result, c.transfer_syntax[0]) for c in results]
    assert contexts == [(c.id, c.result, c.transfer_syntax) for c in ACCEPT.contexts]
    assert told(primitive) == ACCEPT.user
    assert primitive.calling_ae_title == "DICOMSH"
    assert read.encode() == associate.write_accept(ACCEPT)


def primitive_of(user: UserInformation) -> A_ASSOCIATE:
    made = A_ASSOCIATE()
    made.application_context_name = associate.APPLICATION_CONTEXT
    made.calling_ae_title, made.called_ae_title = "DICOMSH", "ARCHIVE"
    length = MaximumLengthNotification()
    length.maximum_length_received = user.max_pdu or 0
    uid = ImplementationClassUIDNotification()
    uid.implementation_class_uid = user.class_uid
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = user.version
    window = AsynchronousOperationsWindowNegotiation()
    assert user.operations is not None
    window.maximum_number_operations_invoked = user.operations[0]
    window.maximum_number_operations_performed = user.operations[1]
    made.user_information = [length, uid, version, window, *roles(user), *extended(user)]
    return made


def roles(user: UserInformation) -> Iterator[SCP_SCU_RoleSelectionNegotiation]:
    for role in user.roles:
        made = SCP_SCU_RoleSelectionNegotiation()
        made.sop_class_uid, made.scu_role, made.scp_role = role.sop_class, role.scu, role.scp
        yield made


def extended(user: UserInformation) -> Iterator[SOPClassExtendedNegotiation]:
    for one in user.extended:
        made = SOPClassExtendedNegotiation()
        made.sop_class_uid = one.sop_class
        made.service_class_application_information = one.information
        yield made


def test_we_read_pynetdicoms_request_and_skip_what_we_do_not_use() -> None:
    made = primitive_of(REQUEST.user)
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid, common.service_class_uid = CT, "1.2.840.10008.4.2"
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.primary_field = 2, b"user"
    identity.secondary_field = b"secret"
    made.user_information = [*made.user_information, common, identity]
    contexts = [
        build_context(c.abstract_syntax, list(c.transfer_syntaxes)) for c in REQUEST.contexts
    ]
    for number, context in enumerate(contexts):
        context.context_id = 2 * number + 1
    made.presentation_context_definition_list = contexts
    raw = oracle.A_ASSOCIATE_RQ(made).encode()
    assert associate.read_request(raw[HEADER:]) == REQUEST


def test_we_read_pynetdicoms_acceptance() -> None:
    made = primitive_of(ACCEPT.user)
    results = []
    for answer in ACCEPT.contexts:
        result = PresentationContext()
        result.context_id, result.result = answer.id, answer.result
        result.add_transfer_syntax(answer.transfer_syntax)
        results.append(result)
    made.presentation_context_definition_results_list = results
    read = associate.read_accept(oracle.A_ASSOCIATE_AC(made).encode()[HEADER:])
    assert read.user == ACCEPT.user
    assert read.contexts == ACCEPT.contexts


def test_rejection_abort_and_release_are_pynetdicoms() -> None:
    raw = associate.write_reject(AssociateReject(2, 3, 1))
    reject = oracle.A_ASSOCIATE_RJ()
    reject.decode(raw)
    assert (reject.result, reject.source, reject.reason_diagnostic) == (2, 3, 1)
    assert associate.read_reject(raw[HEADER:]) == AssociateReject(2, 3, 1)
    raw = associate.write_abort(Abort(2, 6))
    abort = oracle.A_ABORT_RQ()
    abort.decode(raw)
    assert (abort.source, abort.reason_diagnostic) == (2, 6)
    assert associate.read_abort(raw[HEADER:]) == Abort(2, 6)
    assert associate.write_reject(AssociateReject(2, 3, 1)) == b"\x03\0\0\0\0\x04\0\x02\x03\x01"
    assert associate.write_abort(Abort(2, 6)) == b"\x07\0\0\0\0\x04\0\0\x02\x06"
    assert associate.write_release_request() == oracle.A_RELEASE_RQ().encode()
    assert associate.write_release_reply() == oracle.A_RELEASE_RP().encode()


@pytest.mark.parametrize(
    ("text", "may_be_sent"),
    [
        ("X", True),
        (" A ", True),
        ("A B", True),
        ("~!AZ09", True),
        ("SIXTEEN_LETTERS_", True),
        ("SEVENTEEN_LETTERS", False),
        ("X" * 17, False),
        ("", False),
        ("   ", False),
        ("A\\B", False),
        ("A\tB", False),
        ("A\x7f", False),
        ("M\u00dcLLER", False),
    ],
)
def test_which_texts_are_ae_titles(text: str, may_be_sent: bool) -> None:
    """PS3.5 6.2: at most 16 characters of the default repertoire but backslash, not only spaces."""
    assert associate.is_title(text) is may_be_sent


def test_a_pdu_of_fewer_bytes_than_it_should_have_counts_the_others_as_0() -> None:
    assert associate.read_reject(b"\0\x01\x02") == AssociateReject(1, 2, 0)
    assert associate.read_abort(b"\0\0\x02") == Abort(2, 0)


# Any value, and any bytes

uids = st.from_regex(r"[0-9][0-9.]{0,63}", fullmatch=True)
titles = st.text("ABCxyz019_-. ", min_size=1, max_size=16).filter(associate.is_title)
names = st.text("ABCxyz019_-.", max_size=40)
bytes_ = st.integers(0, 255)
users = st.builds(
    UserInformation,
    st.none() | st.integers(0, 0xFFFFFFFF),
    uids | st.just(""),
    names,
    st.none() | st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.lists(st.builds(RoleSelection, uids, st.booleans(), st.booleans()), max_size=3).map(tuple),
    st.lists(st.builds(ExtendedNegotiation, uids, st.binary(max_size=9)), max_size=3).map(tuple),
)
requests = st.builds(
    AssociateRequest,
    titles.map(str.strip),
    titles.map(str.strip),
    st.lists(
        st.builds(ProposedContext, bytes_, uids, st.lists(uids, max_size=3).map(tuple)), max_size=4
    ).map(tuple),
    users,
    uids,
    st.integers(0, 0xFFFF),
)
accepts = st.builds(
    AssociateAccept,
    titles.map(str.strip),
    titles.map(str.strip),
    st.lists(st.builds(AnsweredContext, bytes_, bytes_, uids | st.just("")), max_size=4).map(tuple),
    users,
    uids,
    st.integers(0, 0xFFFF),
)


@given(request=requests)
def test_a_request_is_read_as_it_was_written(request: AssociateRequest) -> None:
    assert associate.read_request(associate.write_request(request)[HEADER:]) == request


@given(accept=accepts)
def test_an_acceptance_is_read_as_it_was_written(accept: AssociateAccept) -> None:
    assert associate.read_accept(associate.write_accept(accept)[HEADER:]) == accept


def test_titles_keep_their_letters_but_not_the_spaces_around_them() -> None:
    titled = replace(REQUEST, called=" X-RAY XX ", calling="X")
    read = associate.read_request(associate.write_request(titled)[HEADER:])
    assert (read.called, read.calling) == ("X-RAY XX", "X")


def test_a_title_that_is_not_ascii_can_be_repeated() -> None:
    """Some peers send other bytes; the acceptance has to say what the request said."""
    raw = associate.write_request(REQUEST)[HEADER:].replace(b"DICOMSH ", b"M\xdcLLER  ")
    calling = associate.read_request(raw).calling
    assert calling == "M\ufffdLLER"
    accept = associate.write_accept(replace(ACCEPT, calling=calling))
    assert associate.read_accept(accept[HEADER:]).calling == "M?LLER"


def test_of_a_pdu_without_items_nothing_is_known() -> None:
    request = AssociateRequest("", "", (), UserInformation(), "", 0)
    assert associate.read_request(bytes(68)) == request
    proposed = replace(request, contexts=(ProposedContext(3, "", ()),))
    assert associate.read_request(bytes(68) + item(0x20, b"\3\0\0\0")) == proposed
    accept = AssociateAccept("", "", (AnsweredContext(3, 1, ""),), UserInformation(), "", 0)
    assert associate.read_accept(bytes(68) + item(0x21, b"\3\0\1\0")) == accept
    for name, read in (("RQ", associate.read_request), ("AC", associate.read_accept)):
        with pytest.raises(ProtocolViolationError, match=f"an A-ASSOCIATE-{name} of 67 bytes is"):
            read(bytes(67))


READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "request": (associate.write_request(REQUEST)[HEADER:], associate.read_request),
    "acceptance": (associate.write_accept(ACCEPT)[HEADER:], associate.read_accept),
    "rejection": (bytes((0, 1, 1, 7)), associate.read_reject),
    "abort": (bytes((0, 0, 2, 1)), associate.read_abort),
}


@pytest.mark.parametrize("name", READERS)
def test_every_truncation_is_read_or_refused(name: str) -> None:
    whole, read = READERS[name]
    for end in range(len(whole)):
        with contextlib.suppress(ProtocolViolationError):
            read(whole[:end])
    assert read(whole)


@pytest.mark.parametrize("name", READERS)
def test_every_changed_byte_is_read_or_refused(name: str) -> None:
    whole, read = READERS[name]
    for place in range(len(whole)):
        for changed in (whole[place] ^ 0xFF, whole[place] ^ 1, 0, 0x7F):
            with contextlib.suppress(ProtocolViolationError):
                read(whole[:place] + bytes((changed,)) + whole[place + 1 :])


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for _, read in READERS.values():
        with contextlib.suppress(ProtocolViolationError):
            read(data)
        with contextlib.suppress(ProtocolViolationError):
            read(bytes(68) + data)


@pytest.mark.parametrize(
    "user",
    [
        b"\x51\0\0\x08\0\0\0\0",
        b"\x51\0",
        item(0x51, b"\0\0\0"),
        item(0x53, b"\0\1"),
        item(0x54, b"\0\x09" + b"1.2"),
        item(0x54, b"\0\x03" + b"1.2\1"),
        item(0x56, b"\0"),
        item(0x56, b"\0\x09" + b"1.2"),
    ],
)
def test_user_information_that_does_not_fit_is_skipped(user: bytes) -> None:
    body = associate.write_accept(replace(ACCEPT, user=UserInformation()))[HEADER:-8]
    known = item(0x52, b"1.2.3")
    read = associate.read_accept(body + item(0x50, known + user))
    assert read.contexts == ACCEPT.contexts
    assert read.user == UserInformation(class_uid="1.2.3")


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"\x50\0\0\x08\0\0\0\0", "does not fit"),
        (b"\x50\0", "header of an item"),
        (item(0x21, b"\1\0"), "presentation context"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(tail: bytes, words: str) -> None:
    body = associate.write_accept(replace(ACCEPT, user=UserInformation()))[HEADER:-8]
    with pytest.raises(ProtocolViolationError, match=words):
        associate.read_accept(body + tail)


# What peers do otherwise than the standard says


def answered(*contexts: AnsweredContext, user: bytes = b"") -> AssociateAccept:
    """What we read of an acceptance with these contexts and further user sub-items."""
    body = associate.write_accept(replace(ACCEPT, contexts=contexts, user=UserInformation()))
    return associate.read_accept(body[HEADER:-8] + item(0x50, user))


GOOD = AnsweredContext(3, 0, EXPLICIT_LITTLE_ENDIAN)


def accepted_ids(accept: AssociateAccept) -> list[int]:
    return [context.id for context in agreement(REQUEST, accept).accepted]


@pytest.mark.parametrize(
    "odd",
    [
        AnsweredContext(5, 0, "1.2.840.10008.1.2.4.50"),
        AnsweredContext(5, 0, ""),
        AnsweredContext(5, 9, EXPLICIT_LITTLE_ENDIAN),
        AnsweredContext(99, 0, EXPLICIT_LITTLE_ENDIAN),
        AnsweredContext(4, 0, EXPLICIT_LITTLE_ENDIAN),
        AnsweredContext(3, 0, IMPLICIT_LITTLE_ENDIAN),
    ],
)
def test_an_odd_context_counts_as_not_accepted_and_spoils_no_other(odd: AnsweredContext) -> None:
    assert accepted_ids(answered(GOOD, odd)) == [3]
    assert agreement(REQUEST, answered(GOOD, odd)).contexts[FIND].encoding is not None


@pytest.mark.parametrize(
    "user",
    [
        item(0x5F, b"who knows"),
        item(0x00, b""),
        item(0x55, b"A version name that is far longer than sixteen characters"),
        item(0x55, b"\xff\xfe\0\0"),
        item(0x52, b""),
        item(0x59, b"\0\x02ok"),
        item(0x51, struct.pack(">I", 16384)) * 2,
        b"",
    ],
)
def test_odd_user_information_does_not_refuse_the_peer(user: bytes) -> None:
    assert accepted_ids(answered(GOOD, user=user)) == [3]
    assert agreement(REQUEST, answered(GOOD, user=user)).max_pdu == 16384


def test_items_of_an_unknown_type_are_skipped() -> None:
    body = associate.write_accept(ACCEPT)[HEADER:]
    assert associate.read_accept(body + item(0x77, b"??")) == ACCEPT
    body = associate.write_request(REQUEST)[HEADER:]
    assert associate.read_request(body + item(0x77, b"??")) == REQUEST


# Proposals and roles


def storage(number: int = 1) -> list[Proposal]:
    return [
        Proposal(GET),
        *(Proposal(CT, (uid,), scu=False, scp=True) for uid in SYNTAXES),
        *(Proposal(f"1.2.3.{n}") for n in range(number)),
    ]


PEER = Modality("p", DicomAddress("PEER", "127.0.0.1", 104))


def test_contexts_are_numbered_and_roles_are_proposed_once() -> None:
    request = associate_request(PEER, storage())
    assert [context.id for context in request.contexts] == [1, 3, 5, 7]
    assert [context.transfer_syntaxes for context in request.contexts[1:3]] == [
        (EXPLICIT_LITTLE_ENDIAN,),
        (IMPLICIT_LITTLE_ENDIAN,),
    ]
    assert request.user.roles == (RoleSelection(CT, False, True),)


@pytest.mark.parametrize("wanted", [frozenset(), frozenset({Extension.FUZZY})])
def test_extensions_are_proposed_for_queries_if_they_are_wanted(wanted: Extensions) -> None:
    """PS3.4 C.5.1.1.1: relational, date-time, fuzzy."""
    request = associate_request(replace(PEER, extended=wanted))
    assert [context.abstract_syntax for context in request.contexts] == [VERIFICATION, *QUERIES]
    assert request.user.extended == tuple(
        ExtendedNegotiation(uid, b"\0\0\1") for uid in QUERIES if wanted
    )


def test_what_was_agreed_by_extended_negotiation_is_known() -> None:
    agreed = agreement(REQUEST, ACCEPT)
    assert agreed.information == {FIND: b"\0\0\1"}
    assert agreed.extended == {FIND: {Extension.FUZZY}}
    assert agreed.syntaxes == {
        1: (VERIFICATION, IMPLICIT_LITTLE_ENDIAN),
        5: (CT, EXPLICIT_LITTLE_ENDIAN),
    }


@pytest.mark.parametrize(
    ("said", "longest"), [(None, 16384), (0, 0), (8, 8), (65536, 65536), (1, None), (7, None)]
)
def test_the_longest_pdu_of_a_peer(said: int | None, longest: int | None) -> None:
    """PS3.8 D.1: 0 is any; eight bytes are the shortest that carry data."""
    if longest is not None:
        assert peer_max_pdu(UserInformation(said)) == longest
        return
    with pytest.raises(ProtocolViolationError, match=f"at most {said} bytes, too short"):
        peer_max_pdu(UserInformation(said))


def test_no_more_contexts_than_there_are_ids() -> None:
    request = associate_request(PEER, storage(125))
    assert request.contexts[-1].id == 255
    assert associate.read_request(associate.write_request(request)[HEADER:]) == request
    with pytest.raises(ValueError, match="129"):
        associate_request(PEER, storage(126))


@pytest.mark.parametrize(
    ("given_", "roles"),
    [
        ((), (True, False)),
        ((RoleSelection(CT, False, True),), (False, True)),
        ((RoleSelection(CT, True, True),), (False, True)),
        ((RoleSelection(CT, True, False),), (False, False)),
        ((RoleSelection(GET, True, True),), (True, False)),
    ],
)
def test_roles_are_those_that_both_sides_spoke_of(
    given_: tuple[RoleSelection, ...], roles: tuple[bool, bool]
) -> None:
    request = associate_request(PEER, storage())
    answers = tuple(AnsweredContext(c.id, 0, c.transfer_syntaxes[0]) for c in request.contexts)
    accept = AssociateAccept("A", "B", answers, UserInformation(roles=given_))
    agreed = agreement(request, accept)
    contexts = agreed.on(CT)
    assert [(c.id, c.transfer_syntax) for c in contexts] == list(zip((3, 5), SYNTAXES, strict=True))
    assert {(c.scu, c.scp) for c in contexts} == {roles}
    assert agreed.contexts[CT] == contexts[0]
    assert agreed.by_id[5] == contexts[1]
    assert (agreed.contexts[GET].scu, agreed.contexts[GET].scp) == (True, False)


# DCMTK


def read_pdu(connection: socket.socket) -> tuple[int, bytes]:
    """One PDU: its type and body."""
    file = connection.makefile("rb", buffering=0)
    header = _exactly(file, HEADER)
    kind, length = struct.unpack(">BxI", header)
    return kind, _exactly(file, length)


def _exactly(file: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = file.read(size - len(data))
        assert part, "the peer closed the connection"
        data += part
    return data


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(LIMIT)
        yield listener


@contextlib.contextmanager
def dcmtk(name: str, *arguments: str) -> Iterator[socket.socket]:
    """A program of DCMTK that speaks to us: our end of its connection. It must succeed."""
    with listening() as listener:
        port = str(listener.getsockname()[1])
        command = [find_program(name), *arguments[:-1], "127.0.0.1", port, *arguments[-1:]]
        running = subprocess.Popen(
            [part for part in command if part],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            connection, _ = listener.accept()
            connection.settimeout(LIMIT)
            with connection:
                yield connection
            _, problems = running.communicate(timeout=LIMIT)
            assert running.returncode == 0, problems
        finally:
            running.kill()
            running.communicate()


def sent_by(name: str, *arguments: str) -> AssociateRequest:
    """The A-ASSOCIATE-RQ of a program, which is rejected."""
    with contextlib.suppress(AssertionError), dcmtk(name, *arguments) as connection:
        kind, body = read_pdu(connection)
        connection.sendall(associate.write_reject(AssociateReject(1, 1, 1)))
    assert kind == ASSOCIATE_RQ
    return associate.read_request(body)


def test_what_findscu_sends() -> None:
    request = sent_by("findscu", "-aet", "ME", "-aec", "YOU", "-S", "-k", "PatientID", "")
    assert (request.calling, request.called) == ("ME", "YOU")
    [context] = request.contexts
    assert context.id == 1
    assert context.abstract_syntax == FIND
    assert set(SYNTAXES) <= set(context.transfer_syntaxes)
    assert request.user.max_pdu == 16384
    assert request.user.class_uid.startswith("1.2.276.0.7230010.3.0.3.")
    assert request.user.version.startswith("OFFIS_DCMTK_")
    assert associate.read_request(associate.write_request(request)[HEADER:]) == request


def test_what_getscu_sends_has_roles() -> None:
    request = sent_by("getscu", "-S", "-k", "StudyInstanceUID=1.2", "")
    assert GET in {context.abstract_syntax for context in request.contexts}
    assert RoleSelection(CT, False, True) in request.user.roles
    assert len(request.user.roles) > 50
    assert associate.read_request(associate.write_request(request)[HEADER:]) == request


def test_our_bytes_are_those_of_dcmtk() -> None:
    """The same request, byte for byte, but for a reserved byte that DCMTK sets."""
    with contextlib.suppress(AssertionError), dcmtk("echoscu", "") as connection:
        _, body = read_pdu(connection)
        connection.sendall(associate.write_reject(AssociateReject(1, 1, 1)))
    expected = body.replace(b"\x01\0\xff\0", b"\x01\0\0\0")
    assert associate.write_request(associate.read_request(body))[HEADER:] == expected


def accepting(request: AssociateRequest) -> AssociateAccept:
    """An acceptance of everything, in the first transfer syntax."""
    contexts = tuple(AnsweredContext(c.id, 0, c.transfer_syntaxes[0]) for c in request.contexts)
    return AssociateAccept(request.called, request.calling, contexts, UserInformation(65536, "1.2"))


class Stored:
    """A sink that counts."""

    def __init__(self) -> None:
        self.data = b""
        self.whole = False

    def write(self, fragment: Fragment) -> None:
        self.data += bytes(fragment)

    def close(self) -> None:
        self.whole = True


def serve(connection: socket.socket) -> tuple[list[CommandSet], list[Stored]]:
    """Accept an association, answer every request with success, and release it."""
    commands: list[CommandSet] = []
    sinks: list[Stored] = []

    def requested(_: int, command: CommandSet) -> Stored:
        commands.append(command)
        sinks.append(Stored())
        return sinks[-1]

    reader = PduReader(requested, accepts=True)
    while data := connection.recv(4096):
        for part in reader.feed(data):
            if not isinstance(part, Pdu):
                for context, command, _ in part:
                    answer = write_command(command.answered(0))
                    connection.sendall(write_message(context, answer, b"", 16384))
            elif part.kind == ASSOCIATE_RQ:
                accept = accepting(associate.read_request(part.body))
                reader.messages.contexts = {context.id for context in accept.contexts}
                connection.sendall(associate.write_accept(accept))
            elif part.kind == RELEASE_RQ:
                connection.sendall(associate.write_release_reply())
    return commands, sinks


def test_echoscu_is_content_with_us_as_its_server() -> None:
    with dcmtk("echoscu", "") as connection:
        commands, _ = serve(connection)
    assert [command.field for command in commands] == [ECHO_REQUEST]
    assert commands[0].sop_class == VERIFICATION


def test_storescu_is_content_with_us_as_its_server(tmp_path: Path) -> None:
    file = next(path for path in bundled() if path.name == "CT_small.dcm")
    with dcmtk("storescu", str(file)) as connection:
        commands, sinks = serve(connection)
    [command] = commands
    assert (command.field, command.sop_class) == (STORE_REQUEST, CT)
    assert command.sop_instance == "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"
    assert sinks[0].whole
    assert len(sinks[0].data) > 32_768


def answer_of(server: Server, proposals: Sequence[Proposal]) -> tuple[AssociateRequest, bytes]:
    """What a server says to our A-ASSOCIATE-RQ."""
    request = associate_request(
        Modality("p", DicomAddress(server.aet, server.host, server.port)), proposals
    )
    with socket.create_connection((server.host, server.port), LIMIT) as connection:
        connection.sendall(associate.write_request(request))
        kind, body = read_pdu(connection)
        connection.sendall(associate.write_abort(Abort(0)))
    assert kind == ASSOCIATE_AC
    return request, body


def test_dcmqrscp_accepts_what_we_propose(dcmqrscp_server: Server) -> None:
    request, body = answer_of(dcmqrscp_server, storage())
    accept = associate.read_accept(body)
    agreed = agreement(request, accept)
    assert agreed.contexts.keys() == {GET, CT}
    assert {(c.scu, c.scp) for c in agreed.on(CT)} == {(False, True)}
    assert accept.user.version.startswith("OFFIS_DCMTK_")
    assert associate.write_accept(accept)[HEADER:] == body


def test_orthanc_accepts_what_we_propose(orthanc_server: Server) -> None:
    request, body = answer_of(orthanc_server, storage())
    agreed = agreement(request, associate.read_accept(body))
    assert GET in agreed.contexts
    assert agreed.max_pdu == 16384


def test_pynetdicom_accepts_the_most_contexts() -> None:
    """pynetdicom's acceptor sees what our 128 contexts are."""
    request = associate_request(PEER, storage(125))
    read = oracle.A_ASSOCIATE_RQ()
    read.decode(associate.write_request(request))
    assert len(read.to_primitive().presentation_context_definition_list) == 128
