"""What happens to a child that cannot load, or hangs: the next one takes its place, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest

from bot.errors import ExecutorDied, ExecutorUnavailable
from bot.executors import ExecutorHealth, ExecutorState, generate_alone
from bot.executors.local import MAX_FAILED_STARTS, LocalExecutor, Silence
from bot.model_info import EMBEDDED_BASE, ModelInfo
from tests.diffusion.drawing import FEW, ask
from tests.executors.watching import healths
from tests.factories import make_job
from tests.patience import PATIENCE

#: A pause that is over at once, and one that does not end while a test looks.
AT_ONCE, NEVER = 0.01, 1000.0
SHORT = 0.5


async def until(executor: LocalExecutor, *states: ExecutorState) -> ExecutorHealth:
    """Wait until one of the states is reached."""
    async with asyncio.timeout(PATIENCE):
        async for health in healths(executor):
            if health.state in states:
                return health
    raise AssertionError("it ends only at its timeout")


async def child_of(executor: LocalExecutor) -> int:
    async with asyncio.timeout(PATIENCE):
        async for health in healths(executor):
            if health.pid is not None:
                return health.pid
    raise AssertionError("it ends only at its timeout")


async def test_a_model_that_cannot_be_loaded_is_tried_again_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED_BASE, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(tmp_path / "elsewhere")
    model = ModelInfo(str(folder), None)
    async with LocalExecutor(model, "cpu", retry=(AT_ONCE,)) as executor:
        broken = await until(executor, ExecutorState.UNAVAILABLE)
        assert broken.detail.startswith(f"The model {folder} is not complete")
        with pytest.raises(ExecutorUnavailable, match="is not complete"):
            await generate_alone(executor, make_job(1), lambda step: None)
        again = await until(executor, ExecutorState.LOADING)
        assert (again.detail, again.restarts) == ("trying again", 0)
        (tmp_path / "elsewhere").rename(weights)
        async with asyncio.timeout(PATIENCE):
            while (await until(executor, ExecutorState.READY, ExecutorState.UNAVAILABLE)).state != ExecutorState.READY:
                await until(executor, ExecutorState.LOADING)
        job = make_job(2, parameters=ask(model, num_inference_steps=FEW))
        (image,) = await generate_alone(executor, job, lambda step: None)
    assert image.job_id == 2


async def test_a_child_that_hangs_in_a_job_is_killed_and_another_one_loads(tiny: ModelInfo) -> None:
    async with LocalExecutor(tiny, "cpu", silence=Silence(cpu=SHORT)) as executor:
        hanging = (await until(executor, ExecutorState.READY, ExecutorState.UNAVAILABLE)).pid
        assert hanging is not None
        os.kill(hanging, signal.SIGSTOP)
        job = make_job(1, parameters=ask(tiny, num_inference_steps=FEW))
        with pytest.raises(ExecutorDied):
            async with asyncio.timeout(PATIENCE):
                await generate_alone(executor, job, lambda step: None)
        ready = await until(executor, ExecutorState.READY)
        assert (ready.restarts, ready.pid != hanging) == (1, True)
        assert not psutil.pid_exists(hanging)


async def test_a_child_that_has_nothing_to_do_may_be_silent(tiny: ModelInfo) -> None:
    async with LocalExecutor(tiny, "cpu", silence=Silence(cpu=AT_ONCE)) as executor:
        before = await until(executor, ExecutorState.READY, ExecutorState.UNAVAILABLE)
        # Far longer than the silence that is allowed at work.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SHORT):
                await until(executor, ExecutorState.RESTARTING)
        assert executor.health() == before


async def test_a_child_that_hangs_while_it_loads_is_killed_and_after_some_of_them_the_pause_is_long(
    tiny: ModelInfo, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.executors.local.BACKOFF_S", (AT_ONCE,))
    killed = []
    async with LocalExecutor(tiny, "cpu", retry=(NEVER,), silence=Silence(loading=SHORT)) as executor:
        for number in range(MAX_FAILED_STARTS):
            killed.append(await child_of(executor))
            os.kill(killed[-1], signal.SIGSTOP)
            health = await until(executor, ExecutorState.RESTARTING, ExecutorState.UNAVAILABLE)
            assert health.restarts == number
            await until_next(executor, killed[-1])
        assert executor.health().state is ExecutorState.UNAVAILABLE
        assert executor.health().detail == "The process that makes the pictures died 5 times while it started."
    assert not any(map(psutil.pid_exists, killed))
    assert "the executor's process has said nothing for 0 seconds: it is killed" in caplog.messages


async def until_next(executor: LocalExecutor, pid: int) -> None:
    """Wait until another child has the place of that one, or none will have it for long."""
    async with asyncio.timeout(PATIENCE):
        async for health in healths(executor):
            if health.state is ExecutorState.UNAVAILABLE or health.pid not in (None, pid):
                return
