"""Parameters of one picture in diffusers' own words, and their limits: complete and valid, or refused in a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.scheduler_names import TIMESTEP_SCHEDULERS, find_scheduler, nearest_schedulers
from bot.sentences import Sentence

MAX_PROMPT_LENGTH = 2000
MAX_STEPS = 150
MAX_GUIDANCE_SCALE = 30.0
MAX_SEED = 2**32 - 1
MAX_IMAGES = 4
MAX_LORAS = 8
#: A LoRA may be taken away from the model, too, so far.
MAX_LORA_WEIGHT = 2.0
MIN_SIZE = 64
MAX_SIZE = 2048
#: The autoencoder shrinks each side by this factor, so every size is a multiple of it.
SIZE_MULTIPLE = 8
#: The two fields of a size: who says one of them mostly says both.
SIZES = frozenset(("width", "height"))
MAX_PAIR = 8192
#: The two fields that say how many steps there are.
STEPS = ("num_inference_steps", "timesteps")
#: How far from a limit that is none of its values a share is brought.
NEXT = 0.01
#: SDXL's noise schedule has so many timesteps.
TRAIN_TIMESTEPS = 1000
#: How much of a wrong value its refusal repeats.
MAX_QUOTED = 40
UNKNOWN = "{title} {value} is unknown. Nearest: {nearest}."
UNLIKE_ANY = "{title} {value} is unknown. The option {title} of /imagine lists those that there are."
NEEDS_IMAGE = "{title} needs an image to work on. Add one, or leave it out."
NEEDS_MASK = "{title} needs a mask. Add one, or leave it out."
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
Timestep = Annotated[int, Field(ge=0, lt=TRAIN_TIMESTEPS)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
#: The SHA-256 of a picture in the bot's input folder, in hexadecimal.
InputId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
TimestepSpacing = Literal["leading", "trailing", "linspace"]


class Lora(BaseModel):
    """A low-rank adaptation by the name of its file, and how much of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1, max_length=100)
    weight: float = Field(1.0, ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT)


class WrongValue(ValueError):
    """A value that is refused, with the sentence; `{title}` in it is what people call the field."""

    def __init__(self, template: str, /, **values: Any) -> None:
        self.sentence = Sentence(template, values)
        super().__init__(template)


class Parameters(BaseModel):
    """Everything that decides how a picture comes out: complete and valid once built.

    The fields bear the names of `StableDiffusionXLPipeline.__call__`; a field's title is its name where people type it.
    `seed` is that of the first image; image k has `seed + k`. `denoising_end` is the share of the denoising after which
    the refiner takes over; `None` is the base alone. Pairs are (height, width) or (top, left), as in diffusers.

    With `image` it is image-to-image, with `mask_image` (white is repainted) inpainting, with `upscaler` a second pass
    over an enlarged `image`. The noise is that of `seed`, turned towards that of `variation_seed` by the share
    `variation_strength`. A `draft` took few steps to show the composition. `raw_prompt` and `raw_negative_prompt` are
    what was typed, where the prompts came out of it.
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
    seed: Seed = Field(title="seed")
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
    negative_crops_coords_top_left: Pair | None = Field(None, title="negative_crops_coords_top_left")
    negative_target_size: Pair | None = Field(None, title="negative_target_size")
    timesteps: tuple[Timestep, ...] | None = Field(None, title="timesteps")
    timestep_spacing: TimestepSpacing | None = Field(None, title="spacing")
    draft: bool = Field(False, title="draft")
    image: InputId | None = Field(None, title="image")
    mask_image: InputId | None = Field(None, title="mask")
    padding_mask_crop: int | None = Field(None, ge=0, le=512, title="mask_padding")
    strength: float | None = Field(None, gt=0, le=1, title="strength")
    upscaler: str | None = Field(None, max_length=100, title="upscaler")
    variation_seed: int | None = Field(None, ge=0, le=MAX_SEED, title="variation_seed")
    variation_strength: float = Field(0.0, ge=0, le=1, title="variation")
    loras: tuple[Lora, ...] = Field((), max_length=MAX_LORAS, title="lora")
    style: str | None = Field(None, max_length=100, title="style")
    raw_prompt: Prompt | None = Field(None, title="raw_prompt")
    raw_negative_prompt: Prompt | None = Field(None, title="raw_negative_prompt")

    @field_validator(
        "prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "raw_prompt", "raw_negative_prompt", mode="before"
    )
    @classmethod
    def _text_can_be_kept(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        return CONTROL_CHARACTERS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()

    @field_validator("prompt")
    @classmethod
    def _prompt_says_something(cls, prompt: str) -> str:
        if not any(_is_visible(character) for character in prompt):
            raise WrongValue("{title} is empty. Say what the picture should show.")
        return prompt

    @field_validator("scheduler")
    @classmethod
    def _scheduler_is_known(cls, name: str) -> str:
        known = find_scheduler(name)
        if known is None:
            near = ", ".join(nearest_schedulers(name))
            raise WrongValue(UNKNOWN if near else UNLIKE_ANY, value=quoted(name), nearest=near)
        return known

    @field_validator("width", "height")
    @classmethod
    def _size_fits_the_autoencoder(cls, size: int) -> int:
        below = size - size % SIZE_MULTIPLE
        if below != size:
            raise WrongValue(
                "{title} must be divisible by {multiple}, and {size} is not: {below} or {above} would do.",
                multiple=SIZE_MULTIPLE,
                size=size,
                below=below,
                above=below + SIZE_MULTIPLE,
            )
        return size

    @field_validator("timesteps")
    @classmethod
    def _timesteps_go_down(cls, timesteps: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if timesteps is not None and (not timesteps or any(a <= b for a, b in pairwise(timesteps))):
            raise WrongValue("{title} must go down, each smaller than the one before, as in 999, 750, 500, 250.")
        if timesteps is not None and len(timesteps) > MAX_STEPS:
            raise WrongValue("{title} are {count}, and at most {most} are taken.", count=len(timesteps), most=MAX_STEPS)
        return timesteps

    @model_validator(mode="before")
    @classmethod
    def _timesteps_are_the_steps(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("timesteps"), list | tuple):
            return {**data, "num_inference_steps": len(data["timesteps"])}
        return data

    @model_validator(mode="after")
    def _they_fit_together(self) -> Self:
        if self.denoising_end is not None and self.num_inference_steps < 2:
            raise WrongValue(
                "The refiner needs at least 2 steps: one for the base, one for itself. Raise steps or turn it off."
            )
        if self.timesteps is not None and self.scheduler not in TIMESTEP_SCHEDULERS:
            raise WrongValue(
                "scheduler {scheduler} takes no timesteps of its own. These do: {schedulers}.",
                scheduler=self.scheduler,
                schedulers=", ".join(TIMESTEP_SCHEDULERS),
            )
        if self.image is None:
            for name in ("mask_image", "strength", "upscaler"):
                if getattr(self, name) is not None:
                    raise WrongValue(NEEDS_IMAGE, title=title(name))
        if self.mask_image is None and self.padding_mask_crop is not None:
            raise WrongValue(NEEDS_MASK, title=title("padding_mask_crop"))
        if self.variation_strength and self.variation_seed is None:
            raise WrongValue("{title} needs a variation_seed to turn to.", title=title("variation_strength"))
        return self

    def of_image(self, index: int) -> Parameters:
        """The parameters that make image `index` of this job again, alone."""
        changes: dict[str, Any] = {"num_images_per_prompt": 1}
        if self.variation_strength and self.variation_seed is not None:
            # Variations of one picture: its own noise stays, and each turns another way.
            changes["variation_seed"] = (self.variation_seed + index) % (MAX_SEED + 1)
        else:
            changes["seed"] = (self.seed + index) % (MAX_SEED + 1)
        return self.model_copy(update=changes)


def _is_visible(character: str) -> bool:
    """Whether there is something to see: neither a space nor one of the marks (Cf) that only steer what is around."""
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf")


def title(name: str) -> str:
    """What people call that field: its name where they type it."""
    field = Parameters.model_fields.get(name)
    return field.title if field is not None and field.title else name


def limits(name: str) -> tuple[float | None, float | None]:
    """The smallest and the largest value of that field, each where it has one."""
    metadata = Parameters.model_fields[name].metadata
    return bound(metadata, "ge"), bound(metadata, "le")


def within(name: str, value: float) -> float:
    """The nearest value that this field may have; next to a limit that is none of its values, one that people type."""
    metadata = Parameters.model_fields[name].metadata
    low, high = limits(name)
    above, below = bound(metadata, "gt"), bound(metadata, "lt")
    if above is not None and value <= above:
        return above + NEXT
    if below is not None and value >= below:
        return below - NEXT
    value = value if low is None else max(low, value)
    return value if high is None else min(high, value)


def is_pair(name: str) -> bool:
    """Whether that field is a size or a corner."""
    annotation: Any = Parameters.model_fields[name].annotation
    return annotation in (Pair, Pair | None)


def is_whole(name: str) -> bool:
    """Whether that field is a whole number."""
    annotation: Any = Parameters.model_fields[name].annotation
    return annotation in (int, int | None, Seed)


def quoted(value: object) -> str:
    """What somebody gave, for a sentence: short, on one line, and whatever it holds, printable."""
    shown = value if isinstance(value, str) else repr(value)
    shown = shown.encode("utf-8", "replace").decode("utf-8")
    shown = " ".join(CONTROL_CHARACTERS.sub(" ", shown).split())
    shown = shown if len(shown) <= MAX_QUOTED else shown[: MAX_QUOTED - 1] + "…"
    return f"“{shown}”" if isinstance(value, str) else shown


def bound(metadata: list[Any], name: str) -> float | None:
    return next((getattr(limit, name) for limit in metadata if hasattr(limit, name)), None)
