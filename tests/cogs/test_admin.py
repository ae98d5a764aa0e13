"""`/admin health`: how the bot is, for who manages the server; reasons and folders for the bot's owner."""

from __future__ import annotations

import contextlib
import logging
import sqlite3

import discord
import pytest
import simcord

from bot import __version__
from bot.executors import ExecutorState
from bot.jobs import JobStatus
from bot.memory import Memory
from bot.services.health import HealthLog
from bot.ui.cards import BROKEN, DONE, WORKING
from tests.pictures import PNG
from tests.scripted import Seen
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

REASON = "/srv/model is *broken*."
TITLES = ["Picture process", "Model", "Queue", "Database", "Disk", "Discord", "Version"]


@pytest.fixture
def olga(server: SimulatedServer) -> simcord.MemberActor:
    """Manages the server."""
    managers = server.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return server.guild.add_member(server.env.create_user("olga"), roles=[managers])


async def health(server: SimulatedServer, member: simcord.MemberActor) -> Card:
    card = server.answer(await member.slash(server.channel, "admin health"))
    assert card.is_private
    return card


def entries(card: Card) -> dict[str, str]:
    """What is said under each title."""
    lines = [line for line in card.texts[1].split("\n") if not line.startswith("-# ")]
    return dict(line.removeprefix("**").split("** · ", 1) for line in lines)


async def test_who_manages_the_server_sees_everything_at_a_glance(
    server: SimulatedServer, olga: simcord.MemberActor
) -> None:
    server.executor.memory = Memory(latent=1, pixel=1, scale=8, tile=1, free=12_300_000_000)
    await server.imagine("a fox")
    await server.run()
    await server.imagine("an owl")
    card = await health(server, olga)
    said = entries(card)
    assert (list(said), card.colour) == (TITLES, DONE)
    assert said["Picture process"] == "ready · 12.3 GB of memory free · 0 restarts"
    assert said["Model"] == "base · refiner refiner"
    assert said["Queue"] == "1 waiting · #1 running"
    assert said["Database"].startswith("SQLite answers in ")
    assert said["Disk"].endswith(" GB free")
    assert said["Discord"] == "2 messages kept current"
    assert said["Version"].startswith(f"{__version__} · started <t:")


async def test_what_was_measured_is_told_as_soon_as_it_is_known(
    server: SimulatedServer, olga: simcord.MemberActor
) -> None:
    assert "a usual picture" not in (await health(server, olga)).text
    card = await server.imagine("a fox")
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.imagine("an owl")
    said = entries(await health(server, olga))
    assert " · all done <t:" in said["Queue"]
    assert " · a usual picture takes " in said["Queue"]


@pytest.mark.parametrize("who", ["alice", "mira"])
async def test_nobody_else_sees_it_whatever_the_server_shows_them(server: SimulatedServer, who: str) -> None:
    command = server.env.backend.find_command("admin", server.guild.id)
    assert command["default_member_permissions"] == discord.Permissions(manage_guild=True).value
    # As a server does whose administrators give the command to everybody.
    command["default_member_permissions"] = None
    card = await health(server, {"alice": server.alice, "mira": server.mira}[who])
    assert card.text == "You need Manage Guild for that. A moderator has it."


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (ExecutorState.UNAVAILABLE, "the model cannot be loaded; it is tried again by itself · 0 restarts"),
        (ExecutorState.RESTARTING, "being started again · 0 restarts"),
        (ExecutorState.LOADING, "loading the model, 0 % · 0 restarts"),
    ],
)
async def test_why_nothing_is_drawn_is_for_the_owner_of_the_bot(
    server: SimulatedServer, olga: simcord.MemberActor, state: ExecutorState, said: str
) -> None:
    server.executor.become(state, REASON)
    card = await health(server, olga)
    assert entries(card)["Picture process"] == said
    assert card.colour == (BROKEN if state is ExecutorState.UNAVAILABLE else WORKING)
    assert "/srv" not in card.text
    told = "\n-# The reason is for the owner of this bot: here, and in its log.\n"
    assert (told in card.text) is (state is ExecutorState.UNAVAILABLE)
    server.application.bot.owner_id = olga.id
    assert "\n-# /srv/model is \\*broken\\*.\n" in (await health(server, olga)).text


async def test_the_owner_sees_where_the_model_lies(server: SimulatedServer, olga: simcord.MemberActor) -> None:
    server.application.bot.owner_id = olga.id
    assert entries(await health(server, olga))["Model"] == "some/base · refiner some/refiner"


async def test_a_database_that_is_away_is_told_and_keeps_the_rest_from_nobody(
    server: SimulatedServer, olga: simcord.MemberActor
) -> None:
    with contextlib.closing(sqlite3.connect(server.folder / "imagine-bot.db")) as database:
        database.execute("ALTER TABLE state RENAME TO elsewhere")
        card = await health(server, olga)
        database.execute("ALTER TABLE elsewhere RENAME TO state")
    assert entries(card)["Database"] == "SQLite does not answer"
    assert card.colour == BROKEN
    assert entries(card)["Queue"] == "0 waiting"


async def test_an_end_that_discord_does_not_take_is_counted(server: SimulatedServer, olga: simcord.MemberActor) -> None:
    await server.imagine("a fox")
    await server.run()
    server.env.inject_error("PATCH", "/webhooks/*", status=503, message="Service Unavailable", times=None)
    server.executor.finish(1, [PNG])
    await server.until(lambda: server.application.bot.outgoing().ends == 1)
    shown = entries(await health(server, olga))
    assert shown["Discord"] == "1 message kept current · 1 end not delivered yet"
    server.env.backend.faults.clear()
    await server.until_recorded(JobStatus.SUCCEEDED)


async def test_a_german_reads_it_in_german(server: SimulatedServer, olga: simcord.MemberActor) -> None:
    server.languages[olga.id] = "de"
    card = await health(server, olga)
    assert card.text.startswith("**Wie es dem Bot geht**\n**Bildprozess** · bereit · 0 Neustarts\n")


async def test_the_log_has_a_line_now_and_then(server: SimulatedServer) -> None:
    await server.imagine("a fox")
    await server.run()
    told, written = logging.getLogger("bot.services.health"), Seen()
    handler = logging.Handler()
    handler.emit = lambda record: written.add(record.getMessage())
    told.addHandler(handler)
    try:
        async with HealthLog(server.application.health, server.application.bot.outgoing, every=0.01):
            await written.until(lambda lines: len(lines) > 1)
    finally:
        told.removeHandler(handler)
    first = written.items[0].split(" · ")
    assert first[:5] == ["health: executor ready", "restarts 0", "waiting 0", "running 1", first[4]]
    assert first[4].startswith("SQLite ")
    assert first[6] == "messages 1, ends to bring 0, refused for haste 0"
