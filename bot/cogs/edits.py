"""Requests that were edited in a modal; what is refused of them is kept, and can be opened again."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import discord
from discord import ui
from discord.ext import commands

from bot.cogs.promise import answer_privately, answer_with_card, answer_with_modal
from bot.cogs.rules import asker_of, job_for
from bot.delivery import Delivery
from bot.errors import BotError, RequestRejected
from bot.jobs import Job
from bot.services.generation import GenerationService
from bot.services.variants import Asker
from bot.translation import Speech
from bot.ui import preset_forms
from bot.ui.buttons import unsent_button
from bot.ui.choices import said
from bot.ui.edit_modal import TITLE, filled_modal, is_answer_to, read_modal, typed_inputs
from bot.ui.errors import answer_error
from bot.ui.pictures import title_of
from bot.unsent import Unsent, UnsentFolder

log = logging.getLogger(__name__)

PREFIX = "imagine:edit:"


def edit_id(job_id: int) -> str:
    """The id of a modal whose answer becomes a job that comes from that one."""
    return f"{PREFIX}{job_id}"


def _job_id(modal_id: str) -> int:
    """The job that a modal of `edit_id` is about; 0, which no job has, where the client made the id up."""
    digits = modal_id.removeprefix(PREFIX)
    return int(digits) if re.fullmatch("[0-9]{1,19}", digits) else 0


class Edits(commands.Cog):
    """Modals that were sent, and opened again."""

    def __init__(self, generation: GenerationService, delivery: Delivery, unsent: UnsentFolder) -> None:
        self._generation = generation
        self._delivery = delivery
        self._unsent = unsent

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Something was done in Discord; a modal of ours that was sent is for here."""
        if not is_answer_to(interaction, PREFIX):
            return
        try:
            await answer_with_card(interaction, self._delivery, self._submit(interaction, asker_of(interaction)))
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await refuse_typed(interaction, error, self._unsent)

    async def _submit(self, interaction: discord.Interaction[Any], asker: Asker) -> Job:
        parent = await job_for(interaction, self._generation, _job_id(str(interaction.custom_id)))
        typed, prompts, model = typed_inputs(interaction), self._generation.prompts, self._generation.model
        edited = await asyncio.to_thread(read_modal, typed, prompts, model)
        return await self._generation.submit(
            **asker,
            changes=edited.changes,
            beneath=edited.beneath,
            remarks=edited.remarks,
            parent_id=parent.id,
        )

    @commands.Cog.listener()
    async def on_unsent_button(self, interaction: discord.Interaction[Any], unsent_id: str) -> None:
        """Somebody wants to go on with what was refused."""
        try:
            speech = Speech(interaction.locale)
            await answer_with_modal(interaction, self._filled(unsent_id, speech), unsent_button(unsent_id, speech))
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await answer_error(interaction, error)

    async def _filled(self, unsent_id: str, speech: Speech) -> ui.Modal:
        unsent = await self._unsent.load(unsent_id)
        if unsent.custom_id.startswith(preset_forms.PREFIX):
            return preset_forms.form(unsent.custom_id, unsent.inputs, speech)
        return filled_modal(unsent.custom_id, unsent.inputs, title_of(unsent.custom_id) or TITLE, speech)


async def refuse_typed(
    interaction: discord.Interaction[Any], error: Exception, unsent: UnsentFolder, kept: Unsent | None = None
) -> None:
    """Tell what is wrong with a modal that was sent, with a button that opens it again as it was typed.

    Where it is another one that goes on with it, that is `kept`.
    """
    if not isinstance(error, RequestRejected):
        await answer_error(interaction, error)
        return
    try:
        unsent_id = await unsent.save(kept or Unsent(str(interaction.custom_id), typed_inputs(interaction)))
    except BotError:
        log.exception("interaction %s: what was typed cannot be kept", interaction.id)
        await answer_error(interaction, error)
        return
    log.info("interaction %s: rejected, %s", interaction.id, type(error).__name__)
    speech = Speech(interaction.locale)
    await answer_privately(
        interaction, said(speech.say(error.sentence), ui.ActionRow(unsent_button(unsent_id, speech)))
    )
