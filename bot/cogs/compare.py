"""`/compare`: one sheet of pictures that differ in one thing or two."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.cogs.image_shape import in_shape
from bot.cogs.promise import answer_with_card
from bot.cogs.rules import asker_of
from bot.cogs.uploads import take_in
from bot.comparison import AskedAxis
from bot.comparison.axes import find_axis
from bot.delivery import Delivery
from bot.errors import InvalidParameters
from bot.jobs import Job
from bot.layers import bucket
from bot.parameters import ASPECT_RATIOS, MAX_PROMPT_LENGTH, MAX_SEED, NEEDS_IMAGE, SIZES, title
from bot.services.generation import GenerationService
from bot.services.variants import Asker
from bot.translation import Speech

MAX_NAME = 100
MAX_VALUES = 1000
#: The longest text of a choice.
MAX_CHOICE = 100


class Compare(commands.Cog):
    """Sheets on request."""

    def __init__(self, generation: GenerationService, delivery: Delivery) -> None:
        self._generation = generation
        self._delivery = delivery

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.rename(mask_image="mask")
    @app_commands.describe(
        prompt="What the pictures should show",
        axis="What differs from picture to picture, from left to right",
        values="Its values, as in 4, 6, 8 or 20-40 by 10; the usual ones unless you say",
        second_axis="What else differs, from top to bottom",
        second_values="Its values",
        seed="A number: the same for all pictures; random unless you say",
        aspect_ratio="The shape of the pictures; square unless you say otherwise",
        negative_prompt="What they should not show, without “no”",
        image="A picture to begin with, instead of noise alone",
        mask_image="White where the image is to be painted anew; the rest stays as it is",
    )
    @app_commands.choices(aspect_ratio=[Choice(name=ratio, value=ratio) for ratio in ASPECT_RATIOS])
    async def compare(
        self,
        interaction: discord.Interaction[Any],
        prompt: Range[str, 1, MAX_PROMPT_LENGTH],
        axis: Range[str, 1, MAX_NAME],
        values: Range[str, 1, MAX_VALUES] | None = None,
        second_axis: Range[str, 1, MAX_NAME] | None = None,
        second_values: Range[str, 1, MAX_VALUES] | None = None,
        seed: Range[int, 0, MAX_SEED] | None = None,
        aspect_ratio: str | None = None,
        negative_prompt: Range[str, 1, MAX_PROMPT_LENGTH] | None = None,
        image: discord.Attachment | None = None,
        mask_image: discord.Attachment | None = None,
    ) -> None:
        """Make a sheet of pictures that differ in one thing or two."""
        asker = asker_of(interaction)
        if second_axis is None and second_values is not None:
            raise InvalidParameters("second_values needs a second_axis. Say what they are the values of.")
        axes = [AskedAxis(axis, values or "")]
        if second_axis is not None:
            axes.append(AskedAxis(second_axis, second_values or ""))
        said = {"prompt": prompt, "negative_prompt": negative_prompt, "seed": seed}
        changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        if aspect_ratio is not None:
            changes["width"], changes["height"] = bucket(aspect_ratio, self._generation.model.native_size)
        if mask_image is not None and image is None:
            raise InvalidParameters(NEEDS_IMAGE, title=title("mask_image"))
        work = self._submit(interaction.client, image, mask_image, changes, axes, asker)
        await answer_with_card(interaction, self._delivery, work)

    async def _submit(
        self,
        client: discord.Client,
        image: discord.Attachment | None,
        mask_image: discord.Attachment | None,
        changes: dict[str, Any],
        axes: list[AskedAxis],
        asker: Asker,
    ) -> Job:
        """Ask for the sheet: of what was sent, and in its shape unless a size is said or compared."""
        uploads = await take_in(client, self._generation, asker, image, mask_image)
        changes = changes | uploads.changes
        compared = {field for axis in filter(None, (find_axis(each.name) for each in axes)) for field in axis.fields}
        shape = None if SIZES & compared else uploads.size
        prompts, model = self._generation.prompts, self._generation.model
        beneath, remarks = await asyncio.to_thread(in_shape, shape, changes, prompts, model)
        remarks = [*uploads.remarks, *remarks]
        return await self._generation.submit(**asker, changes=changes, beneath=beneath, remarks=remarks, axes=axes)

    @compare.autocomplete("axis")
    @compare.autocomplete("second_axis")
    async def _axes(self, interaction: discord.Interaction[Any], current: str) -> list[Choice[str]]:
        """Everything that can be compared, with what it is."""
        found = await asyncio.to_thread(self._generation.comparer.suggest_axes, current)
        say = Speech(interaction.locale).say
        return [Choice(name=f"{axis.name} · {say(axis.description)}"[:MAX_CHOICE], value=axis.name) for axis in found]

    @compare.autocomplete("values")
    async def _values(self, interaction: discord.Interaction[Any], current: str) -> list[Choice[str]]:
        return await self._of_axis(getattr(interaction.namespace, "axis", None), current)

    @compare.autocomplete("second_values")
    async def _second_values(self, interaction: discord.Interaction[Any], current: str) -> list[Choice[str]]:
        return await self._of_axis(getattr(interaction.namespace, "second_axis", None), current)

    async def _of_axis(self, axis: str | None, current: str) -> list[Choice[str]]:
        if not axis:
            return []
        found = await asyncio.to_thread(self._generation.comparer.suggest_values, axis, current)
        return [Choice(name=text, value=text) for text in found]
