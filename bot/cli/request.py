"""What `imagine-bot generate` is asked for, read as `/imagine` reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from bot.cli.wording import in_options
from bot.diffusion.assets import Assets
from bot.drafting import IS_DRAFT, drafted
from bot.effects import idle_settings
from bot.errors import InvalidParameters, InvalidUpload, RequestRejected
from bot.inputs import InputFolder
from bot.layers import bucket, fewer_steps, merge, model_defaults, size_like
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.prompts import PromptReader
from bot.prompts.flag_text import Use
from bot.prompts.loras import read_loras
from bot.prompts.mistakes import take_each
from bot.prompts.styles import load_styles
from bot.sentences import Sentence
from bot.services.admission import check
from bot.settings import Settings
from bot.uploads import decode_inputs

#: Options that are text, and read as the flags of their names.
_TEXTS = (
    "size",
    "original_size",
    "crops_coords_top_left",
    "target_size",
    "negative_original_size",
    "negative_crops_coords_top_left",
    "negative_target_size",
    "timesteps",
)
#: What stands for the options whose values are not yet those of the parameters.
_UNREAD = (*_TEXTS, "loras", "image", "mask_image", "draft")


def read_request(said: Mapping[str, Any], settings: Settings, info: ModelInfo, inputs: InputFolder) -> Parameters:
    """Complete parameters; what there is to remark is told. The pictures that are named are kept in `inputs`.

    `said` are the options by their names, None where nothing was said. Raises `RequestRejected` with what to change.
    """
    options = {name: value for name, value in said.items() if value is not None}
    changes = {name: value for name, value in options.items() if name in Parameters.model_fields}
    changes = {name: value for name, value in changes.items() if name not in _UNREAD}
    remarks: list[Sentence] = []
    if options.get("no_refiner"):
        changes["denoising_end"] = None
    if "aspect_ratio" in options:
        changes["width"], changes["height"] = bucket(options["aspect_ratio"], info.native_size)
    if options.get("loras"):
        changes["loras"], remarks = read_loras(",".join(options["loras"]), "--lora")
    reader = PromptReader(info, load_styles(settings.data_dir / "styles.json"), settings.wildcards)

    def take(name: str) -> None:
        said = reader.flags.read_line(name.replace("_", "-"), options[name], Use)
        changes.update(said.changes if said is not None else {})

    take_each([name for name in _TEXTS if name in options], take)
    if options.get("draft"):
        changes = drafted(changes, info)
    kept, shape = _inputs(options.get("image"), options.get("mask_image"), inputs)
    beneath = model_defaults(info)
    if shape is not None:
        beneath["width"], beneath["height"] = size_like(*shape, info.native_size)
    changes, read = reader.read({**changes, **kept}, beneath)
    parameters = merge(info, beneath, changes)
    check(parameters, info, Assets(inputs.folder, settings.loras, settings.upscaler_model))
    if shape is not None and not {"width", "height"}.intersection(changes):
        typer.echo(f"size {parameters.width} × {parameters.height}: the shape of the image", err=True)
    about = (*fewer_steps(parameters, beneath, changes), *idle_settings(parameters, changes))
    for remark in (*remarks, *read, *about):
        # There is no button here that finishes a draft.
        if remark.template != IS_DRAFT:
            typer.echo(str(remark), err=True)
    return parameters


def _inputs(
    image: Path | None, mask: Path | None, inputs: InputFolder
) -> tuple[dict[str, str], tuple[int, int] | None]:
    """The ids of the pictures in those files, and the size of the image."""
    if mask is not None and image is None:
        raise InvalidParameters("--mask needs an --image to work on. Add one, or leave it out.")
    with _named(image):
        picture, _, _ = decode_inputs(content := _content(image), None)
    with _named(mask):
        _, white, remarks = decode_inputs(content, _content(mask))
    for remark in remarks:
        typer.echo(str(remark), err=True)
    kept = {
        name: asyncio.run(inputs.save(each))
        for name, each in (("image", picture), ("mask_image", white))
        if each is not None
    }
    return kept, None if picture is None else picture.size


def _content(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        return file.read_bytes()
    except OSError as error:
        raise RequestRejected(f"“{file}” cannot be read: {error.strerror}.") from error


@contextmanager
def _named(file: Path | None) -> Iterator[None]:
    """Say of which file it is that it cannot be used."""
    try:
        yield
    except InvalidUpload as error:
        raise InvalidUpload(f"“{file}”: {in_options(error)}") from error
