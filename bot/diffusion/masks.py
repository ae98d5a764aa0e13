"""Masks of inpainting: white is repainted, and every pixel that is black stays exactly as it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageChops, ImageFilter
from torch.nn import functional as F

from bot.diffusion.input_pictures import fitted
from bot.diffusion.libraries import VaeImageProcessor
from bot.errors import GenerationFailed

_Box = tuple[int, int, int, int]
_HALF = 128


@dataclass(frozen=True, slots=True)
class Repainting:
    """A picture, the part of it that is drawn anew, and the cut-out that the model sees.

    `picture` and `mask` have the job's size; so has the cut-out once it is enlarged. `box` is where it was cut.
    """

    picture: Image.Image
    mask: Image.Image
    box: _Box

    @classmethod
    def of(cls, picture: Image.Image, mask: Image.Image, size: tuple[int, int], padding: int | None) -> Repainting:
        """For a picture and a mask of any size. `padding` cuts out the white and so many pixels around it.

        Raises `GenerationFailed` for a mask without white.
        """
        picture, mask = fitted(picture, *size), fitted(mask.convert("L"), *size)
        if not any(mask.histogram()[_HALF:]):
            raise GenerationFailed("The mask has no white, and white is what is repainted. Paint over that part.")
        box: _Box = (0, 0, *size)
        if padding is not None:
            # Sees black and white only, and keeps the job's aspect ratio.
            box = VaeImageProcessor.get_crop_region(mask.point(_black_or_white), *size, pad=padding)
        return cls(picture, mask, box)

    @property
    def seen(self) -> Image.Image:
        """What the model works on, in the job's size."""
        return self._cut_out(self.picture)

    def latent_mask(self, scale: int) -> torch.Tensor:
        """1 where latents are drawn anew: each whose pixels are white anywhere, lest an edge of the old remains."""
        white = np.array(self._cut_out(self.mask)) >= _HALF
        return F.max_pool2d(torch.from_numpy(white)[None, None].float(), scale)

    def paste(self, drawn: Image.Image) -> Image.Image:
        """The picture with its white part from `drawn`. The seam is soft inside the white, and black is untouched."""
        left, top, right, bottom = self.box
        whole = self.picture.convert("RGB")
        whole.paste(drawn.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
        # A blur reaches both ways; the darker of both keeps it inside.
        soft = ImageChops.darker(self.mask, self.mask.filter(ImageFilter.GaussianBlur(min(self.mask.size) / 256)))
        return Image.composite(whole, self.picture.convert("RGB"), soft)

    def _cut_out(self, image: Image.Image) -> Image.Image:
        resampling = Image.Resampling.BILINEAR if image.mode == "L" else Image.Resampling.LANCZOS
        return image.crop(self.box).resize(image.size, resampling)


def _black_or_white(level: int) -> int:
    return 255 if level >= _HALF else 0
