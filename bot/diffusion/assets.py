"""Where what jobs name lies on disk: input pictures, LoRAs, the model that enlarges. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image

from bot.errors import GenerationFailed, PicturesGone
from bot.inputs import INPUT_GONE, input_path, open_input
from bot.loras import LoraInfo, find_lora, list_loras
from bot.parameters import quoted
from bot.settings import Settings

#: The upscaler that needs no model of its own.
LATENT = "latent"


@dataclass(frozen=True, slots=True)
class Assets:
    """Folders and files that the owner has named; None where there is none."""

    inputs: Path | None = None
    loras: Path | None = None
    upscaler: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings."""
        return cls(settings.inputs_dir, settings.loras, settings.upscaler_model)

    def picture(self, input_id: str) -> Image.Image:
        """An input picture. Raises `PicturesGone`."""
        return open_input(self.inputs or Path(), input_id)

    def check_picture(self, input_id: str) -> None:
        """Raises `PicturesGone` for an input picture that is not kept."""
        if not input_path(self.inputs or Path(), input_id).is_file():
            raise PicturesGone(INPUT_GONE)

    def list_loras(self) -> list[LoraInfo]:
        """All LoRAs, by name."""
        return [] if self.loras is None else list_loras(self.loras)

    def lora(self, name: str) -> LoraInfo:
        """A LoRA. Raises `LoraNotFound` or `LoraUnusable`."""
        return find_lora(self.loras or Path(), name)

    def upscaler_model(self, name: str) -> Path:
        """The file of the model that enlarges, by its name. Raises `GenerationFailed`."""
        if self.upscaler is None:
            raise GenerationFailed(
                "There is no upscaler {name} here. Use latent, or ask the owner to set UPSCALER_MODEL.",
                name=quoted(name),
            )
        if name not in (self.upscaler.name, self.upscaler.stem):
            raise GenerationFailed(
                "There is no upscaler {name}. Use latent or {known}.", name=quoted(name), known=self.upscaler.stem
            )
        return self.upscaler
