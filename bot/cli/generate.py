"""`imagine-bot generate`: one picture, or a few, without Discord."""

from __future__ import annotations

import asyncio
import io
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from PIL import Image
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.cli import options
from bot.cli.process import command_settings, run_to_its_end
from bot.cli.progress import progress_bar
from bot.cli.request import read_request
from bot.errors import ExecutorUnavailable, RequestRejected, StartupFailed
from bot.events import Progress as Step
from bot.executors import Executor, create_executor, generate_alone
from bot.infotext import PARAMETERS_KEY
from bot.inputs import InputFolder
from bot.jobs import GeneratedImage, Job
from bot.model_info import REFINERS, SDXL_BASE, TINY, read_model_info
from bot.settings import Device, Settings

#: How often the bar looks at how far the model is loaded, in seconds.
LOOK_EVERY_S = 0.2


def generate(
    context: typer.Context,
    prompt: options.Prompt,
    output: options.Output = Path("out.png"),
    force: options.Force = False,
    negative_prompt: options.NegativePrompt = None,
    aspect_ratio: options.AspectRatio = None,
    size: options.Size = None,
    width: options.Width = None,
    height: options.Height = None,
    num_inference_steps: options.Steps = None,
    guidance_scale: options.Guidance = None,
    seed: options.Seed = None,
    num_images_per_prompt: options.Images = None,
    model: options.Model = None,
    refiner: options.Refiner = None,
    no_refiner: options.NoRefiner = False,
    device: options.DeviceName = None,
    style: options.Style = None,
    loras: options.Loras = None,
    draft: options.Draft = False,
    image: options.ImageFile = None,
    mask_image: options.MaskFile = None,
    strength: options.Strength = None,
    padding_mask_crop: options.MaskPadding = None,
    upscaler: options.Upscaler = None,
    scheduler: options.Scheduler = None,
    timestep_spacing: options.Spacing = None,
    timesteps: options.Timesteps = None,
    variation_strength: options.Variation = None,
    variation_seed: options.VariationSeed = None,
    guidance_rescale: options.GuidanceRescale = None,
    clip_skip: options.ClipSkip = None,
    eta: options.Eta = None,
    prompt_2: options.Prompt2 = None,
    negative_prompt_2: options.NegativePrompt2 = None,
    denoising_end: options.RefinerFrom = None,
    aesthetic_score: options.AestheticScore = None,
    negative_aesthetic_score: options.NegativeAestheticScore = None,
    original_size: options.OriginalSize = None,
    crops_coords_top_left: options.Crop = None,
    target_size: options.TargetSize = None,
    negative_original_size: options.NegativeOriginalSize = None,
    negative_crops_coords_top_left: options.NegativeCrop = None,
    negative_target_size: options.NegativeTargetSize = None,
) -> None:
    """Make a picture on this machine and write it to a PNG file that says how it was made."""
    if no_refiner and (refiner is not None or denoising_end is not None):
        raise RequestRejected("Give either --no-refiner, or --refiner and --refiner-from.")
    if sum((aspect_ratio is not None, size is not None, width is not None or height is not None)) > 1:
        raise RequestRejected("Give either --aspect-ratio, or --size, or --width and --height.")
    settings = _settings(model, refiner, device)
    info = read_model_info(settings.model_base, None if no_refiner else settings.model_refiner)
    # Of the pictures that it works on, nothing is left behind.
    with TemporaryDirectory(prefix="imagine-bot-") as folder:
        own = settings.model_copy(update={"data_dir": Path(folder), "lora_dir": settings.loras})
        parameters = read_request(context.params, settings, info, InputFolder(own.inputs_dir))
        files = _files(output, parameters.num_images_per_prompt, force=force)
        job = Job(id=1, guild_id=None, channel_id=0, user_id=0, parameters=parameters, created_at=datetime.now(UTC))
        # What goes wrong comes back as an error and is said once, as everything else here.
        logging.getLogger("bot").setLevel(logging.CRITICAL)
        images = run_to_its_end(_run(create_executor(own, info), job))
    for file, made in zip(files, images, strict=True):
        _write(file, made.png)
        typer.echo(f"{file}\n{_infotext(made.png)}")


def _settings(model: str | None, refiner: str | None, device: Device | None) -> Settings:
    """The settings with what was said on the command line, and the default model: SDXL needs a GPU."""
    settings = command_settings(**({} if device is None else {"device": device}))
    if model is None and "model_base" not in settings.model_fields_set:
        from bot.diffusion.devices import choose_device

        model = TINY if choose_device(settings.device).type == "cpu" else SDXL_BASE
    if model is None:
        return settings if refiner is None else settings.model_copy(update={"model_refiner": refiner})
    if refiner is None:
        refiner = REFINERS.get(model)
    return settings.model_copy(update={"model_base": model, "model_refiner": refiner})


def _files(output: Path, count: int, *, force: bool) -> list[Path]:
    """Where each picture goes; said before any work is done, should that be impossible."""
    if output.suffix.lower() != ".png":
        raise RequestRejected(f"“{output}” must end in .png, since a PNG is what is written.")
    if output.is_dir() or not output.parent.is_dir() or not os.access(output.parent, os.W_OK):
        raise RequestRejected(f"“{output}” cannot be written: name a file in a folder that exists and is yours.")
    several = [output.with_stem(f"{output.stem}-{index}") for index in range(1, count + 1)]
    files = [output] if count == 1 else several
    there = [f"“{file}”" for file in files if file.exists()]
    if there and not force:
        are = "is" if len(there) == 1 else "are"
        raise RequestRejected(f"{', '.join(there)} {are} there already. Name another file, or overwrite with --force.")
    return files


async def _run(executor: Executor, job: Job) -> Sequence[GeneratedImage]:
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with progress_bar(*columns) as bar:
        async with executor:
            await _wait_until_ready(executor, bar)
            steps = job.parameters.num_inference_steps
            task = bar.add_task("base", total=steps, at=f"0/{steps}")
            return await generate_alone(executor, job, lambda event: _show(bar, task, event))


async def _wait_until_ready(executor: Executor, bar: Progress) -> None:
    loading = bar.add_task("loading the model", total=1.0, at="")
    ready = asyncio.ensure_future(executor.ready())
    try:
        while not (await asyncio.wait([ready], timeout=LOOK_EVERY_S))[0]:
            health = executor.health()
            bar.update(loading, completed=health.progress, at=health.detail)
        ready.result()
    except ExecutorUnavailable as error:
        # Here the model's reason is the caller's own to mend.
        raise StartupFailed(str(error)) from error
    finally:
        ready.cancel()
    bar.remove_task(loading)


def _show(bar: Progress, task: TaskID, event: Step) -> None:
    # As many as were planned, or a few times that, when the memory takes one image at a time only.
    bar.update(task, completed=event.step, total=event.steps, description=event.stage, at=f"{event.step}/{event.steps}")


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
