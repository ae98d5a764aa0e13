"""What our own readers do not know, through `sd-parsers`: NovelAI, and InvokeAI's first format.

Only its parsers of text are used; its way of opening pictures would decode them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sd_parsers.data import PromptInfo
from sd_parsers.exceptions import ParserError
from sd_parsers.parsers import InvokeAIParser, NovelAIParser, Parser

from bot.infotext import names
from bot.infotext.info import PictureInfo, plain, renamed, size_of

#: Written for honest pictures; nothing longer than this is handed to it.
MAX_TEXT = 256 * 1024
_PARSERS: tuple[tuple[str, type[Parser], str], ...] = (
    ("NovelAI", NovelAIParser, "Comment"),
    ("InvokeAI", InvokeAIParser, "Dream"),
)
_WORDS = {
    "seed": names.SEED,
    "steps": names.STEPS,
    "cfg_scale": names.CFG_SCALE,
    "scheduler": names.SCHEDULE_TYPE,
    "noise_schedule": names.SCHEDULE_TYPE,
    "cfg_rescale": names.CFG_RESCALE,
    "strength": names.DENOISING_STRENGTH,
}
#: NovelAI's prompt and negative prompt, which stand in the settings once more.
_TWICE = ("prompt", "uc")
#: What a parser does on data that it was not written for.
_BROKEN = (ParserError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_STRONGER = re.compile(r"\{([^{}]*)\}")
_WEAKER = re.compile(r"\[([^\[\]]*)\]")
_MAX_BRACES = 20


def read_others(texts: Mapping[str, str]) -> PictureInfo | None:
    """The picture's info as `sd-parsers` understands it; None where it does not."""
    short = {key: text for key, text in texts.items() if len(text) <= MAX_TEXT}
    for program, parser, key in _PARSERS:
        if key in short:
            try:
                info = parser().parse(dict(short))
                return PictureInfo(program, _settings(info, program), text=short[key])
            except _BROKEN:
                continue
    return None


def _settings(info: PromptInfo, program: str) -> dict[str, str]:
    sampler = info.samplers[0]
    said: dict[str, Any] = {**sampler.parameters, **{str(key): value for key, value in info.metadata.items()}}
    size = size_of(said.pop("width", None), said.pop("height", None))
    prompts = [info.full_prompt, info.full_negative_prompt]
    if program == "NovelAI":
        prompts = [_weights(prompt) for prompt in prompts]
    model = plain(sampler.model.name) if sampler.model is not None and sampler.model.name else None
    head = {
        names.PROMPT: prompts[0],
        names.NEGATIVE_PROMPT: prompts[1],
        names.SAMPLER: sampler.name,
        names.SIZE: size,
        names.MODEL: model,
    }
    return renamed({**head, **{key: value for key, value in said.items() if key not in _TWICE}}, _WORDS)


def _weights(prompt: str) -> str:
    """NovelAI's `{stronger}` and `[weaker]` as weights; here braces hold alternatives."""
    for _ in range(_MAX_BRACES):
        changed = _WEAKER.sub(r"(\1:0.95)", _STRONGER.sub(r"(\1:1.05)", prompt))
        if changed == prompt:
            break
        prompt = changed
    return prompt
