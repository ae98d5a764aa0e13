"""`/history`: one's own jobs, found again, looked at and deleted in private. Its buttons keep no state in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs.promise import answer_privately, promised
from bot.cogs.removal import CARD_STAYS, remove_messages
from bot.delivery import Delivery
from bot.delivery.attachments import DEFAULT_LIMIT, ENCODINGS, encode
from bot.delivery.ending import TOO_LARGE
from bot.delivery.message import ENTITY_TOO_LARGE
from bot.errors import RequestRejected
from bot.services.generation import GenerationService
from bot.services.history import Choice, Found, History, Query
from bot.translation import Speech
from bot.ui.errors import answer_error, reply
from bot.ui.history import (
    BACK,
    CHOICES,
    DELETE,
    EARLIER,
    LATER,
    MAX_SEARCH,
    OPEN,
    HistoryCard,
    job_card,
    page_card,
    with_ways,
)

Interaction = discord.Interaction[Any]
Press = Callable[[Interaction, Query, int], Awaitable[None]]


class Histories(commands.Cog):
    """What everybody has asked for, each in their own sight only."""

    def __init__(self, history: History, generation: GenerationService, delivery: Delivery) -> None:
        self._history = history
        self._generation = generation
        self._delivery = delivery

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.describe(state="Which of them", search="Words in the prompt")
    @app_commands.choices(
        state=[app_commands.Choice(name=str(sentence), value=choice.value) for choice, sentence in CHOICES.items()]
    )
    async def history(
        self,
        interaction: Interaction,
        state: app_commands.Choice[str] | None = None,
        search: app_commands.Range[str, 1, MAX_SEARCH] | None = None,
    ) -> None:
        """Find your pictures again; nobody else sees this."""
        choice = Choice.ALL if state is None else Choice(state.value)
        query = Query(choice, " ".join((search or "").split()))
        card = await promised(interaction, self._list(interaction, query), private=True)
        await answer_privately(interaction, card.view, card.files())

    @commands.Cog.listener()
    async def on_history_button(self, interaction: Interaction, action: str, query: Query, job_id: int) -> None:
        """A `HistoryButton` was pressed."""
        presses: dict[str, Press] = {
            OPEN: self._open,
            DELETE: self._delete,
            **dict.fromkeys((EARLIER, LATER, BACK), self._turn),
        }
        try:
            _check_is_own(interaction)
            await interaction.response.defer()
            await presses.get(action, _of_another_version)(interaction, query, job_id)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is whose fault
            await answer_error(interaction, error, job_id=job_id or None)

    async def _turn(self, interaction: Interaction, query: Query, _job_id: int) -> None:
        await _show(interaction, await self._list(interaction, query))

    async def _delete(self, interaction: Interaction, query: Query, job_id: int) -> None:
        job = await self._generation.delete(job_id, user_id=interaction.user.id)
        is_gone = await remove_messages(interaction.client, job)
        await self._turn(interaction, query, job_id)
        if not is_gone:
            await reply(interaction, CARD_STAYS, job=job_id)

    async def _list(self, interaction: Interaction, query: Query) -> HistoryCard:
        return page_card(await self._history.page(interaction.user.id, query), Speech(interaction.locale))

    async def _open(self, interaction: Interaction, query: Query, job_id: int) -> None:
        """Show that job in place of the list, with its pictures as large as they can be sent here."""
        found = await self._history.look(interaction.user.id, job_id)
        speech = Speech(interaction.locale)
        found = replace(found, job=found.job.evolve(locale=str(interaction.locale)))
        if (current := self._delivery.card_of(job_id)) is not None:
            view, files = current
            await _edit(interaction, with_ways(view, found, query, speech), files)
        elif not found.pngs:
            await _show(interaction, HistoryCard(job_card(found, query, (), speech=speech), {}))
        else:
            await self._show_pictures(interaction, found, query, speech)

    async def _show_pictures(self, interaction: Interaction, found: Found, query: Query, speech: Speech) -> None:
        limit, level = _filesize_limit(interaction), 0
        while level < len(ENCODINGS):
            attachments = await encode(found.job, found.pngs, limit, level)
            level = attachments.level + 1
            view = job_card(found, query, attachments.pictures, attachments.remark, speech)
            try:
                await _edit(interaction, view, attachments.files())
            except discord.HTTPException as error:
                if error.status != 413 and error.code != ENTITY_TOO_LARGE:
                    raise
            else:
                return
        await _show(interaction, HistoryCard(job_card(found, query, (), TOO_LARGE, speech), {}))


async def _show(interaction: Interaction, card: HistoryCard) -> None:
    await _edit(interaction, card.view, card.files())


async def _edit(interaction: Interaction, view: discord.ui.LayoutView, files: list[discord.File]) -> None:
    """Show this in place of what was pressed."""
    await interaction.edit_original_response(
        view=view, attachments=files, allowed_mentions=discord.AllowedMentions.none()
    )


def _check_is_own(interaction: Interaction) -> None:
    """Raises `RequestRejected` where the list was asked for by somebody else."""
    metadata = None if interaction.message is None else interaction.message.interaction_metadata
    if metadata is not None and metadata.user.id != interaction.user.id:
        raise RequestRejected("This is somebody else's history. `/history` shows your own.")


def _filesize_limit(interaction: Interaction) -> int:
    """The largest file, in bytes, that can be sent here."""
    limits = [interaction.filesize_limit, *([] if interaction.guild is None else [interaction.guild.filesize_limit])]
    return min(limits, default=DEFAULT_LIMIT)


async def _of_another_version(interaction: Interaction, query: Query, job_id: int) -> None:
    raise RequestRejected("This button comes from another version of the bot and does nothing any more.")
