"""Previews: small pictures that come nearer to the finished one, from any model's latents."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.diffusion.previews import LatentColours, predicted_original
from bot.diffusion.schedulers import make_scheduler
from bot.diffusion.sdxl import StableDiffusionXL
from bot.diffusion.steps import Step
from bot.errors import ModelNotFound
from bot.model_info import ModelInfo
from bot.scheduler_names import SCHEDULERS
from tests.diffusion.drawing import BLUE, RED, ask, latents_of, middle_and_border, pixels


@pytest.mark.parametrize("scheduler", ["Euler", "DPM++ 2M Karras", "Heun"])
def test_previews_come_at_most_ten_times_and_near_the_finished_picture(
    sdxl: StableDiffusionXL, tiny: ModelInfo, scheduler: str
) -> None:
    steps: list[Step] = []
    parameters = ask(tiny, num_inference_steps=24, scheduler=scheduler)
    finished = pixels(sdxl._colours(latents_of(sdxl, parameters, steps.append)))
    previews = [pixels(step.preview) for step in steps if step.preview is not None]
    assert 6 <= len(previews) <= 10
    assert all(128 <= max(preview.shape) <= 256 for preview in previews)
    distances = [float(np.abs(preview - finished).mean()) for preview in previews]
    assert distances[-1] < 0.5 * distances[0], distances
    assert distances[-1] < 6, distances
    # What the last one shows is what was asked for, already in its colours.
    assert middle_and_border(previews[-1]) == (RED, BLUE)


def test_the_images_of_a_batch_stand_side_by_side_in_a_preview(sdxl: StableDiffusionXL, tiny: ModelInfo) -> None:
    steps: list[Step] = []
    wide = {"width": tiny.native_size * 2, "height": tiny.native_size, "num_inference_steps": 2}
    sdxl(ask(tiny, num_images_per_prompt=3, **wide), steps.append)
    preview = pixels(steps[-1].preview or b"")
    height, width = preview.shape[:2]
    assert width == 2 * height
    assert np.abs(preview[height // 2 + 8 :, width // 2 + 8 :]).mean() < 8  # the fourth place is empty
    assert np.abs(preview[: height // 2 - 8, : width // 2 - 8]).mean() > 8


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("scheduler", sorted(SCHEDULERS))
def test_a_perfect_prediction_shows_the_original_whatever_the_scheduler(scheduler: str, kind: str) -> None:
    config = {"num_train_timesteps": 1000, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    made = make_scheduler(scheduler, config | {"prediction_type": kind})
    made.set_timesteps(8)
    timestep = made.timesteps[3]
    signal = made.alphas_cumprod[round(float(timestep))]
    generator = torch.Generator().manual_seed(1)
    original, noise = (torch.randn(1, 4, 8, 8, generator=generator) for _ in range(2))
    sample = signal.sqrt() * original + (1 - signal).sqrt() * noise
    prediction = {
        "epsilon": noise,
        "v_prediction": signal.sqrt() * noise - (1 - signal).sqrt() * original,
        "sample": original,
    }[kind]
    seen = predicted_original(made, sample, timestep, prediction, None)
    assert torch.allclose(seen, original, atol=1e-3)
    # With guidance, the half with the prompt is right, and the other one is what it is seen against.
    both = torch.cat([prediction, prediction])
    assert torch.allclose(predicted_original(made, torch.cat([sample, sample]), timestep, both, 7.0), seen, atol=1e-3)


def test_latents_that_are_not_numbers_still_give_a_picture() -> None:
    colours = LatentColours(torch.eye(4, 3), torch.zeros(3))
    assert pixels(colours(torch.full((1, 4, 8, 8), torch.nan))).shape == (128, 128, 3)


def test_colours_are_those_that_the_model_comes_with(tmp_path: Path) -> None:
    own = {"factors": [[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], "bias": [0.0, 0.0, 1.0]}
    (tmp_path / "preview.json").write_text(json.dumps(own))
    latents = torch.zeros(1, 4, 8, 8)
    latents[:, 0] = 1.0
    shown = pixels(LatentColours.of_model(tmp_path)(latents))
    assert np.abs(shown - np.array([255, 0, 255])).max() < 12
    assert LatentColours.of_model(tmp_path / "nothing").factors.shape == (4, 3)


@pytest.mark.parametrize("text", ["{", "[]", '{"factors": [[1]], "bias": [0, 0, 0]}', '{"bias": [0, 0, 0]}'])
def test_a_broken_preview_file_is_named_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "preview.json").write_text(text)
    with pytest.raises(ModelNotFound, match=r"preview\.json .*Mend or remove it\.$"):
        LatentColours.of_model(tmp_path)
