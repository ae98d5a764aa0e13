"""Who asks about presets, what Discord offers them while they type the name of one, and how one is shown to them."""

from __future__ import annotations

from typing import Any

import discord
from discord.app_commands import Choice
from discord.ext import commands

from bot.cogs.promise import answer_privately
from bot.delivery import Delivery
from bot.presets import Preset
from bot.sentences import Sentence
from bot.services.generation import GenerationService
from bot.services.presets import Person, Presets, may_change
from bot.translation import Speech
from bot.ui.presets import choice_label, preset_card
from bot.unsent import UnsentFolder


class PresetCog(commands.Cog):
    """What the commands of presets have in common."""

    def __init__(
        self, generation: GenerationService, presets: Presets, delivery: Delivery, unsent: UnsentFolder
    ) -> None:
        self._generation = generation
        self._presets = presets
        self._delivery = delivery
        self._unsent = unsent

    def _found(self, interaction: discord.Interaction[Any], name: str) -> Preset:
        """The preset that this person means. Raises `PresetNotFound`."""
        return self._presets.find(name, person_of(interaction).owners())

    async def _show(
        self,
        interaction: discord.Interaction[Any],
        preset: Preset,
        *notes: Sentence,
        heading: Sentence | None = None,
    ) -> None:
        """Show it to this person alone, with what they can do with it."""
        is_theirs = may_change(preset, person_of(interaction))
        speech = Speech(interaction.locale)
        card = preset_card(preset, *notes, heading=heading, may_change=is_theirs, speech=speech)
        await answer_privately(interaction, card)


def person_of(interaction: discord.Interaction[Any]) -> Person:
    """Whoever did this, with what they may at this moment."""
    guild_id = interaction.guild_id
    return Person(interaction.user.id, guild_id, guild_id is not None and interaction.permissions.manage_guild)


def complete_preset(typed: str, presets: Presets, person: Person, speech: Speech) -> list[Choice[str]]:
    """The presets that this person sees, with what they say; from memory."""
    return [
        Choice(
            name=choice_label(preset, is_of_server=preset.owner != person.own, speech=speech),
            value=presets.named(preset, person),
        )
        for preset in presets.suggest(typed, person.owners())
    ]


def complete_own(typed: str, presets: Presets, person: Person, speech: Speech) -> list[Choice[str]]:
    """Those of them that are this person's."""
    found = presets.suggest(typed, [person.own])
    return [Choice(name=choice_label(each, is_of_server=False, speech=speech), value=each.name) for each in found]


def complete_of_server(typed: str, presets: Presets, person: Person, speech: Speech) -> list[Choice[str]]:
    """Those of them that are this server's."""
    found = [] if person.guild is None else presets.suggest(typed, [person.guild])
    return [Choice(name=choice_label(each, is_of_server=True, speech=speech), value=each.name) for each in found]
