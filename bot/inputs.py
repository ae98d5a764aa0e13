"""Pictures that jobs work on, kept by their content's hash: a job needs nothing else to be made again."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from PIL import Image

from bot.errors import PicturesGone
from bot.files import forget_files, translated, write_durably

INPUT_GONE = "The picture that this job works on is not kept any more."


class InputFolder:
    """A folder of PNG files named by the SHA-256 of what they show; writing the same twice is writing it once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def save(self, image: Image.Image) -> str:
        """Keep a picture (RGB, or L for a mask); on disk when this returns its id. Raises `StorageUnavailable`."""
        return await asyncio.to_thread(self._save, image)

    async def load(self, input_id: str) -> Image.Image:
        """That picture. Raises `PicturesGone`."""
        return await asyncio.to_thread(open_input, self.folder, input_id)

    async def forget(self, before: datetime, kept: Collection[str]) -> int:
        """Remove what was last saved before that moment, but for the ids in `kept`; how many it were."""
        return await asyncio.to_thread(forget_files, self.folder, "*.png", before, lambda path: path.stem in kept)

    def _save(self, image: Image.Image) -> str:
        input_id = input_id_of(image)
        path = input_path(self.folder, input_id)
        if path.exists():
            # As new: whoever saves it is about to ask for a job that works on it.
            path.touch()
        else:
            buffer = io.BytesIO()
            image.save(buffer, "PNG", compress_level=1)
            with translated("The picture cannot be kept. The owner of this bot finds the reason in its log."):
                self.folder.mkdir(parents=True, exist_ok=True)
                write_durably(path, buffer.getvalue())
        return input_id


def input_id_of(image: Image.Image) -> str:
    """The SHA-256 over mode, size and pixels, so that it depends on nothing but what is seen."""
    head = f"{image.mode} {image.width} {image.height} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def input_path(folder: Path, input_id: str) -> Path:
    """The file of that picture."""
    return folder / f"{input_id}.png"


def open_input(folder: Path, input_id: str) -> Image.Image:
    """That picture, decoded. Raises `PicturesGone`."""
    try:
        with Image.open(input_path(folder, input_id), formats=["PNG"]) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError):
        raise PicturesGone(INPUT_GONE) from None
