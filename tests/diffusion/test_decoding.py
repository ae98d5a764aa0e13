"""From latents to pixels: precision is raised once for an empty picture, and tiles are for want of memory."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from PIL import Image

from bot.diffusion.decoding import decode
from bot.diffusion.sdxl import StableDiffusionXL
from bot.model_info import ModelInfo
from tests.diffusion.drawing import Pixels, ask, latents_of, pixels


def levels(picture: Image.Image) -> Pixels:
    return np.asarray(picture, dtype=np.int16)


def test_a_picture_that_half_precision_cannot_hold_is_decoded_once_more_in_full(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    parameters = ask(tiny, num_inference_steps=4)
    latents, wanted = latents_of(sdxl, parameters), pixels(sdxl(parameters)[0])
    vae: Any = copy.deepcopy(sdxl.base.vae).to(torch.bfloat16)
    precisions: list[torch.dtype] = []

    def overflow(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor | None:
        precisions.append(output.dtype)
        return output * torch.nan if output.dtype == torch.bfloat16 else None

    vae.decoder.register_forward_hook(overflow)
    with torch.inference_mode():
        (picture,) = decode(vae, latents, tiled=False)
    assert precisions == [torch.bfloat16, torch.float32]
    assert vae.dtype == torch.bfloat16
    # The weights have been rounded to half precision, so the picture is near, and not the same.
    assert np.abs(levels(picture) - wanted).mean() < 4


def test_tiles_show_the_same_picture_and_leave_the_autoencoder_as_it_was(
    sdxl: StableDiffusionXL, tiny: ModelInfo
) -> None:
    parameters = ask(tiny, num_inference_steps=4)
    latents, wanted = latents_of(sdxl, parameters), pixels(sdxl(parameters)[0])
    vae = sdxl.base.vae
    before = vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size
    calls: list[torch.Size] = []
    hook = vae.decoder.register_forward_pre_hook(lambda _module, inputs: calls.append(inputs[0].shape))
    with torch.inference_mode():
        (picture,) = decode(vae, latents, tiled=True)
    hook.remove()
    assert len(calls) > 1
    assert max(shape[-1] for shape in calls) < latents.shape[-1]
    assert (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size) == before
    assert np.abs(levels(picture) - wanted).mean() < 8
