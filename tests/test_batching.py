"""Which jobs may be drawn together, and how many images at a time."""

from __future__ import annotations

from typing import Any

import pytest

from bot import batching
from bot.batching import batch_key, compatible, images_of, most_images
from bot.comparison import Axis, Comparison
from bot.memory import Memory
from bot.parameters import Parameters
from tests.factories import ENSEMBLE, make_job, make_parameters

#: What a job must not share a call of the model over: the fields, each with another value than usual.
OF_ALL: dict[str, Any] = {
    "width": 512,
    "height": 512,
    "num_inference_steps": 9,
    "guidance_scale": 7.5,
    "guidance_rescale": 0.5,
    "scheduler": "DDIM",
    "eta": 0.5,
    "denoising_end": 0.5,
    "aesthetic_score": 1.0,
    "negative_aesthetic_score": 1.0,
    "original_size": (512, 512),
    "crops_coords_top_left": (8, 0),
    "target_size": (512, 512),
    "negative_original_size": (512, 512),
    "negative_crops_coords_top_left": (8, 0),
    "negative_target_size": (512, 512),
    "timesteps": (999, 500),
    "timestep_spacing": "linspace",
    "image": "0" * 64,
    "mask_image": "1" * 64,
    "padding_mask_crop": 8,
    "strength": 0.5,
    "upscaler": "latent",
    "loras": ({"name": "ink"},),
}
#: What each image has for itself.
OF_EACH: dict[str, Any] = {
    "prompt": "a blue fox",
    "prompt_2": "blue",
    "negative_prompt": "red",
    "negative_prompt_2": "red",
    "clip_skip": 1,
    "seed": 8,
    "num_images_per_prompt": 4,
    "variation_seed": 9,
    "variation_strength": 0.5,
    "style": "ink",
    "draft": True,
    "raw_prompt": "{a|b} fox",
    "raw_negative_prompt": "{a|b}",
}
#: Named only beside another one.
NEEDS: dict[str, dict[str, Any]] = {
    "strength": {"image": "0" * 64},
    "upscaler": {"image": "0" * 64},
    "mask_image": {"image": "0" * 64},
    "padding_mask_crop": {"image": "0" * 64, "mask_image": "1" * 64},
    "timesteps": {"scheduler": "Euler", "num_inference_steps": 2},
    "variation_strength": {"variation_seed": 9},
}


def test_every_parameter_is_either_each_images_own_or_the_batchs() -> None:
    assert OF_ALL.keys() | OF_EACH.keys() == Parameters.model_fields.keys()


@pytest.mark.parametrize(("field", "value"), [*OF_ALL.items(), *OF_EACH.items()], ids=lambda each: str(each)[:20])
def test_what_differs_decides_whether_two_are_drawn_together(field: str, value: Any) -> None:
    common = NEEDS.get(field, {})
    one = make_job(1, parameters=make_parameters(**common))
    other = make_job(2, user_id=31, parameters=make_parameters(**common | {field: value}))
    assert getattr(one.parameters, field) != getattr(other.parameters, field)
    assert compatible(one, other) == compatible(other, one) == (field in OF_EACH)
    assert (batch_key(one) == batch_key(other)) == (field in OF_EACH)
    assert compatible(one, make_job(3, parameters=one.parameters))


def test_a_sheet_is_drawn_alone() -> None:
    cells = tuple(make_parameters(num_inference_steps=steps) for steps in (2, 3))
    sheet = make_job(1, parameters=cells[0], comparison=Comparison((Axis("steps", ("2", "3")),), cells))
    assert not compatible(sheet, sheet)
    assert not compatible(make_job(2, parameters=cells[0]), sheet)
    assert images_of(sheet) == 1
    assert images_of(make_job(3, parameters=make_parameters(num_images_per_prompt=3))) == 3


def test_a_batch_is_as_large_as_the_device_has_memory_for_and_never_larger_than_is_of_use() -> None:
    def most(images: float) -> int:
        memory = Memory(latent=1000, pixel=10, scale=8, tile=512**2)
        free = int(images * memory.needed(make_parameters(width=1024, height=1024)))
        return most_images(ENSEMBLE, Memory(latent=1000, pixel=10, scale=8, tile=512**2, free=free))

    assert [most(images) for images in (0, 0.5, 1, 2.5, 8, 100)] == [1, 1, 1, 2, 8, batching.MAX_IMAGES_AT_ONCE]


def test_a_processor_takes_some_and_a_device_that_is_not_known_takes_one() -> None:
    small = Memory(latent=1, pixel=1, scale=8, tile=512**2)
    assert most_images(ENSEMBLE, small) == batching.MAX_IMAGES_WITHOUT_A_DEVICE
    assert most_images(ENSEMBLE, None) == 1
