"""The two processes: the child never outlives its parent, and the parent never loads torch."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE


@asynccontextmanager
async def python(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process with this module and arguments; killed, if need be, at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not its own, which Linux can")
@pytest.mark.parametrize("moment", ["starting", "loading", "drawing"])
async def test_the_child_ends_by_itself_when_its_parent_is_killed(moment: str) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    async with asyncio.timeout(PATIENCE), python("tests.executors.parent", moment) as parent:
        assert parent.stdout is not None
        watch = os.pidfd_open(int(await parent.stdout.readline()))
        loop.add_reader(watch, ended.set)
        try:
            parent.kill()
            await parent.wait()
            await ended.wait()
        finally:
            loop.remove_reader(watch)
            os.close(watch)


async def test_the_process_that_talks_to_discord_never_loads_torch(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), python("tests.executors.gateway", str(tmp_path)) as gateway:
        out, err = await gateway.communicate()
    # Nothing on stderr either: no warning of torch, no semaphore left behind.
    assert (gateway.returncode, err.decode()) == (0, "")
    assert out.decode() == "pictures: 1; of torch, diffusers, transformers this process has loaded: none\n"
