"""What a picture's size needs of the device's memory, beside the model itself. Pure arithmetic, without torch."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from bot.errors import OutOfMemory
from bot.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Memory:
    """What a device has left, and what one image needs of it: bytes for each latent, and for each decoded pixel.

    `scale` is how many pixels a latent is wide, `tile` the most pixels that are decoded at once. `free` is None where
    the device has the machine's own memory.
    """

    latent: int
    pixel: int
    scale: int
    tile: int
    free: int | None = None

    def needed(self, parameters: Parameters) -> int:
        """What one image needs, roughly."""
        pixels = parameters.width * parameters.height
        latents = pixels // self.scale**2 * (2 if parameters.guidance_scale > 1 else 1)
        return max(latents * self.latent, min(pixels, self.tile) * self.pixel)

    def available(self) -> int:
        """What is left at this moment, as far as it can be seen from here."""
        return int(psutil.virtual_memory().available) if self.free is None else self.free

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
