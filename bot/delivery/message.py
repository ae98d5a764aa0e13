"""The message of one job, and the ways to reach it: its interaction, the channel, its author."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import Any

import aiohttp
import discord
from discord import ui

from bot.delivery.attachments import DEFAULT_LIMIT
from bot.jobs import Job
from bot.ui.errors import ALREADY_ACKNOWLEDGED

log = logging.getLogger(__name__)

#: An interaction's token is good for 15 minutes by Discord's clock; ours may be a little off.
TOKEN_MARGIN = timedelta(seconds=30)

#: What a post shows, in its nonce, between two hexadecimal numbers: Discord takes 25 characters in all.
CARD, END = "-", "."

UNKNOWN_MESSAGE = 10008
INVALID_FORM = 50035
ENTITY_TOO_LARGE = 40005
#: The token is spent or was never known: Discord says it in more ways than its documentation.
TOKEN_GONE = (10015, 10062, 50027)


class TooLarge(Exception):
    """Discord refuses the size of the files."""


class CardRefused(Exception):
    """Discord finds fault with what the message says; by any other way it would be the same."""


class Unreachable(Exception):
    """Discord itself does not answer; later it may."""


class Way(Enum):
    """How a message got through."""

    EDITED = auto()
    POSTED = auto()
    SENT_PRIVATELY = auto()


Files = Callable[[], Sequence[discord.File]]
Request = Callable[[], Awaitable[Any]]
#: Records where the message of a job stands: the ids of job, message and channel.
Remember = Callable[[int, int, int], Awaitable[None]]


class JobMessage:
    """Edits and, where nothing is left to edit, posts.

    While the job goes on, a way that turned out to be closed is not tried again; for the end, every way is.
    """

    def __init__(self, client: discord.Client, job: Job, remember: Remember) -> None:
        self._client = client
        self._remember = remember
        self._job_id = job.id
        self._user_id = job.user_id
        self._guild_id = job.guild_id
        self._interaction: discord.Interaction[Any] | None = None
        self._lost = False
        #: Whether the last try to bring it up to date found no Discord: said once, not at every try of an outage.
        self._is_away = False
        self._closed: set[str] = set()
        self.channel_id = job.channel_id
        self.message_id = job.message_id

    @property
    def filesize_limit(self) -> int:
        """The largest file, in bytes, that this place takes; the smaller of what Discord says here and there."""
        limits = []
        if (interaction := self._live_interaction()) is not None:
            limits.append(interaction.filesize_limit)
        if self._guild_id is not None and (guild := self._client.get_guild(self._guild_id)) is not None:
            limits.append(guild.filesize_limit)
        return min(limits, default=DEFAULT_LIMIT)

    async def answer(self, interaction: discord.Interaction[Any], view: ui.LayoutView) -> None:
        """Begin as the answer to an interaction, which may have been promised. Raises what discord.py raises."""
        is_promised = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
        if not is_promised:
            try:
                self.message_id = (await interaction.response.send_message(view=view)).message_id
            except discord.HTTPException as error:
                # Discord took the promise, or this very answer, and only its receipt was lost.
                is_promised = error.code == ALREADY_ACKNOWLEDGED
                if not is_promised:
                    raise
        if is_promised:
            self.message_id = (await interaction.edit_original_response(view=view)).id
        self._interaction = interaction
        if self.message_id is not None:
            await self._remember(self._job_id, self.message_id, self.channel_id)

    async def show(self, view: ui.LayoutView, files: Files) -> None:
        """Bring the message up to date, or begin it. What does not get through is logged; the next edit says more."""
        try:
            if not await self._edit(view, files) and self.message_id is None:
                await self._try("channel", lambda: self._post(self._channel(), view, files, CARD))
        except (TooLarge, CardRefused, Unreachable) as error:
            was_away, self._is_away = self._is_away, isinstance(error, Unreachable)
            if not (was_away and self._is_away):
                log.info("job %s: its message was not brought up to date: %s", self._job_id, error)
        else:
            self._is_away = False

    async def deliver(self, view: ui.LayoutView, files: Files, private_view: ui.LayoutView) -> Way | None:
        """Bring the end of the job to its author by whatever way is open; None when there is none.

        Raises `TooLarge`, `CardRefused` and `Unreachable`; after each it may be called again.
        """
        self._closed.clear()
        if await self._edit(view, files):
            return Way.EDITED
        if await self._try("channel", lambda: self._post(self._channel(), view, files, END)):
            return Way.POSTED
        if self._guild_id is not None and await self._try("author", lambda: self._send_privately(private_view, files)):
            return Way.SENT_PRIVATELY
        return None

    async def ping(self, sentence: str) -> None:
        """Say something to the author where the message stands, with the one mention that is allowed."""
        if self.message_id is None:
            return
        content, nonce = f"<@{self._user_id}> {sentence}", f"ready-{self._job_id}"
        mention = self._mention_of_author()
        channel, interaction = self._channel(), self._live_interaction()
        reference = channel.get_partial_message(self.message_id).to_reference(fail_if_not_exists=False)
        try:
            if await self._try(
                "channel",
                lambda: channel.send(content, reference=reference, allowed_mentions=mention, nonce=nonce),
            ):
                return
            if interaction is not None:
                await self._try("token", lambda: interaction.followup.send(content, allowed_mentions=mention))
        except (TooLarge, CardRefused, Unreachable) as error:
            log.info("job %s: its author was not pinged: %s", self._job_id, error)

    async def _edit(self, view: ui.LayoutView, files: Files) -> bool:
        interaction, message_id = self._live_interaction(), self.message_id
        # Said each time: without it discord.py leaves it out of an edit, and the text of an edit could ping anybody.
        mention = self._mention_of_author()
        if interaction is not None and await self._try(
            "token",
            lambda: interaction.edit_original_response(view=view, attachments=list(files()), allowed_mentions=mention),
        ):
            return True
        if message_id is None or self._lost:
            return False
        message = self._channel().get_partial_message(message_id)
        return await self._try(
            "message", lambda: message.edit(view=view, attachments=list(files()), allowed_mentions=mention)
        )

    async def _post(self, channel: discord.abc.Messageable, view: ui.LayoutView, files: Files, stage: str) -> None:
        # The nonce makes Discord drop the second of two equal posts, when the answer to the first was lost, be it by
        # the death of this process. It drops any other with the same nonce, too: that of the end is not the card's, nor
        # is that of what takes the place of a message the same as that message's.
        message = await channel.send(
            view=view,
            files=list(files()),
            nonce=f"{self._job_id:x}{stage}{self.message_id or 0:x}",
            allowed_mentions=self._mention_of_author(),
        )
        self.channel_id, self.message_id = message.channel.id, message.id
        self._lost = False
        # At once: a bot that dies before the end is recorded must find this message again, not post a second one.
        await self._remember(self._job_id, message.id, self.channel_id)

    async def _send_privately(self, view: ui.LayoutView, files: Files) -> None:
        await self._post(await self._client.create_dm(discord.Object(self._user_id)), view, files, END)

    async def _try(self, way: str, request: Request) -> bool:
        """Whether the request got through; False when this way is closed."""
        if way in self._closed:
            return False
        try:
            await request()
        except discord.HTTPException as error:
            if error.code == ENTITY_TOO_LARGE or error.status == 413:
                raise TooLarge(str(error)) from error
            if error.code == INVALID_FORM:
                raise CardRefused(str(error)) from error
            if error.status >= 500 or error.status == 429:
                raise Unreachable(str(error)) from error
            self._close(way, error)
            log.info("job %s: the way by its %s is closed: %s", self._job_id, way, error)
            return False
        except (aiohttp.ClientError, discord.RateLimited, OSError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        return True

    def _close(self, way: str, error: discord.HTTPException) -> None:
        self._closed.add(way)
        if error.code in TOKEN_GONE or error.status == 401:
            self._interaction = None
        elif error.code == UNKNOWN_MESSAGE:
            # Somebody deleted it. Nothing is shown there again before there is an end to tell.
            self._interaction = None
            self._lost = True

    def _live_interaction(self) -> discord.Interaction[Any] | None:
        """The interaction, while its token is good."""
        interaction = self._interaction
        if interaction is None or discord.utils.utcnow() >= interaction.expires_at - TOKEN_MARGIN:
            return None
        return interaction

    def _channel(self) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(self.channel_id, guild_id=self._guild_id)

    def _mention_of_author(self) -> discord.AllowedMentions:
        author = discord.Object(self._user_id)
        return discord.AllowedMentions(everyone=False, roles=False, users=[author], replied_user=False)
