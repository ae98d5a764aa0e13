"""Whether a picture's size fits into memory: asked before any work is done."""

from __future__ import annotations

from typing import Any

import psutil
import torch

from bot.errors import OutOfMemory
from bot.parameters import Parameters

#: How much is held at once, in tensors as wide as the U-Net's first level and the autoencoder's second: the growth of
#: the process was measured for both with the embedded model (28 to 34, and 3.8), and is rounded up.
_UNET_TENSORS = 36
_DECODER_TENSORS = 4


def check_memory(parameters: Parameters, base: Any, device: torch.device) -> None:
    """Raises `OutOfMemory` for a size that does not fit even one image at a time, decoded in tiles."""
    needed, free = needed_bytes(parameters, base), free_bytes(device)
    if needed > free:
        raise OutOfMemory(
            "{width} × {height} needs about {needed:.1f} GB of memory, and {free:.1f} GB are free. Ask for a smaller "
            "size.",
            width=parameters.width,
            height=parameters.height,
            needed=needed / 1e9,
            free=free / 1e9,
        )


def needed_bytes(parameters: Parameters, base: Any) -> int:
    """What one image needs beside the weights, roughly."""
    unet, vae, scale = base.unet, base.vae, base.vae_scale_factor
    latents = (parameters.width // scale) * (parameters.height // scale) * (2 if parameters.guidance_scale > 1 else 1)
    denoising = latents * unet.config.block_out_channels[0] * _UNET_TENSORS * unet.dtype.itemsize
    tile = (vae.config.sample_size // 2) ** 2
    pixels = min(parameters.width * parameters.height, tile)
    decoding = pixels * vae.config.block_out_channels[1] * _DECODER_TENSORS * vae.dtype.itemsize
    return int(max(denoising, decoding))


def free_bytes(device: torch.device) -> int:
    """What is free on the device; what torch keeps for itself and does not use counts too."""
    if device.type != "cuda":
        return int(psutil.virtual_memory().available)
    free, _total = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
