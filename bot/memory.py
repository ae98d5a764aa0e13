"""What a picture's size needs of the device's memory, beside the model itself. Pure arithmetic, without torch."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from bot.errors import OutOfMemory
from bot.parameters import Parameters

#: Bytes of a pixel between the decoder and the file: three colours in 32 bits, four times over on the way to bytes.
_COLOURS = 3 * 4 * 4
#: The side in pixels of what an upscaler's model enlarges at once, and what that needs in bytes: a side four times as
#: long, of 64 channels in 32 bits, four tensors.
ENLARGED_AT_ONCE = 192
_ENLARGING = (4 * ENLARGED_AT_ONCE) ** 2 * 64 * 4 * 4


@dataclass(frozen=True, slots=True)
class Memory:
    """What a device has left, and what one image needs of it: bytes for each latent, and for each decoded pixel.

    `scale` is how many pixels a latent is wide, `tile` the most pixels that are decoded at once where there are tiles.
    `free` is None where the device has the machine's own memory.
    """

    latent: int
    pixel: int
    scale: int
    tile: int
    free: int | None = None

    def needed(self, parameters: Parameters, images: int = 1, *, tiled: bool = True) -> int:
        """What so many images at a time need, roughly; they are decoded one after the other, in tiles or whole."""
        enlarging = 0 if parameters.upscaler is None else _ENLARGING
        return max(enlarging, self._denoising(parameters, images), self._decoding(parameters, tiled=tiled))

    def available(self) -> int:
        """What is left at this moment, as far as it can be seen from here."""
        return int(psutil.virtual_memory().available) if self.free is None else self.free

    def way(self, parameters: Parameters, images: int) -> tuple[int, bool]:
        """How many of these images are to be drawn at a time, and whether they are to be decoded in tiles.

        All at once, and whole, on a device with a memory of its own: that one says when it is too much, and then less
        can be tried. The machine's memory does not: what takes too much of it is killed, or grinds all to a halt.
        """
        if self.free is not None:
            return images, False
        available = self.available()
        at_once = images if self._denoising(parameters, images) <= available else 1
        return at_once, self._decoding(parameters, tiled=False) > available

    def check(self, parameters: Parameters) -> None:
        """Raises `OutOfMemory` for a size that does not fit even one image at a time, decoded in tiles."""
        needed, free = self.needed(parameters), self.available()
        if needed > free:
            raise OutOfMemory(
                "{width} × {height} needs about {needed:.1f} GB of memory, and {free:.1f} GB are free. Ask for a "
                "smaller size.",
                width=parameters.width,
                height=parameters.height,
                needed=needed / 1e9,
                free=free / 1e9,
            )

    def _denoising(self, parameters: Parameters, images: int) -> int:
        latents = parameters.width * parameters.height // self.scale**2
        return images * latents * self.latent * (2 if parameters.guidance_scale > 1 else 1)

    def _decoding(self, parameters: Parameters, *, tiled: bool) -> int:
        pixels = parameters.width * parameters.height
        return (min(pixels, self.tile) if tiled else pixels) * self.pixel + pixels * _COLOURS
