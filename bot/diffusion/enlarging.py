"""Pictures enlarged by the owner's model, before the second pass draws details into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bot.errors import GenerationFailed
from bot.memory import ENLARGED_AT_ONCE

#: By so many pixels tiles overlap, and go over into each other: about as far as such models look around.
_OVERLAP = 16
Enlarger = Callable[[torch.Tensor], torch.Tensor]


def enlarge(picture: Image.Image, model_file: Path, device: torch.device) -> Image.Image:
    """The picture, enlarged by an ESRGAN-type model. Raises `GenerationFailed` where that cannot be."""
    try:
        import spandrel
    except (ImportError, RuntimeError, OSError) as error:
        # torchvision, which it needs, fails in all three ways where its build does not suit torch's.
        raise GenerationFailed(
            "{name} needs spandrel and a working torchvision. Use the upscaler latent, or ask the owner to install "
            "imagine-bot[upscale].",
            name=model_file.stem,
        ) from error
    try:
        model = spandrel.ModelLoader(device=device).load_from_file(model_file)
    except Exception as error:
        raise GenerationFailed(
            "The upscaler {name} cannot be loaded. Use latent; the owner of this bot finds the reason in its log.",
            name=model_file.stem,
        ) from error
    pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None].float() / 255
    larger = in_tiles(lambda part: model(part.to(device)), pixels)[0].clamp(0, 1).permute(1, 2, 0)
    return Image.fromarray((larger.numpy() * 255).round().astype(np.uint8))


def in_tiles(enlarger: Enlarger, pixels: torch.Tensor) -> torch.Tensor:
    """The pixels (1 x 3 x height x width) enlarged tile by tile, on the CPU: a whole picture would need gigabytes."""
    height, width = pixels.shape[-2:]
    whole = weights = torch.zeros(())
    for top in _starts(height):
        for left in _starts(width):
            part = pixels[..., top : top + ENLARGED_AT_ONCE, left : left + ENLARGED_AT_ONCE]
            larger = enlarger(part).float().cpu()
            scale = larger.shape[-1] // part.shape[-1]
            if not whole.dim():
                whole, weights = (torch.zeros(1, each, height * scale, width * scale) for each in (3, 1))
            weight = _ramp(larger.shape[-2], scale)[:, None] * _ramp(larger.shape[-1], scale)
            rows = slice(top * scale, top * scale + larger.shape[-2])
            columns = slice(left * scale, left * scale + larger.shape[-1])
            whole[..., rows, columns] += larger * weight
            weights[..., rows, columns] += weight
    return whole / weights


def _starts(side: int) -> Iterator[int]:
    """Where tiles begin, evenly enough: the last one ends where the picture does."""
    last = max(0, side - ENLARGED_AT_ONCE)
    yield from range(0, last, ENLARGED_AT_ONCE - _OVERLAP)
    yield last


def _ramp(side: int, scale: int) -> torch.Tensor:
    """How much each pixel of a tile counts: less and less towards its ends."""
    steps = torch.arange(1, side + 1)
    return torch.minimum(steps, steps.flip(0)).clamp(max=_OVERLAP * scale).float()
