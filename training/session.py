"""What every training run has: a time budget, a learning-rate curve, averaged weights, checkpoints, a bar."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from training.distributed import average_gradients

_KEEP_EVERY_S = 180


class Session:
    """Optimises modules until the time is spent; several processes in step."""

    def __init__(
        self, modules: Sequence[nn.Module], file: Path, rank: int, *, minutes: float, learning_rate: float
    ) -> None:
        self.modules, self.file, self.rank = modules, file, rank
        self.parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
        self.averaged = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=learning_rate, betas=(0.9, 0.99), weight_decay=0.01, foreach=True
        )
        self.step, self.share, self.losses = 0, 0.0, [0.0]
        self._seconds, self._learning_rate = minutes * 60, learning_rate
        self._before = 0.0
        self._started = self._kept = time.monotonic()
        if file.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.file, weights_only=True)
        for module, weights in zip(self.modules, state["modules"], strict=True):
            module.load_state_dict(weights)
        self.averaged = state["averaged"]
        if state["optimizer"] is not None:
            self.optimizer.load_state_dict(state["optimizer"])
        self.step, self._before = state["step"], state["seconds"]
        self.share = self._before / self._seconds

    @property
    def seconds(self) -> float:
        """Training time so far, earlier runs included."""
        return self._before + time.monotonic() - self._started

    def steps(self, title: str) -> Iterator[int]:
        """Yield step numbers until the time is spent."""
        bar = tqdm(
            total=100, desc=title, unit="%", disable=self.rank > 0, mininterval=0.5 if sys.stderr.isatty() else 30
        )
        while self.share < 1:
            for group in self.optimizer.param_groups:
                group["lr"] = self._rate()
            yield self.step
            recent = self.losses[-100:]
            bar.set_postfix(step=self.step, loss=f"{sum(recent) / len(recent):.4f}", refresh=False)
            bar.update(round(min(self.share, 1) * 100, 2) - bar.n)
            if time.monotonic() - self._kept > _KEEP_EVERY_S:
                self.keep()
        bar.close()
        self.keep()

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / 60)
        return self._learning_rate * warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(self.share, 1))))

    def learn(self, loss: torch.Tensor) -> None:
        """One optimiser step, the same in every process."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.share = average_gradients(self.parameters, self.seconds / self._seconds)
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        decay = min(0.995, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(self.averaged, [p.detach() for p in self.parameters], 1 - decay)
        self.losses = [*self.losses[-499:], loss.item()] if self.step else [loss.item()]
        self.step += 1

    def keep(self) -> None:
        """Write a checkpoint; a broken-off write never replaces a whole one."""
        self._kept = time.monotonic()
        if self.rank:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "modules": [module.state_dict() for module in self.modules],
            "averaged": self.averaged,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        partial = self.file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.file)

    def use_averaged(self) -> None:
        """Put the averaged weights into the modules."""
        with torch.no_grad():
            torch._foreach_copy_(self.parameters, self.averaged)


def load_averaged(modules: Sequence[nn.Module], file: Path) -> None:
    """Put the averaged weights of a checkpoint into freshly built modules."""
    state = torch.load(file, weights_only=True)
    for module, weights in zip(modules, state["modules"], strict=True):
        module.load_state_dict(weights)
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    with torch.no_grad():
        torch._foreach_copy_(parameters, state["averaged"])
