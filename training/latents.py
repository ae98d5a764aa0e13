"""Batches of latents and captions, one aspect bucket at a time."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import torch

from training.data import POOR_BELOW
from training.paths import bucket_folder
from training.world import BUCKETS, SQUARE

_SQUARE_SHARE = 0.45
_CONTRAST_WEIGHTS = (0.7, 2.0)


@dataclass(frozen=True)
class Batch:
    """Latents as the U-Net sees them and what goes with them."""

    latents: torch.Tensor
    tokens: torch.Tensor
    time_ids: torch.Tensor
    score: torch.Tensor
    weight: torch.Tensor


class _Bucket:
    def __init__(self, bucket: tuple[int, int], *, poor: bool) -> None:
        folder = bucket_folder(bucket)
        conditions = np.load(folder / "conditions.npz")
        chosen = torch.from_numpy((conditions["score"] >= POOR_BELOW) | poor)
        self.latents = torch.load(folder / "latents.pt")[chosen]
        self.tokens = torch.load(folder / "tokens.pt")[chosen]
        self.time_ids, self.score, self.weight = (
            torch.from_numpy(conditions[name])[chosen] for name in ("time_ids", "score", "weight")
        )
        # Brown on red differs by little, yet its outline is to come out as well as that of black on white.
        contrast = self.latents[:, :3].float().std((2, 3)).mean(1)
        self.weight = self.weight * (contrast.mean() / contrast).clamp(*_CONTRAST_WEIGHTS)


class Latents:
    """All buckets in memory; poor pictures only if asked for."""

    def __init__(self, *, poor: bool = False) -> None:
        self._buckets = {bucket: _Bucket(bucket, poor=poor) for bucket in BUCKETS}

    def batch(self, count: int, step: int) -> Batch:
        """A random batch; the step decides the bucket, so that all processes have equal work."""
        rng = Random(step)
        bucket = SQUARE if rng.random() < _SQUARE_SHARE else rng.choice(BUCKETS[1:])
        source = self._buckets[bucket]
        chosen = torch.randint(len(source.latents), (count,))
        wording = torch.randint(source.tokens.shape[1], (count,))
        return Batch(
            source.latents[chosen].float(),
            source.tokens[chosen, wording].long(),
            source.time_ids[chosen],
            source.score[chosen],
            source.weight[chosen],
        )
