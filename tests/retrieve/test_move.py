"""move: the sending archive's numbers are its claim, the destination is the proof."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, AllStoragePresentationContexts, evt

from dicomsh.model.levels import ROOT_MODELS
from tests import servers
from tests.conftest import Start
from tests.dimse.peers import ABSTRACT_SYNTAXES, scp
from tests.harness import Done, run
from tests.processes import free_ports
from tests.retrieve.giving import IMAGES, Faults, Giver


@pytest.fixture
def config(start_server: Start[servers.Orthanc], sample_files: list[Path], tmp_path: Path) -> Path:
    """Two archives: `one` holds some files, and knows `two` and a TWIN that is not there."""
    two = start_server(servers.orthanc(aet="TWO"))
    known = {"two": ["TWO", "127.0.0.1", two.port], "twin": ["TWIN", "127.0.0.1", 9]}
    one = start_server(servers.orthanc(settings={"DicomModalities": {**known, "us": _US}}))
    one.upload(sample_files[:30])
    places = (("one", one.aet, one.port), ("two", "TWO", two.port), ("twin", "TWIN", two.port))
    lines = [
        f"  {name}: {{aet: {aet}, host: 127.0.0.1, port: {port}}}" for name, aet, port in places
    ]
    path = tmp_path / "modalities.yaml"
    path.write_text("\n".join(["modalities:", *lines]) + "\n", "utf-8")
    return path


_US = [servers.AET, "127.0.0.1", 4242]


def test_the_destination_is_asked_what_it_has(config: Path) -> None:
    done = run("use one; find study | head 3 | move --to two", config=config, output="json")
    assert done.status == 0, done.err
    assert {row["state"] for row in done.json} == {"verified"}
    assert all(row["there"] == row["instances"] for row in done.json)
    assert "verified by asking two" in done.last
    at_two = run("use two; find study", config=config, output="json").json
    assert {row["StudyInstanceUID"] for row in done.json} == {
        row["StudyInstanceUID"] for row in at_two
    }


def test_sent_study_by_study_the_images_are_counted_not_the_series(config: Path) -> None:
    text = "use one; find study | head 3 | each move --to two"
    done = run(text, config=config, output="json")
    number = sum(row["instances"] for row in done.json)
    assert number > len(done.json)
    assert done.last.startswith(f"{number} of {number} instances, complete")


def test_what_is_there_already_asks_for_no_destination(config: Path) -> None:
    """`one` cannot send to TWIN, which is `two` by another name."""
    text = "use one; find study | head 1 | move --to"
    empty = run(f"{text} twin", config=config)
    assert "does the server know the destination TWIN" in empty.last
    sent = run(f"{text} two", config=config)
    assert sent.status == 0, sent.err
    there = run(f"{text} twin", config=config)
    assert there.status == 0, there.err
    assert "the sending server says: 0 sent" in there.last
    assert "does the server know" not in there.last


def test_of_no_rows_nothing_is_sent(config: Path) -> None:
    done = run("use one; find study date=1850 | move --to two", config=config)
    assert done.status == 0, done.err
    assert done.last.startswith("no instances, complete")
    assert done.last.endswith("nothing to send")


def test_without_asking_the_numbers_are_a_claim(config: Path) -> None:
    done = run("use one; find study | head 1 | move --to TWO --no-verify", config=config)
    assert "the sending server says: " in done.last
    assert "not verified (--no-verify)" in done.last


def test_an_archive_does_not_send_to_itself(config: Path) -> None:
    done = run("use one; find study | head 1 | move --to one", config=config)
    assert done.status == 2
    assert "one is the archive that is to send" in done.err


def test_a_destination_that_does_not_listen(config: Path) -> None:
    done = run("use one; find study | head 1 | move --to TWIN", config=config)
    assert done.status == 5
    assert "INCOMPLETE" in done.last
    assert "does the server know the destination TWIN" in done.last


def moved(status: int | None, text: str) -> Done:
    """What `move` does with an archive that ends each C-MOVE with a status, sending nothing."""
    giver = Giver(IMAGES, Faults())

    def move(event: evt.Event) -> Iterator[Any]:
        giver.requests.append(event.identifier)
        if status is None:
            yield None, None
            return
        yield "127.0.0.1", 1
        yield 0
        yield status, None

    def configure(entity: Any) -> None:
        for model in ROOT_MODELS:
            entity.add_supported_context(model.move.uid)

    handlers = ((evt.EVT_C_MOVE, move),)
    with scp(
        giver.find, abstract_syntaxes=ABSTRACT_SYNTAXES, handlers=handlers, configure=configure
    ) as modality:
        return run(f"use {modality.address}; {text}")


def test_an_unknown_destination_says_what_to_configure_where() -> None:
    done = moved(None, "move P1 --to NOWHERE")
    assert done.status == 5
    assert done.last.startswith("0 of 6 instances, INCOMPLETE")
    assert "the server does not know the destination NOWHERE" in done.last
    assert "0xA801" in done.last


def test_a_destination_that_cannot_be_reached_says_what_to_look_at(
    start_server: Start[servers.Server], sample_files: list[Path]
) -> None:
    tables = servers.dcmqrscp_tables(target=servers.Server("TWIN", 9))
    peer = start_server(servers.dcmqrscp(sample_files[:3], tables=tables))
    done = run(f"use {peer.address}; find study | move --to TWIN")
    assert done.status == 5
    assert "does TWIN run at the host and port that the server knows" in done.last
    assert "0xA702 Failure: Refused: Out of Resources - Unable to perform" in done.last


def test_a_success_that_sent_nothing_is_incomplete() -> None:
    done = moved(0x0000, "move P1 --to NOWHERE")
    assert done.status == 5
    assert done.last.startswith("0 of 6 instances, INCOMPLETE")
    assert "the server said 0x0000 Success" in done.last


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("move P1", "move needs a destination"),
        ("move --to NOWHERE", "an archive is not fetched whole"),
        ("move P1 --to 'a\\b'", "is not a valid AE title"),
        ("find patient | count | move --to X", "needs patients, studies, series or instances"),
    ],
)
def test_what_cannot_be_sent_is_refused(text: str, said: str) -> None:
    done = moved(0x0000, text)
    assert done.status == 2
    assert said in done.err


def test_a_dry_run_sends_nothing() -> None:
    done = moved(0x0000, "move P1 --to NOWHERE --dry-run")
    assert done.status == 0
    assert done.out.count("listed") == 2
    assert done.last.startswith("6 instances, complete")


def test_one_instance_is_sent_by_itself() -> None:
    done = moved(0x0000, "move P1/1.2.1/1.2.1.1/1.2.1.1.2 --to NOWHERE")
    assert done.last.startswith("0 of 1 instance, INCOMPLETE")


def test_a_destination_that_takes_no_queries_is_not_verified(
    start_server: Start[servers.Orthanc], sample_files: list[Path], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    known = {"mute": ["MUTE", "127.0.0.1", port], "us": _US}
    one = start_server(servers.orthanc(settings={"DicomModalities": known}))
    one.upload(sample_files[:30])
    path = tmp_path / "modalities.yaml"
    path.write_text(
        "modalities:\n"
        f"  one: {{aet: {one.aet}, host: 127.0.0.1, port: {one.port}}}\n"
        f"  mute: {{aet: MUTE, host: 127.0.0.1, port: {port}}}\n",
        "utf-8",
    )
    entity = AE("MUTE")
    entity.supported_contexts = AllStoragePresentationContexts
    stored = ((evt.EVT_C_STORE, lambda _: 0x0000),)
    server: Any = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[*stored])
    try:
        done = run("use one; find study | head 3 | move --to mute", config=path, output="json")
    finally:
        server.shutdown()
    assert len(done.json) >= 3  # every series was sent
    assert "not verified: MUTE@" in done.last
