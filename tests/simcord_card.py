"""A message of the bot on the simulated Discord, as people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import simcord
from simcord.backend.models import Message
from simcord.components import walk_components

if TYPE_CHECKING:
    from tests.simcord_app import SimulatedServer

EPHEMERAL = 64


class Card:
    """A message of the bot, as it stands at this moment."""

    def __init__(self, server: SimulatedServer, channel_id: int, message_id: int) -> None:
        self._server = server
        self.channel_id = channel_id
        self.id = message_id

    @property
    def message(self) -> Message:
        return self._server.env.backend.messages[self.channel_id][self.id]

    @property
    def is_gone(self) -> bool:
        return self.id not in self._server.env.backend.messages[self.channel_id]

    @property
    def parts(self) -> list[dict[str, Any]]:
        return list(walk_components(self.message.components))

    @property
    def text(self) -> str:
        """Everything that is written on it; of a plain message, what it says."""
        return "\n".join([self.message.content] * bool(self.message.content) + self.texts)

    @property
    def texts(self) -> list[str]:
        return [part["content"] for part in self.parts if part["type"] == 10]

    @property
    def colour(self) -> discord.Colour:
        [container] = [part for part in self.parts if part["type"] == 17]
        return discord.Colour(container["accent_color"])

    @property
    def buttons(self) -> dict[str, bool]:
        """Label of each button, and whether it can be pressed."""
        return {part["label"]: not part.get("disabled", False) for part in self.parts if part["type"] == 2}

    @property
    def alt_texts(self) -> list[str]:
        """What each picture shown is said to show."""
        return [item["description"] for part in self.parts if part["type"] == 12 for item in part["items"]]

    @property
    def files(self) -> dict[str, bytes]:
        """The attachments by name."""
        found = {each["filename"]: self._server.env.backend.cdn.get(each["url"]) for each in self.message.attachments}
        return {name: content for name, content in found.items() if content is not None}

    @property
    def is_private(self) -> bool:
        return bool(self.message.flags & EPHEMERAL)

    async def press(self, label: str, member: simcord.MemberActor | None = None) -> list[Card]:
        """Press that button; returns what is answered beside changes of this message."""
        button = next(part for part in self.parts if part["type"] == 2 and part["label"] == label)
        assert not button.get("disabled"), f"{label} is greyed out"
        return await self._server.press(self, button["custom_id"], member)

    async def press_more(self, label: str, member: simcord.MemberActor | None = None) -> list[Card]:
        """Press that button of those behind More."""
        [more] = await self.press("More", member)
        answers = await more.press(label, member)
        # It asks first, unless it refuses.
        return await more.press(label, member) if label == "Delete" and not answers else answers

    async def is_deleted_by(self, member: simcord.MemberActor) -> None:
        """Somebody who may removes the message."""
        await member.delete(simcord.ResponseMessage(self._server.env, self.message))
