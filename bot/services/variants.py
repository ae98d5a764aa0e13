"""New jobs out of a finished picture: variations, an upscale, an extension, the same picture drawn over."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Collection, Mapping
from typing import Any, TypedDict, Unpack

from PIL import Image

from bot.area import within_area
from bot.canvas import Direction, extend
from bot.diffusion.assets import LATENT
from bot.drafting import finished, undrafted
from bot.errors import PicturesGone, RequestRejected
from bot.jobs import Job, JobStatus
from bot.layers import STRENGTH, fitting_size, random_seed
from bot.parameters import MAX_SIZE, Parameters
from bot.sentences import Sentence
from bot.services.generation import GenerationService

#: How far the noise of a variation is turned towards another seed's: 0 is the same picture, 1 is another one.
SUBTLE, STRONG = 0.15, 0.4
#: How much of a picture is drawn anew that is itself a variation, and so has no noise of its own to turn.
SUBTLE_STRENGTH, STRONG_STRENGTH = 0.45, 0.7
FACTOR = 2
#: What is said anew of a picture that is drawn over; a flag in its prompt would count more.
REDRAWN = ("seed", "strength")
AS_LARGE = "The picture is {width} × {height} already, and one may have {most} megapixels here."
ENLARGED = "enlarged to {width} × {height}: a picture may have {most} megapixels here"
#: The picture stands on its own now: what it was itself made from has no part in what comes of it.
_NO_INPUT: Mapping[str, Any] = {"mask_image": None, "padding_mask_crop": None, "upscaler": None, "strength": None}
_NO_VARIATION: Mapping[str, Any] = {"variation_seed": None, "variation_strength": 0.0}


class Asker(TypedDict):
    """Who asks for a new job, where, in which language, and with which roles."""

    user_id: int
    guild_id: int | None
    channel_id: int
    locale: str | None
    role_ids: Collection[int]


class Variants:
    """Makes new jobs out of picture `index` of a job. `upscaler` is the owner's model that enlarges, by its name.

    All raise `JobNotFound`, `PicturesGone` where they need the picture and it is not kept, and what `submit` raises.
    """

    def __init__(self, generation: GenerationService, upscaler: str | None = None) -> None:
        self._generation = generation
        self._upscaler = upscaler or LATENT

    async def vary(self, job_id: int, index: int, *, strong: bool, **asker: Unpack[Asker]) -> Job:
        """Others like it: as many as the job made."""
        job, image = await self._image(job_id, index)
        picture = None
        if image.variation_strength:
            image = undrafted(image, self._generation.model)
            picture = await self._generation.inputs.save(await self._picture(job, index))
        changes = variation(image, strong=strong, picture=picture)
        changes["num_images_per_prompt"] = job.parameters.num_images_per_prompt
        return await self._submit(job, changes, asker)

    async def upscale(self, job_id: int, index: int, **asker: Unpack[Asker]) -> Job:
        """The same with twice as many pixels a side, or as many as there may be."""
        job, image = await self._drawn_over(job_id, index)
        width, height, remarks = enlarged_size(image.width, image.height, self._generation.model.max_pixels)
        picture = await self._generation.inputs.save(await self._picture(job, index))
        return await self._submit(job, upscaled(image, picture, self._upscaler, (width, height)), asker, remarks)

    async def extend(self, job_id: int, index: int, direction: Direction, **asker: Unpack[Asker]) -> Job:
        """More of what is around it."""
        job, image = await self._drawn_over(job_id, index)
        picture = await self._picture(job, index)
        canvas, mask = await asyncio.to_thread(extend, picture, direction)
        inputs = self._generation.inputs
        return await self._submit(
            job, extended(image, await inputs.save(canvas), await inputs.save(mask), canvas), asker
        )

    async def finish(self, job_id: int, index: int, **asker: Unpack[Asker]) -> Job:
        """The same with the usual steps."""
        job, image = await self._image(job_id, index)
        return await self._submit(job, finished(image, self._generation.model), asker)

    async def redrawing(self, job_id: int, index: int) -> dict[str, Any]:
        """What to ask for, before it is edited, so that other words are drawn over it."""
        job, image = await self._drawn_over(job_id, index)
        picture = await self._generation.inputs.save(await self._picture(job, index))
        asked = await asyncio.to_thread(self._generation.prompts.typed, image)
        asked["prompt"] = self._generation.prompts.flags.without(asked["prompt"], REDRAWN)
        return {**asked, **_NO_INPUT, **_NO_VARIATION, "image": picture, "strength": STRENGTH, "seed": None}

    async def asked(self, job_id: int) -> dict[str, Any]:
        """What was asked for, before it is edited."""
        job = await self._generation.get(job_id)
        return await asyncio.to_thread(self._generation.prompts.typed, job.parameters)

    async def _submit(
        self, parent: Job, changes: Mapping[str, Any], asker: Asker, remarks: tuple[Sentence, ...] = ()
    ) -> Job:
        prompts = self._generation.prompts
        changes = await asyncio.to_thread(prompts.rid_of_flags, changes, parent.parameters)
        return await self._generation.submit(**asker, changes=changes, parent_id=parent.id, remarks=remarks)

    async def _image(self, job_id: int, index: int) -> tuple[Job, Parameters]:
        job = await self._generation.get(job_id)
        if index >= job.parameters.num_images_per_prompt:
            raise PicturesGone("Job #{job} has no picture {number}.", job=job_id, number=index + 1)
        return job, job.parameters.of_image(index)

    async def _drawn_over(self, job_id: int, index: int) -> tuple[Job, Parameters]:
        job, image = await self._image(job_id, index)
        return job, undrafted(image, self._generation.model)

    async def _picture(self, job: Job, index: int) -> Image.Image:
        # What a moderator has not let through lies on the disk too.
        if job.status not in (JobStatus.SUCCEEDED, JobStatus.POSTING):
            raise PicturesGone("Job #{job} has no pictures that could be used.", job=job.id)
        pngs = await self._generation.pictures_of(job.id)
        if index >= len(pngs):
            raise PicturesGone("The pictures of job #{job} are not kept any more.", job=job.id)
        return await asyncio.to_thread(_decoded, pngs[index])


def variation(image: Parameters, *, strong: bool, picture: str | None = None) -> dict[str, Any]:
    """Another picture like the one of these parameters: its noise is turned, each time another way.

    The noise of one that is turned already cannot be turned a second time: there `picture` itself is drawn over.
    """
    said = image.model_dump()
    if picture is None:
        return said | {"variation_seed": random_seed(), "variation_strength": STRONG if strong else SUBTLE}
    strength = STRONG_STRENGTH if strong else SUBTLE_STRENGTH
    return {**said, **_NO_INPUT, **_NO_VARIATION, "image": picture, "strength": strength, "seed": random_seed()}


def upscaled(image: Parameters, picture: str, upscaler: str, size: tuple[int, int]) -> dict[str, Any]:
    """The same picture in another size: enlarged, and sharpened by a second pass.

    With LoRAs by the base alone, which they are for: the refiner might leave it nothing of so short a pass.
    """
    width, height = size
    said = {**image.model_dump(), **_NO_INPUT, **_NO_VARIATION}
    if image.loras:
        said["denoising_end"] = None
    return {**said, "image": picture, "upscaler": upscaler, "width": width, "height": height}


def extended(image: Parameters, canvas_id: str, mask_id: str, canvas: Image.Image) -> dict[str, Any]:
    """The canvas filled where its mask is white, another way each time."""
    said = {**image.model_dump(), **_NO_INPUT, **_NO_VARIATION, "seed": random_seed()}
    return {**said, "image": canvas_id, "mask_image": mask_id, "width": canvas.width, "height": canvas.height}


def enlarged_size(width: int, height: int, max_pixels: int | None = None) -> tuple[int, int, tuple[Sentence, ...]]:
    """Twice as large, or as large as there may be in the same shape, which is then remarked."""
    twice = FACTOR * width, FACTOR * height
    within = within_area(*twice, max_pixels)
    if within != twice and max(within) < MAX_SIZE:
        values = {"width": within[0], "height": within[1], "most": f"{(max_pixels or 0) / 1e6:.2g}"}
        if within[0] <= width or within[1] <= height:
            raise RequestRejected(AS_LARGE, **values | {"width": width, "height": height})
        return *within, (Sentence(ENLARGED, values),)
    longest = max(width, height)
    if longest >= MAX_SIZE:
        raise RequestRejected(
            "The picture is {width} × {height} already, and no side may have more than {most} pixels.",
            width=width,
            height=height,
            most=MAX_SIZE,
        )
    factor = min(FACTOR, MAX_SIZE / longest)
    larger = fitting_size(width * factor), fitting_size(height * factor)
    if factor == FACTOR:
        return *larger, ()
    remark = Sentence.of(
        "enlarged to {width} × {height}: no side may have more than {most} pixels",
        width=larger[0],
        height=larger[1],
        most=MAX_SIZE,
    )
    return *larger, (remark,)


def _decoded(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return image.convert("RGB")
