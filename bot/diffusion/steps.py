"""Steps of a running job, counted over both stages, some of them with a preview."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from bot.diffusion.previews import LatentColours, predicted_original

_PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One step is done: of which stage, and the how-manieth of all. `preview` is a small WebP, or None."""

    stage: str
    step: int
    steps: int
    preview: bytes | None = None


OnStep = Callable[[Step], None]


class StepReporter:
    """Calls `on_step` after each denoising step. What is raised there leaves the pipeline at once: so one cancels."""

    def __init__(self, on_step: OnStep, colours: LatentColours, calls: int, steps: int) -> None:
        self._on_step = on_step
        self._colours = colours
        self._calls = calls  # of the U-Nets; some schedulers need two a step
        self._steps = steps
        self._done = 0
        self._every = -(-calls // _PREVIEWS)
        self._seen: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    @contextmanager
    def during(self, stage: str, unet: torch.nn.Module) -> Iterator[Callable[..., dict[str, Any]]]:
        """The `callback_on_step_end` for one stage."""

        def look(_module: torch.nn.Module, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
            if self._preview_is_due():
                self._seen = inputs[0], inputs[1], output[0]

        def callback(
            pipeline: Any, _index: int, _timestep: torch.Tensor, tensors: dict[str, torch.Tensor]
        ) -> dict[str, Any]:
            preview = self._preview(pipeline) if self._preview_is_due() else None
            self._done += 1
            step = -(-self._done * self._steps // self._calls)
            self._on_step(Step(stage, step, self._steps, preview))
            return tensors

        hook = unet.register_forward_hook(look)
        try:
            yield callback
        finally:
            hook.remove()
            self._seen = None

    def _preview_is_due(self) -> bool:
        return (self._done + 1) % self._every == 0

    def _preview(self, pipeline: Any) -> bytes | None:
        if self._seen is None:
            return None
        sample, timestep, prediction = self._seen
        guidance = pipeline.guidance_scale if pipeline.do_classifier_free_guidance else None
        return self._colours(predicted_original(pipeline.scheduler, sample, timestep, prediction, guidance))
