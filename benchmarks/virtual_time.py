"""An event loop whose time is skipped instead of waited for: hours of a queue in a second, the same each time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class SkippingSelector(selectors.DefaultSelector):
    """Where asyncio would wait for the next timer, its time moves there at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the selector does, without the wait."""
        self.now += timeout or 0
        return super().select(0 if timeout is not None else None)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on the time of its selector, in seconds from 0."""

    def __init__(self) -> None:
        self._skipping = SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        """The virtual time."""
        return self._skipping.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
