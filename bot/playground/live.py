"""SimCord's preview, made fit for a bot that goes on editing its messages after it has answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import zoneinfo
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import simcord
from simcord._clock import Clock
from simcord._dpy_internals import real_monotonic
from simcord.preview import Preview

from bot.playground.pictures import PictureDecoder
from bot.playground.server import PlaygroundServer
from bot.playground.world import World

log = logging.getLogger(__name__)

#: How many publications back a browser may be when somebody presses a button in it.
REMEMBERED = 32
#: How many pictures are still served after others have taken their place: a browser may be about to fetch them.
REPLACED = 64


class WallClock(Clock):
    """The simulation's clock, going with the real one, so that “in 5 seconds” is in 5 seconds.

    It counts from where the machine's own clock does: SimCord shows this one as `time.monotonic` to the bot's commands,
    and the machine's to the tasks of queue and delivery, and an estimate is made of both.
    """

    def __init__(self) -> None:
        self._ahead = 0.0
        self._epoch = datetime.now(UTC) - timedelta(seconds=real_monotonic())

    @property
    def elapsed(self) -> float:
        """Seconds on the machine's clock, and what the simulation was moved ahead by hand."""
        return real_monotonic() + self._ahead

    @elapsed.setter
    def elapsed(self, seconds: float) -> None:
        self._ahead += seconds - self.elapsed


class LivePreview(Preview):
    """A preview that is published anew after each change of a message, and takes actions all the same.

    SimCord publishes after the actions of its viewers only, and refuses an action on a page that was published since
    the browser last looked. With progress being shown, that would be every other click: such an action is carried out
    here when what it names is still the same thing. SimCord's version is pinned, `_action` and `_publish` with it.
    """

    def __init__(self, env: simcord.Env, world: World, port: int) -> None:
        super().__init__(
            env,
            world.channel,
            tuple(world.members),
            layout="channel",
            display="responsive",
            width=960,
            height=720,
            locale="en-US",
            timezone=local_timezone(),
            presentation_time=None,
            assets=world.assets,
            port=port,
        )
        self._server = PlaygroundServer(self, port)
        self._decoder = self._media_worker = PictureDecoder()
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._new_urls: set[str] = set()
        self._replaced: dict[str, tuple[str, bytes, str]] = {}
        self._controls: defaultdict[str, dict[int, dict[str, str]]] = defaultdict(dict)
        self._refreshing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.env.backend.subscribers.append(self._on_event)
        self._refreshing = asyncio.create_task(self._keep_current())
        return self

    async def close(self) -> None:
        """End the session, and with it the publishing."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refreshing
            self._refreshing = None
            self.env.backend.subscribers.remove(self._on_event)
        await super().close()

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        if event.startswith("MESSAGE_"):
            self._new_urls.update(attachment["url"] for attachment in payload.get("attachments", ()))
            self._changed.set()

    async def _keep_current(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            async with self._turn:
                try:
                    await self._decode_new_pictures()
                    await self.refresh()
                    await self._size_pictures()
                except TimeoutError:
                    log.warning("the simulated Discord is still busy; the page stays as it is until the next change")
                except Exception:
                    log.exception("the page could not be brought up to date; the next change tries again")

    async def _decode_new_pictures(self) -> None:
        """Before a browser asks for them, so that a message and its picture come at the same moment."""
        urls, self._new_urls = self._new_urls, set()
        blobs = (self.env.backend.cdn.get(url) for url in urls)
        await asyncio.gather(*(self._decoder.learn(blob) for blob in blobs if blob is not None))

    async def _size_pictures(self) -> None:
        """Publish the sizes of decoded pictures with their messages, so that nothing jumps when they come.

        Nothing here gives way to another task, so no browser sees the messages without the sizes.
        """
        for page in self._pages.values():
            for asset in list(page.assets.values()):
                if asset.available and not asset.validated and self._decoder.knows(asset.digest):
                    with contextlib.suppress(simcord.SetupError):
                        await self._prepare_asset(page.id, asset.id)

    async def _prepare_asset(self, context_id: str | None, asset_id: str, **how: Any) -> tuple[str, bytes, str]:
        try:
            return await super()._prepare_asset(context_id, asset_id, **how)
        except simcord.SetupError:
            if (replaced := self._replaced_asset(context_id, asset_id)) is not None:
                return replaced
            raise

    def _replaced_asset(self, context_id: str | None, asset_id: str) -> tuple[str, bytes, str] | None:
        """A picture that the page still names, or named a moment ago, while its message has another one already."""
        record = self._get_page(context_id).assets.get(asset_id)
        if record is None:
            return self._replaced.get(asset_id)
        blob = self._blobs.get(record.digest or "")
        if blob is None or not (record.validated or self._decoder.knows(record.digest)):
            return None
        return record.contentType, blob.data, record.filename

    def _release_asset_record(self, record: Any) -> None:
        if record.digest in self._blobs:
            self._replaced[record.id] = (record.contentType, self._blobs[record.digest].data, record.filename)
            while len(self._replaced) > REPLACED:
                del self._replaced[next(iter(self._replaced))]
        super()._release_asset_record(record)

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._turn:
            result = await super()._action(context_id, self._brought_up_to_date(context_id, body))
            await self._size_pictures()
            return result

    def _finish_action(self, page: Any, action: Any, settlement: Any, cursor: int, *rest: Any, **more: Any) -> Any:
        interaction = more.get("interaction") or action.interaction
        if interaction is not None and interaction.responded:
            # The bot has answered, so what was raised on the way (a full queue, say) is no failure of the action.
            cursor = self.env.error_cursor
        return super()._finish_action(page, action, settlement, cursor, *rest, **more)

    def _brought_up_to_date(self, context_id: str | None, body: Mapping[str, Any]) -> Mapping[str, Any]:
        page = self._get_page(context_id)
        seen = body.get("published_revision")
        if not isinstance(seen, int) or seen >= page.revision:
            return body
        control = body.get("control_key")
        if control is not None:
            history = self._controls[page.id]
            if control not in history.get(seen, {}) or history[seen][control] != history[page.revision].get(control):
                return body
        return {**body, "published_revision": page.revision}

    def _publish(self, page: Any, *, reason: Any = "action") -> None:
        self._advance_presentation_time()
        super()._publish(page, reason=reason)
        history = self._controls[page.id]
        history[page.revision] = dict(_controls(page.snapshot.get("messages", {})))
        history.pop(page.revision - REMEMBERED, None)


def _controls(node: Any) -> list[tuple[str, str]]:
    """The buttons and menus of a published page: SimCord's key of each, and the custom id behind it."""
    if isinstance(node, list):
        return [control for child in node for control in _controls(child)]
    if not isinstance(node, dict):
        return []
    inner = [control for child in node.values() for control in _controls(child)]
    if "control_key" in node and "custom_id" in node:
        return [(node["control_key"], node["custom_id"]), *inner]
    return inner


def local_timezone() -> str:
    """The name of this machine's timezone, for the times beside the messages; UTC where it has no name."""
    names = [os.environ.get("TZ", "").lstrip(":")]
    with contextlib.suppress(OSError):
        names.append(str(Path("/etc/localtime").resolve()).rpartition("zoneinfo/")[2])
    return next((name for name in names if name in zoneinfo.available_timezones()), "UTC")
