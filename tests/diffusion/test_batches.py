"""Several people's jobs in one call of the model: each gets the picture that it would have got alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from bot.batching import compatible
from bot.diffusion.batches import draw_batch
from bot.diffusion.sdxl import Commission, StableDiffusionXL
from bot.diffusion.steps import Step
from bot.errors import BlackImage, ExecutorDied, GenerationCancelled, GenerationFailed
from bot.parameters import Parameters
from tests.diffusion.engine import Engine, Pixels
from tests.factories import make_job

STEPS = 4
LONG = "a red circle, on a blue background, " + "with a very thin line of gold around it, " * 12
WISHES: Sequence[dict[str, Any]] = (
    {"prompt": "a red circle on a blue background", "seed": 1},
    {"prompt": "a (yellow:1.4) star on a [green] background", "negative_prompt": "red", "seed": 2, "clip_skip": 1},
    {"prompt": LONG, "seed": 3, "num_images_per_prompt": 2},
    {"prompt": "a blue square", "seed": 4, "variation_seed": 9, "variation_strength": 0.4},
)


def wishes(engine: Engine, **common: Any) -> list[Parameters]:
    jobs = [engine.ask(**{"num_inference_steps": STEPS, **common, **own}) for own in WISHES]
    first, *others = [make_job(number, parameters=each) for number, each in enumerate(jobs)]
    assert all(compatible(first, other) for other in others)
    return jobs


def pictures(drawn: object) -> list[Pixels]:
    assert isinstance(drawn, list)
    return [np.asarray(each, dtype=np.int16) for each in drawn]


def drawn_alone(engine: Engine, parameters: Parameters) -> list[Pixels]:
    return pictures(engine.sdxl.draw(parameters))


def assert_alike(some: Sequence[Pixels], others: Sequence[Pixels]) -> None:
    """To one level of 256."""
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert np.abs(one - other).max() <= 1


@contextmanager
def calls_of(sdxl: StableDiffusionXL) -> Iterator[list[int]]:
    """How many rows each call of the base's U-Net had, with guidance two an image."""
    rows: list[int] = []
    hook = sdxl.base.unet.register_forward_pre_hook(lambda _module, inputs: rows.append(len(inputs[0])))
    try:
        yield rows
    finally:
        hook.remove()


@contextmanager
def failing(module: torch.nn.Module, when: Any, error: Exception) -> Iterator[None]:
    """A part of the model fails as a device would, whenever `when` says so of its first input."""
    real = module.forward

    def forward(*inputs: Any, **options: Any) -> Any:
        if when(inputs[0]):
            raise error
        return real(*inputs, **options)

    module.forward = forward
    try:
        yield
    finally:
        del module.forward


@pytest.mark.parametrize(
    "common",
    [
        {"denoising_end": None},
        {"denoising_end": 0.5},
        {"denoising_end": 0.5, "guidance_scale": 1.0, "scheduler": "DPM++ 2M SDE Karras"},
        {"denoising_end": 0.5, "guidance_rescale": 0.6, "scheduler": "Euler a", "loras": [{"name": "ink"}]},
    ],
    ids=["base alone", "base and refiner", "without guidance", "with a LoRA"],
)
def test_each_picture_of_a_batch_is_the_one_that_its_job_makes_alone(engine: Engine, common: dict[str, Any]) -> None:
    jobs = wishes(engine, **common)
    with calls_of(engine.sdxl) as rows:
        together = draw_batch(engine.sdxl, [Commission(each) for each in jobs])
    assert set(rows) == {5 if common.get("guidance_scale") == 1.0 else 10}
    for job, drawn in zip(jobs, together, strict=True):
        assert_alike(pictures(drawn), drawn_alone(engine, job))


def test_a_batch_may_begin_with_one_picture_for_all(engine: Engine) -> None:
    picture = engine.keep(engine.plain)
    jobs = wishes(engine, image=picture, mask_image=engine.half_mask(), strength=0.6, denoising_end=0.8)
    for job, drawn in zip(jobs, draw_batch(engine.sdxl, [Commission(each) for each in jobs]), strict=True):
        assert_alike(pictures(drawn), drawn_alone(engine, job))


def test_each_job_is_told_its_own_steps_previews_and_remarks(engine: Engine) -> None:
    jobs = wishes(engine, denoising_end=0.5)
    steps: list[list[Step]] = [[] for _ in jobs]
    remarks: list[list[str]] = [[] for _ in jobs]
    draw_batch(
        engine.sdxl,
        [
            Commission(each, steps[number].append, lambda remark, number=number: remarks[number].append(str(remark)))
            for number, each in enumerate(jobs)
        ],
    )
    alone: list[Step] = []
    engine.sdxl.draw(jobs[0], alone.append)
    for told in steps:
        assert [replace(step, preview=None) for step in told] == [replace(step, preview=None) for step in alone]
    assert len({told[-1].preview for told in steps}) == len(jobs)
    assert [len(each) for each in remarks] == [0, 0, 1, 0]
    assert "a plain encoder would have dropped" in remarks[2][0]


def test_cancelling_one_job_leaves_the_others_pictures_as_they_are(engine: Engine) -> None:
    jobs = wishes(engine, denoising_end=0.5)
    told: list[Step] = []

    def cancel(step: Step) -> None:
        told.append(step)
        raise GenerationCancelled

    first, *others = draw_batch(engine.sdxl, [Commission(jobs[0], cancel), *map(Commission, jobs[1:])])
    assert isinstance(first, GenerationCancelled)
    assert [step.step for step in told] == [1]
    for job, drawn in zip(jobs[1:], others, strict=True):
        assert_alike(pictures(drawn), drawn_alone(engine, job))


def test_when_all_are_cancelled_the_work_ends_at_once(engine: Engine) -> None:
    def cancel(step: Step) -> None:
        raise GenerationCancelled

    with calls_of(engine.sdxl) as rows:
        drawn = draw_batch(engine.sdxl, [Commission(each, cancel) for each in wishes(engine)])
    assert [type(each) for each in drawn] == [GenerationCancelled] * len(WISHES)
    assert rows == [10]


def test_the_job_that_cannot_be_drawn_fails_alone(engine: Engine) -> None:
    jobs = wishes(engine, denoising_end=None)
    jobs[1] = jobs[1].model_copy(update={"clip_skip": 40})
    one, other, *rest = draw_batch(engine.sdxl, [Commission(each) for each in jobs])
    assert isinstance(other, GenerationFailed)
    assert "clip_skip 40 leaves nothing" in str(other)
    for job, drawn in zip([jobs[0], *jobs[2:]], [one, *rest], strict=True):
        assert_alike(pictures(drawn), drawn_alone(engine, job))


def test_what_nobody_foresaw_is_found_to_be_one_jobs(engine: Engine) -> None:
    jobs = wishes(engine, denoising_end=None)
    star = engine.sdxl.base.tokenizer("star").input_ids[1]
    odd = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    with failing(engine.sdxl.base.text_encoder, lambda tokens: bool((tokens == star).any()), odd):
        drawn = draw_batch(engine.sdxl, [Commission(each) for each in jobs])
    assert [type(each) for each in drawn] == [list, RuntimeError, list, list]


def test_without_memory_for_the_batch_smaller_ones_are_drawn(engine: Engine) -> None:
    jobs = wishes(engine, denoising_end=None)
    full = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
    with failing(engine.sdxl.base.unet, lambda sample: len(sample) > 4, full), calls_of(engine.sdxl) as rows:
        together = draw_batch(engine.sdxl, [Commission(each) for each in jobs])
    # All five images; the first two jobs; the others with three images; and each of those.
    assert rows == [10, *[4] * STEPS, 6, *[4] * STEPS, *[2] * STEPS]
    for job, drawn in zip(jobs, together, strict=True):
        assert_alike(pictures(drawn), drawn_alone(engine, job))


def test_a_black_picture_fails_its_own_job(engine: Engine) -> None:
    jobs = wishes(engine, denoising_end=None)
    decoder, count = engine.sdxl.base.vae.decoder, 0
    real = decoder.forward

    def third_is_black(*inputs: Any, **options: Any) -> torch.Tensor:
        nonlocal count
        count += 1
        pixels: torch.Tensor = real(*inputs, **options)
        return torch.full_like(pixels, -2.0) if count == 3 else pixels

    decoder.forward = third_is_black
    try:
        drawn = draw_batch(engine.sdxl, [Commission(each) for each in jobs])
    finally:
        del decoder.forward
    assert [type(each) for each in drawn] == [list, list, BlackImage, list]
    # Nothing is decoded for a job that has failed already.
    assert count == 4


def test_a_device_that_fails_is_no_jobs_fault(engine: Engine) -> None:
    broken = RuntimeError("CUDA error: an illegal memory access was encountered")
    with failing(engine.sdxl.base.unet, lambda sample: True, broken), pytest.raises(ExecutorDied):
        draw_batch(engine.sdxl, [Commission(each) for each in wishes(engine, denoising_end=None)])
