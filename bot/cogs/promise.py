"""Answers within the three seconds that Discord waits, however long the work for them takes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import aiohttp
import discord
from discord import ui

from bot.delivery import Delivery
from bot.jobs import Job
from bot.translation import Speech
from bot.ui.choices import ready_card

log = logging.getLogger(__name__)

#: Seconds until an answer is promised: half of what Discord waits, as its own way takes time, too.
QUICK_SECONDS = 1.5

#: How the tasks are called in which discord.py has an interaction carried out; it keeps no list of them.
TASKS_OF_INTERACTIONS = ("CommandTree-invoker", "discord.py: ", "discord-ui-")

Interaction = discord.Interaction[Any]
T = TypeVar("T")


async def promised(interaction: Interaction, work: Coroutine[Any, Any, T], *, private: bool = False) -> T:
    """What `work` gives, or its error. If that takes longer than Discord may wait, an answer is promised meanwhile.

    A promise is seen by everybody unless it is `private`, as the answer will be. One that everybody sees is taken back
    when the work fails: why is told to who asked alone.
    """
    task = asyncio.ensure_future(work)
    is_public = False
    try:
        await asyncio.wait({task}, timeout=QUICK_SECONDS)
        if not task.done():
            is_public = await _promise(interaction, private=private) and not private
        return await task
    except Exception:
        if is_public:
            await _take_back(interaction)
        raise
    finally:
        task.cancel()


async def answer_with_card(interaction: Interaction, delivery: Delivery, work: Coroutine[Any, Any, Job]) -> None:
    """Answer with the card of the job that `work` asks for. Raises what the work raises; then nothing was answered."""
    job = await promised(interaction, work)
    await delivery.answer(job, interaction)


async def answer_with_modal(
    interaction: Interaction, work: Coroutine[Any, Any, ui.Modal], button: ui.Item[Any]
) -> None:
    """Open the modal that `work` makes. One that took too long to be the answer is opened by `button`, in private."""
    modal = await promised(interaction, work, private=True)
    if interaction.response.is_done():
        await answer_privately(interaction, ready_card(button, Speech(interaction.locale)))
    else:
        await interaction.response.send_modal(modal)


async def answer_privately(interaction: Interaction, view: ui.LayoutView, files: Sequence[discord.File] = ()) -> None:
    """Show this to one person alone, which may have been promised."""
    if interaction.response.is_done():
        await interaction.followup.send(view=view, files=files, ephemeral=True)
    else:
        await interaction.response.send_message(view=view, files=files, ephemeral=True)


async def all_answered(seconds: float) -> None:
    """Wait until all that people have done so far is answered, for so many seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            # Again and again: what a button does is a task that follows upon the press's own.
            while tasks := [task for task in asyncio.all_tasks() if task.get_name().startswith(TASKS_OF_INTERACTIONS)]:
                await asyncio.wait(tasks)


async def _promise(interaction: Interaction, *, private: bool) -> bool:
    """Whether Discord has taken the promise. Without it the work goes on: what it makes is delivered in another way."""
    try:
        # Of a press, “thinking” makes it the promise of a message, and not of a change to the one that was pressed.
        await interaction.response.defer(ephemeral=private, thinking=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("interaction %s: an answer could not be promised: %s", interaction.id, error)
        return False
    return True


async def _take_back(interaction: Interaction) -> None:
    # What is said first after a promise keeps it, in sight of everybody; what is said second can be private.
    with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
        await interaction.edit_original_response(content="…")
        await interaction.delete_original_response()
