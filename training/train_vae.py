"""Trains the autoencoder: crops first, whole pictures at the end."""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch.nn import functional as F

from training.data import POOR_BELOW
from training.distributed import launch
from training.models import build_vae
from training.paths import WORK, bucket_folder
from training.session import Session, load_averaged
from training.world import BUCKETS, SQUARE

CHECKPOINT = WORK / "vae.pt"
FOLDER = WORK / "vae"
_HELD_BACK = 100  # the last pictures of every bucket are never trained on
_WHOLE_FROM = 0.8
_TIE, _COLOUR_SCALE = 1.0, 1.5
_FREE_DEVIATION = 0.6


def to_tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """Pictures as the autoencoder takes them, in -1 to 1."""
    tensor = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
    return (tensor / 127.5 - 1).contiguous()


def held_back(bucket: tuple[int, int] = SQUARE) -> torch.Tensor:
    """Clean pictures for measuring."""
    folder = bucket_folder(bucket)
    clean = np.load(folder / "conditions.npz")["score"][-_HELD_BACK:] > POOR_BELOW
    return to_tensor(np.load(folder / "pictures.npy", mmap_mode="r")[-_HELD_BACK:][clean])


def psnr(got: torch.Tensor, truth: torch.Tensor) -> float:
    """In decibels, over pixels in -1 to 1."""
    return float(-10 * torch.log10(((got.clamp(-1, 1) - truth) / 2).square().mean()))


def vae_loss(vae: torch.nn.Module, pictures: torch.Tensor, kl_weight: float) -> torch.Tensor:
    """Absolute error of pixels and of their differences (edges), and a light pull towards unit normal latents.

    Three channels are tied to the mean colour of their 8×8 pixels. Left alone, the encoder wraps every edge in codes of
    its own, which the U-Net then has to learn for each colour and position: shapes hardly came out at all.
    """
    with torch.autocast("cpu", torch.bfloat16):
        latents = vae.encode(pictures).latent_dist
        decoded = vae.decode(latents.sample()).sample
    error = decoded.float() - pictures
    edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    mean, variance, logvar = latents.mean.float(), latents.var.float(), latents.logvar.float()
    kl = 0.5 * (mean.square() + variance - 1 - logvar).mean()
    tie = (mean[:, :3] - _COLOUR_SCALE * F.avg_pool2d(pictures, 8)).square().mean()
    return error.abs().mean() + 0.5 * edges + kl_weight * kl + _TIE * tie


class Pictures:
    """Batches of pictures, whole or cropped."""

    def __init__(self, seed: int) -> None:
        self._random, self._rng = np.random.default_rng(seed), Random(seed)
        self._buckets = [np.load(bucket_folder(bucket) / "pictures.npy", mmap_mode="r") for bucket in BUCKETS]

    def batch(self, count: int, crop: int | None) -> torch.Tensor:
        """Pictures of one bucket; a crop is the same window in all of them."""
        square, *others = self._buckets
        pictures = square if self._rng.random() < 0.5 else self._rng.choice(others)
        chosen = np.sort(self._random.integers(0, len(pictures) - _HELD_BACK, count))
        _, height, width, _ = pictures.shape
        if crop:
            top, left = self._rng.randrange(height - crop + 1), self._rng.randrange(width - crop + 1)
            return to_tensor(pictures[chosen, top : top + crop, left : left + crop])
        return to_tensor(pictures[chosen])


def _train(rank: int, processes: int, arguments: argparse.Namespace) -> None:
    torch.manual_seed(0)
    vae = build_vae()
    if arguments.start:
        load_averaged([vae], arguments.start)
    session = Session([vae], CHECKPOINT, rank, minutes=arguments.minutes, learning_rate=arguments.learning_rate)
    torch.manual_seed(session.step * processes + rank + 1)
    pictures = Pictures(session.step * processes + rank)
    for step in session.steps("autoencoder"):
        whole = session.share > _WHOLE_FROM or step % 6 == 5
        batch = pictures.batch(arguments.batch // 4, None) if whole else pictures.batch(arguments.batch, 64)
        session.learn(vae_loss(vae, batch, kl_weight=4e-4 * min(1.0, step / 500)))
    if rank == 0:
        session.use_averaged()
        _finish(vae.eval())


@torch.no_grad()
def balance(vae: AutoencoderKL, deviations: torch.Tensor) -> torch.Tensor:
    """Rescale the latents, without changing a picture: the tied channels get unit deviation, the free one less.

    The free channel says where inside a cell an edge runs; at full strength it would drown the rest in the U-Net's
    loss.
    """
    scale = torch.tensor([1.0, 1.0, 1.0, _FREE_DEVIATION]) / deviations
    vae.quant_conv.weight[:4] *= scale[:, None, None, None]
    vae.quant_conv.bias[:4] *= scale
    vae.quant_conv.bias[4:] += 2 * scale.log()
    vae.post_quant_conv.weight /= scale[None, :, None, None]
    return scale


@torch.no_grad()
def _finish(vae: AutoencoderKL) -> None:
    """Scale the latents as the noise schedule assumes, and say how good the autoencoder is."""
    truth = held_back()
    balance(vae, vae.encode(truth).latent_dist.mean.std((0, 2, 3)))
    latents = vae.encode(truth).latent_dist.mean
    vae.register_to_config(scaling_factor=round(1 / float(latents.std()), 5))
    vae.save_pretrained(FOLDER)
    shaken = latents + 0.05 * latents.std() * torch.randn_like(latents)
    print(
        f"PSNR {psnr(vae.decode(latents).sample, truth):.2f} dB, "
        f"{psnr(vae.decode(shaken).sample, truth):.2f} dB with 5 % noise in the latents; "
        f"scaling factor {vae.config.scaling_factor}; "
        f"channel deviations {[round(float(s), 2) for s in latents.std((0, 2, 3))]}"
    )


def main() -> None:
    """Train, or go on where the last run stopped."""
    parser = argparse.ArgumentParser(prog="python -m training.train_vae", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20, help="training time, earlier runs included")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch", type=int, default=12, help="crops per process and step")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to start from")
    arguments = parser.parse_args()
    launch(_train, arguments.processes, arguments)


if __name__ == "__main__":
    main()
