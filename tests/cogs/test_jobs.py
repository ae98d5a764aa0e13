"""`/cancel`, `/queue` and `/help`."""

from __future__ import annotations

from bot.executors import ExecutorState
from bot.jobs import JobStatus
from bot.ui.cards import DONE, OVER, WORKING
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card


async def cancel(server: SimulatedServer, job: int, who: str = "alice") -> Card:
    member = {"alice": server.alice, "bob": server.bob, "mira": server.mira}[who]
    answer = server.answer(await member.slash(server.channel, "cancel", job=job))
    assert answer.is_private
    return answer


async def choices(server: SimulatedServer, typed: str, who: str = "alice") -> list[tuple[str, int]]:
    member = {"alice": server.alice, "mira": server.mira}[who]
    found = await member.autocomplete(server.channel, "cancel", "job", typed)
    return [(each["name"], each["value"]) for each in found]


async def test_ones_own_waiting_job_is_cancelled_at_once(server: SimulatedServer) -> None:
    await server.imagine("a fox")
    await server.run()
    card = await server.imagine("an owl", seed=5)
    assert (await cancel(server, 2)).text == "Job #2 is cancelled."
    await server.until(lambda: card.colour == OVER)
    assert card.text == (
        f"**an owl** · {server.alice.mention}\n"
        "Cancelled.\n"
        "-# 1024×1024 · 30 steps · Euler · guidance 5\n"
        "-# refiner from 0.8 · seed 5 · #2"
    )
    assert (await server.job(2)).status is JobStatus.CANCELLED


async def test_ones_own_running_job_stops_at_its_next_step(server: SimulatedServer) -> None:
    server.executor.deaf = True
    card = await server.imagine()
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    assert (await cancel(server, 1)).text == "Job #1 stops at its next step."
    await server.until(lambda: card.buttons == {"Cancelling": False})
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == OVER)
    assert "Cancelled." in card.text
    assert card.files == {}


async def test_somebody_elses_job_stays(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    answer = await cancel(server, 1, "bob")
    assert answer.text == "Only the person who asked for job #1, or a moderator, can cancel it."
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)


async def test_a_moderator_may_cancel_anybodys(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    assert (await cancel(server, 1, "mira")).text == "Job #1 stops at its next step."
    await server.until(lambda: card.colour == OVER)


async def test_a_moderator_of_one_channel_moderates_no_other(server: SimulatedServer) -> None:
    await server.imagine(channel=server.guild.create_text_channel("elsewhere"))
    answer = await cancel(server, 1, "mira")
    assert answer.text == "Only the person who asked for job #1, or a moderator, can cancel it."


async def test_what_cannot_be_cancelled_is_said(server: SimulatedServer) -> None:
    assert (await cancel(server, 41)).text == "There is no job #41."
    card = await server.imagine()
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert (await cancel(server, 1)).text == "Job #1 is done already."


async def test_the_list_to_choose_from_has_ones_own_jobs(server: SimulatedServer) -> None:
    await server.imagine("a fox")
    await server.run()
    await server.imagine("an owl", server.bob)
    await server.imagine("**a wolf** " + "x" * 200)
    own = await choices(server, "")
    assert own[0] == ("#1 · running · a fox", 1)
    assert own[1][0].startswith("#3 · 2nd in line · **a wolf** xxx")
    assert len(own) == 2
    assert await choices(server, "wolf") == own[1:]
    assert await choices(server, "#1") == own[:1]
    assert [job for _, job in await choices(server, "", "mira")] == [1, 2, 3]


async def queue(server: SimulatedServer) -> str:
    answer = server.answer(await server.alice.slash(server.channel, "queue"))
    assert answer.is_private
    return answer.text


async def test_an_empty_queue_invites(server: SimulatedServer) -> None:
    assert await queue(server) == "**The queue**\nNobody waits. `/imagine` starts at once."


async def test_the_queue_shows_who_waits_and_only_ones_own_prompts(server: SimulatedServer) -> None:
    await server.imagine("a fox")
    await server.run()
    await server.imagine("a secret owl", server.bob)
    await server.imagine("*a wolf*")
    title, state, *entries = (await queue(server)).split("\n")
    assert (title, state) == ("**The queue**", "2 jobs waiting; they are taken in this order.")
    assert entries[0].startswith(f"**now** #1 {server.alice.mention} · a fox · asked <t:")
    assert entries[1].startswith(f"**1.** #2 {server.bob.mention} · asked <t:")
    assert entries[2].startswith(rf"**2.** #3 {server.alice.mention} · \*a wolf\* · asked <t:")


async def test_the_queue_tells_nothing_of_other_servers_but_their_number(server: SimulatedServer) -> None:
    other = server.env.create_guild("Elsewhere")
    stranger = other.add_member(server.env.create_user("stranger"))
    server.prompts.append("a secret owl")
    server.answer(await stranger.slash(other.create_text_channel("art"), "imagine", prompt="a secret owl"))
    await server.run()
    await server.imagine("a fox")
    _, state, entry, elsewhere = (await queue(server)).split("\n")
    assert state == "1 job waiting; they are taken in this order."
    assert entry.startswith(f"**1.** #2 {server.alice.mention} · a fox · ")
    assert elsewhere == "-# and 1 elsewhere"


async def test_while_the_model_loads_the_queue_says_so(server: SimulatedServer) -> None:
    server.executor.become(ExecutorState.LOADING)
    await server.imagine()
    assert "Warming up · the picture process is starting. 1 job waiting for it." in await queue(server)


async def test_help_explains_the_commands_privately(server: SimulatedServer) -> None:
    answer = server.answer(await server.bob.slash(server.channel, "help"))
    assert answer.is_private
    for word in ("`/imagine`", "**Again**", "`refiner_from`", "1024×1024", "`seed`", "**Moderators**"):
        assert word in answer.text


async def test_the_commands_in_help_can_be_pressed_also_after_a_restart(server: SimulatedServer) -> None:
    registered = {command.name: command.id for command in await server.application.bot.tree.fetch_commands()}
    for _ in range(2):
        answer = server.answer(await server.bob.slash(server.channel, "help"))
        for name in ("imagine", "compare", "history", "cancel", "queue", "help"):
            assert f"</{name}:{registered[name]}>" in answer.text
        await server.stop()
        await server.start()


async def test_help_without_a_refiner_says_that_there_is_none(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(model_refiner=None)
    answer = server.answer(await server.bob.slash(server.channel, "help"))
    assert "no refiner is loaded" in answer.text


async def test_everything_works_in_a_direct_message_too(server: SimulatedServer) -> None:
    user = server.alice.user
    server.prompts.append("a fox")
    card = server.answer(await user.slash("imagine", prompt="a fox"))
    await server.run()
    assert (await user.autocomplete("cancel", "job", ""))[0]["value"] == 1
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert card.channel_id == user.dm_channel.id
    assert server.answer(await user.slash("queue")).text.endswith("`/imagine` starts at once.")
