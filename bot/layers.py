"""Layers of partial parameters, merged into complete ones: model defaults < server < channel < preset < command."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from bot.area import within_area
from bot.ays import ays_timesteps
from bot.errors import InvalidParameters, ModelNotFound
from bot.explanations import explain
from bot.model_info import ModelInfo
from bot.parameters import (
    ASPECT_RATIOS,
    MAX_PAIR,
    MAX_SEED,
    MAX_SIZE,
    MIN_SIZE,
    SIZE_MULTIPLE,
    SIZES,
    STEPS,
    Parameters,
    TimestepSpacing,
    is_pair,
    is_whole,
    quoted,
    title,
    within,
)
from bot.scheduler_names import DISTILLED, DISTILLED_STEPS, find_scheduler
from bot.sentences import Sentence

#: Where the refiner takes over, unless somebody says.
REFINER_FROM = 0.8
#: How much of an input picture is changed, unless somebody says: enough to see, and the composition stays.
STRENGTH = 0.6
#: Inside a mask nearly everything is new; 1 would take nothing at all from what was there.
MASKED_STRENGTH = 0.95
#: The second pass over an enlarged picture sharpens; it is not to draw anew. Defaults of a model may have another one:
#: the smaller the pictures that it knows, the sooner it draws something else into one of twice their size.
UPSCALE_STRENGTH = 0.35
MODEL_UPSCALE_STRENGTH = "upscale_strength"
#: A spacing that is a table of timesteps: “Align Your Steps”.
AYS = "AYS"
#: All that people may say.
SPACINGS = (*get_args(TimestepSpacing), AYS)
SEEDS = ("seed", "variation_seed")
CLAMPED = Sentence("{title} {value} → {limit}: that is as far as it goes here")
FEWER = "{title} {value} → {limit}: {scheduler} takes no more"
#: Where the refiner would take over when all is done, the base is alone; a flag and an option mean the same by it.
REFINER_NEVER = Sentence("{title} {value} → off: nothing is left for the refiner there")
SNAPPED = Sentence("{title} {value} → {size}: sizes are multiples of {multiple}")


def bucket(aspect_ratio: str, native_size: int) -> tuple[int, int]:
    """Width and height of a trained aspect ratio, for a model whose square has `native_size` pixels a side."""
    try:
        width, height = ASPECT_RATIOS[aspect_ratio]
    except KeyError:
        raise InvalidParameters(
            "aspect ratio {value} is unknown. Choose one of: {known}.",
            value=quoted(aspect_ratio),
            known=", ".join(ASPECT_RATIOS),
        ) from None
    scale = native_size / ASPECT_RATIOS["1:1"][0]
    return fitting_size(width * scale), fitting_size(height * scale)


def fitting_size(side: float) -> int:
    """The nearest side in pixels that every model takes."""
    multiple = round(side / SIZE_MULTIPLE) * SIZE_MULTIPLE
    return max(MIN_SIZE, min(multiple, MAX_SIZE))


def size_like(width: int, height: int, native_size: int) -> tuple[int, int]:
    """The same shape in as many pixels as the model's own square has."""
    scale = native_size / (width * height) ** 0.5
    return fitting_size(width * scale), fitting_size(height * scale)


def random_seed() -> int:
    """A seed for a job whose author named none."""
    return secrets.randbelow(MAX_SEED + 1)


def model_defaults(model: ModelInfo) -> dict[str, Any]:
    """The layer that all others are merged over: what suits this model."""
    width, height = bucket("1:1", model.native_size)
    defaults: dict[str, Any] = {"width": width, "height": height}
    if model.refiner is not None:
        defaults["denoising_end"] = REFINER_FROM
    return defaults | {name: value for name, value in model.defaults.items() if name != MODEL_UPSCALE_STRENGTH}


def find_spacing(name: object) -> str | None:
    """The spacing that `name` means, however it is capitalised; None where there is none."""
    return next((each for each in SPACINGS if isinstance(name, str) and name.casefold() == each.casefold()), None)


def clamp(changes: Mapping[str, Any], model: ModelInfo | None = None) -> tuple[dict[str, Any], list[Sentence]]:
    """`changes` with numbers brought within their limits and sizes to what the model takes, and what was changed.

    With a `model` within its own limits, too. Lists of timesteps stay as they are, as seeds do.
    """
    clamped, remarks = dict(changes), list[Sentence]()
    for name, value in changes.items():
        # The nearest seed would make another picture than the one that somebody means.
        if name not in Parameters.model_fields or name in SEEDS or isinstance(value, bool):
            continue
        if is_pair(name) and isinstance(value, tuple | list) and all(isinstance(side, int) for side in value):
            clamped[name], remark = _clamped_pair(name, tuple(value))
        elif isinstance(value, int | float):
            clamped[name], remark = _clamped_number(name, value, model)
        else:
            continue
        remarks += remark
    return clamped, remarks


def _clamped_number(name: str, value: float, model: ModelInfo | None) -> tuple[float | None, list[Sentence]]:
    if name == "denoising_end" and value >= 1:
        return None, [Sentence(REFINER_NEVER.template, {"title": title(name), "value": f"{value:.6g}"})]
    limit = within(name, value)
    if name == "clip_skip" and model is not None:
        limit = min(limit, model.max_clip_skip)
    if limit != value:
        limit = int(limit) if is_whole(name) else limit
        told: dict[str, Any] = {"title": title(name), "value": f"{value:.6g}", "limit": f"{limit:g}"}
        return limit, [Sentence(CLAMPED.template, told)]
    if name in SIZES and value != fitting_size(value):
        size = fitting_size(value)
        told = {"title": title(name), "value": value, "size": size, "multiple": SIZE_MULTIPLE}
        return size, [Sentence(SNAPPED.template, told)]
    return limit, []


def _clamped_pair(name: str, pair: tuple[int, ...]) -> tuple[tuple[int, ...], list[Sentence]]:
    limit = tuple(max(0, min(side, MAX_PAIR)) for side in pair)
    if limit == pair or len(pair) != 2:
        return pair, []
    values = {"title": title(name), "value": written_pair(name, pair), "limit": written_pair(name, limit)}
    return limit, [Sentence(CLAMPED.template, values)]


def written_pair(name: str, pair: tuple[int, ...]) -> str:
    """As people type it: a size with its width first, a corner with its top."""
    return f"{pair[1]}x{pair[0]}" if name.endswith("size") else f"{pair[0]}x{pair[1]}"


def merge(model: ModelInfo, *layers: Mapping[str, Any]) -> Parameters:
    """Complete parameters from the model's defaults and partial layers; a later layer wins, `...` means not said.

    The spacing “AYS” becomes the timesteps that it is, steps are brought within what the scheduler takes, and sizes
    within the model's `max_pixels`. Raises `InvalidParameters` with a sentence for a value that is out of its limits,
    and for a refiner where none is.
    """
    merged = _with_area(_within_scheduler(_with_spacing(_laid(model_defaults(model), layers))), model)
    if merged.get("seed") is None:
        merged["seed"] = random_seed()
    if merged.get("variation_strength") and merged.get("variation_seed") is None:
        merged["variation_seed"] = random_seed()
    if merged.get("image") is not None and merged.get("strength") is None:
        merged["strength"] = _strength(model, merged)
    try:
        parameters = Parameters(**merged)
    except ValidationError as error:
        raise InvalidParameters.of(explain(error)) from error
    if parameters.denoising_end is not None and model.refiner is None:
        raise InvalidParameters(
            "No refiner is loaded here. Leave the refiner off, or ask the owner to set MODEL_REFINER."
        )
    if parameters.clip_skip is not None and parameters.clip_skip > model.max_clip_skip:
        raise InvalidParameters(
            "clip_skip must be a whole number from 1 to {most} with this model, not {value}.",
            most=model.max_clip_skip,
            value=parameters.clip_skip,
        )
    return parameters


def _strength(model: ModelInfo, merged: Mapping[str, Any]) -> Any:
    if merged.get("upscaler"):
        return model.defaults.get(MODEL_UPSCALE_STRENGTH, UPSCALE_STRENGTH)
    return STRENGTH if merged.get("mask_image") is None else MASKED_STRENGTH


def _laid(lowest: Mapping[str, Any], layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    merged = dict(lowest)
    for layer in layers:
        said = {name: value for name, value in layer.items() if value is not ...}
        if "num_inference_steps" in said and "timesteps" not in said:
            # Those beneath are another number of steps, and would win.
            merged["timesteps"] = None
        if "draft" not in said and any(said.get(name) is not None for name in STEPS):
            # Who says how many steps there are to be wants no draft any more.
            merged["draft"] = False
        merged |= said
    return merged


def _with_spacing(merged: dict[str, Any]) -> dict[str, Any]:
    spacing = find_spacing(merged.get("timestep_spacing"))
    if spacing == AYS:
        steps = merged.get("num_inference_steps", Parameters.model_fields["num_inference_steps"].default)
        timesteps = ays_timesteps(steps) if isinstance(steps, int) else None
        return merged | {"timestep_spacing": None, "timesteps": timesteps}
    return merged if spacing is None else merged | {"timestep_spacing": spacing}


def _within_scheduler(merged: dict[str, Any]) -> dict[str, Any]:
    scheduler, steps = merged.get("scheduler"), merged.get("num_inference_steps")
    distilled = isinstance(scheduler, str) and find_scheduler(scheduler) in DISTILLED
    if distilled and isinstance(steps, int) and steps > DISTILLED_STEPS and merged.get("timesteps") is None:
        return merged | {"num_inference_steps": DISTILLED_STEPS}
    return merged


def _with_area(merged: dict[str, Any], model: ModelInfo) -> dict[str, Any]:
    width, height = (merged.get(name) for name in ("width", "height"))
    if not isinstance(width, int) or not isinstance(height, int):
        return merged
    width, height = within_area(width, height, model.max_pixels)
    return merged | {"width": width, "height": height}


def fewer_steps(parameters: Parameters, *layers: Mapping[str, Any]) -> list[Sentence]:
    """A remark where `parameters`, merged from these layers, have fewer steps since their scheduler takes no more."""
    said = [layer["num_inference_steps"] for layer in layers if isinstance(layer.get("num_inference_steps"), int)]
    steps = parameters.num_inference_steps
    if parameters.scheduler not in DISTILLED or parameters.timesteps is not None or not said or said[-1] <= steps:
        return []
    values = {"title": title("num_inference_steps"), "value": said[-1], "limit": steps}
    return [Sentence.of(FEWER, scheduler=parameters.scheduler, **values)]


def check_defaults(model: ModelInfo) -> None:
    """Raises `ModelNotFound` when the parameters that come with the model are not valid."""
    try:
        merge(model, {"prompt": "any"})
        merge(model, {"prompt": "any", "image": "0" * 64, "upscaler": "any"})
    except InvalidParameters as error:
        raise ModelNotFound(f"defaults.json of {model.base} is wrong: {error}") from error
