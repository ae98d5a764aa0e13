"""The noise of seeds and variations."""

from __future__ import annotations

import pytest
import torch
from diffusers.utils.torch_utils import randn_tensor

from bot.diffusion.noise import noise_for, slerp
from bot.parameters import Parameters

SHAPE = (4, 32, 32)


def parameters(**changes: object) -> Parameters:
    return Parameters.model_validate({"prompt": "a fox", "seed": 7, **changes})


def test_it_is_what_the_pipelines_would_draw_and_the_generators_go_on_from_there() -> None:
    theirs = [torch.Generator("cpu").manual_seed(seed) for seed in (7, 8)]
    wanted = randn_tensor((2, *SHAPE), generator=theirs)
    noise = noise_for([parameters().of_image(index) for index in (0, 1)], SHAPE, torch.float32)
    assert torch.equal(noise.tensor, wanted)
    for own, other in zip(noise.generators, theirs, strict=True):
        assert torch.equal(torch.randn(3, generator=own), torch.randn(3, generator=other))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_a_turn_keeps_the_strength_of_noise_and_ends_at_the_other_seed(share: float) -> None:
    noise = noise_for([parameters(variation_seed=9, variation_strength=share)], SHAPE, torch.float32).tensor
    own = noise_for([parameters()], SHAPE, torch.float32).tensor
    other = noise_for([parameters(seed=9)], SHAPE, torch.float32).tensor
    assert noise.std().item() == pytest.approx(1, abs=0.04)
    # The share of the way, along the arc.
    angle = torch.acos(torch.cosine_similarity(own.flatten(), noise.flatten(), dim=0))
    whole = torch.acos(torch.cosine_similarity(own.flatten(), other.flatten(), dim=0))
    assert (angle / whole).item() == pytest.approx(share, abs=0.01)


def test_between_a_noise_and_itself_there_is_nothing_else() -> None:
    noise = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(slerp(noise, noise, 0.5), noise)
