"""Taking the messages of a deleted job out of their channels."""

from __future__ import annotations

import contextlib

import discord

from bot.jobs import Job


async def remove_messages(client: discord.Client, job: Job, *others: tuple[int, int]) -> None:
    """Delete the message that shows the job, and `others` by channel and message, as far as they are still there."""
    places = dict.fromkeys(others)
    if job.message_id is not None:
        places[(job.channel_id, job.message_id)] = None
    for channel_id, message_id in places:
        channel = client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        with contextlib.suppress(discord.NotFound, discord.Forbidden):
            await channel.get_partial_message(message_id).delete()
