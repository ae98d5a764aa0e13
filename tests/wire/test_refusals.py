"""What Discord refuses, and what becomes of the job: its picture arrives all the same, and once."""

from __future__ import annotations

import asyncio

import pytest

from bot.delivery.attachments import ENCODINGS
from bot.delivery.ending import LONG_WAIT, TOO_LARGE
from bot.errors import OutOfMemory
from bot.settings import Settings
from tests.loopback import LoopbackDiscord, Message, rate_limited, refused, unavailable
from tests.loopback.refusals import Refused
from tests.patience import PATIENCE
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, pictures, until_recorded

PNG = noise(16)


async def start_job(loopback: LoopbackDiscord, executor: ScriptedExecutor) -> Message:
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await executor.started.holds(1)
    return card


async def finish_job(loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings) -> Message:
    """Let the job end; the one message that shows its picture."""
    executor.finish(1, [PNG])
    await until_recorded(settings, ("succeeded", 1))
    [message] = [message for message in loopback.messages if pictures(message)]
    assert [attachment.content for attachment in message.attachments] == [PNG]
    return message


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(rate_limited(0.05), id="429"),
        pytest.param(rate_limited(0.05, via=False), id="429 from the network before Discord"),
        pytest.param(unavailable(500), id="500"),
        pytest.param(unavailable(503), id="503"),
    ],
)
async def test_a_picture_that_is_refused_for_now_is_brought_again(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings, refusal: Refused
) -> None:
    card = await start_job(loopback, executor)
    loopback.rate_limits.refuse(refusal, method="PATCH")
    assert await finish_job(loopback, executor, settings) is card
    assert refusal.status in [exchange.status for exchange in loopback.requests("PATCH")]
    assert loopback.messages == [card]


async def test_after_the_tokens_end_the_same_message_is_edited_by_the_bot_itself(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    loopback.limits.token_lifetime = 0
    assert await finish_job(loopback, executor, settings) is card
    assert loopback.messages == [card]
    by_token, by_channel = loopback.requests("PATCH", "/webhooks/")[-1], loopback.requests("PATCH", "/channels/")[-1]
    assert (by_token.status, by_channel.status) == (401, 200)


async def test_without_token_and_card_the_picture_comes_in_a_message_of_its_own(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    loopback.limits.token_lifetime = 0
    card.is_deleted = True
    message = await finish_job(loopback, executor, settings)
    assert message.channel is loopback.art
    assert loopback.messages == [message]


async def test_a_new_message_whose_answer_is_lost_is_not_posted_a_second_time(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    loopback.limits.token_lifetime = 0
    card.is_deleted = True
    posts = f"/channels/{loopback.art.id}/messages"
    loopback.rate_limits.refuse(unavailable(), method="POST", path=posts, late=True)
    message = await finish_job(loopback, executor, settings)
    assert loopback.messages == [message]
    assert [exchange.status for exchange in loopback.requests("POST", posts)] == [503, 200]


async def test_where_the_bot_may_not_post_any_more_the_author_gets_the_picture_privately(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    await start_job(loopback, executor)
    loopback.limits.token_lifetime = 0
    loopback.art.bot_may_send = False
    message = await finish_job(loopback, executor, settings)
    assert message.channel.recipient == loopback.alice
    assert "sent here because" in message.text


async def test_a_command_that_discord_forgot_still_makes_its_picture(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    loopback.rate_limits.refuse(refused(10062), path="/callback")
    await loopback.slash("imagine", prompt="a red fox")
    await executor.started.holds(1)
    message = await finish_job(loopback, executor, settings)
    assert message.channel is loopback.art
    assert message.allowed_mentions.get("users") == [loopback.alice.id]


async def test_a_card_that_was_a_message_of_its_own_and_is_deleted_is_followed_by_another_with_the_picture(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    loopback.rate_limits.refuse(refused(10062), path="/callback")
    await loopback.slash("imagine", prompt="a red fox")
    await executor.started.holds(1)
    card = await loopback.wait_for(lambda: next(iter(loopback.messages), None), "the card")
    card.is_deleted = True
    message = await finish_job(loopback, executor, settings)
    assert loopback.messages == [message]


async def test_that_no_place_takes_the_picture_is_told_in_a_second_try_too_and_stays_so(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    await loopback.wait_for(lambda: "base 0/" in card.text, "word of the start, which is to be refused nothing")
    loopback.rate_limits.refuse(refused(40005), method="PATCH", times=len(ENCODINGS))
    loopback.rate_limits.refuse(unavailable(), method="PATCH")
    executor.finish(1, [PNG])
    await until_recorded(settings, ("failed", 1))
    await loopback.wait_for(lambda: str(TOO_LARGE) in card.text, "the reason")
    assert not pictures(card)


async def test_a_card_without_files_that_is_called_too_large_is_brought_again(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    loopback.rate_limits.refuse(refused(40005), method="PATCH")
    executor.fail(1, OutOfMemory())
    await loopback.wait_for(lambda: str(OutOfMemory()) in card.text, "the reason")


async def test_an_answer_whose_receipt_is_lost_stands_once(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    loopback.rate_limits.refuse(unavailable(500), path="/callback", late=True)
    card = await start_job(loopback, executor)
    assert await finish_job(loopback, executor, settings) is card
    assert loopback.messages == [card]
    assert [exchange.status for exchange in loopback.requests(path="/callback")] == [500, 400]


async def test_a_press_that_discord_forgot_can_be_made_again(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    loopback.rate_limits.refuse(refused(10062), path="/callback")
    forgotten = await loopback.press(card, "Cancel")
    await loopback.wait_for(lambda: [e.status for e in loopback.requests(path="/callback")][-1] == 404, "the refusal")
    assert not forgotten.acknowledged.is_set()
    await loopback.acknowledged(await loopback.press(card, "Cancel"))
    await loopback.wait_for(lambda: "Cancelled." in card.text, "the end of the job")
    await until_recorded(settings, ("cancelled", 1))


async def test_a_picture_waits_for_no_edit_that_is_lost_on_its_way(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await start_job(loopback, executor)
    lost = loopback.rate_limits.hold(method="PATCH")
    executor.step(1, 5, noise(8))
    async with asyncio.timeout(PATIENCE):
        await lost.arrived.wait()
    assert await finish_job(loopback, executor, settings) is card
    lost.release.set()


@pytest.mark.parametrize("gone", [10003, 50001])
async def test_what_was_made_for_a_place_that_is_gone_comes_privately(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings, gone: int
) -> None:
    """Unknown Channel is a channel that was deleted, Missing Access a server that the bot was put out of."""
    await start_job(loopback, executor)
    loopback.limits.token_lifetime = 0
    loopback.rate_limits.refuse(refused(gone), path=f"/channels/{loopback.art.id}", times=100)
    message = await finish_job(loopback, executor, settings)
    assert message.channel.recipient == loopback.alice


async def test_with_every_way_closed_the_job_says_so_and_its_author_finds_the_picture(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    await start_job(loopback, executor)
    loopback.limits.token_lifetime = 0
    loopback.rate_limits.refuse(refused(50001), path=f"/channels/{loopback.art.id}", times=100)
    loopback.rate_limits.refuse(refused(50007), path="/users/@me/channels", times=100)
    executor.finish(1, [PNG])
    await until_recorded(settings, ("failed", 1))
    loopback.limits.token_lifetime = PATIENCE
    listed = await loopback.message_of(await loopback.slash("history"))
    assert listed.is_ephemeral
    assert "a red fox" in listed.text
    assert len(listed.attachments) == 1


async def test_a_ping_whose_answer_is_lost_is_not_made_twice(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    loopback.world.new_id.seconds_ago = LONG_WAIT.total_seconds()
    card = await start_job(loopback, executor)
    loopback.rate_limits.refuse(unavailable(500), method="POST", path=f"/channels/{loopback.art.id}", late=True)
    assert await finish_job(loopback, executor, settings) is card
    await loopback.wait_for(
        lambda: [e.status for e in loopback.requests("POST", f"/channels/{loopback.art.id}")] == [500, 200], "the ping"
    )
    [ping] = [message for message in loopback.messages if message is not card]
    assert ping.allowed_mentions.get("users") == [loopback.alice.id]
    assert ping.reference == card.id
