"""One seed from beginning to end: the plan is carried out, the faults end, the bot has its time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.crowd import Crowd
from tests.chaos.oracle import Played
from tests.chaos.plan import Act, Ask, plan
from tests.chaos.process import Bot
from tests.loopback import LoopbackDiscord
from tests.patience import PATIENCE

#: Of so many edits nobody complains here, but for the faults.
ANY_NUMBER = 1_000_000
LOOK = 0.05
COUNT = "SELECT count(*) FROM jobs"
STATE = (
    "SELECT count(*), total(status NOT IN ('succeeded', 'failed', 'cancelled', 'rejected')), total(NOT is_told), "
    "total(attempts) FROM jobs"
)


async def play(seed: int, jobs: int, folder: Path, *, checks_contract: bool | None = None) -> Played:
    """Carry out the plan of that seed. `folder` is empty, and keeps the database, the pictures and the log."""
    began = time.monotonic()
    async with LoopbackDiscord(checks_contract=checks_contract) as discord:
        discord.limits.messages_per_window = ANY_NUMBER
        bot = Bot(discord, folder)
        crowd = Crowd(discord, bot)
        unsettled: list[str] = []
        try:
            await crowd.listening()
            try:
                await crowd.act(_until(plan(seed, jobs), jobs, bot))
            except TimeoutError:
                unsettled.append(f"for {PATIENCE} s there was no room for one more request")
            await crowd.faults.end()
            unsettled += await _settled(crowd, bot)
            bot.stop()
            await bot.end()
        finally:
            await bot.clean_up()
    return Played(seed, discord, bot, crowd, unsettled, time.monotonic() - began)


def _until(acts: Iterator[Act], jobs: int, bot: Bot) -> Iterator[Act]:
    """All that is planned for so many requests, and more requests until there are as many jobs."""
    for act in acts:
        if isinstance(act, Ask) and act.number >= jobs and bot.rows(COUNT)[0][0] >= jobs:
            return
        yield act


async def _settled(crowd: Crowd, bot: Bot) -> list[str]:
    """Wait until nothing is left to do; what is left when nothing has moved for long."""
    state: object = None
    moved_at = time.monotonic()
    while time.monotonic() - moved_at < PATIENCE:
        await crowd.listening()
        ((count, unfinished, untold, attempts),) = bot.rows(STATE) or [(0, 0, 0, 0)]
        unanswered = len(crowd.unanswered())
        if not unfinished and not untold and not unanswered:
            return []
        now = (bot.life, count, unfinished, untold, attempts, unanswered)
        if now != state:
            state, moved_at = now, time.monotonic()
        await asyncio.sleep(LOOK)
    return [
        f"for {PATIENCE} s nothing moved: {unfinished:.0f} unfinished, {untold:.0f} untold, {unanswered} unanswered"
    ]
