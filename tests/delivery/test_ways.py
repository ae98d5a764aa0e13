"""The picture arrives by whatever way is left: an old token, a deleted message, a closed channel, a closed door."""

from __future__ import annotations

import pytest

from bot.errors import GenerationFailed
from bot.jobs import JobStatus
from bot.ui.cards import BROKEN, DONE, OVER, WORKING
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

QUARTER_OF_AN_HOUR = 15 * 60


async def running(server: SimulatedServer) -> Card:
    card = await server.imagine(seed=7)
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    return card


async def test_a_result_after_fifteen_minutes_arrives_on_the_same_message(server: SimulatedServer) -> None:
    card = await running(server)
    await server.env.advance_time(QUARTER_OF_AN_HOUR + 1)
    server.executor.step(1, 20)
    await server.until(lambda: "base 20/24" in card.text)
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert list(card.files.values()) == [PNG]
    assert server.requests("PATCH", f"/channels/{server.channel.id}/messages/{card.id}")
    await server.until_recorded(JobStatus.SUCCEEDED)


async def test_a_token_that_ends_earlier_than_said_does_not_stop_the_result(server: SimulatedServer) -> None:
    card = await running(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, message="Invalid Webhook Token")
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)


async def test_when_the_message_was_deleted_the_picture_comes_in_a_new_one(server: SimulatedServer) -> None:
    card = await running(server)
    await card.is_deleted_by(server.mira)
    server.executor.step(1, 20)
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    [new] = server.cards()
    assert new.id != card.id
    assert (new.colour, list(new.files.values())) == (DONE, [PNG])
    assert server.alice.mention in new.text
    [answer] = await new.press_more("Delete", server.bob)
    assert answer.is_private
    await new.press_more("Delete")
    assert new.is_gone


async def test_a_deleted_message_is_not_replaced_while_the_job_goes_on(server: SimulatedServer) -> None:
    card = await running(server)
    await card.is_deleted_by(server.mira)
    tries = len(server.requests("PATCH", "/webhooks/"))
    server.executor.step(1, 20)
    await server.until(lambda: len(server.requests("PATCH", "/webhooks/")) > tries)
    assert server.cards() == []


async def test_cancelling_a_job_whose_message_is_gone_ends_in_a_new_one(server: SimulatedServer) -> None:
    card = await running(server)
    await card.is_deleted_by(server.mira)
    server.answer(await server.alice.slash(server.channel, "cancel", job=1))
    await server.until(lambda: [each.colour for each in server.cards()] == [OVER])


async def test_where_the_bot_may_no_longer_post_the_author_gets_a_direct_message(server: SimulatedServer) -> None:
    card = await running(server)
    await card.is_deleted_by(server.mira)
    server.forbid("send_messages", "view_channel")
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    [private] = server.cards(server.alice.user.dm_channel)
    assert list(private.files.values()) == [PNG]
    assert private.text.endswith(f"-# sent here because the bot cannot post in {server.channel.mention}")
    assert server.cards() == []
    await private.press_more("Delete")
    assert private.is_gone


async def test_a_failure_is_told_in_a_direct_message_too(server: SimulatedServer) -> None:
    card = await running(server)
    await card.is_deleted_by(server.mira)
    server.forbid("send_messages", "view_channel")
    server.executor.die(1)
    await server.executor.started.until(lambda items: items == [1, 1])
    server.executor.die(1)
    await server.until(lambda: [each.colour for each in server.cards(server.alice.user.dm_channel)] == [BROKEN])


async def test_without_any_way_left_the_picture_is_kept_and_the_job_says_so(server: SimulatedServer) -> None:
    card = await running(server)
    await card.is_deleted_by(server.mira)
    server.forbid("send_messages", "view_channel")
    dm = server.alice.user.dm_channel
    server.env.inject_error(
        "POST", f"/channels/{dm.id}/messages", status=403, code=50007, message="Cannot send messages to this user"
    )
    server.executor.finish(1, [PNG])
    job = await server.until_recorded(JobStatus.FAILED)
    assert str(job.error) == (
        "The picture is made, but Discord let the bot neither post it in the channel nor send it to you. It is kept: "
        "/history shows it to you."
    )
    assert await server.application.generation.pictures_of(1) == [PNG]


async def test_a_discord_that_is_down_for_a_moment_costs_nothing(server: SimulatedServer) -> None:
    card = await running(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=503, message="Service Unavailable")
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    assert (card.colour, len(server.cards())) == (DONE, 1)


async def test_of_an_outage_a_job_tells_the_log_once(server: SimulatedServer, caplog: pytest.LogCaptureFixture) -> None:
    card = await running(server)
    for outage in range(2):
        server.env.inject_error("PATCH", "/webhooks/*", status=503, message="Service Unavailable", times=3)
        for step in range(10 * outage + 1, 10 * outage + 4):
            before = len(server.requests("PATCH", "/webhooks/"))
            server.executor.step(1, step)
            await server.until(lambda before=before: len(server.requests("PATCH", "/webhooks/")) > before)
        server.executor.step(1, 10 * outage + 9)
        await server.until(lambda outage=outage: f"base {10 * outage + 9}/24" in card.text)
        assert caplog.text.count("its message was not brought up to date") == outage + 1


async def test_a_card_that_discord_refuses_becomes_a_small_one_with_its_picture(server: SimulatedServer) -> None:
    server.expects_trouble = True
    card = await running(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid Form Body")
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    assert (card.colour, list(card.files.values()), card.buttons) == (DONE, [PNG], {})
    assert card.text == f"**a red fox in the snow** · {server.alice.mention}\n-# #1"
    assert len(server.cards()) == 1


async def test_a_failure_whose_card_is_refused_is_told_by_a_small_one(server: SimulatedServer) -> None:
    server.expects_trouble = True
    card = await running(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=400, code=50035, message="Invalid Form Body")
    server.executor.fail(1, GenerationFailed())
    await server.until(lambda: card.colour == BROKEN)
    assert card.buttons == {}


async def test_how_a_job_ended_is_tried_until_discord_is_back(server: SimulatedServer) -> None:
    card = await running(server)
    server.env.inject_error("PATCH", "/webhooks/*", status=503, message="Service Unavailable", times=4)
    server.executor.fail(1, GenerationFailed())
    await server.until(lambda: card.colour == BROKEN)
