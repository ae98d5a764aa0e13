"""What a press on a job's button does. Every press is answered, also for jobs that are over, deleted or unknown."""

from __future__ import annotations

import contextlib
from typing import Any

import discord
from discord.ext import commands

from bot.cogs.rules import check_can_post, moderates
from bot.delivery import Delivery
from bot.errors import RequestRejected
from bot.jobs import JobStatus
from bot.services.generation import GenerationService
from bot.ui.buttons import AGAIN, CANCEL, DELETE
from bot.ui.errors import answer_error


class Buttons(commands.Cog):
    """The buttons on cards, for as long as the cards stand."""

    def __init__(self, generation: GenerationService, delivery: Delivery) -> None:
        self._generation = generation
        self._delivery = delivery

    @commands.Cog.listener()
    async def on_job_button(self, interaction: discord.Interaction[Any], action: str, job_id: int) -> None:
        """A `JobButton` was pressed."""
        presses = {CANCEL: self._cancel, AGAIN: self._again, DELETE: self._delete}
        try:
            await presses.get(action, _of_another_version)(interaction, job_id)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await answer_error(interaction, error, job_id=job_id)

    async def _cancel(self, interaction: discord.Interaction[Any], job_id: int) -> None:
        # The card itself is changed by delivery alone: two writers could leave an old card over the picture.
        await interaction.response.defer()
        job = await self._generation.get(job_id)
        job = await self._generation.cancel(
            job_id, user_id=interaction.user.id, is_moderator=moderates(interaction, job)
        )
        if job.status is JobStatus.RUNNING:
            self._delivery.cancelling(job_id)

    async def _again(self, interaction: discord.Interaction[Any], job_id: int) -> None:
        job = await self._generation.again(
            job_id,
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
            channel_id=check_can_post(interaction),
        )
        await self._delivery.answer(job, interaction)

    async def _delete(self, interaction: discord.Interaction[Any], job_id: int) -> None:
        await interaction.response.defer()
        job = await self._generation.get(job_id)
        await self._generation.delete(job_id, user_id=interaction.user.id, is_moderator=moderates(interaction, job))
        with contextlib.suppress(discord.NotFound):
            await interaction.delete_original_response()


async def _of_another_version(interaction: discord.Interaction[Any], job_id: int) -> None:
    raise RequestRejected("This button comes from another version of the bot and does nothing any more.")
