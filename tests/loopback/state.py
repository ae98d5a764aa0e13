"""What the loopback Discord knows: people, places, messages, interactions. Plain data, no protocol."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.component_rules import BUTTON, SELECTS, TEXT_DISPLAY, walk
from tests.patience import PATIENCE

DISCORD_EPOCH_MS = 1420070400000
EPHEMERAL, LOADING, IS_COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
SEND_MESSAGES_AND_THE_LIKE = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 31
MANAGE_MESSAGES = 1 << 13

Payload = dict[str, Any]


class Snowflakes:
    """Ids like Discord's: they grow, and say when they were given, or that it was so many `seconds_ago`."""

    def __init__(self) -> None:
        self._number = 0
        self.seconds_ago = 0.0

    def __call__(self) -> int:
        self._number += 1
        return (int((time.time() - self.seconds_ago) * 1000) - DISCORD_EPOCH_MS) << 22 | (self._number & 0x3FFFFF)


@dataclass
class Limits:
    """Discord's limits, to be set lower where a test cannot wait as long."""

    #: Discord says 3 seconds, to a bot whose machine has time for it; `work_to_acknowledge` is what can be held
    #: against those here.
    acknowledge_within: float = PATIENCE
    token_lifetime: float = 15 * 60.0
    file_bytes: int = 10 * 2**20
    request_bytes: int = 25 * 2**20
    #: What is observed of edits to one webhook or channel; nowhere documented.
    messages_per_window: int = 5
    window: float = 5.0


@dataclass(frozen=True)
class User:
    """Somebody. `permissions` are those in the guild."""

    id: int
    name: str
    permissions: int = SEND_MESSAGES_AND_THE_LIKE
    is_bot: bool = False


@dataclass
class Channel:
    """A text channel of the guild, or with `recipient` the conversation of the bot with one person."""

    id: int
    name: str
    nsfw: bool = False
    bot_may_send: bool = True
    recipient: User | None = None


@dataclass(frozen=True)
class Attachment:
    """One uploaded file."""

    id: int
    filename: str
    content: bytes
    description: str | None = None


@dataclass(eq=False)
class Message:
    """A message as it stands now. `revisions` counts its edits; a private one has a `reader`."""

    id: int
    channel: Channel
    author: User
    flags: int = 0
    content: str = ""
    components: list[Payload] = field(default_factory=list)
    embeds: list[Payload] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    allowed_mentions: Mapping[str, Any] = field(default_factory=dict)
    interaction: Interaction | None = None
    revisions: int = 0
    is_deleted: bool = False
    reference: int | None = None
    nonce: str | None = None

    @property
    def is_ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def is_loading(self) -> bool:
        """Whether it still says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """All that can be read in it."""
        shown = [part["content"] for part in walk(self.components) if part["type"] == TEXT_DISPLAY]
        return "\n".join(filter(None, [self.content, *shown]))

    @property
    def buttons(self) -> dict[str, Payload]:
        """Its buttons by what is written on them."""
        return {part.get("label", ""): part for part in self.controls() if part["type"] == BUTTON}

    def controls(self) -> Iterator[Payload]:
        """Everything in it that can be pressed or chosen from."""
        return (part for part in walk(self.components) if part["type"] == BUTTON or part["type"] in SELECTS)


@dataclass(eq=False)
class Interaction:
    """One thing that somebody did, and what the bot made of it.

    Times are those of `time.perf_counter`; work is `time.process_time`, which a busy machine does not lengthen.
    """

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    data: Payload
    message: Message | None = None
    #: What the modal was the answer to that is sent here.
    opened_by: Interaction | None = None
    dispatched_at: float = 0.0
    acknowledged_at: float | None = None
    work_before: float = 0.0
    work_until_acknowledged: float = 0.0
    answer: Payload | None = None
    original: Message | None = None
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seconds_to_acknowledge(self) -> float:
        """From the event on its way to the answer's arrival."""
        if self.acknowledged_at is None:
            raise AssertionError("the interaction was never acknowledged")
        return self.acknowledged_at - self.dispatched_at

    @property
    def work_to_acknowledge(self) -> float:
        """As many of those seconds as this process was at work in."""
        if self.acknowledged_at is None:
            raise AssertionError("the interaction was never acknowledged")
        return self.work_until_acknowledged - self.work_before

    @property
    def modal(self) -> Payload | None:
        """The form that the bot answered with."""
        return self.answer["data"] if self.answer and self.answer["type"] == 9 else None


class World:
    """One guild with one bot in it."""

    def __init__(self) -> None:
        self.new_id = Snowflakes()
        self.limits = Limits()
        self.bot = User(self.new_id(), "imagine", is_bot=True)
        self.application_id = self.bot.id
        self.token = ".".join((base64.b64encode(str(self.bot.id).encode()).decode().rstrip("="), "loopb", "x" * 38))
        self.guild_id = self.new_id()
        self.moderators_id = self.new_id()
        self.bot_is_invited = True
        self.bot_permissions = self.bot.permissions
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.interactions: dict[int, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}
        self.commands: dict[str, Payload] = {}
        self.changed = asyncio.Condition()

    def add_user(self, name: str, permissions: int = SEND_MESSAGES_AND_THE_LIKE) -> User:
        """Somebody new in the guild."""
        user = User(self.new_id(), name, permissions)
        self.users[user.id] = user
        return user

    def add_channel(self, name: str, *, nsfw: bool = False, bot_may_send: bool = True) -> Channel:
        """A new text channel; to be there before the bot comes."""
        channel = Channel(self.new_id(), name, nsfw=nsfw, bot_may_send=bot_may_send)
        self.channels[channel.id] = channel
        return channel

    def direct_channel(self, recipient: User) -> Channel:
        """The bot's conversation with that person."""
        for channel in self.channels.values():
            if channel.recipient == recipient:
                return channel
        channel = Channel(self.new_id(), recipient.name, recipient=recipient)
        self.channels[channel.id] = channel
        return channel

    async def tell(self) -> None:
        """Wake whoever waits for a change."""
        async with self.changed:
            self.changed.notify_all()
