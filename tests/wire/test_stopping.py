"""The bot is told to stop: what runs gets its time, who asks is told, and nothing is lost however short the time is."""

from __future__ import annotations

import asyncio
import os
import signal

import psutil

from bot.app import run_bot
from bot.errors import BotStopping
from bot.settings import Settings
from tests.loopback import LoopbackDiscord
from tests.patience import PATIENCE
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, pictures, recorded, running, until_recorded
from tests.wire.test_processes import PROMPT, STEPS, imagine_bot


async def test_what_runs_is_finished_who_asks_is_told_and_who_waits_keeps_the_place(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    executor = ScriptedExecutor()
    bot = asyncio.create_task(run_bot(settings.model_copy(update={"shutdown_grace_seconds": PATIENCE}), executor))
    await loopback.wait_for(loopback.gateway.connected.is_set, "the bot")
    card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
    waiting = await loopback.message_of(await loopback.slash("imagine", prompt="an owl", user=loopback.bob))
    await executor.started.holds(1)
    bot.cancel()
    refused = await loopback.slash("imagine", prompt="a late wish")
    assert str(BotStopping()) in (await loopback.message_of(refused)).text
    await until_recorded(settings, ("running", 0), ("queued", 0))
    executor.finish(1, [noise(16)])
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([bot])
    assert bot.cancelled()
    assert pictures(card)
    assert recorded(settings) == [("succeeded", 1), ("queued", 0)]
    assert executor.started.items == [1]

    following = ScriptedExecutor()
    async with running(loopback, settings, following):
        await following.started.holds(2)
        following.finish(2, [noise(16)])
        await loopback.wait_for(lambda: pictures(waiting), "the picture of who waited")


async def test_sigterm_lets_the_running_job_end_and_its_picture_is_posted(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    async with imagine_bot(loopback, settings.data_dir, SHUTDOWN_GRACE_SECONDS=str(PATIENCE)) as process:
        await loopback.synced()
        card = await loopback.message_of(await loopback.slash("imagine", prompt=PROMPT, steps=STEPS))
        await loopback.wait_for(lambda: card.attachments, "a preview")
        assert not pictures(card)
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert pictures(card)
    assert recorded(settings) == [("succeeded", 1)]


async def test_a_second_sigterm_ends_it_at_once_and_costs_the_job_no_attempt(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    async with imagine_bot(loopback, settings.data_dir, SHUTDOWN_GRACE_SECONDS=str(PATIENCE)) as process:
        await loopback.synced()
        card = await loopback.message_of(await loopback.slash("imagine", prompt=PROMPT, steps=STEPS))
        await loopback.wait_for(lambda: card.attachments, "a preview")
        [child] = [each for each in psutil.Process(process.pid).children() if "spawn_main" in " ".join(each.cmdline())]
        # Frozen, so that no picture of it comes first.
        os.kill(child.pid, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        await until_recorded(settings, ("running", 0))
        process.send_signal(signal.SIGTERM)
        os.kill(child.pid, signal.SIGCONT)
        # Until both processes have let go of their outputs.
        await process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert recorded(settings) == [("running", 0)]
