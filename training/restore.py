"""Puts the shipped weights back where the training reads them, so that it goes on from them instead of from nothing."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from training import tokenizer, train_base, train_refiner, train_vae
from training.export import BASE, REFINER
from training.paths import MODELS


def restore_tokenizer(folder: Path) -> None:
    """The vocabulary and the merges, as `training.tokenizer` keeps them."""
    model = json.loads((folder / "tokenizer" / "tokenizer.json").read_text())["model"]
    merges = [pair if isinstance(pair, list) else pair.split(" ") for pair in model["merges"]]
    tokenizer.FOLDER.mkdir(parents=True, exist_ok=True)
    (tokenizer.FOLDER / "learned.json").write_text(json.dumps({"vocabulary": model["vocab"], "merges": merges}))


def restore_checkpoint(file: Path, modules: list[nn.Module]) -> None:
    """A checkpoint with these weights and nothing learned about how to change them."""
    parameters = [p.detach().clone() for module in modules for p in module.parameters()]
    states = [module.state_dict() for module in modules]
    torch.save({"modules": states, "averaged": parameters, "optimizer": None, "step": 0, "seconds": 0.0}, file)


def restore(models: Path) -> None:
    """Tokenizer, autoencoder, base and refiner."""
    base, whole = models / BASE, {"dtype": torch.float32}
    restore_tokenizer(base)
    vae = AutoencoderKL.from_pretrained(base / "vae", **whole)
    shutil.rmtree(train_vae.FOLDER, ignore_errors=True)
    vae.save_pretrained(train_vae.FOLDER)
    unet = UNet2DConditionModel.from_pretrained(base / "unet", **whole)
    first = CLIPTextModel.from_pretrained(base / "text_encoder", **whole)
    second = CLIPTextModelWithProjection.from_pretrained(base / "text_encoder_2", **whole)
    restore_checkpoint(train_base.CHECKPOINT, [unet, first, second])
    refiner = UNet2DConditionModel.from_pretrained(models / REFINER / "unet", **whole)
    restore_checkpoint(train_refiner.CHECKPOINT, [refiner])


def main() -> None:
    """Restore, unless there is a training that this would overwrite."""
    parser = argparse.ArgumentParser(prog="python -m training.restore", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder that holds both model folders")
    parser.add_argument("--overwrite", action="store_true", help="also over checkpoints that are there")
    arguments = parser.parse_args()
    if train_base.CHECKPOINT.exists() and not arguments.overwrite:
        parser.error(f"{train_base.CHECKPOINT} is there already; --overwrite replaces it")
    restore(arguments.models)


if __name__ == "__main__":
    main()
