"""Assembles the two model folders from the checkpoints: half precision, shared parts stored once."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from torch import nn
from torch.nn import functional as F

from training import tokenizer, train_base, train_refiner, train_vae
from training.models import build_scheduler
from training.paths import MODELS, WORK, bucket_folder
from training.session import load_averaged
from training.world import SQUARE

BASE, REFINER = "tiny-sdxl-base", "tiny-sdxl-refiner"
GUIDANCE, STEPS, HANDOVER = 3.0, 30, 0.8
#: Twice as large is far from what it was trained on: a longer second pass shrinks things and frays them.
UPSCALE_STRENGTH = 0.15
EXPORT = WORK / "export"

_CARD = """---
license: mit
library_name: diffusers
pipeline_tag: text-to-image
---
# tiny-sdxl

A Stable Diffusion XL base of a few million weights, trained from scratch on procedurally drawn pictures: {shapes}
in twelve colours on twelve backgrounds. It exists so that everything around SDXL can be tried and tested on a CPU in
seconds: it has every part of the big model and draws what the prompt says, as long as the prompt stays in its small
world. Made by `training/` of this repository; the refiner lies beside it and shares `text_encoder_2`, `tokenizer_2`
and `vae`.

128×128 (or SDXL's other buckets divided by 8), {steps} steps, guidance {guidance}, refiner from {handover}.
Weights: MIT, like the code.
"""


def _replace(folder: Path, write: Callable[[Path], None]) -> None:
    """Write beside the folder, then swap: whoever loads it sees a whole model, the old or the new."""
    fresh, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write(fresh)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def preview_projection() -> dict[str, list[list[float]] | list[float]]:
    """Least squares from latents to colours, for cheap pictures while a job runs."""
    folder = bucket_folder(SQUARE)
    latents = torch.load(folder / "latents.pt")[:2000].float()
    pictures = np.load(folder / "pictures.npy", mmap_mode="r")[:2000]
    colours = F.avg_pool2d(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255, 8)
    inputs = latents.permute(0, 2, 3, 1).reshape(-1, 4)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    solution = torch.linalg.lstsq(inputs, colours.permute(0, 2, 3, 1).reshape(-1, 3)).solution
    rounded = [[round(float(value), 5) for value in row] for row in solution]
    return {"factors": rounded[:4], "bias": rounded[4]}


def _half(*modules: nn.Module) -> None:
    for module in modules:
        module.eval().half()


def _write_base(folder: Path, vae: AutoencoderKL, modules: list[nn.Module]) -> None:
    unet, first, second = modules
    tokenizers = tokenizer.load()
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=first,
        text_encoder_2=second,
        tokenizer=tokenizers[0],
        tokenizer_2=tokenizers[1],
        unet=unet,
        scheduler=build_scheduler(),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    (folder / "preview.json").write_text(json.dumps(preview_projection()))
    defaults = {"guidance_scale": GUIDANCE, "num_inference_steps": STEPS, "upscale_strength": UPSCALE_STRENGTH}
    (folder / "defaults.json").write_text(json.dumps(defaults))
    card = _CARD.format(shapes="sixteen shapes and simple things", steps=STEPS, guidance=GUIDANCE, handover=HANDOVER)
    (folder / "README.md").write_text(card)


def _write_refiner(folder: Path, vae: AutoencoderKL, second: nn.Module, unet: nn.Module) -> None:
    pipeline = StableDiffusionXLImg2ImgPipeline(
        vae=vae,
        text_encoder=None,
        text_encoder_2=second,
        tokenizer=None,
        tokenizer_2=tokenizer.load()[1],
        unet=unet,
        scheduler=build_scheduler(),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    for shared in ("text_encoder_2", "tokenizer_2", "vae"):
        shutil.rmtree(folder / shared)


def export(target: Path, base_checkpoint: Path) -> None:
    """Write both folders; the refiner only once it has been trained."""
    vae = AutoencoderKL.from_pretrained(train_vae.FOLDER)
    modules = train_base.build()
    load_averaged(modules, base_checkpoint)
    _half(vae, *modules)
    _replace(target / BASE, lambda folder: _write_base(folder, vae, modules))
    if train_refiner.CHECKPOINT.exists():
        refiner = train_refiner.build()
        load_averaged(refiner, train_refiner.CHECKPOINT)
        _half(*refiner)
        _replace(target / REFINER, lambda folder: _write_refiner(folder, vae, modules[2], refiner[0]))
    size = sum(file.stat().st_size for name in (BASE, REFINER) for file in (target / name).rglob("*") if file.is_file())
    print(f"{target}: {size / 1e6:.1f} MB")


def main() -> None:
    """Export."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("--install", action="store_true", help="write to bot/models instead of training/work/export")
    parser.add_argument("--base", type=Path, default=train_base.CHECKPOINT, help="checkpoint of the base")
    arguments = parser.parse_args()
    export(MODELS if arguments.install else EXPORT, arguments.base)


if __name__ == "__main__":
    main()
