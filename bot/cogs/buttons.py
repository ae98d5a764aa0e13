"""What a press on a job's button does. Every press is answered, also for jobs that are over, deleted or unknown."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import discord
from discord import ui
from discord.ext import commands

from bot.canvas import Direction
from bot.cogs.edits import edit_id
from bot.cogs.promise import answer_privately, answer_with_card, answer_with_modal, promised
from bot.cogs.removal import CARD_STAYS, is_about, remove_messages
from bot.cogs.rules import asker_of, job_for, moderates
from bot.delivery import Delivery
from bot.drafting import is_draft
from bot.errors import InfotextMissing, PicturesGone, RequestRejected
from bot.jobs import Job, JobStatus
from bot.presets.reading import look_of
from bot.services.generation import GenerationService
from bot.services.remake import ReadPicture, RemakeService
from bot.services.variants import Variants
from bot.translation import Speech
from bot.ui import buttons, preset_forms
from bot.ui.choices import delete_question, extend_choice, more_choice, said, vary_choice, which_picture
from bot.ui.edit_modal import edit_modal
from bot.ui.errors import answer_error, reply
from bot.ui.info import info_card
from bot.ui.layout import Layout

STOPS = "Job #{job} stops at its next step."
IS_CANCELLED = "Job #{job} is cancelled."
IS_DELETED = "Job #{job} is deleted."
OF_ANOTHER_VERSION = "This button comes from another version of the bot and does nothing any more."

T = TypeVar("T")
Press = Callable[[discord.Interaction[Any], int, int], Awaitable[None]]


class Buttons(commands.Cog):
    """The buttons on cards, for as long as the cards stand.

    What makes a new job is for all who see the card (`job_for`): it is a job of whoever presses. What changes the job
    itself is its author's.
    """

    def __init__(
        self, generation: GenerationService, variants: Variants, remakes: RemakeService, delivery: Delivery
    ) -> None:
        self._generation = generation
        self._variants = variants
        self._remakes = remakes
        self._delivery = delivery
        self._presses: Mapping[str, Press] = {
            buttons.CANCEL: self._cancel,
            buttons.AGAIN: self._again,
            buttons.DELETE: self._delete,
            buttons.ASK_DELETE: self._ask_delete,
            buttons.KEEP: self._keep,
            buttons.VARY: partial(self._ask, vary_choice),
            buttons.SUBTLE: partial(self._vary, strong=False),
            buttons.STRONG: partial(self._vary, strong=True),
            buttons.UPSCALE: self._upscale,
            buttons.EDIT: self._edit,
            buttons.MORE: partial(self._ask, self._more),
            buttons.EXTEND: partial(self._ask, extend_choice),
            **{action: partial(self._extend, to) for to, action in buttons.EXTEND_TO.items()},
            buttons.FINISH: self._finish,
            buttons.REDRAW: self._redraw,
            buttons.INFO: self._info,
            buttons.PRESET: self._save_as_preset,
        }

    @commands.Cog.listener()
    async def on_job_button(self, interaction: discord.Interaction[Any], action: str, job_id: int, index: int) -> None:
        """A `JobButton` was pressed."""
        try:
            await self._presses.get(action, _of_another_version)(interaction, job_id, index)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await answer_error(interaction, error, job_id=job_id)

    async def _cancel(self, interaction: discord.Interaction[Any], job_id: int, _index: int) -> None:
        # The card itself is changed by delivery alone: two writers could leave an old card over the picture.
        await interaction.response.defer()
        job = await job_for(interaction, self._generation, job_id)
        job = await self._generation.cancel(
            job_id,
            user_id=interaction.user.id,
            is_moderator=moderates(interaction, job),
            name=interaction.user.display_name,
        )
        is_running = job.status is JobStatus.RUNNING
        if is_running:
            self._delivery.cancelling(job_id)
        if _is_private(interaction.message):
            # A copy, which nobody keeps current.
            await reply(interaction, STOPS if is_running else IS_CANCELLED, job=job_id)

    async def _ask_delete(self, interaction: discord.Interaction[Any], job_id: int, _index: int) -> None:
        await interaction.response.defer()
        job = await job_for(interaction, self._generation, job_id)
        await self._generation.deletable(job_id, user_id=interaction.user.id, is_moderator=moderates(interaction, job))
        await interaction.edit_original_response(view=delete_question(job, Speech(interaction.locale)))

    async def _keep(self, interaction: discord.Interaction[Any], job_id: int, index: int) -> None:
        await interaction.response.defer()
        job = await job_for(interaction, self._generation, job_id)
        await interaction.edit_original_response(view=self._more(job, index, Speech(interaction.locale)))

    async def _delete(self, interaction: discord.Interaction[Any], job_id: int, _index: int) -> None:
        await interaction.response.defer()
        job = await job_for(interaction, self._generation, job_id)
        if not is_about(interaction.message, job_id):
            raise RequestRejected(OF_ANOTHER_VERSION)
        await self._generation.delete(job_id, user_id=interaction.user.id, is_moderator=moderates(interaction, job))
        if not _is_private(interaction.message):
            with contextlib.suppress(discord.NotFound):
                await interaction.delete_original_response()
            return
        is_gone = await self._delete_card(interaction, job)
        sentence = Speech(interaction.locale).say(IS_DELETED if is_gone else CARD_STAYS, job=job_id)
        await interaction.edit_original_response(view=said(sentence))

    async def _delete_card(self, interaction: discord.Interaction[Any], job: Job) -> bool:
        """Delete the message with the pictures, which the pressed button does not stand on; whether it is gone."""
        pressed = interaction.message
        metadata = pressed.interaction_metadata if pressed is not None else None
        # A card that had to be sent anew is not the one of which the job knows.
        shown = metadata.interacted_message_id if metadata is not None else None
        channel_id = interaction.channel_id
        others = [(channel_id, shown)] if shown is not None and channel_id is not None else []
        return await remove_messages(interaction.client, job, *others)

    async def _permitted(
        self, interaction: discord.Interaction[Any], job_id: int, work: Callable[[], Awaitable[T]]
    ) -> T:
        """What the work gives, which begins when this person may have that job."""
        await job_for(interaction, self._generation, job_id)
        return await work()

    async def _again(self, interaction: discord.Interaction[Any], job_id: int, _index: int) -> None:
        again = partial(self._generation.again, job_id, **asker_of(interaction))
        work = self._permitted(interaction, job_id, again)
        await answer_with_card(interaction, self._delivery, work)

    async def _ask(
        self,
        choice: Callable[[Job, int, Speech], Layout],
        interaction: discord.Interaction[Any],
        job_id: int,
        index: int,
    ) -> None:
        job = await promised(interaction, job_for(interaction, self._generation, job_id), private=True)
        await answer_privately(interaction, choice(job, index, Speech(interaction.locale)))

    def _more(self, job: Job, _index: int, speech: Speech) -> Layout:
        return more_choice(job, can_be_finished=is_draft(job.parameters, self._generation.model), speech=speech)

    async def _vary(self, interaction: discord.Interaction[Any], job_id: int, index: int, *, strong: bool) -> None:
        vary = partial(self._variants.vary, job_id, index, strong=strong, **asker_of(interaction))
        work = self._permitted(interaction, job_id, vary)
        await answer_with_card(interaction, self._delivery, work)

    async def _upscale(self, interaction: discord.Interaction[Any], job_id: int, index: int) -> None:
        upscale = partial(self._variants.upscale, job_id, index, **asker_of(interaction))
        work = self._permitted(interaction, job_id, upscale)
        await answer_with_card(interaction, self._delivery, work)

    async def _extend(
        self, direction: Direction, interaction: discord.Interaction[Any], job_id: int, index: int
    ) -> None:
        extend = partial(self._variants.extend, job_id, index, direction, **asker_of(interaction))
        work = self._permitted(interaction, job_id, extend)
        await answer_with_card(interaction, self._delivery, work)

    async def _finish(self, interaction: discord.Interaction[Any], job_id: int, index: int) -> None:
        finish = partial(self._variants.finish, job_id, index, **asker_of(interaction))
        work = self._permitted(interaction, job_id, finish)
        await answer_with_card(interaction, self._delivery, work)

    async def _edit(self, interaction: discord.Interaction[Any], job_id: int, _index: int) -> None:
        speech = Speech(interaction.locale)
        modal = partial(self._modal, job_id, partial(self._variants.asked, job_id), speech)
        work = self._permitted(interaction, job_id, modal)
        await answer_with_modal(interaction, work, buttons.edit_button(job_id, speech))

    async def _redraw(self, interaction: discord.Interaction[Any], job_id: int, index: int) -> None:
        speech = Speech(interaction.locale)
        modal = partial(self._modal, job_id, partial(self._variants.redrawing, job_id, index), speech)
        work = self._permitted(interaction, job_id, modal)
        redraw = buttons.job_button(buttons.REDRAW, job_id, speech.say("Redraw"), index)
        await answer_with_modal(interaction, work, redraw)

    async def _modal(self, job_id: int, asked: Callable[[], Awaitable[Mapping[str, Any]]], speech: Speech) -> ui.Modal:
        prompts, model = self._generation.prompts, self._generation.model
        return await edit_modal(edit_id(job_id), await asked(), prompts, model, speech=speech)

    async def _save_as_preset(self, interaction: discord.Interaction[Any], job_id: int, _index: int) -> None:
        speech = Speech(interaction.locale)
        work = self._preset_modal(interaction, job_id, speech)
        await answer_with_modal(interaction, work, buttons.preset_button(job_id, speech))

    async def _preset_modal(self, interaction: discord.Interaction[Any], job_id: int, speech: Speech) -> ui.Modal:
        job = await job_for(interaction, self._generation, job_id)
        look = look_of(job.parameters, self._generation.prompts.styles, self._generation.model)
        return preset_forms.preset_modal(preset_forms.NEW, preset_forms.fields_of(look), speech)

    async def _info(self, interaction: discord.Interaction[Any], job_id: int, index: int) -> None:
        job, read = await promised(interaction, self._read(interaction, job_id, index), private=True)
        speech = Speech(interaction.locale)
        card = info_card(read, title=which_picture(job, index, speech), speech=speech)
        await answer_privately(interaction, card.view, card.files())

    async def _read(self, interaction: discord.Interaction[Any], job_id: int, index: int) -> tuple[Job, ReadPicture]:
        """The job and what its picture says; where that is gone, what the job says of it."""
        job = await job_for(interaction, self._generation, job_id)
        try:
            return job, await self._remakes.read((await self._generation.pictures_of(job_id))[index])
        except (PicturesGone, InfotextMissing, IndexError):
            return job, await self._remakes.recall(job.parameters.of_image(index))


def _is_private(message: discord.Message | None) -> bool:
    return message is not None and message.flags.ephemeral


async def _of_another_version(interaction: discord.Interaction[Any], job_id: int, index: int) -> None:
    raise RequestRejected(OF_ANOTHER_VERSION)
