"""Who has waited long is called back, once; nobody else is ever called."""

from __future__ import annotations

import pytest

from bot.errors import GenerationFailed
from bot.jobs import JobStatus
from bot.ui.cards import BROKEN, DONE, OVER
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer


async def test_after_more_than_a_minute_the_author_is_pinged_once(server: SimulatedServer) -> None:
    card = await server.imagine("@everyone look", images=2)
    await server.run()
    await server.env.advance_time(61)
    server.executor.finish(1, [PNG, PNG])
    await server.until(lambda: len(server.cards()) == 2)
    ping = server.cards()[1]
    assert ping.text == f"{server.alice.mention} Your pictures are ready."
    assert ping.message.ping_user_ids == [server.alice.id]
    assert ping.message.reference is not None
    assert ping.message.reference["message_id"] == str(card.id)
    await server.stop()
    await server.start()
    await server.stop()
    assert len(server.cards()) == 2


async def test_within_a_minute_the_picture_is_enough(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    await server.env.advance_time(59)
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    await server.stop()
    assert [each.id for each in server.cards()] == [card.id]


async def test_a_failure_after_a_minute_is_told_with_a_ping_too(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    await server.env.advance_time(61)
    server.executor.fail(1, GenerationFailed())
    await server.until(lambda: len(server.cards()) == 2)
    assert card.colour == BROKEN
    assert server.cards()[1].text == f"{server.alice.mention} Your picture could not be made."


async def test_who_cancels_is_not_called(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    await server.env.advance_time(61)
    await card.press("Cancel")
    await server.until(lambda: card.colour == OVER)
    await server.stop()
    assert [each.id for each in server.cards()] == [card.id]


async def test_a_picture_after_fifteen_minutes_still_calls(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    await server.env.advance_time(15 * 60 + 1)
    server.executor.finish(1, [PNG])
    await server.until(lambda: len(server.cards()) == 2)
    assert card.colour == DONE


@pytest.mark.parametrize("others", ["<@{bob}>", "@everyone", "@here", "<@&{role}>"])
async def test_a_new_message_calls_its_author_and_nobody_named_in_the_prompt(
    server: SimulatedServer, others: str
) -> None:
    prompt = others.format(bob=server.bob.id, role=server.guild.roles["moderators"].id)
    card = await server.imagine(prompt)
    await server.run()
    await card.is_deleted_by(server.mira)
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    [new] = server.cards()
    assert new.message.ping_user_ids == [server.alice.id]
    assert (new.message.ping_role_ids, new.message.mention_everyone) == ([], False)
