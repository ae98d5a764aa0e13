"""Drawing with the embedded pair, and looking at what came out."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from bot.diffusion.sdxl import StableDiffusionXL
from bot.diffusion.steps import OnStep, Step
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.parameters import Parameters

PROMPT = "a red circle on a blue background"
#: Few steps for what does not look at the picture.
FEW = 5
RED, BLUE = 0, 2

Pixels = NDArray[np.int16]


def ask(model: ModelInfo, **changes: Any) -> Parameters:
    return merge(model, {"prompt": PROMPT, "seed": 7}, changes)


def pixels(picture: bytes) -> Pixels:
    """Rows x columns x red, green, blue."""
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


def difference(one: bytes, other: bytes) -> float:
    """The mean difference of two pictures of one size, in levels of 256."""
    return float(np.abs(pixels(one) - pixels(other)).mean())


def middle_and_border(picture: Pixels) -> tuple[int, int]:
    """Which of red, green and blue is strongest in the middle, and which at the upper and lower border."""
    rows, columns = picture.shape[0] // 16, picture.shape[1] // 16
    middle = picture[7 * rows : 9 * rows, 7 * columns : 9 * columns]
    border = np.concatenate([picture[:2], picture[-2:]])
    return int(np.median(middle, axis=(0, 1)).argmax()), int(np.median(border, axis=(0, 1)).argmax())


def latents_of(sdxl: StableDiffusionXL, parameters: Parameters, on_step: OnStep = lambda step: None) -> torch.Tensor:
    """The finished latents, as they reach the autoencoder."""
    given: list[torch.Tensor] = []
    hook = sdxl.base.vae.post_quant_conv.register_forward_pre_hook(lambda _module, inputs: given.append(inputs[0]))
    try:
        sdxl(parameters, on_step)
    finally:
        hook.remove()
    assert sdxl.base.vae.config.latents_mean is None
    return torch.cat(given) * sdxl.base.vae.config.scaling_factor


@dataclass
class Watched:
    """What the U-Nets were given, in order, and what was said of each step."""

    base: list[float] = field(default_factory=list)
    refiner: list[float] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@contextmanager
def watched(sdxl: StableDiffusionXL) -> Iterator[Watched]:
    """Note the timestep of every call of a U-Net; give `steps.append` as `on_step`."""
    seen = Watched()

    def noting(timesteps: list[float]) -> Any:
        def hook(_module: torch.nn.Module, inputs: Sequence[Any]) -> None:
            timesteps.append(float(inputs[1]))

        return hook

    hooks = [
        sdxl.base.unet.register_forward_pre_hook(noting(seen.base)),
        sdxl.refiner.unet.register_forward_pre_hook(noting(seen.refiner)),
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
