"""`/cancel` and `/queue`: what is under way, and taking it back."""

from __future__ import annotations

from itertools import islice
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.rules import moderates
from bot.delivery import Delivery
from bot.jobs import JobStatus
from bot.places import place
from bot.services.generation import GenerationService
from bot.services.pauses import Pauses
from bot.translation import Speech
from bot.ui.errors import reply
from bot.ui.lists import Viewer, queue_card
from bot.ui.text import choice

#: As many as Discord shows.
MAX_CHOICES = 25


class Jobs(commands.Cog):
    """The queue, as people see it."""

    def __init__(self, generation: GenerationService, delivery: Delivery, pauses: Pauses) -> None:
        self._generation = generation
        self._pauses = pauses
        self._delivery = delivery

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.describe(job="The number on its card, as in #41")
    async def cancel(self, interaction: discord.Interaction[Any], job: app_commands.Range[int, 1]) -> None:
        """Take back one of your jobs that waits or runs."""
        await interaction.response.defer(ephemeral=True)
        found = await self._generation.get(job)
        found = await self._generation.cancel(
            job,
            user_id=interaction.user.id,
            is_moderator=moderates(interaction, found),
            name=interaction.user.display_name,
        )
        if found.status is JobStatus.RUNNING:
            self._delivery.cancelling(job)
            await reply(interaction, "Job #{job} stops at its next step.", job=job)
        else:
            await reply(interaction, "Job #{job} is cancelled.", job=job)

    @cancel.autocomplete("job")
    async def _own_jobs(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[int]]:
        """One's own jobs, and for a moderator all of this channel; from memory, for Discord waits 3 s at most."""
        places, paused = self._generation.positions(), self._generation.paused()
        speech = Speech(interaction.locale)
        typed = current.removeprefix("#").casefold()
        lines = (
            (choice(job, speech.say("paused" if job.id in paused else place(places.get(job.id, 0)))), job.id)
            for job in self._generation.line()
            if job.user_id == interaction.user.id or moderates(interaction, job)
        )
        matching = (app_commands.Choice(name=line, value=job_id) for line, job_id in lines if typed in line.casefold())
        return list(islice(matching, MAX_CHOICES))

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def queue(self, interaction: discord.Interaction[Any]) -> None:
        """See who waits for a picture, and how long."""
        card = queue_card(
            self._generation.line(),
            self._generation.expected_at(),
            self._generation.health(),
            Viewer(interaction.user.id, interaction.guild_id),
            Speech(interaction.locale),
            paused=self._generation.paused(),
            is_paused=self._pauses.is_paused(interaction.guild_id),
        )
        await interaction.response.send_message(view=card, ephemeral=True)
