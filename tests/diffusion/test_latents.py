"""The two scales of latents, there and back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from bot.diffusion.latents import scaled, unscaled


@pytest.mark.parametrize(
    ("mean", "std", "wanted"),
    [(None, None, [1.0, 2.0]), ([1.0, -2.0], [2.0, 4.0], [0.25, 0.75])],
    ids=["a scale alone", "a mean and a deviation for each channel"],
)
def test_what_the_encoder_gave_is_scaled_for_the_unet_and_back(
    mean: list[float] | None, std: list[float] | None, wanted: list[float]
) -> None:
    vae = SimpleNamespace(config=SimpleNamespace(latents_mean=mean, latents_std=std, scaling_factor=0.5))
    latents = torch.tensor([2.0, 4.0]).view(1, 2, 1, 1)
    assert scaled(vae, latents).flatten().tolist() == wanted
    assert torch.equal(unscaled(vae, scaled(vae, latents)), latents)
