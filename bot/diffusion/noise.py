"""The noise that a picture begins as: of one seed, or turned towards that of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from bot.parameters import Parameters

#: Nearer than this to one line, there is no angle to turn by.
_PARALLEL = 0.9995


@dataclass(frozen=True, slots=True)
class Noise:
    """Noise for several images at once, and each one's generator, for schedulers that add noise on the way."""

    tensor: torch.Tensor
    generators: list[torch.Generator]


def noise_for(images: Sequence[Parameters], shape: Sequence[int], dtype: torch.dtype) -> Noise:
    """The noise of these images, each with the parameters that make it alone, on the CPU.

    Drawn there and for each image alone: a picture depends neither on the device nor on its neighbours.
    """
    generators = [torch.Generator("cpu").manual_seed(image.seed) for image in images]
    own = [torch.randn((1, *shape), generator=generator, dtype=dtype) for generator in generators]
    for place, image in enumerate(images):
        if image.variation_strength and image.variation_seed is not None:
            other = torch.Generator("cpu").manual_seed(image.variation_seed)
            target = torch.randn((1, *shape), generator=other, dtype=dtype)
            own[place] = slerp(own[place], target, image.variation_strength)
    return Noise(torch.cat(own), generators)


def slerp(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    """On the great circle from `start` to `end`: a straight line's middle would be weaker than noise is."""
    one, two = start.float().flatten(), end.float().flatten()
    cosine = torch.dot(one / one.norm(), two / two.norm()).clamp(-1, 1)
    if cosine.abs() > _PARALLEL:
        return torch.lerp(start, end, share)
    angle = torch.acos(cosine)
    mixed = (torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * two) / torch.sin(angle)
    return mixed.view_as(start).to(start.dtype)
