"""Programs that are started: Ctrl-C is theirs from the beginning."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from dicomsh.output.programs import finished, started


@pytest.mark.parametrize("turns", range(1, 9))
def test_ctrl_c_while_a_program_is_being_started_is_for_the_program(turns: int) -> None:
    """The event loop kills a program whose start is cancelled, at any turn of the loop."""

    async def program() -> tuple[bool, int | None]:
        command = f'"{sys.executable}" -c "import sys; sys.exit(3)"'
        process = await started(asyncio.create_subprocess_shell(command))
        return await finished(process), process.returncode

    async def check() -> None:
        running = asyncio.create_task(program())
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        pressed, status = await running
        assert pressed
        assert status in (3, 1, -signal.SIGINT)  # Ctrl-C may come before Python knows it

    asyncio.run(asyncio.wait_for(check(), 30))
