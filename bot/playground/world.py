"""The simulated server: a channel, three members of whom one moderates, and a word of welcome."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import discord
import simcord
from PIL import Image, ImageDraw
from simcord.backend.cdn import CDN_BASE

from bot.model_info import EMBEDDED_BASE, ModelInfo

BOT_NAME = "imagine-bot"
AVATAR = "face"
#: What stands for each person, as light and dark colour of a round face.
FACES: Mapping[str, tuple[str, str]] = {
    "alice": ("#f9c74f", "#8a5a00"),
    "bob": ("#43aa8b", "#0b4a3a"),
    "mira": ("#f08080", "#7a1f2b"),
    BOT_NAME: ("#5865f2", "#ffffff"),
}
MODERATOR = "mira"

WELCOME = """## Welcome to the playground
This is the whole bot, at work on a simulated Discord. Type this below, and press Enter:
> `/imagine a red circle on a blue background`

{model}

-# You are **alice**. *Viewing as*, at the top, makes you **bob**, or **mira**, who moderates. `/help` has the rest."""
TINY_MODEL = """The embedded model is small, and so is the world that it draws: one thing on a plain background.
- Things: circle, square, triangle, star, heart, diamond, ring, cross, moon, cat, fish, house, tree, flower, boat, \
mushroom
- Colours of both: red, orange, yellow, green, blue, purple, pink, white, black, gray, brown, cyan
- If you like, how big (*small*, *big*) and where (*on the left*, *at the top*)"""
OTHER_MODEL = "The model is **{name}**."


@dataclass(frozen=True)
class World:
    """What the preview shows: the channel, the people one can be, and the pictures of their faces by URL."""

    channel: simcord.ChannelHandle
    members: list[simcord.MemberActor]
    assets: dict[str, tuple[str, bytes]]


def build_world(env: simcord.Env) -> World:
    """Set up the server in a fresh simulation."""
    bot = env.backend.bot_user
    bot.avatar = AVATAR
    assets = {_avatar_url(bot.id): ("bot.png", face(BOT_NAME))}
    guild = env.create_guild("Playground")
    moderators = guild.create_role(
        "moderators", permissions=discord.Permissions(manage_messages=True, manage_guild=True), color=0xF08080
    )
    channel = guild.create_text_channel("imagine", topic="Type /imagine and say what to draw")
    members = []
    for name in ("alice", "bob", MODERATOR):
        user = env.create_user(name, avatar=AVATAR)
        members.append(guild.add_member(user, roles=[moderators] if name == MODERATOR else []))
        assets[_avatar_url(user.id)] = (f"{name}.png", face(name))
    return World(channel, members, assets)


async def welcome(bot: discord.Client, world: World, model: ModelInfo) -> None:
    """Say in the channel what one can do there."""
    channel = bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)  # noqa: S101
    about = TINY_MODEL if model.base == str(EMBEDDED_BASE) else OTHER_MODEL.format(name=model.name)
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(WELCOME.format(model=about)))
    await channel.send(view=view)


def face(name: str) -> bytes:
    """A round face in that person's colours, as PNG."""
    light, dark = FACES[name]
    image = Image.new("RGB", (128, 128), light)
    draw = ImageDraw.Draw(image)
    for x in (44, 84):
        draw.ellipse((x - 8, 42, x + 8, 62), fill=dark)
    draw.chord((34, 44, 94, 100), 20, 160, fill=dark)
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()


def _avatar_url(user_id: int) -> str:
    return f"{CDN_BASE}/avatars/{user_id}/{AVATAR}.png"
