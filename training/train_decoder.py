"""Goes on with the decoder alone: the latents stay as the U-Nets know them, the edges become sharper."""

from __future__ import annotations

import argparse

import torch
from diffusers import AutoencoderKL

from training.distributed import launch
from training.paths import WORK
from training.session import Session
from training.train_vae import FOLDER, Pictures, held_back, psnr

CHECKPOINT = WORK / "decoder.pt"
_CONTRAST_WEIGHTS = (0.7, 3.0)
_SHAKE = 0.06  # of a deviation: about what the U-Net leaves behind


def decoder_loss(vae: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Absolute error of pixels and of their differences, from slightly wrong latents; low contrasts count more."""
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            latents = vae.encode(pictures).latent_dist.mean
        shake = _SHAKE / vae.config.scaling_factor * torch.rand(len(latents), 1, 1, 1)
        decoded = vae.decode(latents + shake * torch.randn_like(latents)).sample
    contrast = pictures.std((2, 3), keepdim=True).mean(1, keepdim=True)
    error = (decoded.float() - pictures) * (contrast.mean() / contrast).clamp(*_CONTRAST_WEIGHTS)
    return error.abs().mean() + 0.5 * (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean())


def _train(rank: int, processes: int, arguments: argparse.Namespace) -> None:
    vae = AutoencoderKL.from_pretrained(FOLDER)
    for part in (vae.encoder, vae.quant_conv):
        part.requires_grad_(False)
    session = Session([vae], CHECKPOINT, rank, minutes=arguments.minutes, learning_rate=arguments.learning_rate)
    torch.manual_seed(session.step * processes + rank + 1)
    pictures = Pictures(10_000_000 + session.step * processes + rank)
    for _ in session.steps("decoder"):
        session.learn(decoder_loss(vae, pictures.batch(arguments.batch, None)))
    if rank == 0:
        session.use_averaged()
        truth = held_back()
        with torch.no_grad():
            decoded = vae.eval().decode(vae.encode(truth).latent_dist.mean).sample
        vae.save_pretrained(FOLDER)
        print(f"PSNR {psnr(decoded, truth):.2f} dB")


def main() -> None:
    """Train, or go on where the last run stopped."""
    parser = argparse.ArgumentParser(prog="python -m training.train_decoder", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="training time, earlier runs included")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4, help="pictures per process and step")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    arguments = parser.parse_args()
    launch(_train, arguments.processes, arguments)


if __name__ == "__main__":
    main()
