"""Parameters of one picture in diffusers' own words: their limits, their defaults, and how partial ones merge."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.errors import InvalidParameters, ModelNotFound
from bot.model_info import ModelInfo
from bot.scheduler_names import find_scheduler, nearest_schedulers

MAX_PROMPT_LENGTH = 2000
MAX_STEPS = 150
MAX_GUIDANCE_SCALE = 30.0
MAX_SEED = 2**32 - 1
MAX_IMAGES = 4
MIN_SIZE = 64
MAX_SIZE = 2048
#: The autoencoder shrinks each side by this factor, so every size is a multiple of it.
SIZE_MULTIPLE = 8
MAX_PAIR = 8192
#: How much of a wrong value its refusal repeats.
MAX_QUOTED = 40
#: What nobody sees and no database or picture should have to carry; line feeds and tabs are people's own.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

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
PairSide = Annotated[int, Field(ge=0, le=MAX_PAIR)]
Pair = tuple[PairSide, PairSide]
AestheticScore = Annotated[float, Field(ge=0, le=10)]


class Parameters(BaseModel):
    """Everything that decides how a picture comes out: complete and valid once built.

    The fields bear the names of `StableDiffusionXLPipeline.__call__`; a field's title is its name where people type it.
    `seed` is that of the first image; image k has `seed + k`. `denoising_end` is the share of the denoising after which
    the refiner takes over; `None` is the base alone. Pairs are (height, width) or (top, left), as in diffusers.
    """

    # Inputs are hidden in errors because those end up in logs, and a prompt is nobody's business there.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    prompt: Prompt = Field(title="prompt")
    prompt_2: Prompt | None = Field(None, title="prompt_2")
    negative_prompt: Prompt = Field("", title="negative_prompt")
    negative_prompt_2: Prompt | None = Field(None, title="negative_prompt_2")
    width: int = Field(1024, ge=MIN_SIZE, le=MAX_SIZE, title="width")
    height: int = Field(1024, ge=MIN_SIZE, le=MAX_SIZE, title="height")
    num_inference_steps: int = Field(30, ge=1, le=MAX_STEPS, title="steps")
    guidance_scale: float = Field(5.0, ge=0, le=MAX_GUIDANCE_SCALE, title="guidance")
    guidance_rescale: float = Field(0.0, ge=0, le=1, title="guidance_rescale")
    scheduler: str = Field("Euler", title="scheduler")
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

    @field_validator("prompt", "prompt_2", "negative_prompt", "negative_prompt_2", mode="before")
    @classmethod
    def _text_can_be_kept(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        return CONTROL_CHARACTERS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()

    @field_validator("prompt")
    @classmethod
    def _prompt_says_something(cls, prompt: str) -> str:
        if not any(_is_visible(character) for character in prompt):
            raise ValueError("{} is empty. Say what the picture should show.")
        return prompt

    @field_validator("scheduler")
    @classmethod
    def _scheduler_is_known(cls, name: str) -> str:
        known = find_scheduler(name)
        if known is None:
            raise ValueError(f"{{}} {_quoted(name)} is unknown. Nearest: {', '.join(nearest_schedulers(name))}.")
        return known

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
            raise ValueError(
                "The refiner needs at least 2 steps: one for the base, one for itself. Raise steps or turn it off."
            )
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
        raise InvalidParameters(f"aspect ratio {_quoted(aspect_ratio)} is unknown. Choose one of: {known}.") from None
    scale = native_size / ASPECT_RATIOS["1:1"][0]
    return _nearest_size(width * scale), _nearest_size(height * scale)


def _is_visible(character: str) -> bool:
    """Whether there is something to see: neither a space nor one of the marks (Cf) that only steer what is around."""
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf")


def _nearest_size(side: float) -> int:
    multiple = round(side / SIZE_MULTIPLE) * SIZE_MULTIPLE
    return max(MIN_SIZE, min(multiple, MAX_SIZE))


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
    if parameters.clip_skip is not None and parameters.clip_skip > model.max_clip_skip:
        raise InvalidParameters(
            f"clip_skip must be a whole number from 1 to {model.max_clip_skip} with this model, "
            f"not {parameters.clip_skip}."
        )
    return parameters


def check_defaults(model: ModelInfo) -> None:
    """Raises `ModelNotFound` when the parameters that come with the model are not valid."""
    try:
        merge(model, {"prompt": "any"})
    except InvalidParameters as error:
        raise ModelNotFound(f"defaults.json of {model.base} is wrong: {error}") from error


def explain(error: ValidationError) -> str:
    """One sentence per wrong field: what was wrong and what would be right."""
    # The first of each field: both sides of a pair may be wrong.
    by_field = {detail["loc"][:1]: _sentence(dict(detail)) for detail in reversed(error.errors(include_url=False))}
    return " ".join(reversed(by_field.values()))


def _sentence(detail: dict[str, Any]) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return f"{_quoted(name)} is not a parameter."
    field = Parameters.model_fields.get(name)
    title = field.title if field is not None and field.title else name
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"]).replace("{}", title)
    if detail["type"] == "missing":
        return f"{title} is missing."
    if detail["type"] == "string_too_long":
        length = len(detail["input"])
        return f"{title} has {length:,} characters; at most {detail['ctx']['max_length']:,} are read. Shorten it."
    return f"{title} must be {_limits(name)}, not {_quoted(detail['input'])}."


def _quoted(value: object) -> str:
    """What somebody gave, for a sentence: short, on one line, and whatever it holds, printable."""
    shown = value if isinstance(value, str) else repr(value)
    shown = shown.encode("utf-8", "replace").decode("utf-8")
    shown = " ".join(CONTROL_CHARACTERS.sub(" ", shown).split())
    shown = shown if len(shown) <= MAX_QUOTED else shown[: MAX_QUOTED - 1] + "…"
    return f"“{shown}”" if isinstance(value, str) else shown


def _limits(name: str) -> str:
    """The limits of a field in words, read from the one place where they are written."""
    field = Parameters.model_fields[name]
    annotation: Any = field.annotation
    if annotation in (Pair, Pair | None):
        return f"two whole numbers from 0 to {MAX_PAIR}"
    if annotation in (str, str | None):
        return "text"
    low, high = _bound(field.metadata, "ge"), _bound(field.metadata, "le")
    if low is None or high is None:
        return f"above {_bound(field.metadata, 'gt')} and below {_bound(field.metadata, 'lt')}"
    kind = "a whole number " if annotation in (int, int | None) else ""
    return f"{kind}from {low} to {high}"


def _bound(metadata: list[Any], name: str) -> str | None:
    limits = (getattr(limit, name) for limit in metadata if hasattr(limit, name))
    return next((str(int(limit)) if limit == int(limit) else str(limit) for limit in limits), None)
