"""`/admin`: for who runs a server, and for the bot's owner."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.promise import answer_privately
from bot.services.health import HealthService, Outgoing
from bot.translation import Speech
from bot.ui.health import health_card


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class Admin(commands.GroupCog, group_name="admin", group_description="For who runs this server."):
    """For whoever may manage the server."""

    def __init__(self, client: commands.Bot, health: HealthService, outgoing: Callable[[], Outgoing]) -> None:
        self._client = client
        self._health = health
        self._outgoing = outgoing

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether this person may, at this moment; a server may show the commands to anybody."""
        if interaction.guild_id is None:
            raise app_commands.NoPrivateMessage
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @app_commands.command()
    async def health(self, interaction: discord.Interaction[Any]) -> None:
        """See how the bot is: model, queue, database, disk and Discord."""
        await interaction.response.defer(ephemeral=True)
        health = await self._health.look(self._outgoing())
        card = health_card(health, is_owner=await self._is_owner(interaction.user), speech=Speech(interaction.locale))
        await answer_privately(interaction, card)

    async def _is_owner(self, user: discord.abc.User) -> bool:
        """Whether the bot is theirs, or their team's; nobody's while Discord does not tell."""
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            return await self._client.is_owner(user)
        return False
