"""`/imagine`: a prompt and some options become a job."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.cogs.rules import check_can_post
from bot.delivery import Delivery
from bot.errors import InvalidParameters
from bot.layers import bucket
from bot.parameters import MAX_GUIDANCE_SCALE, MAX_IMAGES, MAX_PROMPT_LENGTH, MAX_SEED, MAX_STEPS
from bot.services.generation import GenerationService

#: Where the refiner takes over when somebody turns it on and the model's defaults do not say.
REFINER_FROM = 0.8
ASPECT_RATIO_WORDS = {
    "1:1": "square",
    "4:3": "landscape, a little wider",
    "3:2": "landscape, as a photo",
    "16:9": "wide, as a screen",
    "21:9": "very wide, as in the cinema",
    "3:4": "portrait, a little taller",
    "2:3": "portrait, as a photo",
    "9:16": "tall, as a phone",
    "9:21": "very tall",
}


class Imagine(commands.Cog):
    """Pictures on request."""

    def __init__(self, generation: GenerationService, delivery: Delivery) -> None:
        self._generation = generation
        self._delivery = delivery

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.rename(
        num_inference_steps="steps",
        guidance_scale="guidance",
        num_images_per_prompt="images",
        denoising_end="refiner_from",
    )
    @app_commands.describe(
        prompt="What the picture should show",
        negative_prompt="What it should not show, without “no”",
        aspect_ratio="The shape of the picture; square unless you say otherwise",
        num_inference_steps="How many steps to take: more is slower and mostly finer",
        guidance_scale="How closely to follow the words: 3 is loose, 9 is strict",
        seed="A number: the same one makes the same picture again; random unless you say",
        num_images_per_prompt="How many pictures, each with a seed of its own",
        refiner="Whether the refiner does the last part of the steps",
        denoising_end="Where the refiner takes over: 0.8 leaves it the last fifth of the steps",
    )
    @app_commands.choices(
        aspect_ratio=[Choice(name=f"{ratio} {words}", value=ratio) for ratio, words in ASPECT_RATIO_WORDS.items()]
    )
    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        prompt: Range[str, 1, MAX_PROMPT_LENGTH],
        negative_prompt: Range[str, 1, MAX_PROMPT_LENGTH] | None = None,
        aspect_ratio: str | None = None,
        num_inference_steps: Range[int, 1, MAX_STEPS] | None = None,
        guidance_scale: Range[float, 0.0, MAX_GUIDANCE_SCALE] | None = None,
        seed: Range[int, 0, MAX_SEED] | None = None,
        num_images_per_prompt: Range[int, 1, MAX_IMAGES] | None = None,
        refiner: Literal["on", "off"] | None = None,
        denoising_end: Range[float, 0.01, 0.99] | None = None,
    ) -> None:
        """Make a picture from words."""
        channel_id = check_can_post(interaction)
        said: dict[str, Any] = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale,
            "seed": seed,
            "num_images_per_prompt": num_images_per_prompt,
        }
        changes = {name: value for name, value in said.items() if value is not None}
        changes |= self._size(aspect_ratio) | self._refiner(refiner, denoising_end)
        job = await self._generation.submit(
            user_id=interaction.user.id, guild_id=interaction.guild_id, channel_id=channel_id, changes=changes
        )
        await self._delivery.answer(job, interaction)

    def _size(self, aspect_ratio: str | None) -> dict[str, int]:
        if aspect_ratio is None:
            return {}
        width, height = bucket(aspect_ratio, self._generation.model.native_size)
        return {"width": width, "height": height}

    def _refiner(self, refiner: str | None, denoising_end: float | None) -> dict[str, float | None]:
        if refiner not in (None, "on", "off"):
            raise InvalidParameters("refiner must be on or off.")
        if refiner == "off" and denoising_end is not None:
            raise InvalidParameters(
                "refiner is off, and refiner_from says where it takes over. Leave one of the two out."
            )
        if refiner == "off":
            return {"denoising_end": None}
        if denoising_end is not None:
            return {"denoising_end": denoising_end}
        if refiner == "on" and self._generation.model.defaults.get("denoising_end") is None:
            return {"denoising_end": REFINER_FROM}
        return {}
