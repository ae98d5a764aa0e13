"""Pictures that a job works on, brought to its size and into latents."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from bot.diffusion.latents import scaled


def fitted(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The picture in that size: it covers all of it, and what is too much falls off on both sides alike."""
    if picture.size == (width, height):
        return picture
    # Sharp for pictures; around a mask's edges that would leave ripples of nearly black.
    resampling = Image.Resampling.BILINEAR if picture.mode == "L" else Image.Resampling.LANCZOS
    return ImageOps.fit(picture, (width, height), resampling)


def to_latents(vae: Any, picture: Image.Image, device: torch.device) -> torch.Tensor:
    """The latents of an RGB picture, one image.

    The middle of what the encoder holds possible, not a sample of it: the same picture is the same latents, and the
    seed's noise stays that of a picture from text.
    """
    pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None].float() / 127.5 - 1
    latents: torch.Tensor = vae.encode(pixels.to(device=device, dtype=vae.dtype)).latent_dist.mode()
    return scaled(vae, latents)
