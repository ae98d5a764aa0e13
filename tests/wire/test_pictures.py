"""From the command to the picture: what arrives at Discord's side of the wire, byte by byte."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from bot.delivery.pace import CHANNEL_INTERVAL, MESSAGE_INTERVAL, EditPace
from bot.settings import Settings
from tests.loopback import LoopbackDiscord
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, pictures, recorded, running, until_recorded


async def test_a_command_becomes_a_card_the_card_progress_and_progress_the_picture(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    interaction = await loopback.slash("imagine", prompt="a red fox", steps=20, seed=7)
    card = await loopback.message_of(interaction)
    assert "a red fox" in card.text
    assert list(card.buttons) == ["Cancel"]
    assert interaction.work_to_acknowledge < 3

    await executor.started.holds(1)
    preview = noise(8)
    executor.step(1, 5, preview)
    await loopback.wait_for(lambda: "base 5/" in card.text and card.attachments, "progress with its preview")
    [attachment] = card.attachments
    assert attachment.content == preview
    assert attachment.description == "How far the picture is"

    png = noise(64)
    executor.finish(1, [png])
    await loopback.wait_for(lambda: pictures(card), "the picture")
    [attachment] = card.attachments
    assert attachment.content == png
    assert attachment.description == "a red fox"
    assert "seed 7" in card.text
    assert "20 steps" in card.text
    assert set(card.buttons) == {"Again", "Vary", "Upscale", "Edit…", "More"}
    assert loopback.messages == [card]
    await until_recorded(settings, ("succeeded", 1))


async def test_four_pictures_arrive_in_order_and_each_says_which_it_is(
    loopback: LoopbackDiscord, executor: ScriptedExecutor
) -> None:
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox", images=4))
    await executor.started.holds(1)
    pngs = [noise(256, seed) for seed in range(4)]
    executor.finish(1, pngs)
    await loopback.wait_for(lambda: pictures(card), "the pictures")
    assert [attachment.content for attachment in card.attachments] == pngs
    assert [attachment.description for attachment in card.attachments] == [
        f"a red fox (picture {number} of 4)" for number in (1, 2, 3, 4)
    ]


async def test_edits_keep_to_their_budget(loopback: LoopbackDiscord, executor: ScriptedExecutor) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    cards = [
        await loopback.message_of(await loopback.slash("imagine", prompt="a red fox", steps=150, user=user))
        for user in (loopback.alice, loopback.bob)
    ]
    await executor.started.holds(1, 2)
    step = 0
    while min(card.revisions for card in cards) < 2:
        step += 1
        for job_id in executor.running:
            executor.step(job_id, step % 149, noise(8, step))
        await asyncio.sleep(0.04)
    seconds = loop.time() - begin
    assert len(loopback.requests("PATCH")) <= seconds / CHANNEL_INTERVAL + 1
    for card in cards:
        assert card.revisions <= seconds / MESSAGE_INTERVAL + 1
    assert {exchange.status for exchange in loopback.server.exchanges} == {200}


async def test_pictures_do_not_wait_for_the_budget_of_edits(loopback: LoopbackDiscord, settings: Settings) -> None:
    executor, hours = ScriptedExecutor(capacity=2), EditPace(share=10_000)
    async with running(loopback, settings, executor, hours):
        cards = [
            await loopback.message_of(await loopback.slash("imagine", prompt="a red fox", user=user))
            for user in (loopback.alice, loopback.bob)
        ]
        await executor.started.holds(1, 2)
        await loopback.wait_for(lambda: loopback.requests("PATCH"), "the one edit for hours")
        for job_id in (1, 2):
            executor.step(job_id, 1, noise(8))
            executor.finish(job_id, [noise(8)])
        await loopback.wait_for(lambda: all(map(pictures, cards)), "both pictures")
        assert len(loopback.requests("PATCH")) == 3


async def test_a_picture_is_made_as_small_as_the_place_takes_it(
    loopback: LoopbackDiscord, executor: ScriptedExecutor
) -> None:
    png = noise(256)
    loopback.limits.file_bytes = len(png) // 2
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await executor.started.holds(1)
    executor.finish(1, [png])
    await loopback.wait_for(lambda: pictures(card), "the picture")
    assert 413 not in {exchange.status for exchange in loopback.server.exchanges}
    assert "shown as WebP" in card.text
    with Image.open(io.BytesIO(card.attachments[0].content)) as shown:
        assert shown.format == "WEBP"


async def test_discords_own_word_on_size_counts_more_than_what_it_said_before(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await executor.started.holds(1)
    png = noise(256)
    loopback.limits.file_bytes = len(png) // 4
    executor.finish(1, [png])
    await loopback.wait_for(lambda: pictures(card), "the picture")
    assert 413 in {exchange.status for exchange in loopback.server.exchanges}
    assert "shown as WebP" in card.text
    assert len(card.attachments[0].content) <= loopback.limits.file_bytes
    await until_recorded(settings, ("succeeded", 1))


async def test_a_picture_that_fits_nowhere_is_kept_and_its_author_is_told(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings
) -> None:
    loopback.limits.window = 0.5
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await executor.started.holds(1)
    png = noise(64)
    loopback.limits.file_bytes = 10
    executor.finish(1, [png])
    await loopback.wait_for(lambda: "more than Discord takes" in card.text, "the reason")
    assert (settings.data_dir / "pictures" / "1-0.png").read_bytes() == png
    await until_recorded(settings, ("failed", 1))


@pytest.mark.parametrize("running_already", [True, False])
async def test_a_cancelled_job_says_so_on_its_card(
    loopback: LoopbackDiscord, executor: ScriptedExecutor, settings: Settings, running_already: bool
) -> None:
    if not running_already:
        for user in (loopback.bob, loopback.carol):
            # One after another: of two at the same moment either may be the first.
            await loopback.message_of(await loopback.slash("imagine", prompt="before", user=user))
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    await executor.started.until(lambda started: len(started) == (1 if running_already else 2))
    await loopback.acknowledged(await loopback.press(card, "Cancel"))
    await loopback.wait_for(lambda: "Cancelled." in card.text, "the end of the job")
    assert recorded(settings)[-1] == ("cancelled", 1 if running_already else 0)
