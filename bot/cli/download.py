"""`imagine-bot download`: the weights before the first start."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from bot.cli.process import command_settings, interruptible
from bot.cli.progress import progress_bar
from bot.diffusion.hub import SHARED, HubAccess, find_model
from bot.model_info import SDXL_BASE, SDXL_REFINER, is_folder, read_model_info


def download(
    model: Annotated[str | None, typer.Option(help="The base: a hub id. Default: MODEL_BASE.")] = None,
    refiner: Annotated[str | None, typer.Option(help="The refiner: a hub id. Default: MODEL_REFINER.")] = None,
) -> None:
    """Download the model's weights, so that the bot starts at once, and offline."""
    # Its warnings at each new try would come between the bar's lines; what it gives up with is said below.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    settings = command_settings()
    if model is None:
        model, refiner = settings.model_base, refiner or settings.model_refiner
    elif refiner is None:
        refiner = SDXL_REFINER if model == SDXL_BASE else None
    info = read_model_info(model, refiner)
    hub = HubAccess.of(settings)
    for name, without in ((info.base, ()), (info.refiner, SHARED)):
        if name is None:
            continue
        if is_folder(name):
            typer.echo(f"{name}: a folder on this machine, nothing to download")
            continue
        from bot.diffusion.devices import choose_device

        half_precision = choose_device(settings.device).type != "cpu"
        typer.echo(f"{name}: in {_fetch(name, hub, without, half_precision=half_precision)}")


def _fetch(name: str, hub: HubAccess, without: Collection[str], *, half_precision: bool) -> Path:
    columns = (
        TextColumn("{task.percentage:>3.0f} %"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with interruptible(), progress_bar(*columns) as bar:
        task = bar.add_task(f"asking the hub for {name}", total=1.0)
        return find_model(
            name,
            hub,
            lambda done, what: bar.update(task, completed=done, description=what),
            half_precision=half_precision,
            without=without,
        )
