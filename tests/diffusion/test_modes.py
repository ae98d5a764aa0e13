"""Every mode with the real pair, judged by the picture that comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bot.errors import GenerationFailed
from tests.diffusion.engine import OTHER_PROMPT, Engine, border, difference, middle, pixels, resized

BOTH = pytest.mark.parametrize("denoising_end", [None, 0.8], ids=["base alone", "base and refiner"])
BLUE, GREEN = 2, 1


@BOTH
def test_a_picture_keeps_more_of_itself_the_lower_the_strength(engine: Engine, denoising_end: float | None) -> None:
    image = engine.keep(engine.plain)
    changed = [
        difference(
            engine.plain, engine.draw(image=image, strength=strength, prompt=OTHER_PROMPT, denoising_end=denoising_end)
        )
        for strength in (0.1, 0.3, 0.9)
    ]
    assert changed[0] < changed[1] < changed[2]
    assert changed[0] < changed[2] / 3


def test_at_full_strength_a_picture_becomes_what_the_prompt_says(engine: Engine) -> None:
    picture = engine.draw(image=engine.keep(engine.plain), strength=1, prompt=OTHER_PROMPT)
    assert border(picture).argmax() == GREEN


def test_a_strength_that_leaves_the_base_nothing_is_the_refiners_alone_and_says_so(engine: Engine) -> None:
    picture = engine.draw(image=engine.keep(engine.plain), strength=0.1, denoising_end=0.8)
    assert [str(remark) for remark in engine.remarks] == [
        "strength 0.1 leaves nothing for the base: the refiner drew it alone"
    ]
    assert 0 < difference(engine.plain, picture) < 20


@pytest.mark.parametrize("scheduler", ["Euler", "DPM++ 2M Karras", "Heun", "DPM2", "DDIM", "LCM", "UniPC"])
def test_a_picture_and_a_mask_suit_every_kind_of_scheduler(engine: Engine, scheduler: str) -> None:
    image, half = engine.keep(engine.plain), engine.size // 2
    options: dict[str, Any] = {"image": image, "scheduler": scheduler, "prompt": "a yellow circle on a blue background"}
    assert difference(engine.plain, engine.draw(**options, strength=0.2)) < 30
    masked = engine.draw(**options, mask_image=engine.half_mask(), strength=1)
    assert (masked[:, :half] == engine.plain[:, :half]).all()
    # Its right half is yellow now, which is red with green.
    rows, columns = slice(half - 4, half + 4), slice(half + 4, half + 8)
    assert masked[rows, columns].mean(axis=(0, 1))[GREEN] > engine.plain[rows, columns].mean(axis=(0, 1))[GREEN] + 40


@BOTH
def test_what_the_mask_leaves_black_is_unchanged_to_the_last_bit(engine: Engine, denoising_end: float | None) -> None:
    half = engine.size // 2
    picture = engine.draw(
        image=engine.keep(engine.plain),
        mask_image=engine.half_mask(),
        prompt=OTHER_PROMPT,
        denoising_end=denoising_end,
        num_images_per_prompt=2,
    )
    assert (picture[:, :half] == engine.plain[:, :half]).all()
    assert difference(picture[:, half:], engine.plain[:, half:]) > 30


def test_with_padding_the_model_sees_the_cut_out_and_draws_a_whole_thing_into_it(engine: Engine) -> None:
    size, quarter = engine.size, engine.size // 4
    mask = Image.new("L", (size, size))
    mask.paste(255, (quarter, quarter, 2 * quarter, 2 * quarter))
    options = {"image": engine.keep(Image.new("RGB", (size, size), "blue")), "mask_image": engine.keep(mask)}
    picture = engine.draw(**options, prompt="a big yellow circle on a blue background", padding_mask_crop=2)
    outside = np.ones((size, size), bool)
    outside[quarter : 2 * quarter, quarter : 2 * quarter] = False
    assert (picture[outside] == (0, 0, 255)).all()
    yellow = (picture[..., 0] > 128) & (picture[..., 1] > 128) & (picture[..., 2] < 128)
    assert yellow.sum() > quarter * quarter / 8


def test_a_mask_without_white_is_refused_in_a_sentence(engine: Engine) -> None:
    size = (engine.size, engine.size)
    with pytest.raises(GenerationFailed, match=r"^The mask has no white, and white is what is repainted\."):
        engine.draw(image=engine.keep(engine.plain), mask_image=engine.keep(Image.new("L", size)))


def test_a_picture_that_is_gone_is_said_in_a_sentence_and_the_next_job_works(engine: Engine) -> None:
    with pytest.raises(GenerationFailed, match="not kept any more"):
        engine.draw(image="0" * 64, strength=0.5)
    assert engine.draw(num_inference_steps=2).shape == engine.plain.shape


def test_a_picture_of_another_shape_is_cut_to_the_middle_not_squeezed(engine: Engine) -> None:
    wide = np.zeros((engine.size, 3 * engine.size, 3), np.int16)
    wide[:, engine.size : 2 * engine.size] = engine.plain
    picture = engine.draw(image=engine.keep(wide), strength=0.1, denoising_end=None)
    assert difference(engine.plain, picture) < 20


@BOTH
def test_the_second_pass_doubles_the_size_and_keeps_what_is_shown(engine: Engine, denoising_end: float | None) -> None:
    size = engine.size
    picture = engine.draw(
        image=engine.keep(engine.plain), upscaler="latent", width=2 * size, height=2 * size, denoising_end=denoising_end
    )
    assert picture.shape == (2 * size, 2 * size, 3)
    another = engine.draw(prompt=OTHER_PROMPT)
    assert difference(resized(picture, size), engine.plain) < difference(another, engine.plain) / 3
    assert border(picture).argmax() == BLUE
    assert middle(picture).argmax() == 0


def test_an_upscaler_that_nobody_set_up_is_refused_in_a_sentence(engine: Engine) -> None:
    with pytest.raises(GenerationFailed, match=r"no upscaler “x4” here. Use latent, or ask the owner"):
        engine.draw(image=engine.keep(engine.plain), upscaler="x4")


def test_a_variation_differs_less_than_another_seed_does(engine: Engine) -> None:
    drawn = {
        share: difference(engine.plain, engine.draw(denoising_end=None, variation_seed=99, variation_strength=share))
        for share in (0.1, 0.4, 1.0)
    }
    assert 0 < drawn[0.1] < drawn[0.4] < drawn[1.0]
    assert drawn[1.0] == pytest.approx(difference(engine.plain, engine.draw(denoising_end=None, seed=99)), abs=0.5)


def test_several_variations_of_one_picture_turn_each_another_way_and_can_be_made_alone(engine: Engine) -> None:
    parameters = engine.ask(variation_seed=99, variation_strength=0.5, num_images_per_prompt=2, num_inference_steps=4)
    first, second = (pixels(png) for png in engine.sdxl(parameters))
    assert difference(first, second) > 0
    alone = pixels(engine.sdxl(parameters.of_image(1))[0])
    assert np.abs(second - alone).max() <= 1


def test_timesteps_of_ones_own_are_those_that_the_models_get(engine: Engine) -> None:
    seen: list[float] = []
    hooks = [
        pipeline.unet.register_forward_pre_hook(lambda _module, inputs: seen.append(float(inputs[1])))
        for pipeline in (engine.sdxl.base, engine.sdxl.refiner)
    ]
    try:
        engine.draw(timesteps=(999, 700, 400, 100), denoising_end=0.5)
        assert seen == [999, 700, 400, 100]
        seen.clear()
        # Heun calls twice a step, but for the last; half of the steps are left out.
        image = engine.keep(engine.plain)
        options: dict[str, Any] = {"timesteps": (999, 700, 400, 100), "image": image, "strength": 0.5}
        engine.draw(**options, scheduler="Heun", denoising_end=None)
        assert seen == [400, 100, 100]
    finally:
        for hook in hooks:
            hook.remove()


def test_another_spacing_is_another_picture_of_the_same(engine: Engine) -> None:
    trailing = engine.draw(denoising_end=None, timestep_spacing="trailing")
    assert 0 < difference(engine.plain, trailing) < 30


def test_the_modes_share_every_part_by_identity(engine: Engine) -> None:
    base, from_image = engine.sdxl.base.components, engine.sdxl._from_image.components
    for name in ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"):
        assert base[name] is from_image[name]


def test_images_that_memory_does_not_hold_at_once_are_drawn_one_by_one_and_their_author_is_told(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    unet = engine.sdxl.base.unet
    real = unet.forward

    def small(sample: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        if len(sample) > 2:  # one image with guidance
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(sample, *arguments, **options)

    monkeypatch.setattr(unet, "forward", small)
    image = engine.keep(engine.plain)
    engine.draw(image=image, strength=0.9, num_images_per_prompt=2, num_inference_steps=4)
    assert [str(remark) for remark in engine.remarks] == [
        "the memory did not hold all images at once: they were drawn one by one"
    ]
