"""InvokeAI's two formats: `invokeai_metadata` of today, `sd-metadata` of before version 3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.infotext import names
from bot.infotext.info import PictureInfo, load_object, renamed, size_of, stem

PROGRAM = "InvokeAI"
_WORDS = {
    "positive_prompt": names.PROMPT,
    "negative_prompt": names.NEGATIVE_PROMPT,
    "positive_style_prompt": names.PROMPT_2,
    "negative_style_prompt": names.NEGATIVE_PROMPT_2,
    "seed": names.SEED,
    "steps": names.STEPS,
    "scheduler": names.SAMPLER,
    "sampler": names.SAMPLER,
    "cfg_scale": names.CFG_SCALE,
    "cfg_rescale_multiplier": names.CFG_RESCALE,
    "strength": names.DENOISING_STRENGTH,
    "init_image": "Init image",
    "model_weights": names.MODEL,
    "model_hash": names.MODEL_HASH,
    "refiner_start": names.REFINER_SWITCH,
    "refiner_positive_aesthetic_score": names.AESTHETIC_SCORE,
    "refiner_negative_aesthetic_score": names.NEGATIVE_AESTHETIC_SCORE,
    "refiner_cfg_scale": "Refiner CFG scale",
    "refiner_steps": "Refiner steps",
    "refiner_scheduler": "Refiner sampler",
    "rand_device": names.RNG,
    "generation_mode": "Generation mode",
    "app_version": names.VERSION,
}
_MODELS = {"model": names.MODEL, "refiner_model": names.REFINER, "vae": "VAE"}
#: `(blue hat)1.2` as InvokeAI weights it, to `(blue hat:1.2)`.
_WEIGHT = re.compile(r"\(([^()]{1,500})\)(\d(?:\.\d{1,3})?)(?![\d.])")
#: Parts of an old prompt in brackets were its negative.
_NEGATIVE = re.compile(r"\[([^\[\]]*)\]")


def read_invokeai(texts: Mapping[str, str]) -> PictureInfo | None:
    """The picture's info where InvokeAI has written it; None otherwise."""
    data = load_object(texts.get("invokeai_metadata"))
    if data is not None:
        return PictureInfo(PROGRAM, _settings(data), text=texts["invokeai_metadata"])
    old = load_object(texts.get("sd-metadata"))
    if old is not None and isinstance(old.get("image"), dict):
        return PictureInfo(PROGRAM, _old_settings(old), text=texts["sd-metadata"])
    return None


def _settings(data: dict[str, Any]) -> dict[str, str]:
    rest = dict(data)
    size = size_of(rest.pop("width", None), rest.pop("height", None))
    models = {word: _model_name(rest.pop(key, None)) for key, word in _MODELS.items()}
    loras = _loras(rest.pop("loras", None))
    skip = rest.pop("clip_skip", None)
    # The upscaling pass is off unless its flag says so, and then its other settings say nothing.
    if not rest.get("hrf_enabled"):
        rest = {key: value for key, value in rest.items() if not key.startswith("hrf_")}
    settings = renamed({**rest, names.SIZE: size, **models, names.LORA_WEIGHTS: loras}, _WORDS)
    if isinstance(skip, int) and skip > 0:
        settings[names.CLIP_SKIP] = str(skip + 1)
    for prompt in (names.PROMPT, names.NEGATIVE_PROMPT, names.PROMPT_2, names.NEGATIVE_PROMPT_2):
        if prompt in settings:
            settings[prompt] = _WEIGHT.sub(r"(\1:\2)", settings[prompt])
    return settings


def _old_settings(data: dict[str, Any]) -> dict[str, str]:
    image = dict(data["image"])
    size = size_of(image.pop("width", None), image.pop("height", None))
    written = image.pop("prompt", "")
    parts = written if isinstance(written, list) else [written]
    texts = [part.get("prompt", "") if isinstance(part, dict) else part for part in parts]
    prompt = " ".join(text for text in texts if isinstance(text, str))
    negative = ", ".join(part.strip() for part in _NEGATIVE.findall(prompt) if part.strip())
    positive = " ".join(_NEGATIVE.sub(" ", prompt).split())
    rest = {key: value for key, value in data.items() if key != "image"}
    said = {names.PROMPT: positive, names.NEGATIVE_PROMPT: negative, names.SIZE: size}
    return renamed({**said, **image, **rest}, _WORDS)


def _model_name(model: Any) -> str:
    if isinstance(model, dict):
        return stem(model.get("name") or model.get("model_name"))
    return stem(model)


def _loras(entries: Any) -> str:
    known = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    weights = {_model_name(entry.get("model") or entry.get("lora")): entry.get("weight", 1) for entry in known}
    return ", ".join(f"{name}: {weight}" for name, weight in weights.items() if name)
