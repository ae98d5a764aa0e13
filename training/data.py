"""Draws the training pictures: one folder per aspect bucket, with captions and size conditioning."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from multiprocessing import Pool
from random import Random

import numpy as np
from PIL import Image, ImageFilter
from tqdm import tqdm

from training.captions import caption
from training.paths import bucket_folder
from training.world import BUCKETS, SQUARE, Picture, Scene, layout, render, training_scene

CAPTIONS_EACH = 6
CLEAN_SCORE, POOR_BELOW = 6.0, 5.2
_CHUNK = 250
_SOFT, _CROPPED, _POOR = 0.03, 0.04, 0.08


@dataclass(frozen=True)
class Example:
    """A picture with everything that a model may be conditioned on."""

    picture: Picture
    captions: list[str]
    time_ids: tuple[int, ...]  # original height and width, crop top and left, target height and width
    score: float
    weight: float


def _soft(picture: Picture, rng: Random) -> tuple[Picture, tuple[int, int]]:
    """As if it had come from a smaller original, which the size conditioning tells."""
    height, width, _ = picture.shape
    share = rng.uniform(0.3, 0.7)
    small = (max(16, round(width * share)), max(16, round(height * share)))
    image = Image.fromarray(picture).resize(small, Image.Resampling.LANCZOS)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)), (small[1], small[0])


def _cropped(scene: Scene, rng: Random) -> tuple[Picture, tuple[int, int], tuple[int, int]]:
    """A window of a larger picture; returns it with the original size and the window's corner."""
    width, height = scene.bucket
    wide, high = width + rng.randrange(8, width // 3), height + rng.randrange(8, height // 3)
    spots = layout(scene, rng)
    shift_x, shift_y = (wide - width) / 2, (high - height) / 2
    moved = tuple(replace(spot, x=spot.x + shift_x, y=spot.y + shift_y) for spot in spots)
    whole = render(replace(scene, bucket=(wide, high)), moved, rng)
    top, left = rng.randrange(high - height + 1), rng.randrange(wide - width + 1)
    return whole[top : top + height, left : left + width], (high, wide), (top, left)


def _spoiled(picture: Picture, rng: Random) -> tuple[Picture, float]:
    """A poor version of the picture and the aesthetic score that it deserves."""
    strength = rng.uniform(0.3, 1.0)
    image = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2.2 * strength))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 14 * strength, picture.shape)
    washed = np.asarray(image, np.float32) * (1 - 0.25 * strength) + 128 * 0.25 * strength
    return np.clip(washed + noise, 0, 255).astype(np.uint8), 5.0 - 3.0 * strength


def example(rng: Random, bucket: tuple[int, int]) -> Example:
    """One training example."""
    scene = training_scene(rng, bucket)
    width, height = bucket
    original, corner, score = (height, width), (0, 0), CLEAN_SCORE + rng.uniform(-0.3, 1.0)
    kind = rng.random()
    if kind < _CROPPED:
        picture, original, corner = _cropped(scene, rng)
    else:
        picture = render(scene, rng=rng)
        if kind < _CROPPED + _SOFT:
            picture, original = _soft(picture, rng)
        elif kind < _CROPPED + _SOFT + _POOR:
            picture, score = _spoiled(picture, rng)
    texts = [caption(scene, rng) for _ in range(CAPTIONS_EACH)]
    # A small thing covers few latents and would hardly be felt in a mean over the picture.
    weight = {"small": 1.6, "medium": 1.0, "big": 0.9}[scene.size]
    return Example(picture, texts, (*original, *corner, height, width), score, weight)


def _draw(task: tuple[int, tuple[int, int], int]) -> list[Example]:
    seed, bucket, count = task
    rng = Random(seed)
    return [example(rng, bucket) for _ in range(count)]


def make(bucket: tuple[int, int], count: int, seed: int, workers: int) -> None:
    """Draw and store the pictures of one bucket."""
    folder = bucket_folder(bucket)
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(seed + k, bucket, min(_CHUNK, count - k * _CHUNK)) for k in range(-(-count // _CHUNK))]
    examples: list[Example] = []
    with Pool(workers) as pool, tqdm(total=count, desc=folder.name, unit="picture") as bar:
        for drawn in pool.imap(_draw, tasks):
            examples += drawn
            bar.update(len(drawn))
    np.save(folder / "pictures.npy", np.stack([e.picture for e in examples]))
    np.savez(
        folder / "conditions.npz",
        time_ids=np.array([e.time_ids for e in examples], np.float32),
        score=np.array([e.score for e in examples], np.float32),
        weight=np.array([e.weight for e in examples], np.float32),
    )
    (folder / "captions.json").write_text(json.dumps([e.captions for e in examples]))


def main() -> None:
    """Draw all buckets."""
    parser = argparse.ArgumentParser(prog="python -m training.data", description=__doc__)
    parser.add_argument("--square", type=int, default=24_000, help="square pictures")
    parser.add_argument("--other", type=int, default=3_000, help="pictures in each other bucket")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    for number, bucket in enumerate(BUCKETS):
        count = arguments.square if bucket == SQUARE else arguments.other
        make(bucket, count, seed=1_000_000 * (number + 1), workers=arguments.workers)


if __name__ == "__main__":
    main()
