"""Messages with pictures, and what their context menus answer."""

from __future__ import annotations

import asyncio

import discord
import simcord

from bot.infotext import png_text
from bot.model_info import ModelInfo
from tests.factories import make_parameters
from tests.infotext.files import saved
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

#: What `SimulatedServer` says that it runs on.
MODEL = ModelInfo("some/base", "some/refiner")
INFO, REMAKE, USE = "Image info", "Remake this…", "Use this picture"


def ours(**fields: object) -> bytes:
    """A picture as this bot makes them."""
    return saved("PNG", pnginfo=png_text(make_parameters(**fields), MODEL))


async def post(server: SimulatedServer, *contents: bytes, kind: str = "png") -> discord.Message:
    """Alice posts these files: 1.png, 2.png and so on."""
    files = [(f"{number}.{kind}", content) for number, content in enumerate(contents, 1)]
    return await server.alice.send(server.channel, "look", attachments=files)


def shown(server: SimulatedServer, card: Card) -> discord.Message:
    """The message of the bot, as a member's menu names it."""
    return simcord.ResponseMessage(server.env, card.message).message


async def chosen(
    server: SimulatedServer, name: str, message: discord.Message, member: simcord.MemberActor | None = None
) -> simcord.InteractionResult:
    """What happens when somebody chooses that of the message's menu; they are answered in any case."""
    result = await (member or server.bob).context_menu(server.channel, name, message)
    assert result.acknowledged, "the menu was not answered"
    return result


async def answers(server: SimulatedServer, name: str, message: discord.Message) -> list[Card]:
    """What is said to who chooses that, and to nobody else."""
    cards = server.answers(await chosen(server, name, message))
    assert all(card.is_private for card in cards)
    return cards


def slow_files(server: SimulatedServer, seconds: float) -> None:
    """From now on, Discord takes so long to hand out a file."""
    http = server.application.bot.http
    fetch = http.get_from_cdn

    async def slowly(url: str) -> bytes:
        await asyncio.sleep(seconds)
        return await fetch(url)

    http.get_from_cdn = slowly


async def form(server: SimulatedServer, name: str, message: discord.Message) -> Form:
    """The modal that opens."""
    return Form(server, await chosen(server, name, message), server.bob)
