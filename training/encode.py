"""Turns the pictures into latents, once, so that the U-Nets need not wait for the autoencoder."""

from __future__ import annotations

import argparse
from multiprocessing import Pool

import numpy as np
import torch
from diffusers import AutoencoderKL
from tqdm import tqdm

from training.paths import bucket_folder
from training.train_vae import FOLDER, to_tensor
from training.world import BUCKETS

_BATCH = 50


@torch.no_grad()
def _encode(bucket: tuple[int, int]) -> str:
    torch.set_num_threads(1)
    vae = AutoencoderKL.from_pretrained(FOLDER).eval()
    pictures = np.load(bucket_folder(bucket) / "pictures.npy", mmap_mode="r")
    latents = []
    for start in range(0, len(pictures), _BATCH):
        with torch.autocast("cpu", torch.bfloat16):
            batch = vae.encode(to_tensor(pictures[start : start + _BATCH])).latent_dist.mean
        latents.append((batch.float() * vae.config.scaling_factor).half())
    torch.save(torch.cat(latents), bucket_folder(bucket) / "latents.pt")
    return bucket_folder(bucket).name


def main() -> None:
    """Encode every bucket."""
    parser = argparse.ArgumentParser(prog="python -m training.encode", description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with Pool(arguments.workers) as pool:
        for _ in tqdm(pool.imap_unordered(_encode, BUCKETS), total=len(BUCKETS), unit="bucket"):
            pass


if __name__ == "__main__":
    main()
