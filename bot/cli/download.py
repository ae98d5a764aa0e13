"""`imagine-bot download`: the weights before the first start."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from bot.cli.process import command_settings, interruptible
from bot.cli.progress import progress_bar
from bot.diffusion.hub import SHARED, HubAccess, find_model, wants_half
from bot.model_info import REFINERS, is_folder, read_model_info

Precision = Literal["half", "full"]


def download(
    model: Annotated[str | None, typer.Option(help="The base: a hub id. Default: MODEL_BASE.")] = None,
    refiner: Annotated[str | None, typer.Option(help="The refiner: a hub id. Default: MODEL_REFINER.")] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="half: as every GPU computes. full: twice the size. Default: half, but full for DEVICE=cpu."),
    ] = None,
) -> None:
    """Download the model's weights, so that the bot starts at once, and offline."""
    # Its warnings at each new try would come between the bar's lines; what it gives up with is said below.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    settings = command_settings()
    if model is None:
        model, refiner = settings.model_base, refiner or settings.model_refiner
    elif refiner is None:
        refiner = REFINERS.get(model)
    info = read_model_info(model, refiner)
    hub = HubAccess.of(settings)
    half_precision = wants_half(settings.device) if precision is None else precision == "half"
    for name, without in ((info.base, ()), (info.refiner, SHARED)):
        if name is None:
            continue
        if is_folder(name):
            typer.echo(f"{name}: a folder on this machine, nothing to download")
            continue
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

        def show(done: float, what: str) -> None:
            # Each file at once: a small one is over before the bar draws itself anew.
            is_another = what != bar.tasks[0].description
            bar.update(task, completed=done, description=what, refresh=is_another)

        return find_model(name, hub, show, half_precision=half_precision, without=without)
