"""LocalExecutor and its child process: loading, events, cancels, deaths."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import pytest_asyncio

from bot.diffusion.hub import HubAccess
from bot.errors import ExecutorDied, ExecutorUnavailable, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors import ExecutorHealth, ExecutorState, create_executor, generate_alone
from bot.executors.local import LocalExecutor
from bot.infotext import read_parameters
from bot.jobs import Job
from bot.model_info import EMBEDDED_BASE, ModelInfo, read_model_info
from bot.settings import Settings
from tests.diffusion.drawing import FEW, ask, pixels
from tests.executors.watching import healths
from tests.factories import make_job
from tests.patience import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Long enough that nothing in it ends by itself while a test acts.
LONG = 150


def job(tiny: ModelInfo, job_id: int, steps: int = FEW, **changes: Any) -> Job:
    return make_job(job_id, parameters=ask(tiny, num_inference_steps=steps, **changes))


async def healths_until(executor: LocalExecutor, *states: ExecutorState) -> list[ExecutorHealth]:
    """Every health from now until one of the states is reached."""
    seen: list[ExecutorHealth] = []
    async with asyncio.timeout(PATIENCE):
        async for health in healths(executor):
            seen.append(health)
            if health.state in states:
                break
    return seen


class Running:
    """A `generate` under way, and its steps."""

    def __init__(self, executor: LocalExecutor, job: Job) -> None:
        self.steps: list[Progress] = []
        self._stepped = asyncio.Event()
        self.task = asyncio.create_task(generate_alone(executor, job, self._on_event))

    def _on_event(self, progress: Progress) -> None:
        self.steps.append(progress)
        self._stepped.set()

    async def first_step(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._stepped.wait()

    async def error(self) -> BaseException | None:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([self.task])
        return self.task.exception()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def starting(tiny: ModelInfo) -> AsyncIterator[tuple[LocalExecutor, list[ExecutorHealth]]]:
    async with LocalExecutor(tiny, "cpu") as executor:
        healths = await healths_until(executor, ExecutorState.READY, ExecutorState.UNAVAILABLE)
        yield executor, healths


@pytest.fixture(scope="module")
def executor(starting: tuple[LocalExecutor, list[ExecutorHealth]]) -> LocalExecutor:
    """One that has loaded; tests that kill it leave it coming back."""
    return starting[0]


async def test_loading_says_how_far_it_is(starting: tuple[LocalExecutor, list[ExecutorHealth]]) -> None:
    *loading, ready = starting[1]
    assert {health.state for health in loading} == {ExecutorState.LOADING}
    shares = [health.progress for health in loading]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert len(set(shares)) >= 4
    assert any(health.detail == "importing torch and diffusers" for health in loading)
    assert any(health.detail == "loading unet of tiny-sdxl-refiner" for health in loading)
    assert (ready.state, ready.device, ready.restarts) == (ExecutorState.READY, "cpu", 0)
    assert ready.pid is not None
    assert psutil.Process(ready.pid).ppid() == os.getpid()


async def test_a_job_is_told_step_by_step_and_comes_back_as_pictures(executor: LocalExecutor, tiny: ModelInfo) -> None:
    asked = job(tiny, 1, steps=10, denoising_end=0.7, num_images_per_prompt=2)
    running = Running(executor, asked)
    await running.first_step()
    assert executor.health().state is ExecutorState.BUSY
    images = await running.task
    assert executor.health().state is ExecutorState.READY
    assert [(step.job_id, step.stage, step.step, step.steps) for step in running.steps] == [
        (1, "base" if step <= 7 else "refiner", step, 10) for step in range(1, 11)
    ]
    assert pixels(running.steps[-1].preview or b"").any()
    assert [(image.job_id, image.index) for image in images] == [(1, 0), (1, 1)]
    for image in images:
        assert image.parameters == asked.parameters.of_image(image.index)
        assert read_parameters(image.png) == image.parameters
        assert image.elapsed > 0


async def test_the_child_draws_what_this_process_draws(executor: LocalExecutor, tiny: ModelInfo, sdxl: Any) -> None:
    asked = job(tiny, 1)
    (image,) = await generate_alone(executor, asked, lambda step: None)
    assert np.abs(pixels(image.png) - pixels(sdxl(asked.parameters)[0])).max() <= 1


async def test_a_running_job_is_cancelled_at_its_next_step_and_the_next_one_works(
    executor: LocalExecutor, tiny: ModelInfo
) -> None:
    running = Running(executor, job(tiny, 1, steps=LONG))
    await running.first_step()
    executor.cancel(99)  # somebody else's
    executor.cancel(1)
    assert isinstance(await running.error(), GenerationCancelled)
    assert len(running.steps) < LONG
    # A cancel of a job that is over is nothing to the next one, even of the same id.
    executor.cancel(1)
    assert len(await generate_alone(executor, job(tiny, 1), lambda step: None)) == 1
    assert executor.health().restarts == 0


async def test_whoever_stops_waiting_for_a_job_does_not_hand_it_to_the_next_one(
    executor: LocalExecutor, tiny: ModelInfo
) -> None:
    abandoned = Running(executor, job(tiny, 1, steps=LONG, seed=1))
    await abandoned.first_step()
    abandoned.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned.task
    steps: list[Progress] = []
    (image,) = await generate_alone(executor, job(tiny, 2, seed=2), steps.append)
    assert image.parameters.seed == 2
    assert {step.job_id for step in steps} == {2}


async def test_a_second_batch_at_the_same_time_is_refused(executor: LocalExecutor, tiny: ModelInfo) -> None:
    running = Running(executor, job(tiny, 1, steps=LONG))
    await running.first_step()
    with pytest.raises(GenerationFailed, match="busy with another batch"):
        await generate_alone(executor, job(tiny, 2), lambda step: None)
    executor.cancel(1)
    assert isinstance(await running.error(), GenerationCancelled)


async def test_a_listener_that_fails_costs_neither_the_job_nor_the_executor(
    executor: LocalExecutor, tiny: ModelInfo, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(step: Progress) -> None:
        raise RuntimeError("nobody draws this")

    assert len(await generate_alone(executor, job(tiny, 1), fail)) == 1
    assert "a step could not be told" in caplog.text


async def test_a_job_that_the_model_cannot_do_fails_in_its_sentence(executor: LocalExecutor, tiny: ModelInfo) -> None:
    impossible = job(tiny, 1)
    deep = impossible.parameters.model_copy(update={"clip_skip": 40})
    with pytest.raises(GenerationFailed, match="clip_skip 40 leaves nothing of this model's text encoder"):
        await generate_alone(executor, impossible.evolve(parameters=deep), lambda step: None)
    assert executor.health().state is ExecutorState.READY


async def test_what_nobody_foresaw_fails_that_job_only_and_its_traceback_is_logged(
    executor: LocalExecutor, tiny: ModelInfo, caplog: pytest.LogCaptureFixture
) -> None:
    odd = job(tiny, 1)
    unknown = odd.parameters.model_copy(update={"scheduler": "Nobody's"})
    with pytest.raises(GenerationFailed) as caught:
        await generate_alone(executor, odd.evolve(parameters=unknown), lambda step: None)
    assert str(caught.value) == "The picture could not be made."
    assert "job 1 failed" in caplog.text
    assert "KeyError" in caplog.text
    assert len(await generate_alone(executor, job(tiny, 2), lambda step: None)) == 1


async def test_a_killed_child_ends_its_job_and_another_child_takes_the_next_one(
    executor: LocalExecutor, tiny: ModelInfo
) -> None:
    running = Running(executor, job(tiny, 1, steps=LONG))
    await running.first_step()
    before = executor.health()
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    assert isinstance(await running.error(), ExecutorDied)
    assert executor.health().state is not ExecutorState.READY
    # Neither is lost while nobody can take it: one is taken back, the other made by the next child.
    waiting = Running(executor, job(tiny, 2))
    await asyncio.sleep(0)
    executor.cancel(2)
    assert isinstance(await waiting.error(), GenerationCancelled)
    states = asyncio.create_task(healths_until(executor, ExecutorState.BUSY))
    (image,) = await generate_alone(executor, job(tiny, 3), lambda step: None)
    assert image.job_id == 3
    seen = [health.state for health in await states]
    assert list(dict.fromkeys(seen)) == [
        ExecutorState.RESTARTING,
        ExecutorState.LOADING,
        ExecutorState.BUSY,
    ]
    after = executor.health()
    assert after.state is ExecutorState.READY
    assert after.pid not in (None, before.pid)
    assert after.restarts == before.restarts + 1
    assert not psutil.pid_exists(before.pid)


async def test_a_broken_model_makes_the_executor_unavailable_with_one_sentence(tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED_BASE, tmp_path / "short")
    weights = tmp_path / "short" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    async with LocalExecutor(ModelInfo(str(tmp_path / "short"), None), "cpu") as broken:
        waiting = Running(broken, make_job(1))
        with pytest.raises(ExecutorUnavailable) as caught:
            await broken.ready()
        health = broken.health()
        assert (health.state, health.restarts) == (ExecutorState.UNAVAILABLE, 0)
        assert health.detail.startswith(f"The unet of the model {tmp_path / 'short'} cannot be loaded: ")
        assert health.detail.endswith(". Copy the model there again.")
        assert "\n" not in health.detail
        assert str(caught.value) == health.detail == str(await waiting.error())
        with pytest.raises(ExecutorUnavailable):
            await generate_alone(broken, make_job(2), lambda step: None)


async def test_the_hubs_token_and_its_switch_reach_the_child() -> None:
    settings = Settings(
        _env_file=None, model_base="nobody/nothing-at-all", device="cpu", hf_token="hf_secret", hf_hub_offline=True
    )
    model = read_model_info(settings.model_base, settings.model_refiner)
    executor = create_executor(settings, model)
    assert isinstance(executor, LocalExecutor)
    assert executor._hub == HubAccess("hf_secret", offline=True)
    assert "hf_secret" not in repr(executor._hub)
    async with executor:
        with pytest.raises(ExecutorUnavailable) as caught:
            await executor.ready()
    assert str(caught.value) == (
        "nobody/nothing-at-all is not downloaded, and the hub is switched off (HF_HUB_OFFLINE). Go online and run: "
        "imagine-bot download"
    )


async def test_leaving_while_it_loads_ends_the_child_and_whoever_waits(tiny: ModelInfo) -> None:
    async with LocalExecutor(tiny, "cpu") as executor:
        waiting = Running(executor, job(tiny, 1))
        async for health in healths(executor):
            if health.pid is not None:
                break
        pid = health.pid
    assert not psutil.pid_exists(pid)
    assert isinstance(await waiting.error(), ExecutorUnavailable)
