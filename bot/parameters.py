"""Parameters of one picture in diffusers' own words: their limits, their defaults, and how partial ones merge."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.errors import InvalidParameters
from bot.model_info import ModelInfo

MAX_PROMPT_LENGTH = 2000
MAX_STEPS = 150
MAX_GUIDANCE_SCALE = 30.0
MAX_SEED = 2**32 - 1
MAX_IMAGES = 4
MIN_SIZE = 64
MAX_SIZE = 2048
#: The autoencoder shrinks each side by this factor, so every size is a multiple of it.
SIZE_MULTIPLE = 8

#: The sizes that SDXL was trained on (arXiv:2307.01952, appendix I), by the nearest ratio that people know.
ASPECT_RATIOS: Mapping[str, tuple[int, int]] = {
    "1:1": (1024, 1024),
    "4:3": (1152, 896),
    "3:2": (1216, 832),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "3:4": (896, 1152),
    "2:3": (832, 1216),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}

Prompt = Annotated[str, Field(max_length=MAX_PROMPT_LENGTH)]
Pair = tuple[Annotated[int, Field(ge=0, le=8192)], Annotated[int, Field(ge=0, le=8192)]]
AestheticScore = Annotated[float, Field(ge=0, le=10)]


class Parameters(BaseModel):
    """Everything that decides how a picture comes out: complete and valid once built.

    The fields bear the names of `StableDiffusionXLPipeline.__call__`; a field's title is its name where people type it.
    `seed` is that of the first image; image k has `seed + k`. `denoising_end` is the share of the denoising after which
    the refiner takes over; `None` is the base alone. Pairs are (height, width) or (top, left), as in diffusers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prompt: Prompt = Field(title="prompt")
    prompt_2: Prompt | None = Field(None, title="prompt_2")
    negative_prompt: Prompt = Field("", title="negative_prompt")
    negative_prompt_2: Prompt | None = Field(None, title="negative_prompt_2")
    width: int = Field(1024, ge=MIN_SIZE, le=MAX_SIZE, title="width")
    height: int = Field(1024, ge=MIN_SIZE, le=MAX_SIZE, title="height")
    num_inference_steps: int = Field(30, ge=1, le=MAX_STEPS, title="steps")
    guidance_scale: float = Field(5.0, ge=0, le=MAX_GUIDANCE_SCALE, title="guidance")
    guidance_rescale: float = Field(0.0, ge=0, le=1, title="guidance_rescale")
    scheduler: str = Field("Euler", max_length=40, title="scheduler")
    seed: int = Field(ge=0, le=MAX_SEED, title="seed")
    num_images_per_prompt: int = Field(1, ge=1, le=MAX_IMAGES, title="images")
    clip_skip: int | None = Field(None, ge=1, le=4, title="clip_skip")
    eta: float = Field(0.0, ge=0, le=1, title="eta")
    denoising_end: float | None = Field(None, gt=0, lt=1, title="refiner_from")
    aesthetic_score: AestheticScore = Field(6.0, title="aesthetic_score")
    negative_aesthetic_score: AestheticScore = Field(2.5, title="negative_aesthetic_score")
    original_size: Pair | None = Field(None, title="original_size")
    crops_coords_top_left: Pair = Field((0, 0), title="crops_coords_top_left")
    target_size: Pair | None = Field(None, title="target_size")
    negative_original_size: Pair | None = Field(None, title="negative_original_size")
    negative_crops_coords_top_left: Pair = Field((0, 0), title="negative_crops_coords_top_left")
    negative_target_size: Pair | None = Field(None, title="negative_target_size")

    @field_validator("prompt")
    @classmethod
    def _prompt_says_something(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("prompt is empty. Say what the picture should show.")
        return prompt.strip()

    @field_validator("width", "height")
    @classmethod
    def _size_fits_the_autoencoder(cls, size: int) -> int:
        below = size - size % SIZE_MULTIPLE
        if below != size:
            fitting = f"{below} or {below + SIZE_MULTIPLE}"
            raise ValueError(f"{{}} must be divisible by {SIZE_MULTIPLE}, and {size} is not: {fitting} would do.")
        return size

    @model_validator(mode="after")
    def _both_models_have_a_step(self) -> Self:
        if self.denoising_end is not None and self.num_inference_steps < 2:
            raise ValueError("With the refiner at least 2 steps are needed: one for the base, one for the refiner.")
        return self

    def of_image(self, index: int) -> Parameters:
        """The parameters that make image `index` of this job again, alone."""
        seed = (self.seed + index) % (MAX_SEED + 1)
        return self.model_copy(update={"seed": seed, "num_images_per_prompt": 1})


def bucket(aspect_ratio: str, native_size: int) -> tuple[int, int]:
    """Width and height of a trained aspect ratio, for a model whose square has `native_size` pixels a side."""
    try:
        width, height = ASPECT_RATIOS[aspect_ratio]
    except KeyError:
        known = ", ".join(ASPECT_RATIOS)
        raise InvalidParameters(f"aspect ratio “{aspect_ratio}” is unknown. Choose one of: {known}.") from None
    scale = native_size / 1024
    return tuple(round(side * scale / SIZE_MULTIPLE) * SIZE_MULTIPLE for side in (width, height))  # type: ignore[return-value]


def random_seed() -> int:
    """A seed for a job whose author named none."""
    return secrets.randbelow(MAX_SEED + 1)


def model_defaults(model: ModelInfo) -> dict[str, Any]:
    """The layer that all others are merged over: what suits this model."""
    width, height = bucket("1:1", model.native_size)
    defaults: dict[str, Any] = {"width": width, "height": height}
    if model.refiner is not None:
        defaults["denoising_end"] = 0.8
    return defaults | dict(model.defaults)


def merge(model: ModelInfo, *layers: Mapping[str, Any]) -> Parameters:
    """Complete parameters from the model's defaults and partial layers; a later layer wins, `...` means not said.

    Raises `InvalidParameters` with a sentence for a value that is out of its limits, and for a refiner where none is.
    """
    merged = model_defaults(model)
    for layer in layers:
        merged |= {name: value for name, value in layer.items() if value is not ...}
    if merged.get("seed") is None:
        merged["seed"] = random_seed()
    try:
        parameters = Parameters(**merged)
    except ValidationError as error:
        raise InvalidParameters(explain(error)) from error
    if parameters.denoising_end is not None and model.refiner is None:
        raise InvalidParameters(
            "No refiner is loaded here. Leave the refiner off, or ask the owner to set MODEL_REFINER."
        )
    return parameters


def explain(error: ValidationError) -> str:
    """One sentence per wrong field: what was wrong and what would be right."""
    return " ".join(_sentence(dict(detail)) for detail in error.errors(include_url=False))


def _sentence(detail: dict[str, Any]) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    field = Parameters.model_fields.get(name)
    title = field.title if field is not None and field.title else name
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"]).replace("{}", title)
    if detail["type"] == "extra_forbidden":
        return f"{name} is not a parameter."
    if detail["type"] == "missing":
        return f"{title} is missing."
    if detail["type"] == "string_too_long":
        length = len(detail["input"])
        return f"{title} has {length:,} characters; at most {detail['ctx']['max_length']:,} are read. Shorten it."
    limits = _limits(name)
    return f"{title} must be {limits}, not {detail['input']!r}."


def _limits(name: str) -> str:
    """The limits of a field in words, read from the one place where they are written."""
    low: Any = None
    high: Any = None
    inside = ""
    field = Parameters.model_fields[name]
    for limit in field.metadata:
        low = getattr(limit, "ge", getattr(limit, "gt", low))
        high = getattr(limit, "le", getattr(limit, "lt", high))
        if hasattr(limit, "gt") or hasattr(limit, "lt"):
            inside = "above {} and below {}"
    if low is None or high is None:
        return "another kind of value"
    if inside:
        return inside.format(low, high)
    kind = "a whole number " if field.annotation in (int, int | None) else ""
    return f"{kind}from {low} to {high}"
