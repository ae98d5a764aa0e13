"""Who may do what where, as Discord's permissions say it at this moment."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import CannotPostHere
from bot.jobs import Job
from bot.sentences import Sentence
from bot.services.variants import Asker


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


def moderates(interaction: discord.Interaction[Any], job: Job) -> bool:
    """Whether this person may manage messages in the channel of that job, which must be the channel they stand in."""
    return interaction.channel_id == job.channel_id and interaction.permissions.manage_messages
