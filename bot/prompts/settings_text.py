"""Settings as a text that people edit, one a line, as in `steps: 30`; the names are those of the flags in prompts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from bot.drafting import draft_settings
from bot.errors import InvalidParameters
from bot.layers import REFINER_FROM, model_defaults
from bot.model_info import ModelInfo
from bot.nearest import nearest
from bot.parameters import SIZES, Parameters, quoted, title
from bot.prompts.flag_table import FLAGS, Kind
from bot.prompts.flag_text import BY_NAME
from bot.prompts.flag_values import write_value
from bot.prompts.flags import FlagReader
from bot.prompts.mistakes import take_each
from bot.sentences import Sentence

UNKNOWN = "{name} is no setting. Nearest: {nearest}."
UNLIKE_ANY = "{name} is no setting. Settings are called as the options of /imagine are."
NO_SETTING = "{line} is no setting. Write its name, a colon and a value, as in steps: 30."
NO_INPUT = "{name}: {value} is no picture that is kept here. Leave the line as it was, or delete it."
#: Fields that have a line whether or not somebody asked for them: these are what people change.
_COMMON = ("num_inference_steps", "guidance_scale", "scheduler", "seed", "num_images_per_prompt", "denoising_end")
#: Texts of their own, what was typed before, and what has a line in place of others.
_NOT_HERE = frozenset(
    {"prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "raw_prompt", "raw_negative_prompt", "draft"}
)
_FLAG_OF = {flag.field: flag for flag in reversed(FLAGS)}
#: What no flag sets, by the name of its line.
FLAGLESS = {title(name): name for name in ("image", "mask_image")}
_LINE = re.compile(r"\s*-*\s*(?P<name>[^:=]*[^:=\s])\s*[:=]\s*(?P<value>.*?)\s*")
_SWITCH = re.compile(
    rf"\s*-*\s*(?:{'|'.join(name for name, flag in BY_NAME.items() if flag.kind is Kind.SWITCH)})\s*", re.IGNORECASE
)
_INPUT_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SettingsText:
    """What a text of settings says: `changes` by lines that somebody wrote, `beneath` by those left as they were.

    Among the changes is `draft` as it is typed, which says several fields (`bot.drafting.drafted`).
    """

    changes: dict[str, Any] = field(default_factory=dict)
    beneath: dict[str, Any] = field(default_factory=dict)
    remarks: list[Sentence] = field(default_factory=list)


def refiner_from(model: ModelInfo) -> float:
    """Where the refiner takes over when somebody turns it on and does not say where."""
    return float(model_defaults(model).get("denoising_end") or REFINER_FROM)


def write_settings(asked: Mapping[str, Any], model: ModelInfo) -> dict[str, str]:
    """Lines by field: those of `asked` that people change, and all others that `model` would not take by itself."""
    usual = {name: field.default for name, field in Parameters.model_fields.items()} | model_defaults(model)
    whole_size = all(side in asked for side in SIZES)
    lines = {"width": f"size: {asked['width']}x{asked['height']}"} if whole_size else {}
    of_draft = _said_by_draft(asked, model)
    if of_draft:
        lines["draft"] = f"{title('draft')}: {write_value(Kind.SWITCH, value=True)}"
    for name in (*_COMMON, *(each for each in Parameters.model_fields if each not in _COMMON)):
        if name not in asked or name in _NOT_HERE or name in of_draft or (whole_size and name in SIZES):
            continue
        value = asked[name]
        unset = value is None and name not in ("denoising_end", "seed")
        if not unset and (name in _COMMON or value != usual[name]):
            kind = _FLAG_OF[name].kind if name in _FLAG_OF else Kind.WORD
            lines[name] = f"{title(name)}: {write_value(kind, value)}"
    return lines


def _said_by_draft(asked: Mapping[str, Any], model: ModelInfo) -> frozenset[str]:
    """The fields that the line of a draft says; none where it is none, or one of another number of steps."""
    says = draft_settings(model)
    as_said = frozenset(name for name, value in says.items() if asked.get(name) == value)
    return as_said if {"draft", "num_inference_steps"} <= as_said else frozenset()


def mark(line: str) -> str:
    """Four characters by which a line that nobody has touched is known again."""
    return f"{crc32(line.strip().encode()) & 0xFFFF:04x}"


def read_settings(text: str, flags: FlagReader, model: ModelInfo, known: Collection[str] = ()) -> SettingsText:
    """What the lines say; those whose marks are `known` were not touched.

    An empty line says nothing, nor does a name without a value. Raises `InvalidParameters` with a sentence for each
    line that is wrong.
    """
    read = SettingsText()

    def take(line: str) -> None:
        fields = _read_line(line, flags, read.remarks)
        if fields.get("denoising_end") is ...:
            fields["denoising_end"] = refiner_from(model)
        if mark(line) in known:
            read.beneath.update(draft_settings(model) | fields if fields.get("draft") else fields)
        else:
            read.changes.update(fields)

    take_each([line for line in text.splitlines() if line.strip()], take)
    return read


def _read_line(line: str, flags: FlagReader, remarks: list[Sentence]) -> dict[str, Any]:
    match = _LINE.fullmatch(line if _SWITCH.fullmatch(line) is None else f"{line}: on")
    if match is None:
        raise InvalidParameters(NO_SETTING, line=quoted(line))
    name, value = match["name"], match["value"]
    if not value:
        return {}
    flagless = FLAGLESS.get(name.casefold())
    if flagless is not None and not _INPUT_ID.fullmatch(value):
        raise InvalidParameters(NO_INPUT, name=name, value=quoted(value))
    if flagless is not None:
        return {flagless: value}
    said = flags.read_line(name, value)
    if said is None:
        near = ", ".join(_nearest(name))
        raise InvalidParameters(UNKNOWN if near else UNLIKE_ANY, name=quoted(name), nearest=near)
    remarks += said.remarks
    return said.changes


def _nearest(name: str) -> list[str]:
    """The lines that look most like `name`, by the names under which they are written."""
    written = {each: title(flag.field) for each, flag in BY_NAME.items()} | {each: each for each in FLAGLESS}
    return list(dict.fromkeys(written[each] for each in nearest(name, written)))
