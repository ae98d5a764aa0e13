"""Pictures enlarged by the owner's model, before the second pass draws details into them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bot.errors import GenerationFailed


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
    larger = model(pixels.to(device))[0].clamp(0, 1).permute(1, 2, 0)
    return Image.fromarray((larger.float().cpu().numpy() * 255).round().astype(np.uint8))
