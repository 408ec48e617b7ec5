"""A coroutine goes on inside of an event loop, wherever it began."""

from __future__ import annotations

import asyncio

import pytest

from dicomsh.event_loop import event_loop


async def _inside() -> bool:
    await event_loop()
    return asyncio.get_running_loop().is_running()


def test_a_coroutine_that_has_begun_goes_on_in_a_loop() -> None:
    begun = _inside()
    assert begun.send(None) is None
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    with asyncio.Runner() as runner:
        assert runner.run(begun)


def test_in_a_loop_it_goes_on_at_once() -> None:
    assert asyncio.run(_inside())
