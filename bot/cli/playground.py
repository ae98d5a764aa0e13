"""`imagine-bot playground`: the bot in the browser, without Discord."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.process import command_settings, run_until_stopped, set_up_logging
from bot.errors import StartupFailed
from bot.model_info import REFINERS, TINY
from bot.settings import Settings

MISSING = (
    "The playground needs a package more. Install it with: "
    f'{Path(sys.executable).parent / "pip"} install -e ".[playground]"'
)


def playground(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0 takes a free one.")] = 0,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    model: Annotated[str, typer.Option(help="The base: tiny, a folder, or a hub id.")] = TINY,
    refiner: Annotated[
        str | None,
        typer.Option(help="The refiner: tiny, a folder, or a hub id. Default: the base's own, if it has one."),
    ] = None,
) -> None:
    """Try the bot in the browser: no token, no GPU, no Discord."""
    if importlib.util.find_spec("simcord") is None:
        raise StartupFailed(MISSING)
    with tempfile.TemporaryDirectory(prefix="imagine-bot-playground-") as folder:
        # The simulated server forgets everything at the end, so that the jobs must not outlive it either.
        settings = command_settings(
            discord_token=None,
            discord_guild_ids=(),
            model_base=model,
            model_refiner=refiner or REFINERS.get(model),
            data_dir=Path(folder),
            database_url="",
        )
        set_up_logging(max(settings.log_level, "WARNING", key=_severity))
        # What discord.py warns of (no voice, no guilds in SimCord's own trial client) is nobody's to mend here.
        logging.getLogger("discord").setLevel(logging.ERROR)
        run_until_stopped(_run(settings, port, open_browser))


def _severity(level: str) -> int:
    return ("DEBUG", "INFO", "WARNING", "ERROR").index(level)


async def _run(settings: Settings, port: int, open_browser: bool) -> None:
    from bot.playground import open_playground

    async with open_playground(settings, port) as preview:
        typer.echo(f"The playground is at {preview.url}\nStop it with Ctrl-C.")
        if open_browser and _has_browser():
            await asyncio.to_thread(webbrowser.open, preview.url)
        await preview.wait_closed()


def _has_browser() -> bool:
    """Whether a window can be opened. Where none can, a browser in the terminal must not take it over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
