"""Real processes: the executor's is killed in the middle of a job, the bot's is stopped, and no picture is lost."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
from PIL import Image

from bot.client import REFUSED
from bot.executors.local import LocalExecutor
from bot.infotext import PARAMETERS_KEY
from bot.model_info import read_model_info
from bot.settings import Settings
from bot.ui.cards import RESTARTED, STOPPED
from tests.loopback import LoopbackDiscord
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, pictures, recorded, running, until_recorded

#: So many steps that there is a middle of the job to do something in.
STEPS = 120
PROMPT = "a red circle on a blue background"


async def test_a_job_outlives_the_death_of_the_executors_process_and_its_author_sees_it(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    model = read_model_info("tiny", "tiny")
    executor = LocalExecutor(model, "cpu")
    async with running(loopback, settings, executor):
        card = await loopback.message_of(await loopback.slash("imagine", prompt=PROMPT, steps=STEPS, seed=7))
        # Sent when the first preview is on its way, so the job has most of its steps before it.
        await loopback.wait_for(lambda: card.attachments, "a preview")
        process = executor.health().pid
        assert process is not None
        os.kill(process, signal.SIGKILL)

        await loopback.wait_for(lambda: str(STOPPED) in card.text, "word of the death")
        while_it_restarts = await loopback.slash("queue", user=loopback.bob)
        await loopback.acknowledged(while_it_restarts)
        # Before the model is loaded again and half of the job's steps are made: the answer waited for neither.
        assert not pictures(card)
        await loopback.wait_for(lambda: pictures(card), "the picture")
        await until_recorded(settings, ("succeeded", 2))
        assert executor.health().pid not in (None, process)
    assert "second attempt" in card.text
    assert loopback.messages[0] is card
    [attachment] = card.attachments
    assert attachment.description == PROMPT
    with Image.open(io.BytesIO(attachment.content)) as picture:
        assert picture.size == (model.native_size, model.native_size)
        assert picture.info[PARAMETERS_KEY].startswith(PROMPT)
    assert attachment.content == (settings.data_dir / "pictures" / "1-0.png").read_bytes()


async def test_sigterm_ends_the_bot_in_good_order_and_the_next_start_takes_the_job_up(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    async with imagine_bot(loopback, settings.data_dir, SHUTDOWN_GRACE_SECONDS="0") as process:
        await loopback.synced()
        card = await loopback.message_of(await loopback.slash("imagine", prompt=PROMPT, steps=STEPS))
        await loopback.wait_for(lambda: card.attachments, "a preview")
        [child] = [each for each in psutil.Process(process.pid).children() if "spawn_main" in " ".join(each.cmdline())]
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert b"Warning" not in errors
    assert not child.is_running()
    assert recorded(settings) == [("running", 0)]

    executor = ScriptedExecutor()
    async with running(loopback, settings, executor):
        await executor.started.holds(1)
        await loopback.wait_for(lambda: str(RESTARTED) in card.text, "word of the restart")
        png = noise(16)
        executor.finish(1, [png])
        await loopback.wait_for(lambda: pictures(card), "the picture")
        await until_recorded(settings, ("succeeded", 1))
    assert [attachment.content for attachment in card.attachments] == [png]


async def test_a_wrong_token_ends_the_command_with_one_sentence_and_exit_code_2(
    loopback: LoopbackDiscord, settings: Settings
) -> None:
    loopback.world.token = "another"
    token = settings.discord_token
    assert token is not None
    async with imagine_bot(loopback, settings.data_dir, DISCORD_TOKEN=token.get_secret_value()) as process:
        output, errors = await process.communicate()
    assert process.returncode == 2
    assert output == b""
    said = [line for line in errors.decode().splitlines() if " INFO " not in line]
    assert said == [REFUSED]
    assert token.get_secret_value() not in errors.decode()


@contextlib.asynccontextmanager
async def imagine_bot(
    loopback: LoopbackDiscord, data_dir: Path, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`imagine-bot run` in a process of its own, in a folder without .env."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=data_dir,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "DISCORD_TOKEN": loopback.token,
            "DISCORD_API_URL": loopback.api_url,
            "DISCORD_GATEWAY_URL": loopback.gateway_url,
            "MODEL_BASE": "tiny",
            "MODEL_REFINER": "tiny",
            "DEVICE": "cpu",
            "DATA_DIR": str(data_dir),
            **environment,
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
