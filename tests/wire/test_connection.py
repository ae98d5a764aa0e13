"""The gateway comes and goes, the bot comes and goes, and jobs go on."""

from __future__ import annotations

import gc

import pytest

from bot.app import run_bot
from bot.errors import StartupFailed
from bot.settings import Settings
from bot.ui.cards import RESTARTED
from tests.loopback import LoopbackDiscord, rate_limited
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, pictures, recorded, running, until_recorded

PNG = noise(16)


@pytest.mark.parametrize("hard", [pytest.param(False, id="close 4000"), pytest.param(True, id="TCP abort")])
async def test_a_lost_connection_is_resumed_and_no_job_notices(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, hard: bool
) -> None:
    card = await loopback.message_of(await loopback.slash("imagine", prompt="before"))
    await executor.started.holds(1)
    if hard:
        loopback.gateway.drop()
    else:
        await loopback.gateway.disconnect()
    meanwhile = await loopback.slash("imagine", prompt="meanwhile", user=loopback.bob)
    executor.finish(1, [PNG])
    await loopback.wait_for(lambda: pictures(card), "the picture of the job from before")
    other = await loopback.message_of(meanwhile)
    await executor.started.holds(1, 2)
    executor.finish(2, [PNG])
    await loopback.wait_for(lambda: pictures(other), "the picture of the job from meanwhile")
    assert (loopback.gateway.identifies, loopback.gateway.resumes) == (1, 1)


async def test_a_restart_takes_up_what_ran_and_what_waited_on_the_same_cards(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    first = ScriptedExecutor()
    async with running(loopback, settings, first):
        cards = [
            await loopback.message_of(await loopback.slash("imagine", prompt="a red fox", user=user))
            for user in (loopback.alice, loopback.bob)
        ]
        await first.started.holds(1)
        await loopback.wait_for(lambda: all(card.text for card in cards))
    assert loopback.messages == cards
    second = ScriptedExecutor(capacity=2)
    async with running(loopback, settings, second):
        await second.started.holds(1, 2)
        await loopback.wait_for(lambda: all(str(RESTARTED) in card.text for card in cards), "the notice on both cards")
        second.finish(1, [PNG])
        second.finish(2, [PNG])
        await loopback.wait_for(lambda: all(map(pictures, cards)), "both pictures")
    assert loopback.messages == cards
    # A stop in good order is no death: it does not count against the job.
    assert recorded(settings) == [("succeeded", 1), ("succeeded", 1)]
    assert len(loopback.requests("PUT", "/commands")) == 1


async def test_a_picture_that_discord_did_not_take_before_a_restart_is_posted_after_it(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    executor = ScriptedExecutor()
    async with running(loopback, settings, executor):
        card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
        await executor.started.holds(1)
        loopback.rate_limits.refuse(rate_limited(1, via=False), method="PATCH", times=1000)
        executor.finish(1, [PNG])
        await until_recorded(settings, ("posting", 1))
        await loopback.wait_for(lambda: loopback.requests("PATCH"), "the first attempt")
    assert not pictures(card)
    loopback.rate_limits.injections.clear()
    async with running(loopback, settings, ScriptedExecutor()):
        await until_recorded(settings, ("succeeded", 1))
    assert [attachment.content for attachment in card.attachments] == [PNG]
    assert loopback.messages == [card]


async def test_a_wrong_token_is_one_sentence(loopback: LoopbackDiscord, settings: Settings) -> None:
    loopback.world.token = "another"
    with pytest.raises(StartupFailed, match=r"^Discord refuses DISCORD_TOKEN\. Reset it .* into \.env\.$"):
        await run_bot(settings, ScriptedExecutor())


async def test_a_token_that_only_the_gateway_refuses_is_the_same_sentence(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    loopback.gateway.token = "another"
    with pytest.raises(StartupFailed, match=r"^Discord refuses DISCORD_TOKEN\. Reset it .* into \.env\.$"):
        await run_bot(settings, ScriptedExecutor())


async def test_a_discord_that_is_not_there_is_named(loopback: LoopbackDiscord, settings: Settings) -> None:
    await loopback.server.stop()
    with pytest.raises(StartupFailed, match=f"cannot be reached at {loopback.api_url}"):
        await run_bot(settings, ScriptedExecutor())


async def test_a_full_collection_looks_only_at_what_came_after_the_start(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    assert not gc.get_freeze_count()
    async with running(loopback, settings, ScriptedExecutor()):
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()
