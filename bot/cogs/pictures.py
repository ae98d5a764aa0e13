"""What can be done with the pictures of any message: see how they were made, make them again, make others of them.

A modal has to be the first answer. So a picture that is fetched and read quickly opens it at once; for one that takes
longer there is a card, and its button opens the modal.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.cogs.edits import refuse_typed
from bot.cogs.message_pictures import MessagePicture, fetch, pictures_of
from bot.cogs.promise import answer_privately, answer_with_card, answer_with_modal, promised
from bot.cogs.rules import asker_of, check_can_post
from bot.delivery import Delivery
from bot.errors import PicturesGone, RequestRejected
from bot.jobs import Job
from bot.services.generation import GenerationService
from bot.services.kept_pictures import KeptPictures
from bot.services.remake import ReadPicture, RemakeService
from bot.services.variants import Asker
from bot.translation import Speech
from bot.ui.edit_modal import edit_modal, is_answer_to, read_modal, typed_inputs
from bot.ui.errors import answer_error
from bot.ui.info import InfoCard, info_card
from bot.ui.pictures import (
    EDIT,
    PREFIX,
    REMAKE,
    TITLES,
    USE,
    choice_card,
    picture_button,
    picture_id,
    remake_row,
    use_card,
)
from bot.unsent import UnsentFolder

Interaction = discord.Interaction[Any]
Press = Callable[[Interaction, str], Awaitable[None]]


class Pictures(commands.Cog):
    """The context menus of messages, and the buttons that they lead to."""

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        generation: GenerationService,
        remakes: RemakeService,
        delivery: Delivery,
        unsent: UnsentFolder,
    ) -> None:
        self._tree = tree
        self._generation = generation
        self._remakes = remakes
        self._kept = KeptPictures(generation, remakes)
        self._delivery = delivery
        self._unsent = unsent

    async def cog_load(self) -> None:
        """Context menus are no attributes of a cog, as other commands are."""
        for name, callback in {
            "Image info": self._info_menu,
            "Remake this…": self._remake_menu,
            "Use this picture": self._use_menu,
        }.items():
            self._tree.add_command(
                app_commands.ContextMenu(
                    name=name,
                    callback=callback,
                    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
                    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
                )
            )

    @commands.Cog.listener()
    async def on_picture_button(self, interaction: Interaction, action: str, original_id: str) -> None:
        """A `PictureButton` was pressed, or a picture chosen."""
        presses: dict[str, Press] = {
            REMAKE: self._remake,
            EDIT: partial(self._open_kept, EDIT),
            USE: partial(self._open_kept, USE),
        }
        try:
            await presses.get(action, _of_another_version)(interaction, original_id)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await answer_error(interaction, error)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """A modal was sent."""
        if not is_answer_to(interaction, PREFIX):
            return
        action, _, original_id = str(interaction.custom_id).removeprefix(PREFIX).partition(":")
        try:
            await (self._use if action == USE else self._edit)(interaction, original_id)
        except Exception as error:  # noqa: BLE001 - as above
            await refuse_typed(interaction, error, self._unsent)

    async def _info_menu(self, interaction: Interaction, message: discord.Message) -> None:
        pictures = pictures_of(message, interaction.client.user.id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        for number, picture in enumerate(pictures, 1):
            title = f"{number}. {picture.name}" if len(pictures) > 1 else ""
            try:
                card = await self._info_card(interaction, picture, title)
            except RequestRejected as error:
                if not title:
                    raise
                # The others are shown all the same.
                await answer_error(interaction, RequestRejected("{name}: {why}", name=title, why=error.sentence))
            else:
                await interaction.followup.send(view=card.view, files=card.files(), ephemeral=True)

    async def _remake_menu(self, interaction: Interaction, message: discord.Message) -> None:
        await self._open(interaction, message, EDIT)

    async def _use_menu(self, interaction: Interaction, message: discord.Message) -> None:
        await self._open(interaction, message, USE)

    async def _open(self, interaction: Interaction, message: discord.Message, action: str) -> None:
        """Open the modal for the picture, or ask which one where there are several."""
        check_can_post(interaction)
        first, *others = pictures_of(message, interaction.client.user.id)
        if others:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._ask_which(interaction, [first, *others], action)
            return
        speech = Speech(interaction.locale)
        work = self._prepared_modal(interaction.client, first, action, speech)
        original_id, modal = await promised(interaction, work, private=True)
        if not interaction.response.is_done():
            await interaction.response.send_modal(modal)
        elif action == USE:
            await answer_privately(interaction, use_card(original_id, speech))
        else:
            card = self._card_of(interaction, await self._kept.read(original_id), original_id)
            await answer_privately(interaction, card.view, card.files())

    async def _ask_which(self, interaction: Interaction, pictures: list[MessagePicture], action: str) -> None:
        named: dict[str, str] = {}
        refusals: list[RequestRejected] = []
        for picture in pictures:
            try:
                named.setdefault(await self._prepared(interaction.client, picture, action), picture.name)
            except RequestRejected as error:
                refusals.append(RequestRejected("{name}: {why}", name=picture.name, why=error.sentence))
        if not named:
            raise RequestRejected.of([refusal.sentence for refusal in refusals])
        speech = Speech(interaction.locale)
        card = choice_card(action, named, [speech.say(refusal.sentence) for refusal in refusals], speech)
        await interaction.followup.send(view=card, ephemeral=True)

    async def _prepared(self, client: discord.Client, picture: MessagePicture, action: str) -> str:
        """Fetch the picture and keep it, when the action can be done with it; returns its id."""
        content = await self._content(client, picture)
        if action == USE:
            return await self._kept.keep_usable(content)
        await self._remakes.read(content)
        return await self._kept.keep(content)

    async def _prepared_modal(
        self, client: discord.Client, picture: MessagePicture, action: str, speech: Speech
    ) -> tuple[str, ui.Modal]:
        """The id of the picture once it is kept, and what opens for it."""
        original_id = await self._prepared(client, picture, action)
        return original_id, await self._modal(action, original_id, speech)

    async def _content(self, client: discord.Client, picture: MessagePicture) -> bytes:
        """The file: our own as it was made, with what Discord's limits took from it."""
        if picture.job is not None:
            job_id, index = picture.job
            with contextlib.suppress(PicturesGone, IndexError):
                return (await self._generation.pictures_of(job_id))[index]
        return await fetch(client, picture)

    async def _info_card(self, interaction: Interaction, picture: MessagePicture, title: str) -> InfoCard:
        try:
            content = await self._content(interaction.client, picture)
        except PicturesGone:
            if picture.job is None:
                raise
            # The record of our own job knows as much; without a file there is nothing to compare a remake with.
            job_id, index = picture.job
            job = await self._generation.get(job_id)
            if job.comparison is not None:
                # Its parameters are those of one of many.
                raise
            return self._card_of(interaction, await self._remakes.recall(job.parameters.of_image(index)), None, title)
        read = await self._remakes.read(content)
        return self._card_of(interaction, read, await self._kept.keep(content), title)

    def _card_of(
        self, interaction: Interaction, read: ReadPicture, original_id: str | None, title: str = ""
    ) -> InfoCard:
        speech = Speech(interaction.locale)
        controls: list[ui.Item[Any]] = []
        if original_id is not None:
            controls.append(remake_row(original_id, has_prompt="prompt" in read.remake.changes, speech=speech))
        return info_card(read, *controls, title=title, speech=speech)

    async def _open_kept(self, action: str, interaction: Interaction, original_id: str) -> None:
        check_can_post(interaction)
        speech = Speech(interaction.locale)
        button = picture_button(action, original_id, speech)
        await answer_with_modal(interaction, self._modal(action, original_id, speech), button)

    async def _modal(self, action: str, original_id: str, speech: Speech) -> ui.Modal:
        """The modal for a kept picture, as it opens."""
        asked = await (self._kept.asked_out_of if action == USE else self._kept.asked_again)(original_id)
        prompts, model = self._generation.prompts, self._generation.model
        return await edit_modal(picture_id(action, original_id), asked, prompts, model, TITLES[action], speech)

    async def _remake(self, interaction: Interaction, original_id: str) -> None:
        """The picture again, as it is."""
        work = self._submit_again(original_id, asker_of(interaction))
        await answer_with_card(interaction, self._delivery, work)

    async def _edit(self, interaction: Interaction, original_id: str) -> None:
        """The picture again as it stands in the modal; as it is when nobody has changed anything there."""
        inputs, speech = typed_inputs(interaction), Speech(interaction.locale)
        work = self._submit_edited(original_id, inputs, speech, asker_of(interaction))
        await answer_with_card(interaction, self._delivery, work)

    async def _use(self, interaction: Interaction, original_id: str) -> None:
        """Another picture out of this one."""
        work = self._submit_use(original_id, typed_inputs(interaction), asker_of(interaction))
        await answer_with_card(interaction, self._delivery, work)

    async def _submit_again(self, original_id: str, asker: Asker) -> Job:
        again = (await self._kept.read(original_id)).remake
        return await self._generation.submit(
            **asker, changes=again.changes, remarks=again.reservations, original_id=original_id
        )

    async def _submit_edited(self, original_id: str, inputs: Mapping[str, str], speech: Speech, asker: Asker) -> Job:
        if _stripped(inputs) == _as_opened(await self._modal(EDIT, original_id, speech)):
            return await self._submit_again(original_id, asker)
        edited = await asyncio.to_thread(read_modal, inputs, self._generation.prompts, self._generation.model)
        remarks = [*(await self._kept.read(original_id)).remake.remarks, *edited.remarks]
        return await self._generation.submit(**asker, changes=edited.changes, beneath=edited.beneath, remarks=remarks)

    async def _submit_use(self, original_id: str, inputs: Mapping[str, str], asker: Asker) -> Job:
        edited = await asyncio.to_thread(read_modal, inputs, self._generation.prompts, self._generation.model)
        await self._generation.check_can_ask(
            user_id=asker["user_id"], channel_id=asker["channel_id"], role_ids=asker["role_ids"]
        )
        changes = {**edited.changes, "image": await self._kept.take_in(original_id)}
        return await self._generation.submit(**asker, changes=changes, beneath=edited.beneath, remarks=edited.remarks)


async def _of_another_version(interaction: Interaction, original_id: str) -> None:
    raise RequestRejected("This button comes from another version of the bot and does nothing any more.")


def _as_opened(modal: ui.Modal) -> dict[str, str]:
    """What a modal sends when nobody has touched it."""
    inputs = [item for item in modal.walk_children() if isinstance(item, ui.TextInput)]
    return _stripped({each.custom_id: each.default or "" for each in inputs})


def _stripped(inputs: Mapping[str, str]) -> dict[str, str]:
    """Without the spaces around, which clients keep or not."""
    return {name: value.strip() for name, value in inputs.items()}
