"""Latents to pixels by the autoencoder, one image at a time; an empty one is decoded once more in full precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from PIL import Image

from bot.diffusion.latents import unscaled
from bot.errors import BlackImage


def decode(vae: Any, latents: torch.Tensor, *, tiled: bool) -> list[Image.Image]:
    """The pictures of the latents. `tiled` needs less memory and may show faint seams.

    Raises `BlackImage` for a picture that is black all over, or not a number.
    """
    with tiling(vae, on=tiled):
        return [_picture(vae, each) for each in torch.split(latents, 1)]


def _picture(vae: Any, latents: torch.Tensor) -> Image.Image:
    pixels = _pixels(vae, latents)
    if _is_empty(pixels) and vae.dtype != torch.float32:
        with _full_precision(vae):
            pixels = _pixels(vae, latents)
    if _is_empty(pixels):
        raise BlackImage
    levels = ((pixels[0].float() / 2 + 0.5).clamp(0, 1) * 255).round().byte()
    return Image.fromarray(levels.permute(1, 2, 0).cpu().numpy())


def _pixels(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    pixels: torch.Tensor = vae.decode(unscaled(vae, latents.to(vae.dtype)), return_dict=False)[0]
    return pixels


def _is_empty(pixels: torch.Tensor) -> bool:
    return not bool(pixels.isfinite().all()) or bool((pixels <= -1).all())


@contextmanager
def _full_precision(vae: Any) -> Iterator[None]:
    before = vae.dtype
    vae.to(torch.float32)
    try:
        yield
    finally:
        vae.to(before)


@contextmanager
def tiling(vae: Any, *, on: bool) -> Iterator[None]:
    """Meanwhile the autoencoder works tile by tile, in either direction."""
    if not on:
        yield
        return
    sizes = vae.tile_sample_min_size, vae.tile_latent_min_size
    # The default is a tile as large as the pictures that the model was trained on, which saves nothing for those.
    vae.tile_sample_min_size, vae.tile_latent_min_size = (size // 2 for size in sizes)
    vae.enable_tiling()
    try:
        yield
    finally:
        vae.disable_tiling()
        vae.tile_sample_min_size, vae.tile_latent_min_size = sizes
