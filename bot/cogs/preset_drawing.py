"""Pictures with a preset: `/preset use`, the buttons of cards, and the form that asks what is to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.cogs.preset_people import complete_preset, person_of
from bot.cogs.preset_sharing import PresetSharing
from bot.cogs.promise import answer_with_card, answer_with_modal, promised
from bot.cogs.rules import asker_of
from bot.jobs import Job
from bot.presets import Preset
from bot.services.presets import laid
from bot.services.variants import Asker
from bot.translation import Speech
from bot.ui import preset_forms
from bot.ui.presets import SAVED, USE_CODE, card_button


class PresetDrawing(PresetSharing):
    """Presets at work."""

    @app_commands.command()
    @app_commands.describe(preset="Its name")
    async def use(self, interaction: discord.Interaction[Any], preset: str) -> None:
        """Make a picture with a preset: you are asked for the words."""
        await self._ask_for_words(interaction, self._found(interaction, preset))

    @use.autocomplete("preset")
    async def _usable(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        return complete_preset(typed, self._presets, person_of(interaction), Speech(interaction.locale))

    async def _ask_for_words(self, interaction: discord.Interaction[Any], preset: Preset) -> None:
        custom_id = preset_forms.draw_id(preset_forms.BY_ID, str(preset.id))
        await interaction.response.send_modal(preset_forms.draw_modal(custom_id, speech=Speech(interaction.locale)))

    async def _use_shared(self, interaction: discord.Interaction[Any], code: str) -> None:
        speech = Speech(interaction.locale)
        work = self._words_for_shared(code, speech)
        await answer_with_modal(interaction, work, card_button(USE_CODE, code, speech))

    async def _words_for_shared(self, code: str, speech: Speech) -> discord.ui.Modal:
        await self._presets.by_code(code)
        return preset_forms.draw_modal(preset_forms.draw_id(preset_forms.BY_CODE, code), speech=speech)

    async def _copy_shared(self, interaction: discord.Interaction[Any], code: str) -> None:
        person = person_of(interaction)
        copied = await promised(interaction, self._copy_of_code(code, person.own), private=True)
        await self._show(interaction, copied, heading=SAVED)

    async def _draw_form(self, interaction: discord.Interaction[Any], kind: str, key: str, prompt: str) -> None:
        work = self._draw(interaction, kind, key, prompt, asker_of(interaction))
        await answer_with_card(interaction, self._delivery, work)

    async def _draw(self, interaction: discord.Interaction[Any], kind: str, key: str, prompt: str, asker: Asker) -> Job:
        person = person_of(interaction)
        is_code = kind == preset_forms.BY_CODE
        preset = await self._presets.by_code(key) if is_code else self._presets.get(key, person)
        used: Sequence[Preset] = self._presets.beneath(person, preset)
        job = await self._generation.submit(**asker, changes={"prompt": prompt}, presets=laid(used))
        await self._presets.count_use(used)
        return job
