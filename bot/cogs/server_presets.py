"""`/server-preset`: the presets that a server has for everybody, kept by those who may manage it."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot.cogs.preset_people import PresetCog, complete_of_server, complete_own, person_of
from bot.cogs.promise import promised
from bot.errors import PresetRefused
from bot.parameters import quoted, title
from bot.presets import Owner, Preset
from bot.presets.partial import BY_TITLE
from bot.presets.provenance import TEXTS
from bot.services.presets import check_may_change
from bot.translation import Speech
from bot.ui import preset_forms
from bot.ui.errors import reply
from bot.ui.presets import CHANGED, SAVED

MAX_NAME = 100
MAX_FIELDS = 200
NOT_LOCKABLE = "{field} is nothing that {name} could fix. It says: {fields}."


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
class ServerPresetCommands(PresetCog, commands.GroupCog, group_name="server-preset"):
    """Presets that this server has for everybody"""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Looked at when it is pressed: who sees a command is the server's own setting."""
        if interaction.guild_id is None:
            raise app_commands.NoPrivateMessage
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @app_commands.command()
    @app_commands.describe(preset="The name of the one of yours that it is made of", name="What it is to be called")
    async def add(
        self, interaction: discord.Interaction[Any], preset: str, name: Range[str, 1, MAX_NAME] | None = None
    ) -> None:
        """Give a copy of one of your presets to this server."""
        person = person_of(interaction)
        found = self._presets.find(preset, [person.own])
        work = self._presets.save(self._server(interaction), name or found.name, found.values)
        await self._show(interaction, await promised(interaction, work, private=True), heading=SAVED)

    @app_commands.command()
    @app_commands.describe(preset="Its name")
    async def edit(self, interaction: discord.Interaction[Any], preset: str) -> None:
        """Change what one of this server's presets says."""
        found = self._of_server(interaction, preset)
        check_may_change(found, person_of(interaction))
        modal = preset_forms.preset_modal(
            preset_forms.edit_id(found), preset_forms.fields_of(found.values), Speech(interaction.locale)
        )
        await interaction.response.send_modal(modal)

    @app_commands.command()
    @app_commands.describe(preset="Its name", fields="Settings, as in steps, guidance; none unless you say")
    async def lock(
        self,
        interaction: discord.Interaction[Any],
        preset: str,
        fields: Range[str, 1, MAX_FIELDS] | None = None,
    ) -> None:
        """Fix settings of a preset, whatever else is said by whoever uses it."""
        person, found = person_of(interaction), self._of_server(interaction, preset)
        locked = frozenset(_lockable(each, found) for each in (fields or "").split(",") if each.strip())
        work = self._presets.edit(found, found.version, person, found.values, locked)
        await self._show(interaction, await promised(interaction, work, private=True), heading=CHANGED)

    @app_commands.command()
    @app_commands.describe(preset="Its name", name="What it is to be called")
    async def rename(self, interaction: discord.Interaction[Any], preset: str, name: Range[str, 1, MAX_NAME]) -> None:
        """Call one of this server's presets otherwise."""
        found = self._of_server(interaction, preset)
        work = self._presets.rename(found, person_of(interaction), name)
        renamed = await promised(interaction, work, private=True)
        await reply(interaction, "{name} is called {new} now.", name=quoted(found.name), new=quoted(renamed.name))

    @app_commands.command()
    @app_commands.describe(preset="Its name")
    async def delete(self, interaction: discord.Interaction[Any], preset: str) -> None:
        """Delete one of this server's presets."""
        found = self._of_server(interaction, preset)
        await promised(interaction, self._presets.delete(found, person_of(interaction)), private=True)
        await reply(interaction, "Preset {name} is deleted.", name=quoted(found.name))

    @app_commands.command()
    @app_commands.describe(preset="Its name; none unless you say")
    async def default(self, interaction: discord.Interaction[Any], preset: str | None = None) -> None:
        """Choose the preset that lies beneath everything that is asked for here."""
        found = None if preset is None else self._of_server(interaction, preset)
        await promised(interaction, self._presets.set_default(self._server(interaction), found), private=True)
        if found is None:
            await reply(interaction, "No preset of this server lies beneath what is asked for.")
        else:
            await reply(interaction, "{name} lies beneath all that is asked for here.", name=quoted(found.name))

    def _server(self, interaction: discord.Interaction[Any]) -> Owner:
        guild = person_of(interaction).guild
        if guild is None:
            raise app_commands.NoPrivateMessage
        return guild

    def _of_server(self, interaction: discord.Interaction[Any], name: str) -> Preset:
        return self._presets.find(name, [self._server(interaction)])

    @add.autocomplete("preset")
    async def _own(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_own(typed, self._presets, person_of(interaction), Speech(interaction.locale))

    @edit.autocomplete("preset")
    @lock.autocomplete("preset")
    @rename.autocomplete("preset")
    @delete.autocomplete("preset")
    @default.autocomplete("preset")
    async def _theirs(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_of_server(typed, self._presets, person_of(interaction), Speech(interaction.locale))


def _lockable(typed: str, preset: Preset) -> str:
    """The field of the preset that is meant; its words cannot be fixed. Raises `PresetRefused`."""
    wanted = typed.strip().casefold().replace(" ", "_").replace("-", "_")
    fields = [name for name in preset.values if name not in TEXTS]
    name = BY_TITLE.get(wanted, wanted)
    if name not in fields:
        raise PresetRefused(
            NOT_LOCKABLE,
            field=quoted(typed.strip()),
            name=quoted(preset.name),
            fields=", ".join(title(each) for each in fields) or "–",
        )
    return name
