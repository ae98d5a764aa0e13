"""How much memory a loaded base needs for a picture, and how much its device has left."""

from __future__ import annotations

from typing import Any

import torch

from bot.memory import Memory

#: How much is held at once, in tensors as wide as the U-Net's first level and the autoencoder's second: the growth of
#: the process was measured for both with the embedded model (28 to 34, and 3.8), and is rounded up.
_UNET_TENSORS = 36
_DECODER_TENSORS = 4


def memory_of(base: Any, refiner: Any, device: torch.device) -> Memory:
    """The memory of the device, for pictures of this base and this refiner (None: of the base alone)."""
    unet, vae = base.unet, base.vae
    width = max(each.unet.config.block_out_channels[0] for each in (base, refiner) if each is not None)
    return Memory(
        latent=width * _UNET_TENSORS * unet.dtype.itemsize,
        pixel=vae.config.block_out_channels[1] * _DECODER_TENSORS * vae.dtype.itemsize,
        scale=base.vae_scale_factor,
        tile=(vae.config.sample_size // 2) ** 2,
        free=free_bytes(device),
    )


def free_bytes(device: torch.device) -> int | None:
    """What is free on a device of its own; what torch keeps for itself and does not use counts too."""
    if device.type != "cuda":
        return None
    free, _total = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
