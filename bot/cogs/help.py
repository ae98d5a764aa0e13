"""`/help`: what the bot does, in the length that somebody reads."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.model_info import ModelInfo
from bot.translation import Speech
from bot.ui.lists import help_card


class Help(commands.Cog):
    """A short explanation."""

    def __init__(self, model: ModelInfo) -> None:
        self._model = model

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """How to ask for a picture, and what the options do."""
        await interaction.response.send_message(view=help_card(self._model, Speech(interaction.locale)), ephemeral=True)
