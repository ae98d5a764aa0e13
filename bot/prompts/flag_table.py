"""The flags of prompts: the names that people's fingers know from Midjourney, A1111 and others, and what they set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What follows a flag, and how it is read."""

    WHOLE = auto()  #: a whole number
    NUMBER = auto()  #: a number, with point or comma, or a percentage
    SEED = auto()  #: a whole number, or “random”
    RATIO = auto()  #: 16:9, or a word
    SIZE = auto()  #: 1216x832, width first
    PAIR = auto()  #: 0,0, top first
    REFINER = auto()  #: on, off, or where it takes over
    SCHEDULER = auto()  #: the name of one, of as many words as it has
    STYLE = auto()  #: likewise
    LORA = auto()  #: name:weight, more with commas
    NUMBERS = auto()  #: whole numbers with commas
    WORD = auto()  #: one word, or several in quotes
    TEXT = auto()  #: all words up to the next flag or the end of the line
    SWITCH = auto()  #: nothing; “=off” takes it back


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: its names, the likeliest first, the field that it sets, and how it looks in use."""

    names: tuple[str, ...]
    kind: Kind
    field: str
    example: str


@dataclass(frozen=True, slots=True)
class ForeignFlag:
    """One that means something elsewhere only: whether a value follows, and what here comes nearest."""

    value: bool = False
    instead: str | None = None


FLAGS: tuple[Flag, ...] = (
    Flag(("ar", "aspect", "aspect-ratio", "ratio"), Kind.RATIO, "size", "16:9"),
    Flag(("size", "resolution"), Kind.SIZE, "size", "1216x832"),
    Flag(("w", "width"), Kind.WHOLE, "width", "1216"),
    Flag(("h", "height"), Kind.WHOLE, "height", "832"),
    Flag(("no", "negative", "neg", "negative-prompt", "not"), Kind.TEXT, "negative_prompt", "hands, text"),
    Flag(("seed",), Kind.SEED, "seed", "7"),
    Flag(("steps", "step", "num-inference-steps", "sampling-steps"), Kind.WHOLE, "num_inference_steps", "30"),
    Flag(("guidance", "cfg", "cfg-scale", "guidance-scale", "scale", "g"), Kind.NUMBER, "guidance_scale", "6.5"),
    Flag(("rescale", "guidance-rescale", "cfg-rescale"), Kind.NUMBER, "guidance_rescale", "0.7"),
    Flag(
        ("images", "n", "num", "count", "batch", "batch-size", "repeat", "r"), Kind.WHOLE, "num_images_per_prompt", "4"
    ),
    Flag(("draft",), Kind.SWITCH, "draft", "on"),
    Flag(("style", "styles"), Kind.STYLE, "style", "ink"),
    Flag(("scheduler", "sampler", "sampler-name", "sampling-method"), Kind.SCHEDULER, "scheduler", '"DPM++ 2M Karras"'),
    Flag(("refiner", "refiner-from", "refiner-switch", "refiner-switch-at"), Kind.REFINER, "denoising_end", "0.8"),
    Flag(("strength", "denoise", "denoising", "denoising-strength"), Kind.NUMBER, "strength", "0.6"),
    Flag(("lora", "loras"), Kind.LORA, "loras", "ink:0.8"),
    Flag(("variation", "vary", "variation-strength", "subseed-strength"), Kind.NUMBER, "variation_strength", "0.2"),
    Flag(("variation-seed", "subseed"), Kind.SEED, "variation_seed", "8"),
    Flag(("clip-skip", "clip", "skip"), Kind.WHOLE, "clip_skip", "1"),
    Flag(("eta",), Kind.NUMBER, "eta", "0.5"),
    Flag(("aesthetic", "aesthetic-score"), Kind.NUMBER, "aesthetic_score", "6"),
    Flag(("negative-aesthetic", "negative-aesthetic-score"), Kind.NUMBER, "negative_aesthetic_score", "2.5"),
    Flag(("original-size",), Kind.SIZE, "original_size", "1024x1024"),
    Flag(("target-size",), Kind.SIZE, "target_size", "1024x1024"),
    Flag(("crop", "crops-coords-top-left"), Kind.PAIR, "crops_coords_top_left", "0,0"),
    Flag(("negative-original-size",), Kind.SIZE, "negative_original_size", "512x512"),
    Flag(("negative-target-size",), Kind.SIZE, "negative_target_size", "1024x1024"),
    Flag(("negative-crop", "negative-crops-coords-top-left"), Kind.PAIR, "negative_crops_coords_top_left", "0,0"),
    Flag(("timesteps",), Kind.NUMBERS, "timesteps", "999,750,500,250"),
    Flag(("spacing", "timestep-spacing"), Kind.WORD, "timestep_spacing", "trailing"),
    Flag(("mask-padding", "padding", "padding-mask-crop"), Kind.WHOLE, "padding_mask_crop", "32"),
    Flag(("upscaler",), Kind.WORD, "upscaler", "latent"),
    Flag(("prompt-2", "prompt2"), Kind.TEXT, "prompt_2", "oil on canvas"),
    Flag(("negative-prompt-2", "negative2"), Kind.TEXT, "negative_prompt_2", "photograph"),
)

#: Midjourney's that nothing here answers to: said in a remark, and the picture is made all the same.
FOREIGN: Mapping[str, ForeignFlag] = {
    "v": ForeignFlag(value=True),
    "version": ForeignFlag(value=True),
    "niji": ForeignFlag(value=True, instead="--style anime"),
    "chaos": ForeignFlag(value=True, instead="--variation"),
    "c": ForeignFlag(value=True, instead="--variation"),
    "weird": ForeignFlag(value=True),
    "stylize": ForeignFlag(value=True, instead="--guidance"),
    "s": ForeignFlag(value=True, instead="--guidance"),
    "quality": ForeignFlag(value=True, instead="--steps"),
    "q": ForeignFlag(value=True, instead="--steps"),
    "stop": ForeignFlag(value=True, instead="--steps"),
    "iw": ForeignFlag(value=True, instead="--strength"),
    "cw": ForeignFlag(value=True),
    "sw": ForeignFlag(value=True),
    "ow": ForeignFlag(value=True),
    "cref": ForeignFlag(value=True),
    "sref": ForeignFlag(value=True, instead="--style"),
    "oref": ForeignFlag(value=True),
    "sv": ForeignFlag(value=True),
    "p": ForeignFlag(value=True),
    "profile": ForeignFlag(value=True),
    "hd": ForeignFlag(),
    "tile": ForeignFlag(),
    "raw": ForeignFlag(),
    "fast": ForeignFlag(),
    "relax": ForeignFlag(),
    "turbo": ForeignFlag(),
    "public": ForeignFlag(),
    "stealth": ForeignFlag(),
}

#: Words for shapes, by the trained ratio that they mean.
SHAPES: Mapping[str, str] = {
    "square": "1:1",
    "landscape": "3:2",
    "portrait": "2:3",
    "wide": "16:9",
    "tall": "9:16",
    "cinema": "21:9",
}
