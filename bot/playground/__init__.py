"""The whole bot on a simulated Discord in the browser: no token, and with the embedded model no GPU either."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import simcord

from bot.app import open_application
from bot.delivery.pace import EditPace
from bot.errors import StartupFailed
from bot.playground.live import LivePreview, WallClock
from bot.playground.world import BOT_NAME, World, build_world, welcome
from bot.settings import Settings

__all__ = ["LivePreview", "WallClock", "World", "open_playground"]

HOST = "127.0.0.1"
#: Nobody counts edits here: progress is shown as often as it can be followed, four times a second.
PACE = 1 / 8


@asynccontextmanager
async def open_playground(settings: Settings, port: int = 0) -> AsyncIterator[LivePreview]:
    """The bot at work in a server of three members, shown at the preview's `url`; port 0 takes a free one.

    Raises `StartupFailed` for a port that cannot be used, before anything is started.
    """
    _check_port(port)
    pace = EditPace(PACE)
    async with open_application(settings, pace=pace) as application, _simulated_discord(application.bot) as env:
        world = build_world(env)
        # Inside the simulation's context but outside of the bot's: requests of the queue's tasks reach SimCord, and
        # SimCord does not wait for those tasks to end before it answers a click.
        async with application.working():
            await welcome(application.bot, world, application.model)
            async with LivePreview(env, world, port) as preview:
                yield preview


def _check_port(port: int) -> None:
    try:
        with socket.create_server((HOST, port)):
            pass
    except OSError as error:
        # The system's words alone: Python's add the address, which is named here already.
        reason = os.strerror(error.errno) if error.errno else error
        raise StartupFailed(
            f"Port {port} of {HOST} cannot be used ({reason}). Name another one with --port, or none."
        ) from error


@asynccontextmanager
async def _simulated_discord(bot: discord.Client) -> AsyncIterator[simcord.Env]:
    # Longer than SimCord's 5 s: on a slow machine, a busy one, an answer may take a while.
    env = simcord.Env(bot, check_errors=False, settle_timeout=20)
    env.backend.clock = WallClock()
    env.backend.bot_user.name = BOT_NAME
    await env.start()
    try:
        with env.time_context():
            yield env
    finally:
        await env.shutdown()
