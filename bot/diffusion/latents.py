"""Between the autoencoder's latents and the U-Net's: the same, in another scale."""

from __future__ import annotations

from typing import Any

import torch


def scaled(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """What the encoder gave, as the U-Net knows it."""
    mean, std = _mean_and_std(vae, latents)
    known: torch.Tensor = (latents - mean) / std * vae.config.scaling_factor
    return known


def unscaled(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """What the U-Net has drawn, as the decoder reads it."""
    mean, std = _mean_and_std(vae, latents)
    own: torch.Tensor = latents * std / vae.config.scaling_factor + mean
    return own


def _mean_and_std(vae: Any, latents: torch.Tensor) -> tuple[torch.Tensor | float, torch.Tensor | float]:
    """Of each channel; 0 and 1 where the autoencoder has none of its own."""
    mean, std = vae.config.latents_mean, vae.config.latents_std
    if mean is None or std is None:
        return 0.0, 1.0
    return latents.new_tensor(mean).view(1, -1, 1, 1), latents.new_tensor(std).view(1, -1, 1, 1)
