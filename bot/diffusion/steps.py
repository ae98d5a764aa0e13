"""Steps of running jobs, counted over both stages, some of them with a preview."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from bot.diffusion.previews import LatentColours, predicted_original
from bot.errors import GenerationCancelled

_PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One step is done: of which stage, and the how-manieth of all. `preview` is a small WebP, or None.

    `base_steps` is how many of all are the base's.
    """

    stage: str
    step: int
    steps: int
    preview: bytes | None = None
    base_steps: int | None = None


OnStep = Callable[[Step], None]


class StepReporter:
    """Calls each job's `on_step` after each denoising step of all of them.

    Where one raises `GenerationCancelled` while others go on, its job is `gone`: its images are drawn on, as all are in
    one call, and nobody gets them. The last one's, and whatever else is raised, leaves the pipeline at once.
    """

    def __init__(
        self, listeners: Sequence[OnStep], colours: LatentColours, calls: int, steps: int, base_calls: int
    ) -> None:
        self.gone: set[int] = set()
        self._listeners = listeners
        self._colours = colours
        self._calls = calls  # of the U-Nets; some schedulers need two a step
        self._steps = steps
        self._base_steps = -(-base_calls * steps // calls)
        self._done = 0
        self._every = -(-calls // _PREVIEWS)
        self._seen: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    @contextmanager
    def during(self, stage: str, unet: torch.nn.Module, jobs: Sequence[int]) -> Iterator[Callable[..., dict[str, Any]]]:
        """The `callback_on_step_end` for one stage; `jobs` says of each image that is drawn whose it is."""

        def look(_module: torch.nn.Module, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
            if self._preview_is_due():
                self._seen = inputs[0], inputs[1], output[0]

        def callback(
            pipeline: Any, _index: int, _timestep: torch.Tensor, tensors: dict[str, torch.Tensor]
        ) -> dict[str, Any]:
            previews = self._previews(pipeline, jobs) if self._preview_is_due() else {}
            self._done += 1
            step = -(-self._done * self._steps // self._calls)
            for job, on_step in enumerate(self._listeners):
                if job not in self.gone:
                    self._tell(job, on_step, Step(stage, step, self._steps, previews.get(job), self._base_steps))
            return tensors

        hook = unet.register_forward_hook(look)
        try:
            yield callback
        finally:
            hook.remove()
            self._seen = None

    def _tell(self, job: int, on_step: OnStep, step: Step) -> None:
        try:
            on_step(step)
        except GenerationCancelled:
            self.gone.add(job)
            if len(self.gone) == len(self._listeners):
                raise

    def _preview_is_due(self) -> bool:
        return (self._done + 1) % self._every == 0

    def _previews(self, pipeline: Any, jobs: Sequence[int]) -> dict[int, bytes]:
        if self._seen is None:
            return {}
        sample, timestep, prediction = self._seen
        guidance = pipeline.guidance_scale if pipeline.do_classifier_free_guidance else None
        finished = predicted_original(pipeline.scheduler, sample, timestep, prediction, guidance)
        rows = {job: [row for row, owner in enumerate(jobs) if owner == job] for job in {*jobs} - self.gone}
        return {job: self._colours(finished[own]) for job, own in rows.items()}
