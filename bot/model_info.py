"""What must be known of a model before it is loaded: read from its JSON files, without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import ModelNotFound

TINY = "tiny"
SDXL_BASE = "stabilityai/stable-diffusion-xl-base-1.0"
SDXL_REFINER = "stabilityai/stable-diffusion-xl-refiner-1.0"
#: The commits of the two Stability repositories that this release was written for.
REVISIONS: Mapping[str, str] = {
    SDXL_BASE: "462165984030d82259a11f4367a4eed129e94a7b",
    SDXL_REFINER: "5d4cfe854c9a9a87939ff3653551c2b3c99a4356",
}
#: The refiner that belongs to a base, meant where nobody names another or none.
REFINERS: Mapping[str, str] = {TINY: TINY, SDXL_BASE: SDXL_REFINER}
MODELS = Path(__file__).parent / "models"
EMBEDDED_BASE = MODELS / "tiny-sdxl-base"
EMBEDDED_REFINER = MODELS / "tiny-sdxl-refiner"
SDXL_NATIVE_SIZE = 1024
#: clip_skip of k takes the hidden states k layers before the usual last but one; people know 1 to 4.
MAX_CLIP_SKIP = 4
BASE_KIND = "StableDiffusionXLPipeline"
REFINER_KIND = "StableDiffusionXLImg2ImgPipeline"
AGAIN = "Copy the model there again."


@dataclass(frozen=True)
class ModelInfo:
    """Which base and refiner, and what follows from their configuration.

    `base` and `refiner` are folders or hub ids. `native_size` is the side in pixels of the square pictures that the
    base was trained on. `defaults` are parameters that suit this model better than the general ones (`defaults.json`).
    `max_clip_skip` is how far down its shallower text encoder goes. `max_pixels` is how many a picture may have: the
    owner's limit, and none by itself.
    """

    base: str
    refiner: str | None
    native_size: int = SDXL_NATIVE_SIZE
    defaults: Mapping[str, Any] = field(default_factory=dict)
    max_clip_skip: int = MAX_CLIP_SKIP
    max_pixels: int | None = None

    @property
    def name(self) -> str:
        """What the base is called in captions and in the infotext."""
        return Path(self.base).name

    @property
    def refiner_name(self) -> str | None:
        """What the refiner is called in captions and in the infotext."""
        return None if self.refiner is None else Path(self.refiner).name


def read_model_info(model_base: str, model_refiner: str | None) -> ModelInfo:
    """What `MODEL_BASE` and `MODEL_REFINER` mean: `tiny`, a folder, or a hub id.

    Raises `ModelNotFound` with what is missing and what to do, for a folder that is not there or not a model.
    """
    base = str(EMBEDDED_BASE) if model_base == TINY else _without_tilde(model_base)
    refiner = str(EMBEDDED_REFINER) if model_refiner == TINY else _without_tilde(model_refiner or "") or None
    if refiner is not None and is_folder(refiner):
        _read_refiner(Path(refiner))
    return _read_base(Path(base), refiner) if is_folder(base) else ModelInfo(base, refiner)


def is_folder(model: str) -> bool:
    """Whether `model` means a folder: it is one, or it cannot be a hub id (`owner/name`)."""
    path = Path(model)
    return path.is_dir() or path.is_absolute() or model.startswith(".") or model.count("/") != 1


def _without_tilde(model: str) -> str:
    return str(Path(model).expanduser()) if model.startswith("~") else model


def _read_base(folder: Path, refiner: str | None) -> ModelInfo:
    kind = _kind(folder)
    if kind == REFINER_KIND:
        raise ModelNotFound(f"{folder} is a refiner. Name it in MODEL_REFINER, and a base in MODEL_BASE.")
    if kind != BASE_KIND:
        raise ModelNotFound(f"{folder} holds a {kind}, and this bot draws with a {BASE_KIND}.")
    unet = _read_json(folder, "unet/config.json")
    vae = _read_json(folder, "vae/config.json")
    encoders = [_read_json(folder, f"{name}/config.json") for name in ("text_encoder", "text_encoder_2")]
    try:
        native_size = int(unet["sample_size"]) * 2 ** (len(vae["block_out_channels"]) - 1)
        # The hidden states are one more than the layers, and without any skip the last but one is taken.
        max_clip_skip = min(MAX_CLIP_SKIP, *(int(encoder["num_hidden_layers"]) - 1 for encoder in encoders))
    except KeyError as error:
        raise ModelNotFound(f"{folder} is not a Stable Diffusion XL model: its config.json lacks {error}.") from error
    except (TypeError, ValueError) as error:
        raise ModelNotFound(f"A config.json in {folder} is broken: {error}. {AGAIN}") from error
    defaults = _read_json(folder, "defaults.json") if (folder / "defaults.json").exists() else {}
    return ModelInfo(str(folder), refiner, native_size, defaults, max_clip_skip)


def _read_refiner(folder: Path) -> None:
    kind = _kind(folder)
    if kind == BASE_KIND:
        raise ModelNotFound(f"{folder} is a base. Name it in MODEL_BASE, and a refiner in MODEL_REFINER.")
    if kind != REFINER_KIND:
        raise ModelNotFound(f"{folder} holds a {kind}, and a refiner is a {REFINER_KIND}.")
    _read_json(folder, "unet/config.json")


def _kind(folder: Path) -> str:
    """The class that a model folder is made for. Only a base has the first text encoder, whatever the file says."""
    index = _read_json(folder, "model_index.json")
    kind = str(index.get("_class_name", "model of no known kind"))
    if kind not in (BASE_KIND, REFINER_KIND):
        return kind
    return REFINER_KIND if index.get("text_encoder") in (None, [None, None]) else BASE_KIND


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    if not folder.is_dir():
        raise ModelNotFound(f"There is no model folder {folder}. Name a folder that exists, a hub id, or “{TINY}”.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelNotFound(f"{folder} is not a diffusers model folder: {name} is missing.") from None
    except (OSError, ValueError) as error:
        raise ModelNotFound(f"{path} cannot be read: {error}. {AGAIN}") from error
    if not isinstance(content, dict):
        raise ModelNotFound(f"{path} does not hold what a model's {path.name} holds. {AGAIN}")
    return content
