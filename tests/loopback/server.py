"""The loopback Discord on a socket: reads requests, holds them and their answers against the contract, serves them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.contract import check_request, check_response, contract_is_at_hand
from tests.loopback.gateway import Gateway
from tests.loopback.messages import Upload
from tests.loopback.rate_limits import RateLimits
from tests.loopback.refusals import Refused, refused
from tests.loopback.routes import Call, Handler, Routes
from tests.loopback.state import World

API, GATEWAY, CDN = "/api/v10", "/gateway", "/cdn"


@dataclass(frozen=True)
class Exchange:
    """One request and how it was answered."""

    call: Call
    status: int

    def __str__(self) -> str:
        return f"{self.call.method} {self.call.path} -> {self.status}"


@dataclass
class Server:
    """One Discord on one port. `faults` are breaches of the contract, the bot's and the server's own."""

    world: World
    gateway: Gateway
    rate_limits: RateLimits
    checks_contract: bool = field(default_factory=contract_is_at_hand)
    exchanges: list[Exchange] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    address: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        routes = Routes(self.world, self.gateway)
        application = web.Application(client_max_size=4 * self.world.limits.request_bytes)
        for method, path, handler in routes.table:
            application.router.add_route(method, API + path, self._serving(handler))
        application.router.add_get(GATEWAY, self.gateway.serve)
        application.router.add_get(CDN + "/attachments/{channel}/{attachment}/{filename}", self._attachment)
        application.router.add_route("*", "/{path:.*}", self._unknown)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"{host}:{port}"
        self.gateway.url = f"ws://{self.address}{GATEWAY}"
        routes.cdn = f"http://{self.address}{CDN}"

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _serving(self, handler: Handler) -> Any:
        async def serve(request: web.Request) -> web.Response:
            try:
                call = await self._read(request, time.perf_counter())
            except ConnectionError:
                # Who asked is gone before the question was out.
                return web.Response(status=400)
            headers: Mapping[str, str] = {}
            await self.rate_limits.pass_holds(call.method, call.path)
            try:
                headers = self.rate_limits.take(call.method, call.path)
                self._check_size(call)
                self._check_request(call)
                status, answer = await handler(call, **request.match_info)
                self.rate_limits.finish(call.method, call.path)
            except Refused as refusal:
                status, answer, headers = refusal.status, _error(refusal), _error_headers(refusal)
            self.exchanges.append(Exchange(call, status))
            # A Discord that is not well says what its description does not know of.
            if self.checks_contract and status < 500:
                self.faults += check_response(call.method, call.path, status, answer)
            await self.world.tell()
            if answer is None:
                return web.Response(status=status, headers=headers)
            # The type without a charset: discord.py takes anything else for text.
            headers = {"Content-Type": "application/json", **headers}
            return web.Response(status=status, body=json.dumps(answer).encode(), headers=headers)

        return serve

    async def _read(self, request: web.Request, arrived_at: float) -> Call:
        body: Any = None
        uploads: Sequence[Upload] = ()
        if request.content_type == "multipart/form-data":
            body, uploads = await _multipart(request)
        elif request.can_read_body:
            body = await request.json()
        path = request.path.removeprefix(API)
        authorization = request.headers.get("Authorization", "")
        return Call(request.method, path, body, uploads, request.query, authorization, arrived_at)

    def _check_request(self, call: Call) -> None:
        if self.checks_contract:
            names = [upload.filename for upload in call.uploads]
            self.faults += check_request(call.method, call.path, call.json, names)

    def _check_size(self, call: Call) -> None:
        sizes = [len(upload.content) for upload in call.uploads]
        if max(sizes, default=0) > self.world.limits.file_bytes or sum(sizes) > self.world.limits.request_bytes:
            raise refused(40005)

    async def _attachment(self, request: web.Request) -> web.Response:
        for message in self.world.messages.values():
            for attachment in message.attachments:
                if str(attachment.id) == request.match_info["attachment"]:
                    return web.Response(body=attachment.content)
        return web.Response(status=404)

    async def _unknown(self, request: web.Request) -> web.Response:
        self.faults.append(f"{request.method} {request.path} is not modelled by the loopback Discord")
        return web.json_response({"code": 0, "message": "404: Not Found"}, status=404)


async def _multipart(request: web.Request) -> tuple[Any, list[Upload]]:
    payload: Any = None
    files: dict[int, Upload] = {}
    async for part in await request.multipart():
        content = bytes(await part.read(decode=False))
        if part.name == "payload_json":
            payload = json.loads(content)
        else:
            files[int(part.name.removeprefix("files[").removesuffix("]"))] = Upload(part.filename, content)
    return payload, [files[index] for index in sorted(files)]


def _error(refusal: Refused) -> dict[str, Any]:
    body: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.retry_after is not None:
        body |= {"retry_after": refusal.retry_after, "global": False}
    return body


def _error_headers(refusal: Refused) -> dict[str, str]:
    headers = {"Via": "1.1 loopback"} if refusal.via else {}
    if refusal.retry_after is not None:
        headers |= {"Retry-After": str(int(refusal.retry_after) + 1), "X-RateLimit-Scope": "shared"}
    return headers
