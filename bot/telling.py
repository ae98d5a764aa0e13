"""Telling the queue's one listener what happens, so that no outcome is lost on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.events import Progress, QueueEvent

log = logging.getLogger(__name__)

OnEvent = Callable[[QueueEvent], Awaitable[None]]
OnProgress = Callable[[Progress], None]


class Teller:
    """The way to one listener; until there is one, what happens is logged."""

    def __init__(self) -> None:
        self.on_event: OnEvent = _nobody_listens
        self.on_progress: OnProgress = _nobody_watches
        self._telling: set[asyncio.Task[None]] = set()

    async def tell(self, *events: QueueEvent) -> None:
        """Have the listener record events, and see it through: being cancelled meanwhile loses no outcome."""
        if not events:
            return
        tasks = [asyncio.create_task(self._report(event)) for event in events]
        for task in tasks:
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        try:
            await asyncio.shield(asyncio.gather(*tasks))
        except asyncio.CancelledError:
            await asyncio.wait(tasks)
            raise

    async def finish(self) -> None:
        """Wait until all is told."""
        await asyncio.gather(*self._telling)

    async def _report(self, event: QueueEvent) -> None:
        try:
            await self.on_event(event)
        except Exception:
            log.exception("job %s: %s could not be recorded", event.job.id, type(event).__name__)


async def _nobody_listens(event: QueueEvent) -> None:
    log.warning("job %s: %s, and nobody listens", event.job.id, type(event).__name__)


def _nobody_watches(progress: Progress) -> None:
    log.debug("job %s: step %s, and nobody watches", progress.job_id, progress.step)
