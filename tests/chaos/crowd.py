"""The people of the simulated Discord: they ask, press and type as the plan says, and wait their turn as people do."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.faults import Faults
from tests.chaos.plan import CHANNELS, STEPS, USERS, Act, Ask, Press, Strike
from tests.chaos.process import Bot, Life
from tests.loopback import Channel, Interaction, LoopbackDiscord, Message, User
from tests.patience import PATIENCE

#: People look before they ask for more: so many jobs may be open, and so many interactions unanswered.
OPEN, UNANSWERED = 32, 8
#: So often do they try while the bot is being stopped, or cannot reach its records: then they wait.
IN_VAIN = 2
#: Seconds between two looks at the database.
LOOK = 0.02
#: What is pressed is among so many of the newest messages.
NEWEST = 80
UNFINISHED = "SELECT count(*) FROM jobs WHERE status IN ('queued', 'running', 'posting')"
#: The number of a job on its card; “from #41” is another's.
JOB_NUMBER = re.compile(r"(?<!from )#(\d+)\b")
AUTHOR = re.compile(r"<@(\d+)>")


@dataclass
class Deed:
    """What somebody did, to which process of the bot, and when by `time.time`."""

    interaction: Interaction
    life: Life
    at: float
    act: Ask | Press
    #: Whether the bot can have heard of it.
    is_heard: bool


def tokens_of(path: str) -> list[str]:
    """The token in the path of a request about an interaction."""
    kind, *rest = path.strip("/").split("/")
    return rest[1:2] if kind in ("interactions", "webhooks") else []


def job_of(message: Message) -> int | None:
    """The number of the job that this message shows."""
    found = JOB_NUMBER.findall(message.text)
    return int(found[-1]) if found else None


class Crowd:
    """Twenty people in four channels, one of them a moderator."""

    def __init__(self, discord: LoopbackDiscord, bot: Bot) -> None:
        self._discord = discord
        self._bot = bot
        world = discord.world
        self.users = [discord.alice, discord.bob, discord.carol]
        self.users += [world.add_user(f"member{number}") for number in range(USERS - len(self.users))]
        self.channels = [discord.art, *(world.add_channel(f"art{number}") for number in range(1, CHANNELS))]
        self.faults = Faults(discord, bot, self.users, self.channels)
        self.deeds: list[Deed] = []
        #: The tokens of interactions that the bot has sent a request for, among so many exchanges.
        self._tried: set[str] = set()
        self._seen = 0
        #: How often somebody asked since the bot cannot do what it is asked.
        self._in_vain = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def act(self, plan: Iterable[Act]) -> None:
        """Do all of it."""
        for act in plan:
            if isinstance(act, Strike):
                await self.faults.strike(act)
                continue
            await self.room()
            if isinstance(act, Ask):
                await self._ask(act)
                self.faults.pass_time()
            else:
                await self._press(act)
        await asyncio.gather(*self._tasks)

    async def room(self) -> None:
        """Wait until there is room for one more, with a bot that listens. Raises `TimeoutError` where nothing moves."""
        async with asyncio.timeout(PATIENCE):
            while not await self._is_room():  # noqa: ASYNC110 - the database tells nobody of a change
                await asyncio.sleep(LOOK)

    async def listening(self) -> None:
        """Wait until the bot is there; start it where it is not."""
        async with asyncio.timeout(PATIENCE):
            while not self._bot.is_connected:
                if not self._bot.is_alive:
                    await self._bot.end()
                    await self._bot.start()
                await asyncio.sleep(LOOK)

    def unanswered(self) -> list[Deed]:
        """What the bot that lives has heard of, and has not even tried to answer."""
        life = self._bot.life
        exchanges = self._discord.server.exchanges
        self._tried.update(token for exchange in exchanges[self._seen :] for token in tokens_of(exchange.call.path))
        self._seen = len(exchanges)
        return [
            deed
            for deed in self.deeds[-NEWEST:]
            if deed.life is life and deed.is_heard and deed.interaction.token not in self._tried
        ]

    async def _is_room(self) -> bool:
        is_able = not (self._bot.life.by or self.faults.are_grave)
        if is_able:
            self._in_vain = 0
        if self._bot.life.by and self._in_vain < IN_VAIN:
            self._in_vain += 1
            return True
        await self.listening()
        if len(self.unanswered()) >= UNANSWERED:
            return False
        if self.faults.are_grave:
            self._in_vain += 1
            return self._in_vain <= IN_VAIN
        ((count,),) = self._bot.rows(UNFINISHED) or [(0,)]
        return count < OPEN

    async def _ask(self, ask: Ask) -> None:
        user = self.users[ask.user]
        channel = self._discord.world.direct_channel(user) if ask.channel is None else self.channels[ask.channel]
        await self._slash(
            ask,
            "imagine",
            user,
            channel,
            prompt=ask.prompt,
            steps=STEPS,
            images=ask.images,
            guidance=ask.guidance,
        )

    async def _press(self, press: Press) -> None:
        if press.label.startswith("/moderate"):
            # A member who may not tries, too.
            user = self._discord.carol if press.by_author else self.users[press.user]
            await self._slash(press, press.label.removeprefix("/"), user, self.channels[0])
            return
        if press.label == "/queue":
            await self._slash(press, "queue", self.users[press.user], self.channels[0])
            return
        label = "Cancel" if press.label == "/cancel" else press.label
        candidates = [message for message in self._discord.messages[-NEWEST:] if _can_be_pressed(message, label)]
        if not candidates:
            return
        message = candidates[int(press.pick * len(candidates))]
        user = message.channel.recipient or (self._author_of(message) if press.by_author else self.users[press.user])
        if press.label == "/cancel":
            job = job_of(message)
            if job is not None:
                await self._slash(press, "cancel", user, message.channel, job=job)
            return
        interaction = await self._discord.press(message, label, user=user)
        self._note(press, interaction)
        if label == "More":
            self._begin_delete(press, interaction)

    def _begin_delete(self, press: Press, opened: Interaction) -> None:
        """Of a finished picture, Delete is behind More."""

        async def delete() -> None:
            life, last = self._bot.life, opened
            # It asks first.
            for label in ("Delete", "Keep"):
                while not last.acknowledged.is_set():
                    self.unanswered()
                    if self._bot.life is not life or last.token in self._tried:
                        return
                    await asyncio.sleep(LOOK)
                shown = opened.original
                if shown is None or not _can_be_pressed(shown, label) or not self._bot.is_connected:
                    return
                last = await self._discord.press(shown, "Delete", user=opened.user)
                self._note(press, last)

        task = asyncio.create_task(delete())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _slash(self, act: Ask | Press, name: str, user: User, channel: Channel, **options: object) -> None:
        self._note(act, await self._discord.slash(name, user=user, channel=channel, **options))

    def _note(self, act: Ask | Press, interaction: Interaction) -> None:
        self.deeds.append(Deed(interaction, self._bot.life, time.time(), act, self._bot.is_connected))

    def _author_of(self, message: Message) -> User:
        if message.interaction is not None:
            return message.interaction.user
        found = AUTHOR.search(message.text)
        return self._discord.world.users[int(found[1])] if found else self.users[0]


def _can_be_pressed(message: Message, label: str) -> bool:
    button = message.buttons.get(label)
    return (
        button is not None and not button.get("disabled") and (not message.is_ephemeral or label in ("Delete", "Keep"))
    )
