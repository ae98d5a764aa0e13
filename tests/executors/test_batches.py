"""Several jobs in one batch of the child: each has its own steps, its own end and its own pictures."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from bot.batching import MAX_IMAGES_WITHOUT_A_DEVICE
from bot.errors import ExecutorDied, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors import Outcome, generate_alone
from bot.executors.local import LocalExecutor
from bot.infotext import read_parameters
from bot.jobs import Job
from bot.model_info import ModelInfo
from tests.diffusion.drawing import FEW, ask, pixels
from tests.factories import make_job
from tests.patience import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")


def job(tiny: ModelInfo, job_id: int, **changes: Any) -> Job:
    parameters = ask(tiny, **{"num_inference_steps": FEW, "seed": job_id, "denoising_end": 0.5} | changes)
    return make_job(job_id, parameters=parameters)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor(tiny: ModelInfo) -> AsyncIterator[LocalExecutor]:
    async with LocalExecutor(tiny, "cpu") as executor:
        assert executor.max_batch == 1
        await executor.ready()
        yield executor


async def assert_its_own(executor: LocalExecutor, asked: Job, outcome: Outcome) -> None:
    """The pictures that the job would have got alone."""
    alone = await generate_alone(executor, asked, lambda step: None)
    assert not isinstance(outcome, GenerationFailed)
    assert [(image.job_id, image.index) for image in outcome] == [(image.job_id, image.index) for image in alone]
    for image, other in zip(outcome, alone, strict=True):
        assert image.parameters == other.parameters == read_parameters(image.png)
        assert image.remarks == other.remarks
        assert np.abs(pixels(image.png) - pixels(other.png)).max() <= 1


async def test_a_loaded_processor_takes_several_images_at_a_time(executor: LocalExecutor) -> None:
    assert executor.max_batch == MAX_IMAGES_WITHOUT_A_DEVICE


async def test_each_job_is_told_its_steps_and_gets_its_pictures(executor: LocalExecutor, tiny: ModelInfo) -> None:
    batch = [job(tiny, 1), job(tiny, 2, prompt="a yellow star", num_images_per_prompt=2), job(tiny, 3)]
    steps: list[Progress] = []
    outcomes = await executor.generate(batch, steps.append)
    # One call of the model for all: they go on side by side.
    assert [(each.job_id, each.step) for each in steps] == [
        (number, step) for step in range(1, FEW + 1) for number in (1, 2, 3)
    ]
    assert len({each.preview for each in steps if each.step == FEW}) == len(batch)
    for asked, outcome in zip(batch, outcomes, strict=True):
        await assert_its_own(executor, asked, outcome)


async def test_a_job_that_fails_and_one_that_is_cancelled_leave_the_others_alone(
    executor: LocalExecutor, tiny: ModelInfo
) -> None:
    batch = [job(tiny, number, num_inference_steps=40) for number in (1, 2, 3, 4)]
    batch[1] = batch[1].evolve(parameters=batch[1].parameters.model_copy(update={"clip_skip": 40}))

    def cancel_the_third(progress: Progress) -> None:
        if progress.job_id == 3:
            executor.cancel(3)

    one, second, third, fourth = await executor.generate(batch, cancel_the_third)
    assert isinstance(second, GenerationFailed)
    assert "clip_skip 40 leaves nothing" in str(second)
    assert isinstance(third, GenerationCancelled)
    await assert_its_own(executor, batch[0], one)
    await assert_its_own(executor, batch[3], fourth)


async def test_what_does_not_go_together_is_drawn_one_by_one(executor: LocalExecutor, tiny: ModelInfo) -> None:
    batch = [job(tiny, 1), job(tiny, 2, scheduler="DDIM")]
    steps: list[Progress] = []
    outcomes = await executor.generate(batch, steps.append)
    assert [(each.job_id, each.step) for each in steps] == [
        (number, step) for number in (1, 2) for step in range(1, FEW + 1)
    ]
    for asked, outcome in zip(batch, outcomes, strict=True):
        await assert_its_own(executor, asked, outcome)


async def test_a_batch_that_waits_for_the_model_can_lose_some_of_its_jobs_or_all(tiny: ModelInfo) -> None:
    async with LocalExecutor(tiny, "cpu") as loading:
        all_of_it = asyncio.create_task(loading.generate([job(tiny, 1), job(tiny, 2)], lambda step: None))
        await asyncio.sleep(0)
        loading.cancel(1)
        loading.cancel(2)
        async with asyncio.timeout(PATIENCE):
            assert [type(each) for each in await all_of_it] == [GenerationCancelled] * 2
        # Long enough that the cancel, which follows on the order's heels, comes before the end.
        some_of_it = asyncio.create_task(
            loading.generate([job(tiny, number, num_inference_steps=40) for number in (3, 4)], lambda step: None)
        )
        await asyncio.sleep(0)
        loading.cancel(3)
        async with asyncio.timeout(PATIENCE):
            third, fourth = await some_of_it
    assert isinstance(third, GenerationCancelled)
    assert not isinstance(fourth, GenerationFailed)
    assert fourth[0].job_id == 4


async def test_a_killed_child_takes_the_whole_batch_with_it(executor: LocalExecutor, tiny: ModelInfo) -> None:
    def kill(progress: Progress) -> None:
        pid = executor.health().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(ExecutorDied):
        await executor.generate([job(tiny, 1, num_inference_steps=150), job(tiny, 2, num_inference_steps=150)], kill)
