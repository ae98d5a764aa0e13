"""`/moderate`: what moderators do with the jobs of their server that wait."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.delivery import Delivery
from bot.sentences import Sentence
from bot.services.pauses import Pauses
from bot.ui.errors import reply


@app_commands.default_permissions(manage_messages=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class Moderation(commands.GroupCog, group_name="moderate", group_description="The jobs of this server."):
    """For whoever may manage messages in the whole server."""

    def __init__(self, pauses: Pauses, delivery: Delivery) -> None:
        self._pauses = pauses
        self._delivery = delivery

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether this person may, at this moment; a server may show the commands to anybody."""
        if not isinstance(interaction.user, discord.Member):
            raise app_commands.NoPrivateMessage
        if not interaction.user.guild_permissions.manage_messages:
            raise app_commands.MissingPermissions(["manage_messages"])
        return True

    @app_commands.command()
    async def pause(self, interaction: discord.Interaction[Any]) -> None:
        """Start no more jobs of this server; they keep their places."""
        await interaction.response.defer(ephemeral=True)
        if await self._pauses.pause(_guild_id(interaction)):
            self._delivery.look_again()
            await reply(
                interaction, "Paused: no more jobs of this server are started. /moderate resume lets them go on."
            )
        else:
            await reply(interaction, "This server is paused already. /moderate resume lets its jobs go on.")

    @app_commands.command()
    async def resume(self, interaction: discord.Interaction[Any]) -> None:
        """Start the jobs of this server again."""
        await interaction.response.defer(ephemeral=True)
        if await self._pauses.resume(_guild_id(interaction)):
            self._delivery.look_again()
            await reply(interaction, "The jobs of this server go on.")
        else:
            await reply(interaction, "This server is not paused.")

    @app_commands.command()
    async def clear(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel all jobs of this server that wait; those that run go on."""
        await interaction.response.defer(ephemeral=True)
        count = await self._pauses.clear(_guild_id(interaction), interaction.user.display_name)
        if count:
            done = Sentence.counted(count, "{count} waiting job is cancelled.", "{count} waiting jobs are cancelled.")
            await reply(interaction, done)
        else:
            await reply(interaction, "No job of this server waits.")


def _guild_id(interaction: discord.Interaction[Any]) -> int:
    if interaction.guild_id is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild_id
