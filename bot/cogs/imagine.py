"""`/imagine`: a prompt and some options become a job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.cogs.completion import complete_advanced, complete_lora, complete_scheduler, complete_style
from bot.cogs.image_shape import in_shape
from bot.cogs.imagine_options import MAX_ADVANCED_LENGTH, MAX_LORAS_LENGTH, Asked, read_options
from bot.cogs.preset_people import complete_preset, person_of
from bot.cogs.promise import answer_with_card
from bot.cogs.rules import asker_of
from bot.cogs.uploads import take_in
from bot.delivery import Delivery
from bot.errors import InvalidParameters
from bot.jobs import Job
from bot.layers import SPACINGS
from bot.loras import LoraInfo
from bot.parameters import MAX_PROMPT_LENGTH, MAX_SEED, NEEDS_IMAGE, SIZES, title
from bot.presets import Preset
from bot.services.generation import GenerationService
from bot.services.presets import Presets, laid
from bot.services.variants import Asker
from bot.translation import Speech

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

    def __init__(self, generation: GenerationService, presets: Presets, delivery: Delivery) -> None:
        self._generation = generation
        self._presets = presets
        self._delivery = delivery

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.rename(
        num_inference_steps="steps",
        guidance_scale="guidance",
        num_images_per_prompt="images",
        denoising_end="refiner_from",
        loras="lora",
        mask_image="mask",
        variation_strength="variation",
        timestep_spacing="spacing",
    )
    @app_commands.describe(
        prompt="What the picture should show",
        negative_prompt="What it should not show, without “no”",
        preset="Settings and words that are kept under a name; what you say here counts more",
        style="Words around the prompt, such as those for a photo or for ink",
        aspect_ratio="The shape of the picture; square unless you say otherwise",
        num_images_per_prompt="How many pictures, each with a seed of its own: 1 to 4",
        draft="A quick look with few steps; Finish then makes it with all of them",
        num_inference_steps="How many steps to take: more is slower and mostly finer",
        guidance_scale="How closely to follow the words: 3 is loose, 9 is strict",
        seed="A number: the same one makes the same picture again; random unless you say",
        image="A picture to begin with, instead of noise alone",
        mask_image="White where the image is to be painted anew; the rest stays as it is",
        strength="How much of the image is changed: 0.2 is a little, 0.8 is nearly all",
        loras="LoRAs and how much of each, as in ink:0.8, paper:0.5",
        scheduler="The sampler, as in DPM++ 2M Karras",
        timestep_spacing="How the steps are spread over the noise; AYS is made for few steps",
        refiner="Whether the refiner does the last part of the steps",
        denoising_end="Where the refiner takes over: 0.8 leaves it the last fifth of the steps",
        variation_strength="How far from the picture of this seed: 0.1 is close, 0.5 is far",
        variation_seed="Which way the variation goes; random unless you say",
        guidance_rescale="Against glaring colours at a high guidance: 0 is off, 0.7 is usual",
        clip_skip="How many layers of the text encoders to leave out",
        advanced="Any other setting, as in eta: 0.5, aesthetic_score: 7, timesteps: 999,500,250",
    )
    @app_commands.choices(
        aspect_ratio=[Choice(name=f"{ratio} {words}", value=ratio) for ratio, words in ASPECT_RATIO_WORDS.items()],
        timestep_spacing=[Choice(name=spacing, value=spacing) for spacing in SPACINGS],
    )
    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        prompt: Range[str, 1, MAX_PROMPT_LENGTH],
        negative_prompt: Range[str, 1, MAX_PROMPT_LENGTH] | None = None,
        preset: str | None = None,
        style: str | None = None,
        aspect_ratio: str | None = None,
        num_images_per_prompt: int | None = None,
        draft: bool | None = None,
        image: discord.Attachment | None = None,
        mask_image: discord.Attachment | None = None,
        strength: float | None = None,
        seed: Range[int, 0, MAX_SEED] | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        loras: Range[str, 1, MAX_LORAS_LENGTH] | None = None,
        scheduler: str | None = None,
        timestep_spacing: str | None = None,
        refiner: Literal["on", "off"] | None = None,
        denoising_end: Range[float, 0.01, 0.99] | None = None,
        variation_strength: float | None = None,
        variation_seed: Range[int, 0, MAX_SEED] | None = None,
        guidance_rescale: float | None = None,
        clip_skip: int | None = None,
        advanced: Range[str, 1, MAX_ADVANCED_LENGTH] | None = None,
    ) -> None:
        """Make a picture from words."""
        asker = asker_of(interaction)
        said = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "style": style,
            "aspect_ratio": aspect_ratio,
            "num_images_per_prompt": num_images_per_prompt,
            "draft": draft,
            "strength": strength,
            "seed": seed,
            "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale,
            "loras": loras,
            "scheduler": scheduler,
            "timestep_spacing": timestep_spacing,
            "refiner": refiner,
            "denoising_end": denoising_end,
            "variation_strength": variation_strength,
            "variation_seed": variation_seed,
            "guidance_rescale": guidance_rescale,
            "clip_skip": clip_skip,
            "advanced": advanced,
        }
        asked = await asyncio.to_thread(read_options, said, self._generation.prompts, self._generation.model)
        used = self._presets.used_by(person_of(interaction), preset)
        if image is None and mask_image is None:
            work = self._submit(asked, asker, used)
        elif image is None and "image" not in asked.changes:
            raise InvalidParameters(NEEDS_IMAGE, title=title("mask_image"))
        else:
            work = self._submit_with(interaction.client, image, mask_image, asked, asker, used)
        await answer_with_card(interaction, self._delivery, work)

    async def _submit_with(
        self,
        client: discord.Client,
        image: discord.Attachment | None,
        mask_image: discord.Attachment | None,
        asked: Asked,
        asker: Asker,
        used: Sequence[Preset],
    ) -> Job:
        """Ask for it with what was sent, in the shape of the image."""
        uploads = await take_in(client, self._generation, asker, image, mask_image)
        asked.remarks.extend(uploads.remarks)
        asked.changes.update(uploads.changes)
        return await self._submit(asked, asker, used, uploads.size)

    async def _submit(
        self, asked: Asked, asker: Asker, used: Sequence[Preset], shape: tuple[int, int] | None = None
    ) -> Job:
        """Ask for it over the presets; in this shape, unless something was said about the size."""
        presets = laid(used)
        shape = None if SIZES & presets.values.keys() else shape
        prompts, model = self._generation.prompts, self._generation.model
        beneath, remarks = await asyncio.to_thread(in_shape, shape, asked.changes, prompts, model)
        remarks = [*asked.remarks, *remarks]
        job = await self._generation.submit(
            **asker, changes=asked.changes, beneath=beneath, remarks=remarks, presets=presets
        )
        await self._presets.count_use(used)
        return job

    @imagine.autocomplete("preset")
    async def _kept(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_preset(typed, self._presets, person_of(interaction), Speech(interaction.locale))

    @imagine.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_style(typed, self._generation.prompts.styles, Speech(interaction.locale))

    @imagine.autocomplete("scheduler")
    async def _schedulers(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_scheduler(typed)

    @imagine.autocomplete("loras")
    async def _loras(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_lora(typed, await asyncio.to_thread(self._fitting_loras))

    def _fitting_loras(self) -> list[LoraInfo]:
        """Which look into files, and so may the question for which model they are."""
        return [lora for lora in self._generation.assets.list_loras() if lora.fits(self._generation.model)]

    @imagine.autocomplete("advanced")
    async def _settings(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        options = {option.display_name for option in self.imagine.parameters}
        return complete_advanced(typed, options, self._generation.model)
