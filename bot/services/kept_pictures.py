"""Pictures that members point at, from the moment they do until a job is asked for: read, and made out of."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.errors import InfotextMissing, InvalidParameters
from bot.layers import STRENGTH, merge, size_like
from bot.services.generation import GenerationService
from bot.services.remake import ReadPicture, RemakeService
from bot.uploads import decode_input, size_of

#: Of these, what a picture says is where a new one begins.
WORDS = ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2")


class KeptPictures:
    """The files that buttons and modals name by their ids, read as often as needed: nothing else is remembered."""

    def __init__(self, generation: GenerationService, remakes: RemakeService) -> None:
        self._generation = generation
        self._remakes = remakes

    async def keep(self, content: bytes) -> str:
        """Keep the file; on disk when this returns its id."""
        return await self._generation.originals.keep(content)

    async def keep_usable(self, content: bytes) -> str:
        """Keep what a new picture can be made out of. Raises `InvalidUpload` for what cannot be decoded."""
        await self._generation.decoding.run(decode_input, content)
        return await self.keep(content)

    async def read(self, original_id: str) -> ReadPicture:
        """What that file says. Raises `PicturesGone`, `InfotextMissing`."""
        return await self._remakes.read(await self._generation.originals.load(original_id))

    async def asked_again(self, original_id: str) -> dict[str, Any]:
        """What one would ask for, and how one would type it, to have that picture again."""
        return await asyncio.to_thread(self._typed, await self.read(original_id))

    async def asked_out_of(self, original_id: str) -> dict[str, Any]:
        """What one would ask for to make another out of that picture: its own words, if it has any, and its shape."""
        content = await self._generation.originals.load(original_id)
        width, height = await self._generation.decoding.run(size_of, content)
        width, height = size_like(width, height, self._generation.model.native_size)
        try:
            said = self._typed(await self._remakes.read(content))
        except InfotextMissing:
            said = {}
        words = {name: said[name] for name in WORDS if name in said}
        return {"prompt": "", **words, "width": width, "height": height, "strength": STRENGTH}

    async def take_in(self, original_id: str) -> str:
        """Make an input of jobs of that file; returns the input's id."""
        content = await self._generation.originals.load(original_id)
        image = await self._generation.decoding.run(decode_input, content)
        return await self._generation.inputs.save(image)

    def _typed(self, read: ReadPicture) -> dict[str, Any]:
        changes = read.remake.changes
        try:
            return self._generation.prompts.typed(merge(self._generation.model, changes))
        except InvalidParameters:
            # It names no prompt, or nothing that goes together: whoever edits it sees what there is.
            return dict(changes)
