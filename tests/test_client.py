"""The bot's connection: which commands it offers where, what it asks Discord for, and what it says when refused."""

from __future__ import annotations

import json

import discord
import pytest

from bot.app import run_bot
from bot.client import COMMAND_TREE
from bot.errors import StartupFailed
from bot.settings import Settings
from tests.simcord_app import SimulatedServer, server

__all__ = ["server"]

NAMES = [
    "Image info",
    "Remake this…",
    "Use this picture",
    "admin",
    "cancel",
    "compare",
    "help",
    "history",
    "imagine",
    "moderate",
    "preset",
    "queue",
    "server-preset",
]


def offered(server: SimulatedServer, guild_id: int | None = None) -> list[str]:
    return sorted(name for name, _ in server.env.backend.commands.get(guild_id, {}))


def syncs(server: SimulatedServer) -> int:
    return len(server.requests("PUT", "/commands"))


async def test_the_commands_are_synced_once_and_after_a_restart_not_again(server: SimulatedServer) -> None:
    assert offered(server) == NAMES
    assert syncs(server) == 1
    await server.stop()
    await server.start()
    assert syncs(server) == 1
    assert not (await server.imagine()).is_private


async def test_commands_that_changed_are_synced_again(server: SimulatedServer) -> None:
    storage = server.application.storage
    known = json.loads(await storage.get_state(COMMAND_TREE) or "")
    await storage.set_state(COMMAND_TREE, json.dumps(known | {"hash": "of the version before"}))
    await server.stop()
    await server.start()
    assert syncs(server) == 2


async def test_test_guilds_have_the_commands_instead_of_everybody_and_back(server: SimulatedServer) -> None:
    other = server.env.create_guild("Other")
    await server.stop()
    await server.start(discord_guild_ids=(server.guild.id,))
    assert (offered(server), offered(server, server.guild.id), offered(server, other.id)) == ([], NAMES, [])
    assert not (await server.imagine()).is_private

    await server.stop()
    await server.start(discord_guild_ids=(other.id,))
    assert (offered(server), offered(server, server.guild.id), offered(server, other.id)) == ([], [], NAMES)

    await server.stop()
    await server.start(discord_guild_ids=())
    assert (offered(server), offered(server, server.guild.id), offered(server, other.id)) == (NAMES, [], [])


async def test_a_guild_that_the_bot_is_not_in_is_a_warning_and_tried_again(
    server: SimulatedServer, caplog: pytest.LogCaptureFixture
) -> None:
    await server.stop()
    for _ in range(2):
        server.env.inject_error("PUT", "*/guilds/5/commands", status=403, code=50001, message="Missing Access")
        await server.start(discord_guild_ids=(5, server.guild.id))
        assert offered(server, server.guild.id) == NAMES
        await server.stop()
    warning = "DISCORD_GUILD_IDS names 5: invite the bot there, or take it out of the list"
    assert caplog.messages.count(warning) == 2


async def test_no_privileged_intent_and_no_message_content_is_asked_for(server: SimulatedServer) -> None:
    assert dict(server.application.bot.intents) == dict(discord.Intents(guilds=True))


async def test_without_a_token_the_bot_says_so_before_anything_is_opened(server: SimulatedServer) -> None:
    folder = server.folder / "untouched"
    settings = Settings(_env_file=None, discord_token=None, data_dir=folder)
    with pytest.raises(StartupFailed, match="DISCORD_TOKEN is not set"):
        await run_bot(settings)
    assert not folder.exists()
