"""What may differ on a sheet: every parameter of a picture, by the names that people type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.errors import InvalidParameters
from bot.nearest import nearest
from bot.parameters import SIZES, quoted, title
from bot.sentences import Sentence

LORA_PREFIX = "lora:"
OFF = "off"


class Kind(Enum):
    """How the values of an axis are read."""

    WHOLE = auto()  #: whole numbers
    NUMBER = auto()  #: numbers, or percentages
    SEED = auto()  #: whole numbers, or “random”
    REFINER = auto()  #: off, or where it takes over
    NAME = auto()  #: one of a list that the parameters know
    UPSCALER = auto()  #: what enlarges the image, or off
    STYLE = auto()  #: a style, or off
    LORA = auto()  #: name:weight, or off
    WEIGHT = auto()  #: how much of one LoRA
    RATIO = auto()  #: 16:9
    SIZE = auto()  #: width x height
    CORNER = auto()  #: top x left
    TIMESTEPS = auto()  #: whole numbers with commas
    TEXT = auto()  #: a whole prompt
    REPLACED = auto()  #: words of the prompt, of which the first stand in it


@dataclass(frozen=True, slots=True)
class AxisKind:
    """One axis: its names, the one that is shown first, the field that it sets, and values that show something."""

    names: tuple[str, ...]
    kind: Kind
    field: str
    example: str
    description: Sentence

    @property
    def name(self) -> str:
        """What it is called."""
        return self.names[0]

    @property
    def fields(self) -> frozenset[str]:
        """What it sets of the parameters."""
        return SIZES if self.kind is Kind.RATIO else frozenset((self.field,))

    @property
    def input(self) -> str | None:
        """The picture that it takes: image, mask_image, or None."""
        return INPUTS.get(self.field)


def _axis(field: str, kind: Kind, example: str, description: str, *more: str) -> AxisKind:
    return AxisKind((title(field), *more), kind, field, example, Sentence(description))


RATIO_AXIS = AxisKind(("aspect_ratio", "ar", "aspect"), Kind.RATIO, "width", "1:1, 3:2, 2:3, 16:9", Sentence("shapes"))
#: The likeliest first: a menu shows 25.
AXES: tuple[AxisKind, ...] = (
    _axis(
        "denoising_end",
        Kind.REFINER,
        "off, 0.7, 0.8, 0.9",
        "the base alone, and where the refiner takes over",
        "refiner",
    ),
    _axis("num_inference_steps", Kind.WHOLE, "10, 20, 30, 40", "more is slower and mostly finer"),
    _axis("guidance_scale", Kind.NUMBER, "3, 5, 7, 9", "how closely to follow the words", "cfg", "cfg_scale"),
    _axis("scheduler", Kind.NAME, "Euler, Euler a, DPM++ 2M Karras, UniPC", "how the noise is taken away", "sampler"),
    _axis("style", Kind.STYLE, "off, ink, watercolour", "words around the prompt", "styles"),
    _axis("seed", Kind.SEED, "random x4", "other pictures of the same words", "seeds"),
    RATIO_AXIS,
    AxisKind(
        ("prompt", "words"),
        Kind.REPLACED,
        "prompt",
        "red | blue | green",
        Sentence("words of the prompt, each in the place of the first"),
    ),
    _axis("negative_prompt", Kind.TEXT, "off | blurry, dark", "what the picture should not show", "no", "negative"),
    _axis("loras", Kind.LORA, "off, ink, ink:0.5", "LoRAs with their weights", "loras"),
    _axis("strength", Kind.NUMBER, "0.2, 0.4, 0.6, 0.8", "how much of the image is changed", "denoise", "denoising"),
    _axis("upscaler", Kind.UPSCALER, "off, latent", "what enlarges the image"),
    _axis("guidance_rescale", Kind.NUMBER, "0, 0.3, 0.7", "against too much contrast at a high guidance", "rescale"),
    _axis("clip_skip", Kind.WHOLE, "off, 1, 2", "layers of the text encoders to leave out"),
    _axis("variation_strength", Kind.NUMBER, "0, 0.1, 0.2, 0.4", "how far to turn to another seed"),
    _axis("variation_seed", Kind.SEED, "random x4", "which seed a variation turns to"),
    _axis("eta", Kind.NUMBER, "0, 0.5, 1", "fresh noise in each step, for DDIM and its like"),
    _axis("timestep_spacing", Kind.NAME, "leading, trailing, linspace", "how the steps are spread"),
    _axis("width", Kind.WHOLE, "768, 1024, 1280", "in pixels"),
    _axis("height", Kind.WHOLE, "768, 1024, 1280", "in pixels"),
    _axis("aesthetic_score", Kind.NUMBER, "2, 4, 6, 8", "what the refiner is told of the picture's beauty"),
    _axis("negative_aesthetic_score", Kind.NUMBER, "1, 2.5, 4", "the same for what to keep away from"),
    _axis("prompt_2", Kind.TEXT, "off | oil on canvas", "what the second text encoder reads"),
    _axis("negative_prompt_2", Kind.TEXT, "off | photograph", "the same for the negative prompt"),
    _axis("original_size", Kind.SIZE, "off, 512x512, 2048x2048", "the size that the model is told"),
    _axis("target_size", Kind.SIZE, "off, 512x512, 2048x2048", "the size that the model is told to aim at"),
    _axis("crops_coords_top_left", Kind.CORNER, "0x0, 0x256, 256x0", "how the model is told to crop", "crop"),
    _axis("negative_original_size", Kind.SIZE, "off, 512x512", "the size to keep away from"),
    _axis("negative_target_size", Kind.SIZE, "off, 512x512", "the aim to keep away from"),
    _axis("negative_crops_coords_top_left", Kind.CORNER, "0x0, 256x0", "the crop to keep away from", "negative_crop"),
    _axis("padding_mask_crop", Kind.WHOLE, "off, 16, 64", "how much around the mask is drawn with it"),
    _axis("timesteps", Kind.TIMESTEPS, "999, 750, 500, 250 | 999, 600, 300, 100", "which timesteps to take"),
)

#: What can only be compared where there is a picture.
INPUTS: Mapping[str, str] = {"strength": "image", "upscaler": "image", "padding_mask_crop": "mask_image"}
WEIGHTS = "0, 0.5, 1"
MAX_SUGGESTIONS = 25


def find_axis(name: str) -> AxisKind | None:
    """The axis that `name` means, however it is spaced or capitalised; `lora:ink` is the weight of that LoRA."""
    kind, _, lora = name.strip().partition(":")
    if lora.strip() and _folded(kind) == "lora":
        name = LORA_PREFIX + lora.strip()
        return AxisKind((name,), Kind.WEIGHT, "loras", WEIGHTS, Sentence("how much of that LoRA"))
    return _BY_NAME.get(_folded(name))


def get_axis(name: str) -> AxisKind:
    """The same. Raises `InvalidParameters` with the nearest names."""
    axis = find_axis(name)
    if axis is None:
        near = dict.fromkeys(_BY_NAME[each].name for each in nearest(name, _BY_NAME))
        if not near:
            raise InvalidParameters(
                "{value} is nothing that a sheet can compare. The option axis lists what is.", value=quoted(name)
            )
        raise InvalidParameters(
            "{value} is nothing that a sheet can compare. Nearest: {nearest}.",
            value=quoted(name),
            nearest=", ".join(near),
        )
    return axis


def suggest_axes(typed: str, loras: Sequence[str] = ()) -> list[AxisKind]:
    """At most 25 axes for what has been typed so far; the likeliest for nothing."""
    wanted = _folded(typed)
    known = [*AXES, *filter(None, (find_axis(LORA_PREFIX + name) for name in loras))]
    starting = [axis for axis in known if any(_folded(name).startswith(wanted) for name in axis.names)]
    within = [axis for axis in known if axis not in starting and any(wanted in _folded(name) for name in axis.names)]
    return (starting + within)[:MAX_SUGGESTIONS]


def label(axis: str, value: str) -> str:
    """What stands beside the pictures of that value: a name speaks for itself, a number needs its axis."""
    kind = find_axis(axis)
    if kind is None or kind.kind in _SPEAKING:
        return value if value != OFF else f"no {axis}"
    if kind.kind is Kind.REFINER:
        return "base alone" if value == OFF else f"refiner from {value}"
    return f"{axis.removeprefix(LORA_PREFIX)} {value}"


def _folded(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").replace("-", " ").split())


_SPEAKING = frozenset((Kind.NAME, Kind.UPSCALER, Kind.STYLE, Kind.LORA, Kind.RATIO, Kind.TEXT, Kind.REPLACED))
_BY_NAME = {_folded(name): axis for axis in AXES for name in (*axis.names, axis.field)}
