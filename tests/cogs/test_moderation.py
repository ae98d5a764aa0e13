"""`/moderate`: a server's jobs held back, let go on and cleared, by those who may; nobody else's are touched."""

from __future__ import annotations

import simcord

from bot.jobs import JobStatus
from bot.ui.cards import DONE, OVER
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

PAUSED = "Paused: no more jobs of this server are started. /moderate resume lets them go on."


async def moderate(server: SimulatedServer, what: str, member: simcord.MemberActor | None = None) -> str:
    answer = server.answer(await (member or server.mira).slash(server.channel, f"moderate {what}"))
    assert answer.is_private
    return answer.text


async def queue(server: SimulatedServer) -> str:
    return server.answer(await server.alice.slash(server.channel, "queue")).text


async def elsewhere(server: SimulatedServer, prompt: str) -> Card:
    """A job of somebody in another server."""
    server.prompts.append(prompt)
    other = server.env.create_guild("Elsewhere")
    stranger = other.add_member(server.env.create_user("stranger"))
    return server.answer(await stranger.slash(other.create_text_channel("art"), "imagine", prompt=prompt))


async def test_a_paused_server_starts_nothing_and_its_members_see_it(server: SimulatedServer) -> None:
    running = await server.imagine("a fox")
    await server.run()
    waiting = await server.imagine("an owl", server.bob)
    assert await moderate(server, "pause") == PAUSED
    assert await moderate(server, "pause") == "This server is paused already. /moderate resume lets its jobs go on."
    await server.until(lambda: "Paused by the moderators of this server · #2" in waiting.text)
    asked = await server.imagine("a wolf")
    assert "Paused by the moderators of this server · #3" in asked.text
    shown = await queue(server)
    assert "The moderators have paused this server: none of its jobs is started." in shown
    assert f"**paused** #2 {server.bob.mention} · asked" in shown
    server.executor.finish(1, [PNG])
    await server.until(lambda: running.colour == DONE)
    await elsewhere(server, "a bear")
    # What comes later in another server is started, and nothing of this one.
    await server.run(4)
    assert server.executor.started.items == [1, 4]


async def test_what_was_held_back_goes_on_in_its_order(server: SimulatedServer) -> None:
    await moderate(server, "pause")
    cards = [await server.imagine("a fox"), await server.imagine("an owl"), await server.imagine("a wolf", server.bob)]
    assert await moderate(server, "resume") == "The jobs of this server go on."
    assert await moderate(server, "resume") == "This server is not paused."
    for job_id in (1, 3, 2):
        await server.run(job_id)
        server.executor.finish(job_id, [PNG])
    for card in cards:
        await server.until(lambda card=card: card.colour == DONE)
    assert server.executor.started.items == [1, 3, 2]


async def test_a_pause_outlives_a_restart(server: SimulatedServer) -> None:
    await moderate(server, "pause")
    card = await server.imagine("a fox")
    await server.stop()
    await server.start()
    assert "**paused** #1" in await queue(server)
    await elsewhere(server, "a bear")
    await server.run(2)
    assert server.executor.started.items == [2]
    assert await moderate(server, "resume") == "The jobs of this server go on."
    server.executor.finish(2, [PNG])
    await server.run(1)
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)


async def test_clearing_cancels_what_waits_in_this_server_alone_and_says_by_whom(server: SimulatedServer) -> None:
    running = await server.imagine("a fox")
    await server.run()
    waiting = [await server.imagine("an owl", server.bob), await server.imagine("a wolf")]
    await elsewhere(server, "a bear")
    assert await moderate(server, "clear") == "2 waiting jobs are cancelled."
    for card in waiting:
        await server.until(lambda card=card: card.colour == OVER)
        assert "Cancelled by mira, with all that waited in this server." in card.text
    assert (await server.job(2)).status is JobStatus.CANCELLED
    assert await moderate(server, "clear") == "No job of this server waits."
    server.executor.finish(1, [PNG])
    await server.until(lambda: running.colour == DONE)
    await server.run(4)


async def test_a_paused_server_can_be_cleared_too(server: SimulatedServer) -> None:
    await moderate(server, "pause")
    await server.imagine("a fox")
    assert await moderate(server, "clear") == "1 waiting job is cancelled."
    assert "#1" not in await queue(server)


async def test_a_held_job_can_be_cancelled_and_counts_for_its_author(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(max_jobs_per_user=1)
    await moderate(server, "pause")
    card = await server.imagine("a fox")
    refusal = (await server.imagine("an owl")).text
    assert refusal == "You may have 1 job at a time. Yours: #1 paused. Cancel one or wait."
    await card.press("Cancel")
    await server.until(lambda: card.colour == OVER)
    await server.imagine("an owl")


async def test_who_may_not_manage_messages_is_told_so(server: SimulatedServer) -> None:
    command = server.env.backend.find_command("moderate", server.guild.id)
    # As a server's owner does who lets somebody see the commands.
    server.guild.set_command_permissions(int(command["id"]), {server.alice: True})
    for what in ("pause", "resume", "clear"):
        assert await moderate(server, what, server.alice) == "You need Manage Messages for that. A moderator has it."
