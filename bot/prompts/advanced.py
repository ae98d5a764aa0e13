"""Settings in one line of text: `eta: 0.5, crop: 0,0`, or as flags, `--eta 0.5 --crop 0,0`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import InvalidParameters
from bot.layers import fitting_size
from bot.model_info import SDXL_NATIVE_SIZE, ModelInfo
from bot.parameters import quoted, title
from bot.prompts.flag_table import FLAGS, Flag, Kind
from bot.prompts.flag_text import BY_NAME, folded
from bot.prompts.flags import FlagReader
from bot.prompts.settings_text import FLAGLESS, read_settings, refiner_from
from bot.sentences import Sentence

NO_SETTING = "{text} is no setting. Write a name, a colon and a value, as in eta: 0.5, crop: 0,0."
_DASHES = re.compile(r"\s*[-‒–—―−]")
#: A name with a colon behind it, where a setting may begin.
_NAME = re.compile(r"(?P<start>^|[,;\s])\s*(?P<name>[A-Za-z][\w-]*)\s*[:=]")
_BETWEEN = " ,;\t\n"


def read_advanced(text: str, flags: FlagReader, model: ModelInfo) -> tuple[dict[str, Any], list[Sentence]]:
    """What the settings say in the fields of `Parameters` and of `draft`, and remarks. Raises `InvalidParameters`."""
    if not _DASHES.match(text):
        read = read_settings("\n".join(_lines(text)), flags, model)
        return read.changes, read.remarks
    said = flags.read(text)
    if said.text:
        raise InvalidParameters(NO_SETTING, text=quoted(said.text))
    changes = said.changes
    if changes.get("denoising_end") is ...:
        changes["denoising_end"] = refiner_from(model)
    return changes, said.remarks


def examples(model: ModelInfo) -> Mapping[str, str]:
    """A value to begin with for each setting, by the name that cards have for it; sizes are such as the model knows."""
    return {title(flag.field): _example(flag, model) for flag in FLAGS if flag.kind is not Kind.RATIO}


def _example(flag: Flag, model: ModelInfo) -> str:
    if flag.kind is not Kind.SIZE:
        return flag.example
    width, height = (round(int(side) * model.native_size / SDXL_NATIVE_SIZE) for side in flag.example.split("x"))
    return f"{fitting_size(width)}x{fitting_size(height)}"


def _lines(text: str) -> list[str]:
    """A line for each setting. Values may have commas and colons of their own, so a setting begins at a known name."""
    if not text.strip(_BETWEEN):
        return []
    starts = [match for match in _NAME.finditer(text) if _begins(match)]
    if not starts or text[: starts[0].start("name")].strip(_BETWEEN):
        before = text[: starts[0].start("name")] if starts else text
        raise InvalidParameters(NO_SETTING, text=quoted(before.strip(_BETWEEN)))
    ends = [*(match.start("name") for match in starts[1:]), len(text)]
    return [
        f"{match['name']}: {text[match.end() : end].strip(_BETWEEN)}" for match, end in zip(starts, ends, strict=True)
    ]


def _begins(match: re.Match[str]) -> bool:
    """Whether a setting begins there. An unknown name does at the start only: a LoRA has a name and a colon, too."""
    return _is_name(match["name"]) or match["start"] in ("", ";")


def _is_name(name: str) -> bool:
    return folded(name) in BY_NAME or name.casefold() in FLAGLESS
