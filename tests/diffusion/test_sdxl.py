"""Pictures by the embedded pair: what they show, that they come out the same, and what stops them."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bot.diffusion.sdxl import StableDiffusionXL
from bot.diffusion.steps import Step
from bot.errors import BlackImage, ExecutorDied, GenerationCancelled, GenerationFailed, OutOfMemory
from bot.infotext import read_parameters
from bot.model_info import ModelInfo
from tests.diffusion.drawing import FEW, ask, difference, pixels, watched

ENSEMBLE_OR_ALONE = pytest.mark.parametrize("denoising_end", [None, 0.8], ids=["base alone", "base and refiner"])


@contextmanager
def replaced_forward(module: torch.nn.Module, forward: Any) -> Iterator[None]:
    """Let a part of the model fail as a device would."""
    module.forward = forward
    try:
        yield
    finally:
        del module.forward


@pytest.fixture(scope="module")
def full(sdxl: StableDiffusionXL, tiny: ModelInfo) -> bytes:
    """The ordinary picture, by both models."""
    return sdxl(ask(tiny))[0]


@ENSEMBLE_OR_ALONE
@pytest.mark.parametrize("seed", [7, 8])
def test_a_red_circle_on_blue_is_red_in_the_middle_and_blue_around(
    sdxl: StableDiffusionXL, tiny: ModelInfo, denoising_end: float | None, seed: int
) -> None:
    picture = pixels(sdxl(ask(tiny, denoising_end=denoising_end, seed=seed))[0])
    side = len(picture)
    assert picture.shape == (tiny.native_size, tiny.native_size, 3)
    middle = np.median(picture[side * 7 // 16 : side * 9 // 16, side * 7 // 16 : side * 9 // 16], axis=(0, 1))
    border = np.median(np.concatenate([picture[:2], picture[-2:]]), axis=(0, 1))
    assert middle[0] > middle[1] + 60
    assert middle[0] > middle[2] + 60
    assert border[2] > border[0] + 40
    assert border[2] > border[1] + 40


def test_another_colour_in_the_prompt_is_another_colour_in_the_picture(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    green, blue = (
        pixels(sdxl(ask(tiny, prompt=f"a red circle on a {colour} background"))[0])[0].mean(axis=0)
        for colour in ("green", "blue")
    )
    assert green[1] > green[2]
    assert blue[2] > blue[1]


@ENSEMBLE_OR_ALONE
def test_the_same_seed_makes_the_same_bytes(
    sdxl: StableDiffusionXL, tiny: ModelInfo, denoising_end: float | None
) -> None:
    parameters = ask(tiny, denoising_end=denoising_end, num_inference_steps=FEW)
    assert sdxl(parameters) == sdxl(parameters)
    assert sdxl(parameters) != sdxl(parameters.model_copy(update={"seed": 8}))


@pytest.mark.parametrize("scheduler", ["Euler", "Euler a", "DPM++ 2M SDE"])
def test_an_image_of_a_batch_is_the_one_that_its_seed_makes_alone(
    sdxl: StableDiffusionXL, tiny: ModelInfo, scheduler: str
) -> None:
    together = ask(tiny, num_images_per_prompt=3, num_inference_steps=FEW, scheduler=scheduler)
    batch = sdxl(together)
    assert len(batch) == 3
    for index, picture in enumerate(batch):
        alone = sdxl(together.of_image(index))[0]
        assert np.abs(pixels(picture) - pixels(alone)).max() <= 1
        assert read_parameters(picture) == together.of_image(index)


def test_the_refiner_shares_encoder_and_autoencoder_with_the_base(sdxl: StableDiffusionXL) -> None:
    assert sdxl.refiner.text_encoder_2 is sdxl.base.text_encoder_2
    assert sdxl.refiner.tokenizer_2 is sdxl.base.tokenizer_2
    assert sdxl.refiner.vae is sdxl.base.vae
    assert sdxl.refiner.unet is not sdxl.base.unet
    assert sdxl.refiner.text_encoder is None


def test_the_refiner_changes_the_end_of_the_picture_and_not_what_it_shows(
    sdxl: StableDiffusionXL, tiny: ModelInfo, full: bytes
) -> None:
    alone = sdxl(ask(tiny, denoising_end=None))[0]
    another_thing = sdxl(ask(tiny, prompt="a green tree on a white background"))[0]
    assert 0 < difference(full, alone) < difference(full, another_thing) / 10


def test_steps_are_counted_over_both_models(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    with watched(sdxl) as seen:
        sdxl(ask(tiny, num_inference_steps=10, denoising_end=0.7), seen.steps.append)
    assert [(step.step, step.steps) for step in seen.steps] == [(step, 10) for step in range(1, 11)]
    assert [step.stage for step in seen.steps] == ["base"] * 7 + ["refiner"] * 3
    assert (len(seen.base), len(seen.refiner)) == (7, 3)


def test_what_a_step_raises_ends_the_job_at_once_and_the_next_one_is_as_ever(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    parameters = ask(tiny, num_inference_steps=10, denoising_end=0.5)
    before = sdxl(parameters)
    for last, stage in ((2, "base"), (7, "refiner")):
        steps: list[Step] = []

        def cancel(step: Step, steps: list[Step] = steps, last: int = last) -> None:
            steps.append(step)
            if step.step == last:
                raise GenerationCancelled

        with watched(sdxl) as seen, pytest.raises(GenerationCancelled):
            sdxl(parameters, cancel)
        assert steps[-1].stage == stage
        assert len(seen.base) + len(seen.refiner) == last
        assert sdxl(parameters) == before


def test_a_larger_or_wider_picture_than_the_model_knows_comes_in_its_size(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    width, height = tiny.native_size * 2, tiny.native_size + 8
    (png,) = sdxl(ask(tiny, width=width, height=height, num_inference_steps=2))
    with Image.open(io.BytesIO(png)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (width, height))


@pytest.mark.parametrize(
    "changes",
    [
        {"negative_prompt": "yellow"},
        {"negative_prompt_2": "yellow"},
        {"prompt_2": "a green square"},
        {"guidance_scale": 1.0},
        {"guidance_rescale": 0.7},
        {"scheduler": "DDIM", "eta": 0.9},
        {"clip_skip": 1},
        {"original_size": (16, 16)},
        {"crops_coords_top_left": (32, 0)},
        {"target_size": (16, 16)},
        {"negative_original_size": (16, 16)},
        {"negative_crops_coords_top_left": (32, 0)},
        {"negative_target_size": (16, 16)},
        {"aesthetic_score": 1.0},
        {"negative_aesthetic_score": 9.0},
    ],
    ids=lambda changes: next(iter(changes)) if "eta" not in changes else "eta",
)
def test_every_parameter_reaches_the_picture(sdxl: StableDiffusionXL, tiny: ModelInfo, changes: dict[str, Any]) -> None:
    common = {"num_inference_steps": 4, "denoising_end": 0.5, "scheduler": changes.get("scheduler", "Euler")}
    assert difference(sdxl(ask(tiny, **common))[0], sdxl(ask(tiny, **common | changes))[0]) > 0


def test_the_refiner_is_refused_where_none_is_loaded(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    alone = StableDiffusionXL(sdxl.model, sdxl.base, None, sdxl._colours, sdxl.device)
    assert len(alone(ask(tiny, denoising_end=None, num_inference_steps=1))) == 1
    with pytest.raises(GenerationFailed, match=r"wants the refiner, and no refiner is loaded\. Ask for it without\.$"):
        alone(ask(tiny))


def test_a_clip_skip_beyond_the_encoder_is_refused_in_a_sentence(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    layers = sdxl.base.text_encoder.config.num_hidden_layers
    parameters = ask(tiny).model_copy(update={"clip_skip": layers})
    with pytest.raises(GenerationFailed, match=f"clip_skip {layers} leaves nothing .* at most {layers - 1}"):
        sdxl(parameters)


def test_without_memory_for_all_images_at_once_they_are_made_one_by_one(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    parameters = ask(tiny, num_images_per_prompt=2, num_inference_steps=3, guidance_scale=5.0)
    wanted = sdxl(parameters)
    unet = sdxl.base.unet
    real = unet.forward

    def small(sample: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        if len(sample) > 2:  # one image with guidance
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return real(sample, *arguments, **options)

    with replaced_forward(unet, small):
        pictures = sdxl(parameters)
    for picture, alike in zip(pictures, wanted, strict=True):
        # Decoded in tiles, which shows at their seams.
        assert difference(picture, alike) < 8


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["device", "python", "allocator"],
)
def test_a_picture_that_no_memory_holds_fails_in_words_and_the_next_one_works(
    sdxl: StableDiffusionXL, tiny: ModelInfo, error: Exception
) -> None:
    def full(*_arguments: Any, **_options: Any) -> Any:
        raise error

    with replaced_forward(sdxl.refiner.unet, full), pytest.raises(OutOfMemory, match="fewer images or a smaller size"):
        sdxl(ask(tiny, num_inference_steps=2))
    assert len(sdxl(ask(tiny, num_inference_steps=2))) == 1


def test_a_failed_device_counts_as_the_death_of_the_executor(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    def broken(*_arguments: Any, **_options: Any) -> Any:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with replaced_forward(sdxl.base.unet, broken), pytest.raises(ExecutorDied):
        sdxl(ask(tiny, num_inference_steps=1, denoising_end=None))


def test_an_ordinary_fault_is_not_taken_for_one_of_the_device(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    def broken(*_arguments: Any, **_options: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with replaced_forward(sdxl.base.unet, broken), pytest.raises(RuntimeError, match="mat1 and mat2"):
        sdxl(ask(tiny, num_inference_steps=1, denoising_end=None))


@pytest.mark.parametrize("value", [math.nan, math.inf, -2.0], ids=["not a number", "infinite", "black"])
def test_an_empty_picture_fails_in_words(sdxl: StableDiffusionXL, tiny: ModelInfo, value: float) -> None:
    real = sdxl.base.vae.decoder.forward

    def empty(*arguments: Any, **options: Any) -> torch.Tensor:
        return torch.full_like(real(*arguments, **options), value)

    with replaced_forward(sdxl.base.vae.decoder, empty), pytest.raises(BlackImage, match="Another seed"):
        sdxl(ask(tiny, num_inference_steps=1, denoising_end=None))
