"""Discord's gateway: sessions that outlive their connection, and events that are sent again after a resume."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.loopback import payloads
from tests.loopback.state import World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
HEARTBEAT_INTERVAL_MS = 41_250
AUTHENTICATION_FAILED, UNKNOWN_ERROR = 4004, 4000
INTENT_GUILDS = 1
PRIVILEGED_INTENTS = 1 << 1 | 1 << 8 | 1 << 15


@dataclass
class Session:
    """What one IDENTIFY began: its events by number, and the socket that they go to while one is open."""

    id: str
    intents: int
    socket: web.WebSocketResponse | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    is_over: bool = False

    async def dispatch(self, name: str, data: Mapping[str, Any]) -> None:
        """Number an event and send it, now or after the next resume."""
        event = {"op": DISPATCH, "t": name, "s": len(self.events) + 1, "d": data}
        self.events.append(event)
        if self.socket is not None and not self.socket.closed:
            with contextlib.suppress(ConnectionError):  # closing at this moment: a resume brings it
                await self.socket.send_str(json.dumps(event))


class Gateway:
    """The websocket side of the loopback Discord. `identifies` and `resumes` count what the bot asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, Session] = {}
        self.url = ""
        self.token = world.token
        self.identifies = 0
        self.resumes = 0
        self.connected = asyncio.Event()

    @property
    def intents(self) -> int:
        """What the bot asked to be told of."""
        return self._current().intents

    async def dispatch(self, name: str, data: Mapping[str, Any]) -> None:
        """Tell the bot; it must have identified once."""
        await self._current().dispatch(name, data)

    async def disconnect(self, code: int = UNKNOWN_ERROR) -> None:
        """Close the connection in good order. The session lives on."""
        socket = self._leave()
        await socket.close(code=code)

    async def end_session(self) -> None:
        """Close the connection, and forget what it could be resumed with: the bot has to identify anew."""
        self._current().is_over = True
        await self.disconnect()

    def drop(self) -> None:
        """Cut the connection without a word. The session lives on."""
        transport = self._leave()._req.transport  # no public way leads to the socket below
        assert transport is not None
        transport.abort()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            await self._receive(socket, json.loads(message.data))
            await self._world.tell()
        self._forget(socket)
        await self._world.tell()
        return socket

    async def _receive(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        if message["op"] == HEARTBEAT:
            await socket.send_json({"op": HEARTBEAT_ACK})
        elif message["op"] in (IDENTIFY, RESUME) and message["d"]["token"] != self.token:
            await socket.close(code=AUTHENTICATION_FAILED)
        elif message["op"] == IDENTIFY:
            await self._identify(socket, message["d"])
        elif message["op"] == RESUME:
            await self._resume(socket, message["d"])

    async def _identify(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> None:
        self.identifies += 1
        session = Session(secrets.token_hex(16), data["intents"], socket)
        self._sessions[session.id] = session
        ready = {
            "v": 10,
            "user": payloads.own_user(self._world.bot),
            "guilds": [{"id": str(self._world.guild_id), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": str(self._world.application_id), "flags": 0},
        }
        await session.dispatch("READY", ready)
        if session.intents & INTENT_GUILDS:
            await session.dispatch("GUILD_CREATE", payloads.guild(self._world))
        self.connected.set()

    async def _resume(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> None:
        self.resumes += 1
        session = self._sessions.get(data["session_id"])
        if session is None or session.is_over:
            await socket.send_json({"op": INVALID_SESSION, "d": False})
            return
        number = data["seq"]
        # Counted anew each time: more may happen while these are sent, and would belong to no socket.
        while number < len(session.events):
            await socket.send_json(session.events[number])
            number += 1
        session.socket = socket
        await session.dispatch("RESUMED", {})
        self.connected.set()

    def _current(self) -> Session:
        if not self._sessions:
            raise AssertionError("the bot has not identified yet")
        return list(self._sessions.values())[-1]

    def _forget(self, socket: web.WebSocketResponse) -> None:
        """The bot has left. Its session waits for it, unless it comes back as somebody new."""
        for session in self._sessions.values():
            if session.socket is socket:
                session.socket = None
                self.connected.clear()

    def _leave(self) -> web.WebSocketResponse:
        session = self._current()
        socket, session.socket = session.socket, None
        assert socket is not None, "the bot is not connected"
        self.connected.clear()
        return socket
