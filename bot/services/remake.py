"""Pictures from anywhere, read and made again: what a member sees of them, and the request that comes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from bot.errors import InvalidParameters, PicturesGone, RequestRejected
from bot.infotext import PictureInfo, read_picture
from bot.infotext.display import list_settings
from bot.infotext.writing import PROGRAM
from bot.inputs import InputFolder
from bot.jobs import Job
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.originals import OriginalFolder
from bot.parameters import Parameters
from bot.remake import NOT_ALL, Remake, compare_pixels, imagine_command, remake
from bot.sentences import Sentence

log = logging.getLogger(__name__)

GONE = Sentence("The picture that it was made out of is not kept any more. Add one as image to come near.")
#: All that works on another picture; without one they would be refused.
_OF_IMAGE = ("image", "mask_image", "strength", "upscaler", "padding_mask_crop")


async def compared(job: Job, png: bytes, originals: OriginalFolder) -> Job:
    """The job, with whether its picture is the one that it was to be again among its remarks."""
    if job.original_id is None:
        return job
    try:
        original = await originals.load(job.original_id)
        said = await asyncio.to_thread(compare_pixels, original, png)
    except RequestRejected as error:
        log.info("job %s: cannot be compared with its original: %s", job.id, error)
        return job
    return job.evolve(remarks=(*job.remarks, said))


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """One picture as it was read: all it says, how it is made again here, and the command for that."""

    info: PictureInfo
    settings: tuple[tuple[str, str], ...]
    remake: Remake
    command: str | None


class RemakeService:
    """Reads pictures for this model, with the LoRAs that `loras` names at that moment and the inputs that are kept."""

    def __init__(self, model: ModelInfo, inputs: InputFolder, loras: Callable[[], Collection[str]]) -> None:
        self._model = model
        self._inputs = inputs
        self._loras = loras

    async def read(self, content: bytes) -> ReadPicture:
        """What the file says. Raises `InvalidUpload` for no picture, `InfotextMissing` for one that says nothing."""
        read = await asyncio.to_thread(self._read, content)
        return replace(read, remake=await self._with_inputs(read.remake))

    async def recall(self, parameters: Parameters) -> ReadPicture:
        """What a picture of ours said whose file is gone."""
        read = await asyncio.to_thread(self._understand, PictureInfo(PROGRAM, {}, parameters))
        return replace(read, remake=await self._with_inputs(read.remake))

    def _read(self, content: bytes) -> ReadPicture:
        return self._understand(read_picture(content))

    def _understand(self, info: PictureInfo) -> ReadPicture:
        again = remake(info, self._model, self._loras())
        return ReadPicture(info, tuple(list_settings(info)), again, self._command(again))

    def _command(self, again: Remake) -> str | None:
        # A picture that was made out of another cannot be asked for in words alone.
        if "prompt" not in again.changes or again.changes.get("image") is not None:
            return None
        try:
            return imagine_command(merge(self._model, again.changes), self._model)
        except InvalidParameters:
            # What does not go together here is shown all the same.
            return None

    async def _with_inputs(self, again: Remake) -> Remake:
        """The same, without pictures that are not kept any more."""
        needed = [again.changes[name] for name in ("image", "mask_image") if again.changes.get(name) is not None]
        try:
            for input_id in needed:
                await self._inputs.load(input_id)
        except PicturesGone:
            changes = {name: value for name, value in again.changes.items() if name not in _OF_IMAGE}
            left_out = [(name, str(again.changes[name])) for name in _OF_IMAGE if again.changes.get(name) is not None]
            return replace(
                again,
                changes=changes,
                remarks=(*again.remarks, GONE),
                left_out=(*again.left_out, *left_out),
                exactness=NOT_ALL,
            )
        return again
