"""`/help`: what the bot does, in the length that somebody reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.model_info import ModelInfo
from bot.translation import Speech, catalogue
from bot.ui.help import COMMANDS, help_card

#: The ids of the commands by name, in the server of that id or (None) everywhere; empty where they are not known.
CommandIds = Callable[[int | None], Mapping[str, int]]


class Help(commands.Cog):
    """A short explanation."""

    def __init__(self, model: ModelInfo, command_ids: CommandIds) -> None:
        self._model = model
        self._command_ids = command_ids

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        """How to ask for a picture, and what the options do."""
        card = help_card(self._model, self._mentions(interaction), Speech(interaction.locale))
        await interaction.response.send_message(view=card, ephemeral=True)

    def _mentions(self, interaction: discord.Interaction[Any]) -> dict[str, str]:
        """Each command as Discord makes it something to press, else by its name in the language of who asks."""
        # The server where the command is registered, which is none for one that is registered everywhere.
        data: Any = interaction.data or {}
        server = data.get("guild_id")
        ids = self._command_ids(None if server is None else int(server))
        names = catalogue(str(interaction.locale)).names
        return {name: f"</{name}:{ids[name]}>" if name in ids else f"`/{names.get(name, name)}`" for name in COMMANDS}
