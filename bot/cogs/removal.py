"""Taking the messages of a deleted job out of their channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import discord

from bot.jobs import Job

#: What is said where the card of a deleted job could not be taken away.
CARD_STAYS = (
    "Job #{job} is deleted with its pictures, but the bot may not take its card away any more. A moderator can."
)


async def remove_messages(client: discord.Client, job: Job, *others: tuple[int, int]) -> bool:
    """Delete the message that shows the job, and `others` by channel and message.

    Whether all are gone: where the bot may not go any more, they stay.
    """
    are_gone = True
    places = dict.fromkeys(others)
    if job.message_id is not None:
        places[(job.channel_id, job.message_id)] = None
    for channel_id, message_id in places:
        channel = client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        try:
            await channel.get_partial_message(message_id).delete()
        except discord.NotFound:
            continue
        except discord.Forbidden:
            are_gone = False
    return are_gone


def is_about(message: discord.Message | None, job_id: int) -> bool:
    """Whether the buttons of that message are of this job and no other: a client may name any job on any card."""
    return message is not None and set(_jobs_of(message.components)) == {str(job_id)}


def _jobs_of(components: Iterable[Any]) -> Iterator[str]:
    for component in components:
        prefix, _, rest = str(getattr(component, "custom_id", None) or "").partition(":")
        if prefix == "imagine":
            yield rest.split(":")[1]
        yield from _jobs_of(getattr(component, "children", ()))
