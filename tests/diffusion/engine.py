"""The engine as tests use it: ask for a picture in one line, and measure what came out."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.diffusion.sdxl import StableDiffusionXL
from bot.inputs import InputFolder
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.sentences import Sentence

LORAS = Path(__file__).parent.parent / "assets"
PROMPT = "a red circle on a blue background"
OTHER_PROMPT = "a yellow star on a green background"
STEPS = 12

Pixels = NDArray[np.int16]


@dataclass(frozen=True)
class Engine:
    """The pair, and the folder of its input pictures. `remarks` are those of the last picture."""

    model: ModelInfo
    sdxl: StableDiffusionXL
    inputs: Path
    remarks: list[Sentence] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.model.native_size

    def ask(self, **changes: Any) -> Parameters:
        return merge(self.model, {"prompt": PROMPT, "seed": 7, "num_inference_steps": STEPS}, changes)

    def draw(self, **changes: Any) -> Pixels:
        self.remarks.clear()
        return pixels(self.sdxl(self.ask(**changes), on_remark=self.remarks.append)[0])

    def keep(self, picture: Pixels | Image.Image) -> str:
        """As an input; its id."""
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture.astype(np.uint8))
        return asyncio.run(InputFolder(self.inputs).save(image))

    @cached_property
    def plain(self) -> Pixels:
        """The picture of the plain prompt by the base alone."""
        return self.draw(denoising_end=None)

    def half_mask(self) -> str:
        """The right half is to be repainted."""
        mask = Image.new("L", (self.size, self.size))
        mask.paste(255, (self.size // 2, 0, self.size, self.size))
        return self.keep(mask)


def pixels(png: bytes) -> Pixels:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


def difference(one: Pixels, other: Pixels) -> float:
    """The mean over all pixels and colours, in levels of 256."""
    return float(np.abs(one - other).mean())


def colourfulness(picture: Pixels) -> float:
    """How far the pixels are from grey, on average."""
    return float((picture.max(axis=-1) - picture.min(axis=-1)).mean())


def resized(picture: Pixels, side: int) -> Pixels:
    image = Image.fromarray(picture.astype(np.uint8)).resize((side, side), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.int16)


def border(picture: Pixels) -> NDArray[np.float64]:
    """The mean colour of the outermost rows."""
    return np.asarray(np.concatenate([picture[:3], picture[-3:]]).mean(axis=(0, 1)))


def middle(picture: Pixels) -> NDArray[np.float64]:
    """The median colour of the middle sixteenth."""
    side = len(picture)
    part = picture[side * 3 // 8 : side * 5 // 8, side * 3 // 8 : side * 5 // 8]
    return np.asarray(np.median(part, axis=(0, 1)))
