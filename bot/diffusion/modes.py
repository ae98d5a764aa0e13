"""What a job begins with, as its parameters say: noise alone, a picture, a part of one, or one that is enlarged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from bot.diffusion.assets import LATENT, Assets
from bot.diffusion.denoising import Start
from bot.diffusion.enlarging import enlarge
from bot.diffusion.input_pictures import fitted, to_latents
from bot.diffusion.masks import Repainting
from bot.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Mode:
    """Where the denoising starts (None: noise alone), and what happens to the pictures that come out."""

    start: Start | None = None
    repainting: Repainting | None = None

    def finish(self, drawn: Image.Image) -> Image.Image:
        """The picture as it is handed out."""
        return drawn if self.repainting is None else self.repainting.paste(drawn)


def mode_of(parameters: Parameters, assets: Assets, base: Any, device: torch.device) -> Mode:
    """The mode of a job. Raises `PicturesGone` or `GenerationFailed` for what it names and is not to be had."""
    if parameters.image is None:
        return Mode()
    picture = assets.picture(parameters.image)
    size = parameters.width, parameters.height
    if parameters.upscaler not in (None, LATENT):
        picture = enlarge(picture, assets.upscaler_model(str(parameters.upscaler)), device)
    if parameters.mask_image is not None:
        mask = assets.picture(parameters.mask_image)
        repainting = Repainting.of(picture, mask, size, parameters.padding_mask_crop)
        latents = to_latents(base.vae, repainting.seen, device)
        return Mode(Start(latents, repainting.latent_mask(base.vae_scale_factor).to(device)), repainting)
    # Enlarged as pixels also for a second pass: latents that are stretched decode to jagged edges, which only a pass
    # strong enough to draw other things would mend.
    return Mode(Start(to_latents(base.vae, fitted(picture, *size), device)))
