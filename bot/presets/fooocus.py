"""Fooocus' presets: `default_…` settings in JSON, in its own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from bot.infotext import names
from bot.model_info import SDXL_BASE, ModelInfo
from bot.parameters import Lora, quoted
from bot.presets.names import tidy_name
from bot.presets.partial import readable
from bot.remake.draft import Draft
from bot.remake.schedulers import take_scheduler
from bot.sentences import Sentence

PREFIX = "default_"
#: How many steps its words for speed mean.
PERFORMANCES: Mapping[str, int] = {
    "Quality": 60,
    "Speed": 30,
    "Extreme Speed": 8,
    "Lightning": 4,
    "Hyper-SD": 4,
}
NUMBERS: Mapping[str, str] = {
    "default_cfg_scale": "guidance_scale",
    "default_image_number": "num_images_per_prompt",
}
#: Which files it needs, and how its page looks: nothing that a picture could be asked for.
SILENT = re.compile(
    r"default_(?:model|refiner|loras_(?:min|max)_weight|max_lora_number|advanced_\w+|save_\w+|output_\w+|"
    r"image_prompt_\w+|max_image_number|uov_method|inpaint_\w+|enhance_\w+|describe_\w+|developer_\w+|"
    r"sample_sharpness|cfg_tsnr|adm_\w+|vae|overwrite_\w+|refiner_switch|black_out_nsfw|metadata_\w+)"
)
_SIZE = re.compile(r"(\d{2,4})\s*[*x×]\s*(\d{2,4})")
#: Their 1 is the last layer, which SDXL does not use, and their 2 is what it uses anyway.
CLIP_SKIP_OFFSET = 2
NOT_TAKEN = "Not taken over: {names}."
MOST_NAMED = 10


def is_fooocus(document: Mapping[str, Any]) -> bool:
    """Whether an object of JSON is one of its presets."""
    return bool({"default_model", "default_cfg_scale", "default_styles", "default_performance"} & document.keys())


def read_fooocus(document: Mapping[str, Any], filename: str) -> tuple[str, dict[str, Any], list[Sentence]]:
    """The preset as a name, which is that of its file, partial parameters and remarks. What is wrong is left out."""
    values: dict[str, Any] = {ours: document[theirs] for theirs, ours in NUMBERS.items() if theirs in document}
    values |= _scheduler(document, remarks := [])
    values |= _prompts(document) | _size(document) | _steps(document) | _refiner(document)
    if loras := _loras(document.get("default_loras")):
        values["loras"] = loras
    skip = document.get("default_clip_skip")
    if isinstance(skip, int) and skip > CLIP_SKIP_OFFSET:
        values["clip_skip"] = skip - CLIP_SKIP_OFFSET
    kept, wrong = readable(values)
    unknown = [
        name
        for name, value in document.items()
        if name.startswith(PREFIX) and name not in _KNOWN and not SILENT.fullmatch(name) and value not in (None, [], "")
    ]
    if unknown:
        remarks.append(Sentence.of(NOT_TAKEN, names=", ".join(quoted(name) for name in unknown[:MOST_NAMED])))
    return tidy_name(PurePath(filename).stem), kept, [*remarks, *wrong]


_KNOWN = frozenset(
    {
        *NUMBERS,
        "default_sampler",
        "default_scheduler",
        "default_prompt",
        "default_prompt_negative",
        "default_aspect_ratio",
        "default_performance",
        "default_loras",
        "default_clip_skip",
    }
)


def _scheduler(document: Mapping[str, Any], remarks: list[Sentence]) -> dict[str, Any]:
    said = {
        names.SAMPLER: document.get("default_sampler"),
        names.SCHEDULE_TYPE: document.get("default_scheduler"),
    }
    draft = Draft(ModelInfo(SDXL_BASE, None), ())
    take_scheduler(draft, "Fooocus", lambda name: str(said.get(name) or ""))
    remarks += draft.remarks
    return draft.changes


def _prompts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "prompt": document.get("default_prompt"),
        "negative_prompt": document.get("default_prompt_negative"),
    }


def _size(document: Mapping[str, Any]) -> dict[str, Any]:
    match = _SIZE.match(str(document.get("default_aspect_ratio"))[:40])
    return {} if match is None else {"width": int(match[1]), "height": int(match[2])}


def _steps(document: Mapping[str, Any]) -> dict[str, Any]:
    steps = document.get("default_overwrite_step")
    if isinstance(steps, int) and steps > 0:
        return {"num_inference_steps": steps}
    performance = PERFORMANCES.get(str(document.get("default_performance")))
    return {} if performance is None else {"num_inference_steps": performance}


def _refiner(document: Mapping[str, Any]) -> dict[str, Any]:
    if "default_refiner" not in document:
        return {}
    switch = document.get("default_refiner_switch")
    is_used = document["default_refiner"] not in (None, "", "None")
    return {"denoising_end": switch if is_used and isinstance(switch, float) and 0 < switch < 1 else None}


def _loras(listed: object) -> tuple[Lora, ...]:
    """Those that are on: `[true, "name.safetensors", 0.5]`, in older files without the switch."""
    found: dict[str, Lora] = {}
    for entry in listed if isinstance(listed, list) else []:
        parts = list(entry) if isinstance(entry, list) else []
        is_on = parts.pop(0) if parts and isinstance(parts[0], bool) else True
        if not is_on or len(parts) != 2 or not isinstance(parts[0], str) or parts[0] == "None":
            continue
        if isinstance(parts[1], int | float) and -2 <= parts[1] <= 2:
            name = parts[0].replace("\\", "/").removesuffix(".safetensors")
            found.setdefault(name.casefold(), Lora(name=name[:100], weight=parts[1]))
    return tuple(found.values())
