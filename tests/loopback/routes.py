"""What each REST route of the loopback Discord does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.loopback import messages, payloads
from tests.loopback.gateway import Gateway
from tests.loopback.message_payloads import MessagePayload
from tests.loopback.messages import Upload
from tests.loopback.refusals import refused, unauthorized
from tests.loopback.state import EPHEMERAL, Channel, Interaction, Message, Payload, World

REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE = 4, 5, 6, 7
NO_CONTENT = 204


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    json: Any
    uploads: Sequence[Upload]
    query: Mapping[str, str]
    authorization: str
    arrived_at: float


#: The answer: its status and its JSON.
Answer = tuple[int, Any]
Handler = Callable[..., Awaitable[Answer]]


class Routes:
    """The handlers, each named in `table` with its method and path. Raises `Refused` as Discord would."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self.cdn = ""
        webhook = "/webhooks/{application}/{token}"
        self.table: list[tuple[str, str, Handler]] = [
            ("GET", "/users/@me", self.own_user),
            ("GET", "/users/@me/guilds", self.own_guilds),
            ("GET", "/oauth2/applications/@me", self.application),
            ("GET", "/applications/@me", self.application),
            ("GET", "/gateway", self.gateway),
            ("GET", "/gateway/bot", self.gateway_bot),
            ("PUT", "/applications/{application}/commands", self.put_commands),
            ("PUT", "/applications/{application}/guilds/{guild}/commands", self.put_commands),
            ("POST", "/interactions/{interaction}/{token}/callback", self.callback),
            ("POST", webhook, self.follow_up),
            ("GET", webhook + "/messages/{message}", self.get_by_token),
            ("PATCH", webhook + "/messages/{message}", self.edit_by_token),
            ("DELETE", webhook + "/messages/{message}", self.delete_by_token),
            ("POST", "/users/@me/channels", self.direct_channel),
            ("GET", "/channels/{channel}", self.get_channel),
            ("POST", "/channels/{channel}/messages", self.send),
            ("GET", "/channels/{channel}/messages/{message}", self.get_message),
            ("PATCH", "/channels/{channel}/messages/{message}", self.edit_message),
            ("DELETE", "/channels/{channel}/messages/{message}", self.delete_message),
        ]

    async def own_user(self, call: Call) -> Answer:
        self._authorize(call)
        return 200, payloads.own_user(self._world.bot)

    async def own_guilds(self, call: Call) -> Answer:
        self._authorize(call)
        return 200, [payloads.own_guild(self._world)] if self._world.bot_is_invited else []

    async def application(self, call: Call) -> Answer:
        self._authorize(call)
        return 200, payloads.application(self._world)

    async def gateway(self, _call: Call) -> Answer:
        return 200, {"url": self._gateway.url}

    async def gateway_bot(self, call: Call) -> Answer:
        self._authorize(call)
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return 200, {"url": self._gateway.url, "shards": 1, "session_start_limit": limit}

    async def put_commands(self, call: Call, application: str, guild: str | None = None) -> Answer:
        self._authorize(call)
        registered = [{**command, "id": str(self._world.new_id())} for command in call.json]
        self._world.commands = {command["name"]: command for command in registered}
        return 200, [payloads.command(self._world, command) for command in registered]

    async def callback(self, call: Call, interaction: str, token: str) -> Answer:
        event = self._world.interactions.get(int(interaction))
        late = event is not None and call.arrived_at - event.dispatched_at > self._world.limits.acknowledge_within
        if event is None or event.token != token or late:
            raise refused(10062)
        if event.answer is not None:
            raise refused(40060)
        kind, data = call.json["type"], call.json.get("data") or {}
        message: Message | None = event.message
        if kind == REPLY:
            message = messages.create(self._world, event.channel, data, call.uploads, event)
        elif kind == DEFERRED_REPLY:
            message = messages.thinking(self._world, event, int(data.get("flags") or 0))
        elif kind == UPDATE and message is not None:
            messages.edit(self._world, message, data, call.uploads)
        event.answer, event.acknowledged_at = call.json, call.arrived_at
        event.work_until_acknowledged = time.process_time()
        event.original = message if kind in (REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE) else None
        event.acknowledged.set()
        return self._callback_answer(event, kind) if call.query.get("with_response") else (NO_CONTENT, None)

    def _callback_answer(self, event: Interaction, kind: int) -> Answer:
        interaction: Payload = {"id": str(event.id), "type": event.kind}
        answer: Payload = {"interaction": interaction}
        if event.original is not None:
            interaction["response_message_id"] = str(event.original.id)
            interaction["response_message_loading"] = event.original.is_loading
            interaction["response_message_ephemeral"] = event.original.is_ephemeral
            if kind in (REPLY, UPDATE):
                answer["resource"] = {"type": kind, "message": self._render(event.original)}
        return 200, answer

    async def follow_up(self, call: Call, application: str, token: str) -> Answer:
        event = self._by_token(token)
        if event.original is not None and event.original.is_loading:
            # Discord takes the first follow-up after a deferral for the answer itself.
            message = messages.edit(self._world, event.original, call.json, call.uploads)
        else:
            message = messages.create(self._world, event.channel, call.json, call.uploads, event)
        return 200, self._render(message)

    async def get_by_token(self, call: Call, application: str, token: str, message: str) -> Answer:
        return 200, self._render(self._of_token(token, message))

    async def edit_by_token(self, call: Call, application: str, token: str, message: str) -> Answer:
        edited = messages.edit(self._world, self._of_token(token, message), call.json, call.uploads)
        return 200, self._render(edited)

    async def delete_by_token(self, call: Call, application: str, token: str, message: str) -> Answer:
        messages.delete(self._of_token(token, message))
        return NO_CONTENT, None

    async def direct_channel(self, call: Call) -> Answer:
        self._authorize(call)
        recipient = self._world.users.get(int(call.json["recipient_id"]))
        if recipient is None:
            raise refused(10013)
        return 200, payloads.channel(self._world, self._world.direct_channel(recipient))

    async def get_channel(self, call: Call, channel: str) -> Answer:
        self._authorize(call)
        return 200, payloads.channel(self._world, self._channel(channel))

    async def send(self, call: Call, channel: str) -> Answer:
        self._authorize(call)
        place = self._channel(channel)
        if not place.bot_may_send:
            raise refused(50013 if place.recipient is None else 50007)
        message = messages.create(self._world, place, call.json, call.uploads)
        return 200, self._render(message)

    async def get_message(self, call: Call, channel: str, message: str) -> Answer:
        self._authorize(call)
        return 200, self._render(self._of_channel(channel, message))

    async def edit_message(self, call: Call, channel: str, message: str) -> Answer:
        self._authorize(call)
        edited = self._of_channel(channel, message)
        if edited.author != self._world.bot:
            raise refused(50005)
        messages.edit(self._world, edited, call.json, call.uploads)
        return 200, self._render(edited)

    async def delete_message(self, call: Call, channel: str, message: str) -> Answer:
        self._authorize(call)
        messages.delete(self._of_channel(channel, message))
        return NO_CONTENT, None

    def _authorize(self, call: Call) -> None:
        if call.authorization != f"Bot {self._world.token}":
            raise unauthorized()

    def _channel(self, channel: str) -> Channel:
        place = self._world.channels.get(int(channel))
        if place is None:
            raise refused(10003)
        return place

    def _of_channel(self, channel: str, message: str) -> Message:
        """Through this road nobody sees what was shown to one person alone."""
        place = self._channel(channel)
        found = self._world.messages.get(int(message))
        if found is None or found.is_deleted or found.channel is not place or found.flags & EPHEMERAL:
            raise refused(10008)
        if not place.bot_may_send:
            raise refused(50001)
        return found

    def _by_token(self, token: str) -> Interaction:
        event = self._world.by_token.get(token)
        if event is None:
            raise refused(10015)
        if time.perf_counter() - event.dispatched_at > self._world.limits.token_lifetime:
            raise refused(50027)
        return event

    def _of_token(self, token: str, message: str) -> Message:
        event = self._by_token(token)
        found = event.original if message == "@original" else self._world.messages.get(int(message))
        if found is None or found.is_deleted:
            raise refused(10008)
        return found

    def _render(self, message: Message) -> Payload:
        return MessagePayload(self.cdn, message).render()
