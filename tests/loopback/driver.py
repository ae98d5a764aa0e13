"""People on the loopback Discord: they type commands, press buttons, and watch what becomes of a message."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from tests.loopback import message_payloads
from tests.loopback.gateway import Gateway
from tests.loopback.rate_limits import RateLimits
from tests.loopback.server import API, Exchange, Server
from tests.loopback.state import MANAGE_MESSAGES, SEND_MESSAGES_AND_THE_LIKE, Channel, Interaction, Message, User, World
from tests.patience import PATIENCE

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SUBCOMMAND, STRING, INTEGER, BOOLEAN, NUMBER = 1, 3, 4, 5, 10
TEXT_INPUT, LABEL = 4, 18
TYPES: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}


class LoopbackDiscord:
    """A Discord of one guild on this machine, with alice, bob and the moderator carol in the channel #art.

    An async context manager: inside, a bot can connect to `api_url` and `gateway_url` with `token`.
    """

    def __init__(self, *, checks_contract: bool | None = None) -> None:
        self.world = World()
        self.gateway = Gateway(self.world)
        self.rate_limits = RateLimits(self.world.limits)
        self.server = Server(self.world, self.gateway, self.rate_limits)
        if checks_contract is not None:
            self.server.checks_contract = checks_contract
        self.limits = self.world.limits
        self.alice = self.world.add_user("alice")
        self.bob = self.world.add_user("bob")
        self.carol = self.world.add_user("carol", SEND_MESSAGES_AND_THE_LIKE | MANAGE_MESSAGES)
        self.art = self.world.add_channel("art")

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.stop()

    @property
    def api_url(self) -> str:
        """What DISCORD_API_URL has to be."""
        return f"http://{self.server.address}{API}"

    @property
    def gateway_url(self) -> str:
        """What DISCORD_GATEWAY_URL has to be."""
        return self.gateway.url

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def messages(self) -> list[Message]:
        """Every message that can be seen by somebody, oldest first."""
        return [message for message in self.world.messages.values() if not message.is_deleted]

    def requests(self, method: str = "", path: str = "") -> list[Exchange]:
        """What the bot sent so far, of that method and with that text in its path."""
        return [
            exchange
            for exchange in self.server.exchanges
            if method in ("", exchange.call.method) and path in exchange.call.path
        ]

    def assert_contract(self) -> None:
        """Fail with everything that Discord would refuse, or that this server answered as Discord would not."""
        assert not self.server.faults, "\n".join(self.server.faults)

    async def slash(
        self, name: str, *, user: User | None = None, channel: Channel | None = None, **options: Any
    ) -> Interaction:
        """Type a slash command, or one of a group as “group name”. Fails for what Discord’s own input would refuse."""
        first, _, second = name.partition(" ")
        command = self.world.commands.get(first)
        assert command is not None, f"/{first} is not registered, only {sorted(self.world.commands)}"
        if second:
            of_group = next(each for each in command["options"] if each["name"] == second)
            typed = [{"type": SUBCOMMAND, "name": second, "options": list(_typed_options(of_group, options))}]
        else:
            typed = list(_typed_options(command, options))
        data = {"id": command["id"], "name": first, "type": 1, "options": typed}
        return await self._dispatch(COMMAND, user or self.alice, channel or self.art, data)

    async def complete(self, name: str, option: str, typed: str, *, user: User | None = None) -> Interaction:
        """Type so much of an option that Discord asks the bot how it could go on."""
        command = self.world.commands[name]
        declared = next(each for each in command["options"] if each["name"] == option)
        assert declared.get("autocomplete"), f"/{name} does not complete {option}"
        focused = {"name": option, "type": declared["type"], "value": typed, "focused": True}
        data = {"id": command["id"], "name": name, "type": 1, "options": [focused]}
        return await self._dispatch(AUTOCOMPLETE, user or self.alice, self.art, data)

    async def press(self, message: Message, label: str, *, user: User | None = None) -> Interaction:
        """Press the button with that label."""
        button = message.buttons.get(label)
        assert button is not None, f"no button {label!r}, only {sorted(message.buttons)}"
        assert not button.get("disabled"), f"the button {label!r} is disabled"
        data = {"custom_id": button["custom_id"], "component_type": button["type"]}
        return await self._dispatch(COMPONENT, user or self.alice, message.channel, data, message)

    async def fill_in(self, opened: Interaction, **texts: str) -> Interaction:
        """Send the modal that answered `opened`; `texts` take the place of what stood in the inputs of those ids."""
        assert opened.modal is not None, "no modal was opened"
        inputs = [label["component"] for label in opened.modal["components"]]
        typed = {each["custom_id"]: each.get("value") or "" for each in inputs} | texts
        components = [
            {
                "type": LABEL,
                "id": 2 * at,
                "component": {"type": TEXT_INPUT, "id": 2 * at + 1, "custom_id": name, "value": text},
            }
            for at, (name, text) in enumerate(typed.items(), 1)
        ]
        data = {"custom_id": opened.modal["custom_id"], "components": components}
        return await self._dispatch(MODAL_SUBMIT, opened.user, opened.channel, data, opened.message, opened)

    async def wait_for(self, condition: Callable[[], Any], what: str = "", within: float = PATIENCE) -> Any:
        """Wait until something in this world is so, and return it; it is looked at after every request of the bot."""
        try:
            async with asyncio.timeout(within), self.world.changed:
                return await self.world.changed.wait_for(condition)
        except TimeoutError:
            raise AssertionError(f"never came: {what or condition}\n{self._story()}") from None

    async def acknowledged(self, interaction: Interaction, within: float = PATIENCE) -> Interaction:
        """Wait until the bot has answered at all."""
        await self.wait_for(interaction.acknowledged.is_set, "an answer to the interaction", within)
        return interaction

    async def message_of(self, interaction: Interaction, within: float = PATIENCE) -> Message:
        """Wait for the message that answers an interaction, thinking or not."""
        return await self.wait_for(lambda: interaction.original, "a message as answer", within)

    async def synced(self, within: float = PATIENCE) -> None:
        """Wait until the bot has registered its commands and is connected."""
        await self.wait_for(lambda: self.world.commands, "the registration of the commands", within)
        async with asyncio.timeout(within):
            await self.gateway.connected.wait()

    async def _dispatch(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: dict[str, Any],
        message: Message | None = None,
        opened_by: Interaction | None = None,
    ) -> Interaction:
        token = secrets.token_urlsafe(32)
        event = Interaction(self.world.new_id(), token, kind, user, channel, data, message, opened_by)
        self.world.interactions[event.id] = self.world.by_token[token] = event
        payload = message_payloads.interaction(self.world, f"http://{self.server.address}/cdn", event)
        event.dispatched_at, event.work_before = time.perf_counter(), time.process_time()
        await self.gateway.dispatch("INTERACTION_CREATE", payload)
        return event

    def _story(self) -> str:
        """What happened, for a failed test."""
        lines = [str(exchange) for exchange in self.server.exchanges[-20:]]
        lines += [
            f"message {message.id}: {message.text!r}, buttons {list(message.buttons)}" for message in self.messages
        ]
        return "\n".join(lines + self.server.faults)


def _typed_options(command: dict[str, Any], given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    declared: Sequence[dict[str, Any]] = command.get("options") or ()
    unknown = given.keys() - {option["name"] for option in declared}
    assert not unknown, f"/{command['name']} has no options {sorted(unknown)}"
    for option in declared:
        name = option["name"]
        if name not in given:
            assert not option.get("required"), f"/{command['name']} needs {name}"
            continue
        value = given[name]
        assert isinstance(value, TYPES[option["type"]]), f"{name} is not of type {option['type']}: {value!r}"
        choices = [choice["value"] for choice in option.get("choices") or ()]
        assert not choices or value in choices, f"{name} is one of {choices}, not {value!r}"
        size = len(value) if isinstance(value, str) else value
        kind = "length" if isinstance(value, str) else "value"
        assert (option.get(f"min_{kind}") or size) <= size <= (option.get(f"max_{kind}") or size), f"{name}: {value!r}"
        yield {"name": name, "type": option["type"], "value": value}
