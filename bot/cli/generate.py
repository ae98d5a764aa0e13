"""`imagine-bot generate`: one picture, or a few, without Discord."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.cli.process import command_settings
from bot.errors import RequestRejected
from bot.events import Progress as Step
from bot.executors import Executor, create_executor
from bot.infotext import PARAMETERS_KEY
from bot.jobs import GeneratedImage, Job
from bot.layers import bucket, merge
from bot.model_info import SDXL_BASE, SDXL_REFINER, TINY, read_model_info
from bot.parameters import ASPECT_RATIOS, Parameters
from bot.scheduler_names import SCHEDULERS
from bot.settings import Settings

#: How often the bar looks at how far the model is loaded, in seconds.
LOOK_EVERY_S = 0.2

Pair = Annotated[tuple[int, int] | None, typer.Option(metavar="HEIGHT WIDTH")]


def generate(
    context: typer.Context,
    prompt: Annotated[str, typer.Argument(help="What the picture should show.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The PNG file; several get -1, -2, … added.")] = Path(
        "out.png"
    ),
    model: Annotated[
        str | None,
        typer.Option(
            help="The base: tiny, a folder, or a hub id. Default: MODEL_BASE, else SDXL with a GPU, else tiny."
        ),
    ] = None,
    refiner: Annotated[str | None, typer.Option(help="The refiner: tiny, a folder, or a hub id.")] = None,
    no_refiner: Annotated[bool, typer.Option("--no-refiner", help="The base alone.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cuda, mps, xpu or cpu. Default: DEVICE.")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(help=f"One of {', '.join(ASPECT_RATIOS)}.")] = None,
    width: Annotated[int | None, typer.Option(help="In pixels, a multiple of 8.")] = None,
    height: Annotated[int | None, typer.Option(help="In pixels, a multiple of 8.")] = None,
    num_inference_steps: Annotated[int | None, typer.Option("--steps", help="Denoising steps, both models.")] = None,
    guidance_scale: Annotated[
        float | None, typer.Option("--guidance", help="How closely the prompt is followed; above 1 works.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same picture. Default: random.")] = None,
    num_images_per_prompt: Annotated[
        int | None, typer.Option("--images", help="How many; image k has seed + k.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help=f"One of {', '.join(SCHEDULERS)}.")] = None,
    denoising_end: Annotated[
        float | None, typer.Option("--refiner-from", help="Share of the denoising after which the refiner takes over.")
    ] = None,
    negative_prompt: Annotated[str | None, typer.Option(help="What it should not show.")] = None,
    prompt_2: Annotated[str | None, typer.Option("--prompt-2", help="For the second text encoder.")] = None,
    negative_prompt_2: Annotated[
        str | None, typer.Option("--negative-prompt-2", help="For the second text encoder.")
    ] = None,
    guidance_rescale: Annotated[float | None, typer.Option(help="Against overexposure by high guidance.")] = None,
    clip_skip: Annotated[int | None, typer.Option(help="Text encoder layers to leave out.")] = None,
    eta: Annotated[float | None, typer.Option(help="Noise added in each DDIM step.")] = None,
    aesthetic_score: Annotated[float | None, typer.Option(help="What the refiner aims at.")] = None,
    negative_aesthetic_score: Annotated[float | None, typer.Option(help="What it keeps away from.")] = None,
    original_size: Pair = None,
    crops_coords_top_left: Annotated[tuple[int, int] | None, typer.Option(metavar="TOP LEFT")] = None,
    target_size: Pair = None,
    negative_original_size: Pair = None,
    negative_crops_coords_top_left: Annotated[tuple[int, int] | None, typer.Option(metavar="TOP LEFT")] = None,
    negative_target_size: Pair = None,
) -> None:
    """Make a picture on this machine and write it to a PNG file that says how it was made."""
    changes = {name: value for name, value in context.params.items() if name in Parameters.model_fields}
    changes = {name: value for name, value in changes.items() if value is not None}
    settings = _settings(model, refiner, device)
    info = read_model_info(settings.model_base, settings.model_refiner)
    if no_refiner:
        changes["denoising_end"] = None
    if aspect_ratio is not None:
        if width is not None or height is not None:
            raise RequestRejected("Give either --aspect-ratio or --width and --height.")
        changes["width"], changes["height"] = bucket(aspect_ratio, info.native_size)
    parameters = merge(info, changes)
    files = _files(output, parameters.num_images_per_prompt)
    job = Job(id=1, guild_id=None, channel_id=0, user_id=0, parameters=parameters, created_at=datetime.now(UTC))
    images = asyncio.run(_run(create_executor(settings, info), job))
    for file, image in zip(files, images, strict=True):
        _write(file, image.png)
        typer.echo(f"{file}\n{_infotext(image.png)}")


def _settings(model: str | None, refiner: str | None, device: str | None) -> Settings:
    """The settings with what was said on the command line, and the default model: SDXL needs a GPU."""
    settings = command_settings(**({} if device is None else {"device": device}))
    if model is None and "model_base" not in settings.model_fields_set:
        from bot.diffusion.devices import choose_device

        model = TINY if choose_device(settings.device).type == "cpu" else SDXL_BASE
    if model is None:
        return settings if refiner is None else settings.model_copy(update={"model_refiner": refiner})
    if refiner is None:
        refiner = {TINY: TINY, SDXL_BASE: SDXL_REFINER}.get(model)
    return settings.model_copy(update={"model_base": model, "model_refiner": refiner})


def _files(output: Path, count: int) -> list[Path]:
    """Where each picture goes; said before any work is done, should that be impossible."""
    if output.suffix.lower() != ".png":
        raise RequestRejected(f"{output} does not end in .png, and a PNG is what is written.")
    if output.is_dir() or not output.parent.is_dir() or not os.access(output.parent, os.W_OK):
        raise RequestRejected(f"{output} cannot be written: name a file in a folder that exists and is yours.")
    if count == 1:
        return [output]
    return [output.with_stem(f"{output.stem}-{index}") for index in range(1, count + 1)]


async def _run(executor: Executor, job: Job) -> Sequence[GeneratedImage]:
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        async with executor:
            await _wait_until_ready(executor, bar)
            steps = job.parameters.num_inference_steps * job.parameters.num_images_per_prompt
            task = bar.add_task("base", total=steps, at="")
            return await executor.generate([job], lambda event: _show(bar, task, event))


async def _wait_until_ready(executor: Executor, bar: Progress) -> None:
    loading = bar.add_task("loading the model", total=1.0, at="")
    ready = asyncio.ensure_future(executor.ready())
    while not (await asyncio.wait([ready], timeout=LOOK_EVERY_S))[0]:
        health = executor.health()
        bar.update(loading, completed=health.progress, at=health.detail)
    ready.result()
    bar.remove_task(loading)


def _show(bar: Progress, task: TaskID, event: Step) -> None:
    bar.update(task, advance=1, description=event.stage, at=f"{event.step}/{event.steps}")


def _write(file: Path, png: bytes) -> None:
    """The whole picture or none: it gets its name when all of it is there."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(png)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RequestRejected(f"{file} cannot be written: {error.strerror}.") from error


def _infotext(png: bytes) -> str:
    with Image.open(io.BytesIO(png)) as image:
        return str(image.info[PARAMETERS_KEY])
