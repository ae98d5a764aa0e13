"""The faults, carried out: on the processes, on the simulated Discord, on the database and the disk."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import psutil

from tests.chaos.plan import CHANNELS, Fault, Strike
from tests.chaos.process import DATABASE, Bot
from tests.loopback import Channel, LoopbackDiscord, User, messages, rate_limited, refused, unavailable
from tests.loopback.refusals import Refused

#: Seconds for each unit of a strike's length, where the fault lasts by the clock.
LOCKED_S, FULL_S = 0.2, 0.1
#: Bytes to which a file may grow on a full disk.
FULL = 16
#: A direct conversation stays blocked for so many times the length.
DM_FACTOR = 4
#: Among so many of the newest messages one is deleted.
NEWEST = 60
WEBHOOKS, CHANNEL, CALLBACK = "/webhooks/", "/channels/", "/callback"

#: Where in Discord's API a refusal can come: method and part of the path.
REFUSALS: dict[Fault, list[tuple[Refused, str, str]]] = {
    Fault.RATE_LIMITED: [(rate_limited(0.2), "PATCH", WEBHOOKS), (rate_limited(0.2), "PATCH", CHANNEL)],
    Fault.PROXY_LIMITED: [(rate_limited(0.2, via=False), "PATCH", ""), (rate_limited(0.2, via=False), "POST", "")],
    Fault.SERVER_ERROR: [(unavailable(500), "PATCH", ""), (unavailable(500), "POST", "")],
    Fault.UNAVAILABLE: [(unavailable(503), "PATCH", ""), (unavailable(503), "POST", "")],
    Fault.TOO_LARGE: [(refused(40005), "PATCH", "")],
    Fault.UNKNOWN_INTERACTION: [(refused(10062), "POST", CALLBACK)],
    Fault.UNKNOWN_WEBHOOK: [(refused(10015), "PATCH", WEBHOOKS), (refused(10015), "POST", WEBHOOKS)],
    Fault.TOKEN_INVALID: [(refused(50027), "PATCH", WEBHOOKS), (refused(50027), "POST", WEBHOOKS)],
    Fault.FORBIDDEN: [(refused(50013), "POST", CHANNEL)],
}
ON_PROCESSES = (
    Fault.KILL_GATEWAY,
    Fault.STOP_GATEWAY,
    Fault.KILL_EXECUTOR,
    Fault.CONNECTION_CLOSED,
    Fault.CONNECTION_CUT,
    Fault.SESSION_ENDED,
)
#: An answer can be lost wherever one is waited for.
LOST = [
    (unavailable(503), "PATCH", ""),
    (unavailable(502), "PATCH", WEBHOOKS),
    (unavailable(503), "POST", CALLBACK),
    (unavailable(503), "POST", CHANNEL),
]


class Faults:
    """What is wrong at the moment, and what ever was."""

    def __init__(self, discord: LoopbackDiscord, bot: Bot, users: list[User], channels: list[Channel]) -> None:
        self._discord = discord
        self._bot = bot
        self._users = users
        self._channels = channels
        self._lifts: list[tuple[int, Callable[[], None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._token_lifetime = discord.limits.token_lifetime
        self._acts = 0
        self.counts: Counter[str] = Counter()
        #: The places in which the bot could not post, by their ids, and from when till when, by `time.time`.
        self.closed: dict[int, list[tuple[float, float]]] = {}

    @property
    def are_grave(self) -> bool:
        """Whether the bot cannot reach its records."""
        return bool(self._tasks)

    async def strike(self, strike: Strike) -> None:
        """Let it happen; what lasts is lifted later."""
        fault = strike.fault
        self.counts[fault] += 1
        if fault in REFUSALS:
            self._refuse(REFUSALS[fault], strike, late=False)
        elif fault is Fault.ANSWER_LOST:
            self._refuse(LOST, strike, late=True)
        elif fault in ON_PROCESSES:
            await self._hit_a_process(fault)
        elif fault in (Fault.DATABASE_LOCKED, Fault.DISK_FULL):
            lock = fault is Fault.DATABASE_LOCKED
            self._begin(self._lock_database(strike.length) if lock else self._fill_disk(strike.length))
        elif fault in (Fault.MESSAGE_DELETED, Fault.UNKNOWN_MESSAGE):
            self._delete_a_message(strike.pick, "Cancel" if fault is Fault.UNKNOWN_MESSAGE else "")
        else:
            self._close_ways(strike)

    def pass_time(self) -> None:
        """One more act is done: what has lasted long enough is lifted."""
        self._acts += 1
        for due, lift in list(self._lifts):
            if due <= self._acts:
                lift()
        self._lifts = [(due, lift) for due, lift in self._lifts if due > self._acts]

    async def end(self) -> None:
        """All is well again."""
        for _, lift in self._lifts:
            lift()
        self._lifts.clear()
        self._discord.rate_limits.injections.clear()
        await asyncio.gather(*self._tasks)

    def _refuse(self, where: list[tuple[Refused, str, str]], strike: Strike, *, late: bool) -> None:
        random_ = random.Random(strike.pick)
        refusal, method, path = random_.choice(where)
        times = random_.choice((1, 1, 2, 4))
        self._discord.rate_limits.refuse(refusal, method=method, path=path, times=times, late=late)

    async def _hit_a_process(self, fault: Fault) -> None:
        """One of the two, or what connects the bot with Discord."""
        bot, gateway = self._bot, self._discord.gateway
        if not bot.is_alive:
            return
        if fault is Fault.KILL_EXECUTOR:
            bot.kill_executor()
        elif fault is Fault.KILL_GATEWAY:
            bot.kill()
        elif fault is Fault.STOP_GATEWAY:
            bot.stop()
        elif not bot.is_connected:
            return
        elif fault is Fault.CONNECTION_CUT:
            gateway.drop()
        elif fault is Fault.CONNECTION_CLOSED:
            await gateway.disconnect()
        else:
            await gateway.end_session()

    def _close_ways(self, strike: Strike) -> None:
        """What leads to people, or some of it."""
        fault, length = strike.fault, strike.length
        conversations = [self._discord.world.direct_channel(user) for user in self._users]
        if fault is Fault.CHANNEL_CLOSED:
            self._close([self._channels[int(strike.pick * CHANNELS)]], length)
        elif fault is Fault.DM_BLOCKED:
            self._close([conversations[int(strike.pick * len(conversations))]], length * DM_FACTOR)
        elif fault is Fault.ALL_CLOSED:
            self._close([*self._channels, *conversations], length)
        if fault in (Fault.TOKENS_EXPIRE, Fault.ALL_CLOSED):
            self._expire_tokens(length)

    def _close(self, places: list[Channel], length: int) -> None:
        since = time.time()
        for place in places:
            place.bot_may_send = False

        def open_again() -> None:
            for place in places:
                place.bot_may_send = True
                self.closed.setdefault(place.id, []).append((since, time.time()))

        self._later(length, open_again)

    def _expire_tokens(self, length: int) -> None:
        self._discord.limits.token_lifetime = 0

        def renew() -> None:
            self._discord.limits.token_lifetime = self._token_lifetime

        self._later(length, renew)

    def _delete_a_message(self, pick: float, button: str = "") -> None:
        """One of the newest; with a button of that name, if so: what has Cancel is of a job that goes on."""
        newest = [each for each in self._discord.messages[-NEWEST:] if not each.is_ephemeral]
        newest = [each for each in newest if not button or button in each.buttons]
        if newest:
            messages.delete(newest[int(pick * len(newest))])

    def _later(self, length: int, lift: Callable[[], None]) -> None:
        self._lifts.append((self._acts + length, lift))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lock_database(self, length: int) -> None:
        file = self._bot.folder / DATABASE
        # Waits for the bot's own transaction to end, and is not the loop's to wait for.
        with contextlib.closing(sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)) as it:
            await asyncio.to_thread(it.execute, "BEGIN IMMEDIATE")
            await asyncio.sleep(length * LOCKED_S)

    async def _fill_disk(self, length: int) -> None:
        if not self._bot.is_alive:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._bot.life.process.pid)
            _, most = process.rlimit(resource.RLIMIT_FSIZE)
            process.rlimit(resource.RLIMIT_FSIZE, (FULL, most))
            await asyncio.sleep(length * FULL_S)
            process.rlimit(resource.RLIMIT_FSIZE, (most, most))
