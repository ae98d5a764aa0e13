"""The whole bot on a simulated Discord: real database, real discord.py, an executor that does what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from simcord.actors import _dispatch_actor_interaction
from simcord.backend import serializers
from simcord.backend.models import Overwrite
from simcord.components import walk_components
from simcord.enums import OverwriteType

from bot.app import Application, open_application
from bot.delivery.pace import EditPace
from bot.errors import RequestRejected
from bot.jobs import Job, JobStatus
from bot.settings import Settings
from tests.contract.plugin import assert_contract
from tests.patience import PATIENCE
from tests.scripted import ScriptedExecutor
from tests.simcord_card import Card

COMMAND, COMPONENT = 2, 3
#: Nobody counts edits here, so tests need not wait between them.
PACE = 0.01


class SimulatedServer:
    """A guild with the channel #art: alice and bob draw, mira moderates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {}
        #: Whether the test provokes what is written to the log as an error.
        self.expects_trouble = False
        self.prompts: list[str] = []
        #: What members speak, by their ids: whatever they do tells Discord's code for it. All others speak English.
        self.languages: dict[int, str] = {}
        self._changed = asyncio.Event()
        self._running = AsyncExitStack()
        self.application: Application
        self.executor: ScriptedExecutor
        self.env: simcord.Env

    def build_world(self, application: Application) -> None:
        self.env = simcord.Env(
            application.bot, check_errors=False, settle_timeout=PATIENCE, approved_intents=discord.Intents.none()
        )
        backend = self.env.backend
        # As the database's clock, which is the real one; from here on it moves only when the test says so.
        backend.clock.advance((datetime.now(UTC) - backend.clock.now()).total_seconds())
        backend.http_requests = _Telling(self._changed.set)
        backend.emit = self._spoken(backend.emit)  # type: ignore[method-assign]
        self.guild = self.env.create_guild("Atelier")
        moderators = self.guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
        self.channel = self.guild.create_text_channel("art")
        self.alice, self.bob = (self.guild.add_member(self.env.create_user(name)) for name in ("alice", "bob"))
        self.mira = self.guild.add_member(self.env.create_user("mira"), roles=[moderators])

    def _spoken(self, emit: Callable[[str, Mapping[str, Any]], None]) -> Callable[[str, Mapping[str, Any]], None]:
        """SimCord's members are American; here an interaction comes in the language of who acts."""

        def speaking(event: str, payload: Mapping[str, Any]) -> None:
            if event == "INTERACTION_CREATE":
                user = payload["member"]["user"] if "member" in payload else payload["user"]
                payload = {**payload, "locale": self.languages.get(int(user["id"]), payload["locale"])}
            emit(event, payload)

        return speaking

    @asynccontextmanager
    async def running(self, **settings: Any) -> AsyncIterator[None]:
        """The bot at work, until it is stopped or the block ends."""
        await self.start(**settings)
        try:
            yield
        finally:
            await self.stop()
            await self.env.shutdown()

    async def start(self, executor: ScriptedExecutor | None = None, **settings: Any) -> None:
        """Start the bot, for the second time as a new one on the same database and the same Discord."""
        self.settings |= settings
        self.executor = executor or ScriptedExecutor()
        chosen = Settings(
            _env_file=None,
            data_dir=self.folder,
            **{"model_base": "some/base", "model_refiner": "some/refiner", **self.settings},
        )
        self.application = await self._running.enter_async_context(
            open_application(chosen, self.executor, EditPace(PACE))
        )
        self.application.generation.recording.subscribe(lambda _: self._changed.set())
        if not hasattr(self, "env"):
            self.build_world(self.application)
            await self.env.start()
        else:
            await self.env.restart_bot(self.application.bot)
        with self.env.time_context():
            # Outside of the bot's scope: SimCord does not wait for the tasks that are started here.
            await self._running.enter_async_context(self.application.working())

    async def stop(self) -> None:
        """Stop the bot as a signal does; its messages stay."""
        await self._running.aclose()

    async def imagine(
        self,
        prompt: str = "a red fox in the snow",
        member: simcord.MemberActor | None = None,
        channel: simcord.ChannelHandle | None = None,
        **options: Any,
    ) -> Card:
        """Type /imagine; returns its answer."""
        self.prompts.append(prompt)
        member = member or self.alice
        return self.answer(await member.slash(channel or self.channel, "imagine", prompt=prompt, **options))

    async def unchecked(self, name: str, /, locale: str = "en-US", **options: Any) -> Card:
        """Send a command as no client of Discord's would: nothing is checked, a string is a string."""
        kinds = {str: 3, int: 4, bool: 5, float: 10}
        command = self.env.backend.find_command(name, self.guild.id)
        assert command is not None
        typed = [{"name": option, "type": kinds[type(value)], "value": value} for option, value in options.items()]
        data = {"id": command["id"], "name": name, "type": 1, "options": typed}
        return self.answer(
            await self.alice._dispatch_interaction(COMMAND, self.channel, data, extra={"locale": locale})
        )

    async def press(self, card: Card, custom_id: str, member: simcord.MemberActor | None = None) -> list[Card]:
        """Press a button by its id; returns what is answered beside changes of the card."""
        return self.answers(await self.pressed(card, custom_id, member), card.id)

    async def pressed(
        self, card: Card, custom_id: str, member: simcord.MemberActor | None = None
    ) -> simcord.InteractionResult:
        """Press a button by its id; one that the card does not have stands in place of its first, as on an old card."""
        data = {"custom_id": custom_id, "component_type": 2}
        member = member or self.alice
        message = deepcopy(dict(serializers.message_payload(self.env.backend, card.message)))
        buttons = [part for part in walk_components(message["components"]) if part["type"] == 2]
        if custom_id not in [button["custom_id"] for button in buttons]:
            buttons[0]["custom_id"] = custom_id
        stored = self.env.backend.get_channel(card.channel_id)
        at_home = stored.guild_id is None
        result = await _dispatch_actor_interaction(
            member.user if at_home else member,
            COMPONENT,
            simcord.ChannelHandle(self.env, None if at_home else member.guild, stored),
            data,
            extra={"message": message},
            source_message_id=card.id,
        )
        assert result.acknowledged, "the press was not answered"
        return result

    def answers(self, result: simcord.InteractionResult, besides: int | None = None) -> list[Card]:
        """The messages that answer, other than the one of that id."""
        messages = [each for each in (result.response, *result.followups) if each is not None and each.id != besides]
        return [Card(self, each.channel_id, each.id) for each in messages]

    def forbid(self, *permissions: str) -> None:
        """Take permissions in the channel away from everybody, the bot among them."""
        denied = discord.PermissionOverwrite(**dict.fromkeys(permissions, False)).pair()[1]
        everyone = self.guild.default_role.id
        self.env.backend.set_overwrite(
            self.channel.id, Overwrite(everyone, OverwriteType.ROLE, allow=0, deny=denied.value)
        )

    def answer(self, result: simcord.InteractionResult) -> Card:
        """The one message that answers."""
        assert result.acknowledged, "the command was not answered"
        messages = [each for each in (result.response, *result.followups) if each is not None]
        assert len(messages) == 1, messages
        return Card(self, messages[0].channel_id, messages[0].id)

    def cards(self, channel: simcord.ChannelHandle | None = None) -> list[Card]:
        """All messages in the channel that everybody sees, oldest first."""
        channel_id = (channel or self.channel).id
        messages = self.env.backend.messages.get(channel_id, {})
        found = [Card(self, channel_id, message_id) for message_id in sorted(messages)]
        return [card for card in found if not card.is_private]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until this is so; it is looked at after every request and event of the bot."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await self._something()
        except TimeoutError:
            shown = "\n".join(f"message {card.id}: {card.text!r} {card.buttons}" for card in self.cards())
            raise AssertionError(f"never came; the channel shows:\n{shown}\n{self.env.transcript()}") from None

    async def _something(self, within: float | None = None) -> None:
        """Wait for the next request or event, but not for ever."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._changed.wait()

    async def job(self, job_id: int = 1) -> Job:
        return await self.application.storage.get_job(job_id)

    async def until_recorded(self, status: JobStatus, job_id: int = 1) -> Job:
        """Wait until the database says so of that job."""
        async with asyncio.timeout(PATIENCE):
            while (job := await self.job(job_id)).status is not status:
                # That something is recorded is told to nobody.
                await self._something(within=0.02)
        return job

    async def run(self, job_id: int = 1) -> None:
        """Wait until the executor has that job."""
        await self.executor.started.holds(job_id)

    def requests(self, method: str, path: str) -> list[simcord.HttpLogEntry]:
        """What the bot sent so far to a route with that text in it."""
        return [each for each in self.env.http_requests if each.method == method and path in each.path]

    def assert_in_order(self, records: list[logging.LogRecord]) -> None:
        """What holds for every test: Discord takes it all, nothing broke unforeseen, nobody's words are logged."""
        assert_contract(self.env)
        unforeseen = [error for error in self.env.errors if not _is_rejection(error)]
        errors = [record.getMessage() for record in records if record.levelno >= logging.ERROR]
        if not self.expects_trouble:
            assert (unforeseen, errors) == ([], [])
        formatter = logging.Formatter()
        told = "\n".join(formatter.format(record) for record in records if record.levelno > logging.DEBUG)
        assert [prompt for prompt in self.prompts if len(prompt) > 3 and prompt in told] == []


def _is_rejection(error: BaseException) -> bool:
    return isinstance(getattr(error, "original", error), RequestRejected | discord.app_commands.CheckFailure)


class _Telling(list[simcord.HttpLogEntry]):
    """A list that tells of what is added."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, entry: simcord.HttpLogEntry) -> None:
        super().append(entry)
        self._tell()


@pytest.fixture
async def server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[SimulatedServer]:
    """The bot at work on a simulated Discord; what holds for every test is asserted at its end."""
    caplog.set_level(logging.INFO)
    server = SimulatedServer(tmp_path)
    async with server.running():
        yield server
    server.assert_in_order(caplog.get_records("call"))
