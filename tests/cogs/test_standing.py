"""Members with roles: who goes first, who may have more, and what they are told when it is too much."""

from __future__ import annotations

import re

import pytest
import simcord

from bot.jobs import JobStatus
from bot.ui.cards import DONE
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

WHEN = re.compile(r"<t:\d+:R>")


@pytest.fixture
async def server(server: SimulatedServer) -> SimulatedServer:
    """Stopped, for each test starts it with rules of its own."""
    await server.stop()
    return server


def patron(server: SimulatedServer) -> tuple[simcord.MemberActor, int]:
    role = server.guild.create_role("patrons")
    return server.guild.add_member(server.env.create_user("pat"), roles=[role]), role.id


def said(card: Card) -> str:
    """What it says, with any moment as WHEN."""
    assert card.is_private
    return WHEN.sub("WHEN", card.text)


async def test_roles_decide_weight_and_tier_and_both_are_kept(server: SimulatedServer) -> None:
    pat, role = patron(server)
    await server.start(role_weights={role: 2.0}, priority_roles=(role,))
    await server.imagine("a fox")
    await server.run()
    await server.imagine("an owl")
    card = await server.imagine("a wolf", pat)
    assert "Next in line" in card.text
    assert [job.id for job in server.application.generation.line()] == [1, 3, 2]
    for job_id, expected in ((2, (1.0, 0)), (3, (2.0, 1))):
        job = await server.job(job_id)
        assert (job.weight, job.tier) == expected


async def test_again_and_the_other_buttons_go_by_the_roles_of_who_presses(server: SimulatedServer) -> None:
    pat, role = patron(server)
    await server.start(role_weights={role: 2.0})
    card = await server.imagine("a fox")
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    await card.press("Again", pat)
    assert (await server.job(2)).weight == 2.0


async def test_a_role_may_have_more_jobs(server: SimulatedServer) -> None:
    pat, role = patron(server)
    await server.start(max_jobs_per_user=1, role_max_jobs={role: 2})
    await server.imagine("a fox")
    assert "You may have 1 job at a time." in said(await server.imagine("an owl"))
    await server.imagine("a fox", pat)
    await server.imagine("an owl", pat)
    assert "You may have 2 jobs at a time." in said(await server.imagine("a wolf", pat))


async def test_when_it_is_known_a_refusal_says_when_it_will_be_right(server: SimulatedServer) -> None:
    await server.start(max_jobs_per_user=1)
    card = await server.imagine("a fox")
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.imagine("an owl")
    await server.run(2)
    assert said(await server.imagine("a wolf")) == (
        "You may have 1 job at a time. Yours: #2 running. Cancel one or wait. The first of them is ready WHEN."
    )


async def test_a_channel_has_its_own_limit(server: SimulatedServer) -> None:
    await server.start(max_jobs_per_channel=1)
    await server.imagine("a fox")
    assert said(await server.imagine("an owl", server.bob)) == (
        "This channel may have 1 job at a time, and has them. Wait, or use another channel."
    )
    elsewhere = server.guild.create_text_channel("elsewhere")
    assert not (await server.imagine("an owl", server.bob, elsewhere)).is_private


async def test_between_two_requests_is_a_pause(server: SimulatedServer) -> None:
    await server.start(cooldown_seconds=3600)
    await server.imagine("a fox")
    assert said(await server.imagine("an owl")) == ("Between two requests you wait 3600 seconds here. Ask again WHEN.")
    assert not (await server.imagine("an owl", server.bob)).is_private


async def test_a_day_has_so_many_pictures_and_what_never_began_is_given_back(server: SimulatedServer) -> None:
    await server.start(daily_images=4)
    await server.imagine("a fox", images=2)
    await server.run()
    card = await server.imagine("an owl", images=2)
    assert said(await server.imagine("a wolf")) == (
        "You may have 4 pictures in 24 hours and have had 4. This asks for 1 picture: that is possible again WHEN."
    )
    await card.press("Cancel")
    await server.until_recorded(JobStatus.CANCELLED, 2)
    await server.imagine("a wolf", images=2)


async def test_a_job_that_failed_is_given_back(server: SimulatedServer) -> None:
    await server.start(daily_images=1)
    await server.imagine("a fox")
    await server.run()
    server.executor.die(1)
    await server.executor.started.until(lambda started: started.count(1) == 2)
    server.executor.die(1)
    await server.until_recorded(JobStatus.FAILED)
    await server.imagine("an owl")


async def test_a_sheet_counts_as_its_pictures(server: SimulatedServer) -> None:
    await server.start(daily_images=3)
    answer = await server.alice.slash(server.channel, "compare", prompt="a fox", axis="seed", values="1, 2, 3, 4")
    assert said(server.answer(answer)) == (
        "You may have 3 pictures in 24 hours, and this asks for 4 pictures. Ask for fewer."
    )
    answer = await server.alice.slash(server.channel, "compare", prompt="a fox", axis="seed", values="1, 2, 3")
    assert not server.answer(answer).is_private
    assert said(await server.imagine("an owl")).startswith("You may have 3 pictures in 24 hours and have had 3.")
