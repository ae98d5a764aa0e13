"""A bot under test in a process of its own, on a loopback Discord of its own; what it did is seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.loop_delay import Turn
from bot.ui.cards import PREVIEW_NAME
from tests.loopback import Interaction, LoopbackDiscord, User

START_WITHIN = 180.0
FIRST = "the first picture"
MIB = 2**20


@dataclass
class Subject:
    """One bot, its Discord, and what was measured of it. `turns` are complete once it has been stopped."""

    case: str
    discord: LoopbackDiscord
    process: asyncio.subprocess.Process
    rss: list[float] = field(default_factory=list)
    children_rss: list[float] = field(default_factory=list)
    acknowledged: list[Interaction] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    unanswered: int = 0
    turns: list[Turn] = field(default_factory=list)
    began: float = 0.0
    sent_by: float = 0.0
    ended: float = 0.0
    first: Interaction | None = None

    async def draw(self, prompt: str, user: User, steps: int) -> Interaction:
        """Let somebody ask for a picture."""
        return await self.discord.slash("imagine", prompt=prompt, steps=steps, user=user)

    def pictures(self) -> Counter[str]:
        """In how many messages the picture of each prompt can be seen."""
        shown = Counter[str]()
        for message in self.discord.messages:
            found = {each.description for each in message.attachments if each.filename != PREVIEW_NAME}
            shown.update(prompt for prompt in found if prompt)
        return shown

    async def warm_up(self, user: User, steps: int) -> None:
        """Wait until the bot is connected and has drawn a picture."""
        await self.discord.synced(START_WITHIN)
        self.first = await self.draw(FIRST, user, steps)
        await self.discord.wait_for(lambda: self.pictures()[FIRST], "a picture", START_WITHIN)

    async def stream(self, acts: Sequence[Act], *, interval: float, drain: float) -> None:
        """Let all that happen, one every `interval` seconds whatever becomes of it; then wait for the pictures."""
        measuring = asyncio.create_task(self._measure_memory())
        self.began = time.monotonic()
        sent = []
        for number, act in enumerate(acts, start=1):
            sent.append(await act(self))
            await asyncio.sleep(max(0.0, self.began + number * interval - time.monotonic()))
        self.sent_by = time.monotonic()
        with contextlib.suppress(AssertionError):  # what does not come is counted
            await self.discord.wait_for(lambda: not self.lost, "all pictures", drain)
        self.ended = time.monotonic()
        measuring.cancel()
        self.acknowledged = [each for each in sent if each.acknowledged_at is not None]
        self.unanswered = len(sent) - len(self.acknowledged)

    async def _measure_memory(self) -> None:
        process = psutil.Process(self.process.pid)
        while True:
            self.rss.append(process.memory_info().rss / MIB)
            with contextlib.suppress(psutil.NoSuchProcess):
                self.children_rss.append(max((c.memory_info().rss / MIB for c in process.children()), default=0.0))
            await asyncio.sleep(0.25)

    @property
    def lost(self) -> int:
        """Commands that never got their picture."""
        shown = self.pictures()
        return sum(not shown[prompt] for prompt in self.prompts)

    @property
    def duplicates(self) -> int:
        """Pictures that were posted more than once."""
        shown = self.pictures()
        return sum(max(0, shown[prompt] - 1) for prompt in self.prompts)

    def turns_while_busy(self) -> list[Turn]:
        """The turns of the bot's event loop from the first interaction to the last picture."""
        return [turn for turn in self.turns if self.began <= turn.at <= self.ended]

    def turns_while_asked(self) -> list[Turn]:
        """Those from the first interaction to the last."""
        return [turn for turn in self.turns if self.began <= turn.at <= self.sent_by]


#: What somebody does.
Act = Callable[[Subject], Awaitable[Interaction]]


@contextlib.asynccontextmanager
async def started(case: str, folder: Path) -> AsyncIterator[Subject]:
    """Inside, the bot runs; it is stopped at the end, and must then have said how its event loop fared."""
    data = folder / case
    data.mkdir()
    async with LoopbackDiscord(checks_contract=False) as discord:
        environment = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "MODEL_BASE": "tiny",
            "MODEL_REFINER": "tiny",
            "DEVICE": "cpu",
            "DATA_DIR": str(data),
            "DATABASE_URL": "",
            # Whoever asks is taken; how many may is not what is measured.
            "MAX_JOBS": "100000",
            # The bot sets it for its executor; its rival shall not lose by it.
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        with (data / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "benchmarks.bots",
                case,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=2**26,
                env={**os.environ, **environment},
            )
        subject = Subject(case, discord, process)
        try:
            yield subject
            assert process.stdin is not None
            process.stdin.close()
            output, _ = await process.communicate()
            if process.returncode:
                raise SystemExit(f"the bot “{case}” did not run: {(data / 'log').read_text()[-2000:]}")
            subject.turns = [Turn(*turn) for turn in json.loads(output)]
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
