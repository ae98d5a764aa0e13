"""`imagine-bot playground`: the bot in the browser, without Discord."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import shutil
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.process import command_settings, run_until_stopped, set_up_logging
from bot.cli.scratch import scratch_folder
from bot.errors import StartupFailed
from bot.model_info import REFINERS, TINY
from bot.settings import Settings

#: What an owner has in DATA_DIR beside what the bot keeps there itself.
STYLES = "styles.json"
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
    owner = command_settings()
    with scratch_folder() as folder:
        settings = playground_settings(owner, folder, model, refiner)
        set_up_logging(max(settings.log_level, "WARNING", key=_severity))
        # What discord.py warns of (no voice, no guilds in SimCord's own trial client) is nobody's to mend here.
        logging.getLogger("discord").setLevel(logging.ERROR)
        run_until_stopped(_run(settings, port, open_browser, owner.data_dir))


def playground_settings(owner: Settings, folder: Path, model: str, refiner: str | None) -> Settings:
    """The owner's settings with everything that is recorded in `folder`; what is only read stays where it is.

    The simulated server forgets everything at the end, so that the jobs must not outlive it either.
    """
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(owner.data_dir / STYLES, folder / STYLES)
    return command_settings(
        discord_token=None,
        discord_guild_ids=(),
        model_base=model,
        model_refiner=refiner or REFINERS.get(model),
        data_dir=folder,
        lora_dir=owner.loras,
        wildcard_dir=owner.wildcards,
        database_url="",
    )


def _severity(level: str) -> int:
    return ("DEBUG", "INFO", "WARNING", "ERROR").index(level)


async def _run(settings: Settings, port: int, open_browser: bool, data_dir: Path) -> None:
    from bot.playground import open_playground

    async with open_playground(settings, port) as preview:
        typer.echo(f"The playground is at {preview.url}\nStop it with Ctrl-C.")
        typer.echo(
            f"LoRAs, wildcards and styles come from {data_dir}. Pictures, presets and the queue are gone when it stops."
        )
        if open_browser and _has_browser():
            await asyncio.to_thread(webbrowser.open, preview.url)
        await preview.wait_closed()


def _has_browser() -> bool:
    """Whether a window can be opened. Where none can, a browser in the terminal must not take it over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
