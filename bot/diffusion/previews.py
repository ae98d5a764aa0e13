"""Small pictures of unfinished latents: the U-Net's guess of the finished ones, four channels mixed into colours."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from PIL import Image

from bot.errors import ModelNotFound

#: The longer side of a preview is at least this many pixels, and at most twice as many.
SIDE = 128
_QUALITY = 60


@dataclass(frozen=True, slots=True)
class LatentColours:
    """Red, green and blue (0..1) of a latent: its channels times `factors` (4 x 3), plus `bias` (3)."""

    factors: torch.Tensor
    bias: torch.Tensor

    @classmethod
    def of_model(cls, folder: Path) -> Self:
        """Those in the model's `preview.json`; where there is none, those that are known for SDXL's autoencoder."""
        path = folder / "preview.json"
        if not path.exists():
            # The factors for SDXL that ComfyUI publishes, for colours from -1 to 1.
            factors = torch.tensor(
                [
                    [0.3920, 0.4054, 0.4549],
                    [-0.2634, -0.0196, 0.0653],
                    [0.0568, 0.1687, -0.0755],
                    [-0.3112, -0.2359, -0.2076],
                ]
            )
            return cls(factors / 2, torch.full((3,), 0.5))
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            factors, bias = torch.tensor(said["factors"]).float(), torch.tensor(said["bias"]).float()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelNotFound(f"{path} cannot be read: {error}. Mend or remove it.") from error
        if factors.shape != (4, 3) or bias.shape != (3,):
            raise ModelNotFound(f"{path} must hold 4 x 3 factors and 3 numbers of bias. Mend or remove it.")
        return cls(factors, bias)

    def __call__(self, latents: torch.Tensor) -> bytes:
        """A WebP of the latents (images x 4 x height x width); several images side by side, in rows of two."""
        colours = torch.einsum("nchw,cd->nhwd", latents.float().cpu(), self.factors) + self.bias
        tiles = (colours.nan_to_num().clamp(0, 1) * 255).byte().numpy()
        picture = Image.fromarray(_side_by_side(tiles))
        scale = -(-SIDE // max(picture.size))
        if scale > 1:
            picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.BICUBIC)
        picture.thumbnail((2 * SIDE, 2 * SIDE))
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=_QUALITY)
        return buffer.getvalue()


def predicted_original(
    scheduler: Any, sample: torch.Tensor, timestep: torch.Tensor, prediction: torch.Tensor, guidance_scale: float | None
) -> torch.Tensor:
    """The finished latents as one call of the U-Net sees them, from what went in and what came out.

    `guidance_scale` is None without classifier-free guidance; with it, both tensors hold the unconditioned half first.
    """
    sample, prediction = sample.float(), prediction.float()
    if guidance_scale is not None:
        sample = sample.chunk(2)[0]
        without, with_prompt = prediction.chunk(2)
        prediction = without + guidance_scale * (with_prompt - without)
    # Every scheduler hands the U-Net sqrt(a) * original + sqrt(1 - a) * noise, whatever the scale of its own latents.
    at = int(timestep.float().round().clamp(0, len(scheduler.alphas_cumprod) - 1))
    signal: torch.Tensor = scheduler.alphas_cumprod[at].to(sample.device).clamp(min=1e-6)
    kind = scheduler.config.prediction_type
    if kind == "v_prediction":
        return signal.sqrt() * sample - (1 - signal).sqrt() * prediction
    if kind == "sample":
        return prediction
    return (sample - (1 - signal).sqrt() * prediction) / signal.sqrt()


def _side_by_side(tiles: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    if len(tiles) == 1:
        return np.asarray(tiles[0])
    rows = [
        np.concatenate([*tiles[at : at + 2], *[np.zeros_like(tiles[0])] * (2 - len(tiles[at : at + 2]))], axis=1)
        for at in range(0, len(tiles), 2)
    ]
    return np.concatenate(rows, axis=0)
