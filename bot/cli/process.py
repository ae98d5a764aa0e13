"""What the commands share: where their settings come from, how they log and how they stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from bot.settings import Settings, load_settings

T = TypeVar("T")

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


#: How discord.py begins what it says, with a traceback of fifty lines, whenever it has no connection and tries again.
RECONNECTS = "Attempting a reconnect"


class Stopped(Exception):
    """Somebody stopped the command, by Ctrl-C or SIGTERM."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        #: What a shell expects of a command that ended by this signal.
        self.exit_code = 128 + number


def command_settings(**overrides: Any) -> Settings:
    """The settings, and those of them that the hub's library reads from the environment put there."""
    settings = load_settings(**overrides)
    if settings.hf_token is not None:
        os.environ["HF_TOKEN"] = settings.hf_token.get_secret_value()
    if settings.hf_hub_offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return settings


def set_up_logging(level: str) -> None:
    """Log to stderr. Other people's DEBUG lines stay off: discord.py's show interaction tokens in URLs."""
    logging.basicConfig(level=max(logging.getLevelName(level), logging.INFO), format=LOG_FORMAT)
    logging.getLogger("bot").setLevel(level)
    logging.getLogger("discord.client").addFilter(_without_traceback)
    if level != "DEBUG":
        logging.getLogger("alembic").setLevel(logging.WARNING)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Make one line of each try to reach Discord again: an outage is no fault of the bot, and may take hours."""
    error = record.exc_info[1] if record.exc_info else None
    if record.msg.startswith(RECONNECTS) and error is not None and isinstance(record.args, tuple):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "no connection to Discord (%s), tried again in %.0f s", (_reason(error), *record.args)
        record.exc_info = None
    return True


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def run_until_stopped(main: Coroutine[Any, Any, None]) -> None:
    """Run what has no end of its own; being stopped is its ordinary end."""
    with contextlib.suppress(Stopped, KeyboardInterrupt):
        run_to_its_end(main)


def run_to_its_end(main: Coroutine[Any, Any, T]) -> T:
    """What `main` returns. Ctrl-C and SIGTERM cancel it, close its resources, and come out as `Stopped`."""
    return asyncio.run(_stoppable(main))


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C and SIGTERM come out of what runs inside, which has no event loop, as `Stopped`."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(signal.Signals(number))

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _stoppable(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(main)
    received: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        received.append(number)
        task.cancel()

    with _signals_call(stop):
        try:
            return await task
        except asyncio.CancelledError:
            if not received:
                raise
    raise Stopped(received[0])


@contextlib.contextmanager
def _signals_call(stop: Callable[[signal.Signals], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM calls `stop`, where the platform can. A second one acts as if nobody listened."""
    loop = asyncio.get_running_loop()
    listening: list[signal.Signals] = []

    def stop_listening() -> None:
        while listening:
            loop.remove_signal_handler(listening.pop())

    def received(number: signal.Signals) -> None:
        stop_listening()
        stop(number)

    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, received, number)
            listening.append(number)
    try:
        yield
    finally:
        stop_listening()
