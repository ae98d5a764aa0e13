"""What Discord refuses as too many is counted, while discord.py asks again by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.app import open_application
from bot.settings import Settings
from tests.loopback import LoopbackDiscord, rate_limited
from tests.scripted import ScriptedExecutor


async def test_every_refusal_is_noted_and_nothing_else_is(loopback: LoopbackDiscord, settings: Settings) -> None:
    async with open_application(settings, ScriptedExecutor()) as application, application.bot as bot:
        await bot.login(loopback.token)
        assert (bot.outgoing().refusals, bot.outgoing().refused_at) == (0, None)
        before = datetime.now(UTC)
        loopback.rate_limits.refuse(rate_limited(0.05), method="GET")
        await bot.application_info()
        outgoing = bot.outgoing()
        assert outgoing.refusals == 1
        assert before <= outgoing.refused_at <= datetime.now(UTC)
