"""Who may do what where, as Discord's permissions say it at this moment."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import CannotPostHere, NotYourJob
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence
from bot.services.generation import GenerationService
from bot.services.variants import Asker

#: What moderation keeps back is for the job's author and the moderators.
KEPT_BACK = (JobStatus.HELD, JobStatus.REJECTED)


def check_can_post(interaction: discord.Interaction[Any]) -> int:
    """The id of the channel, when pictures can be posted there. Raises `CannotPostHere` before any work is done."""
    channel = interaction.channel
    if channel is None:
        raise CannotPostHere
    if interaction.guild_id is None:
        return channel.id
    granted = interaction.app_permissions
    in_thread = isinstance(channel, discord.Thread)
    needed = [
        (Sentence.of("View Channel"), granted.view_channel),
        (Sentence.of("Send Messages in Threads"), granted.send_messages_in_threads or not in_thread),
        (Sentence.of("Send Messages"), granted.send_messages or in_thread),
        (Sentence.of("Attach Files"), granted.attach_files),
    ]
    lacking = [permission for permission, given in needed if not given]
    if lacking:
        raise CannotPostHere(
            "The bot cannot post pictures here: it lacks {permissions}. Ask a moderator to allow that, or use another "
            "channel.",
            permissions=Sentence.listed(lacking),
        )
    return channel.id


def asker_of(interaction: discord.Interaction[Any]) -> Asker:
    """Who asks for a job here, as `submit` takes it. Raises `CannotPostHere`."""
    return {
        "user_id": interaction.user.id,
        "guild_id": interaction.guild_id,
        "channel_id": check_can_post(interaction),
        "locale": str(interaction.locale),
        "role_ids": tuple(role.id for role in getattr(interaction.user, "roles", ())),
    }


async def job_for(interaction: discord.Interaction[Any], generation: GenerationService, job_id: int) -> Job:
    """That job, when this person may have its words and pictures here. Raises `JobNotFound`, `NotYourJob`.

    Its id comes from their client, which may name any. Authors have their jobs everywhere, all others have those of the
    channel where they stand, and moderators those of each channel that they moderate.
    """
    job = await generation.get(job_id)
    if job.user_id == interaction.user.id or moderates(interaction, job) or _moderates_there(interaction, job):
        return job
    if interaction.channel_id != job.channel_id:
        raise NotYourJob("Job #{job} is not shown in this channel. Use its buttons where it is.", job=job_id)
    if job.status in KEPT_BACK:
        raise NotYourJob("Job #{job} is shown to nobody but its author and the moderators.", job=job_id)
    return job


def moderates(interaction: discord.Interaction[Any], job: Job) -> bool:
    """Whether this person may manage messages in the channel of that job, which must be the channel they stand in."""
    return interaction.channel_id == job.channel_id and interaction.permissions.manage_messages


def _moderates_there(interaction: discord.Interaction[Any], job: Job) -> bool:
    """The same from another channel of its server."""
    guild, member = interaction.guild, interaction.user
    if guild is None or guild.id != job.guild_id or not isinstance(member, discord.Member):
        return False
    channel = guild.get_channel_or_thread(job.channel_id)
    if channel is None or (isinstance(channel, discord.Thread) and channel.parent is None):
        return False
    permissions = channel.permissions_for(member)
    return permissions.view_channel and permissions.manage_messages
