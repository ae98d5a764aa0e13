"""Refusals at the command line: written for who types into Discord, they speak of options and files here."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import BotError
from bot.parameters import NEEDS_IMAGE, NEEDS_MASK, UNLIKE_ANY
from bot.prompts import flags
from bot.sentences import Sentence

HELP = "imagine-bot generate --help"
#: How it is said here, by how it is said in Discord; a title there is the name of an option.
HERE: Mapping[str, str] = {
    UNLIKE_ANY: f"{{title}} {{value}} is unknown. See: {HELP}",
    flags.UNLIKE_ANY: f"{{flag}} is unknown. In double quotes it stays text. The flags that there are: {HELP}",
    NEEDS_IMAGE: "--{title} needs an --image to work on. Add one, or leave it out.",
    NEEDS_MASK: "--{title} needs a --mask. Add one, or leave it out.",
    "There is no LoRA {name}. The option lora of /imagine lists those that there are.": (
        "There is no LoRA {name}. Those that there are lie in LORA_DIR."
    ),
    "There is no upscaler {name} here. Use latent, or ask the owner to set UPSCALER_MODEL.": (
        "There is no upscaler {name} here. Use latent, or set UPSCALER_MODEL."
    ),
    "No refiner is loaded here. Leave the refiner off, or ask the owner to set MODEL_REFINER.": (
        "This base has no refiner. Leave --refiner-from out, or name one with --refiner."
    ),
    "The file has {size:.1f} MiB, and at most {most} MiB are read. Send a smaller one.": (
        "The file has {size:.1f} MiB, and at most {most} MiB are read. Take a smaller one."
    ),
    "The file is no picture that can be read. Send a PNG, JPEG or WebP.": (
        "The file is no picture that can be read. Take a PNG, JPEG or WebP."
    ),
    "The file is a {format}, which is not read. Send a still picture: PNG, JPEG or WebP.": (
        "The file is a {format}, which is not read. Take a still picture: PNG, JPEG or WebP."
    ),
    "The picture is too large: at most {most} megapixels are read. Send a smaller one.": (
        "The picture is too large: at most {most} megapixels are read. Take a smaller one."
    ),
    "The picture is damaged or cut off. Save it again, and send that.": (
        "The picture is damaged or cut off. Save it again."
    ),
    "The picture is {width} × {height}; at most {most} megapixels are read. Send a smaller one.": (
        "The picture is {width} × {height}; at most {most} megapixels are read. Take a smaller one."
    ),
    "The picture is {width} × {height}. Send one with {least} pixels a side, none over {most} times the other.": (
        "The picture is {width} × {height}. Take one with {least} pixels a side, none over {most} times the other."
    ),
    "The picture moves. Send a still one: PNG, JPEG or WebP.": "The picture moves. Take a still one.",
    "The mask is {mask_width} × {mask_height}, and the image {width} × {height}. Send two of the same shape.": (
        "The mask is {mask_width} × {mask_height}, and the image {width} × {height}. Take two of the same shape."
    ),
}


def in_options(error: BotError) -> str:
    """All that the error has to say, in the words of the command line."""
    return " ".join(map(_said, error.sentences))


def _said(sentence: Sentence) -> str:
    template = HERE.get(sentence.template)
    if template is None:
        return str(sentence)
    values = dict(sentence.values)
    if template.startswith("--") and "title" in values:
        values["title"] = str(values["title"]).replace("_", "-")
    return Sentence(template, values).said_as(template)
