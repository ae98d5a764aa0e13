"""Fooocus' own scheme: the same key as A1111's, and JSON in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.infotext import names
from bot.infotext.info import PictureInfo, load_object, renamed, stem

PROGRAM = "Fooocus"
_WORDS = {
    "prompt": names.RAW_PROMPT,
    "full_prompt": names.PROMPT,
    "negative_prompt": names.RAW_NEGATIVE_PROMPT,
    "full_negative_prompt": names.NEGATIVE_PROMPT,
    "styles": names.STYLES,
    "performance": "Performance",
    "steps": names.STEPS,
    "sampler": names.SAMPLER,
    "scheduler": names.SCHEDULE_TYPE,
    "guidance_scale": names.CFG_SCALE,
    "seed": names.SEED,
    "resolution": names.SIZE,
    "sharpness": "Sharpness",
    "adm_guidance": "ADM Guidance",
    "base_model": names.MODEL,
    "base_model_hash": names.MODEL_HASH,
    "refiner_model": names.REFINER,
    "refiner_model_hash": "Refiner hash",
    "refiner_switch": names.REFINER_SWITCH,
    "clip_skip": names.CLIP_SKIP,
    "vae": "VAE",
    "freeu": "FreeU",
    "created_by": "User",
    "version": names.VERSION,
}
_PAIR = re.compile(r"\D*(\d{1,5})\D+(\d{1,5})\D*")
#: Each of them once, as the JSON has them twice.
_LORA_KEY = re.compile(r"lora_combined_\d+")


def read_fooocus(texts: Mapping[str, str]) -> PictureInfo | None:
    """The picture's info where its parameters are JSON of Fooocus; None otherwise."""
    data = load_object(texts.get("parameters"))
    if data is None or not {"prompt", "base_model"} & data.keys():
        return None
    loras = _loras(data)
    has_refiner = data.get("refiner_model") not in (None, "", "None")
    kept = {
        key: _value(key, value)
        for key, value in data.items()
        if key != "loras" and not _LORA_KEY.fullmatch(key) and (has_refiner or key != "refiner_switch")
    }
    settings = renamed(kept, _WORDS)
    settings.setdefault(names.PROMPT, settings.get(names.RAW_PROMPT, ""))
    settings.setdefault(names.NEGATIVE_PROMPT, settings.get(names.RAW_NEGATIVE_PROMPT, ""))
    if loras:
        settings[names.LORA_WEIGHTS] = ", ".join(f"{name}: {weight}" for name, weight in loras.items())
    return PictureInfo(PROGRAM, settings, text=texts["parameters"])


def _value(key: str, value: Any) -> Any:
    if key in ("full_prompt", "full_negative_prompt") and isinstance(value, list):
        return ", ".join(str(part) for part in value if part)
    if key == "resolution" and (pair := _PAIR.fullmatch(str(value)[:40])):
        return f"{pair[1]}x{pair[2]}"
    return stem(value) if key in ("base_model", "refiner_model", "vae") else value


def _loras(data: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in data.items():
        if _LORA_KEY.fullmatch(key) and isinstance(value, str):
            name, _, weight = value.rpartition(" : ")
            found[stem(name)] = weight
    listed = data.get("loras")
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, list) and len(entry) >= 2:
            found.setdefault(stem(entry[0]), str(entry[1]))
    return {name: weight for name, weight in found.items() if name}
