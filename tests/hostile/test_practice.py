"""The practice archive on a network, where anyone may be its client."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

import pytest

from dicomsh.practice import responses
from dicomsh.practice.holdings import Capacity
from dicomsh.practice.limits import MOST_CONNECTIONS
from tests.hostile import practice
from tests.hostile.measure import held

_SEED, _SAMPLE = 20240305, 60


def test_requests_cut_and_flipped_cost_nobody_else_anything() -> None:
    chosen = random.Random(_SEED)
    places = range(len(practice.RECORDED))
    with practice.archive() as (server, errors):
        for place in chosen.sample(places, _SAMPLE):
            practice.attack(server, practice.cut(place, chosen.choice(["close", "reset"])))
            practice.attack(server, practice.flipped(place, 1 << chosen.randrange(8)))
        assert practice.left_over(server) == 0
        practice.attack(server, practice.trickled)
        assert practice.still_answers(server)
    assert errors == []


@pytest.mark.parametrize("name", practice.FLOODS)
def test_a_flood_is_ended_before_it_fills_memory(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an eighth of what is kept of a request, and of the limit: tiny fragments take long."""
    monkeypatch.setattr(responses, "_LONGEST_MESSAGE", responses._LONGEST_MESSAGE // 8)
    with practice.archive() as (server, errors):
        assert practice.still_answers(server)  # and imports what it needs
        _, cost = held(lambda: practice.attack(server, practice.FLOODS[name]))
        assert practice.still_answers(server)
    assert errors == []
    assert cost.held < (32 << 20) // 8


def test_an_endless_object_is_not_kept_and_then_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "_MOST_DROPPED", 24 << 20)
    with practice.archive(Capacity(4 << 20)) as (server, errors):
        _, cost = held(lambda: practice.attack(server, practice.storing(bytes(16_000))))
        assert practice.still_answers(server)
    assert errors == []
    assert cost.held < 16 << 20


def test_idle_associations_shut_nobody_out() -> None:
    with practice.archive() as (server, errors), ExitStack() as stack:
        for number in range(2 * MOST_CONNECTIONS + 8):
            connection = socket.create_connection(("127.0.0.1", server.port), 20)
            stack.enter_context(connection)
            if number % 2:
                connection.sendall(practice.ASSOCIATE)
                assert connection.recv(1) == b"\x02"
        assert practice.still_answers(server)
    assert errors == []


def test_too_many_keys_are_refused() -> None:
    with practice.archive() as (server, errors):
        with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
            connection.sendall(practice.ASSOCIATE)
            connection.recv(65_536)
            connection.sendall(practice.keys(20_000))
            answer = connection.recv(65_536)
        assert b"more than 1,000 keys" in answer
        assert practice.still_answers(server)
    assert errors == []
