"""Records that take longer than Discord waits: what they are needed for is promised, and comes in private."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.app import Application, open_application
from bot.settings import Settings
from tests.loopback import Interaction, LoopbackDiscord, Message
from tests.scripted import ScriptedExecutor
from tests.wire.running import noise, until_recorded

READY = "That took longer than Discord waits. Now it is ready: press the button to open it."
EPHEMERAL = 64


@contextlib.asynccontextmanager
async def connected(
    loopback: LoopbackDiscord, settings: Settings, executor: ScriptedExecutor
) -> AsyncIterator[Application]:
    """A bot whose inside can be reached, too."""
    async with open_application(settings, executor) as application, application.bot as bot:
        await bot.login(loopback.token)
        async with application.working():
            connection = asyncio.create_task(bot.connect())
            await loopback.synced()
            yield application
            await bot.close()
            await connection


async def pressed_meanwhile(
    loopback: LoopbackDiscord, application: Application, message: Message, label: str
) -> Message:
    """What a press is answered with for which the records are too slow, once a private answer was promised."""
    # The only connection for reading is somebody else's for the time being.
    async with application.storage._reader.connect():
        pressed: Interaction = await loopback.acknowledged(await loopback.press(message, label))
        assert pressed.answer is not None
        assert (pressed.answer["type"], pressed.answer["data"]["flags"]) == (5, EPHEMERAL)
    await loopback.wait_for(lambda: pressed.original and not pressed.original.is_loading, "the answer")
    assert pressed.original is not None
    assert pressed.original.is_ephemeral
    return pressed.original


@pytest.mark.parametrize("label", ["Edit…", "Redraw"])
async def test_a_modal_that_comes_too_late_is_opened_by_a_button(
    loopback: LoopbackDiscord, settings: Settings, label: str
) -> None:
    executor = ScriptedExecutor()
    async with connected(loopback, settings, executor) as application:
        card = await loopback.message_of(await loopback.slash("imagine", prompt="a red fox"))
        await executor.started.holds(1)
        executor.finish(1, [noise(16)])
        await until_recorded(settings, ("succeeded", 1))
        more = await pressed_meanwhile(loopback, application, card, "More")
        ready = await pressed_meanwhile(loopback, application, card if label == "Edit…" else more, label)
        assert (ready.text, list(ready.buttons)) == (READY, [label])
        opened = await loopback.acknowledged(await loopback.press(ready, label))
        edited = await loopback.message_of(await loopback.fill_in(opened, prompt="a wolf"))
        await loopback.wait_for(lambda: "a wolf" in edited.text, "the card")
