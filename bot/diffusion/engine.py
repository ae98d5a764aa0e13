"""The model as the executor's process works with it: jobs come in, PNGs go out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

from bot.comparison import Comparison
from bot.diffusion.assets import Assets
from bot.diffusion.batches import draw_batch
from bot.diffusion.hub import HubAccess, OnProgress
from bot.diffusion.plan import OnRemark
from bot.diffusion.sdxl import Commission, StableDiffusionXL
from bot.diffusion.sheets import make_sheet
from bot.diffusion.steps import OnStep, Step
from bot.errors import ExecutorDied, GenerationFailed
from bot.events import Progress
from bot.jobs import Job
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.sentences import Sentence


class SDXLEngine:
    """Makes what jobs ask for with `StableDiffusionXL`."""

    def __init__(self, sdxl: StableDiffusionXL) -> None:
        self._sdxl = sdxl

    @classmethod
    def load(cls, model: ModelInfo, device: str, hub: HubAccess, assets: Assets, on_progress: OnProgress) -> Self:
        """Load the model. Raises `StartupFailed` with a sentence."""
        return cls(StableDiffusionXL.load(model, device, hub=hub, assets=assets, on_progress=on_progress))

    @property
    def device(self) -> str:
        """Where it works."""
        return str(self._sdxl.device)

    @property
    def memory(self) -> Memory:
        """What that device has left at this moment."""
        return self._sdxl.memory

    def make(
        self, jobs: Sequence[Job], on_progress: Callable[[Progress], None], on_remark: Callable[[Job, Sentence], None]
    ) -> list[list[bytes] | Exception]:
        """The PNGs of each of these compatible jobs, or what ended it and it alone. Raises `ExecutorDied`."""
        commissions = [
            Commission(job.parameters, _steps_of(job, on_progress), _remarks_of(job, on_remark)) for job in jobs
        ]
        if (comparison := jobs[0].comparison) is not None:
            # Always alone, see `bot.batching`.
            return [self._sheet(comparison, *commissions)]
        return [
            drawn if isinstance(drawn, Exception) else self._sdxl.to_pngs(drawn, job.parameters)
            for job, drawn in zip(jobs, draw_batch(self._sdxl, commissions), strict=True)
        ]

    def _sheet(self, comparison: Comparison, commission: Commission) -> list[bytes] | Exception:
        try:
            return [make_sheet(self._sdxl, comparison, commission.on_step, commission.on_remark)]
        except ExecutorDied:
            raise
        except GenerationFailed as error:
            return error


def _steps_of(job: Job, on_progress: Callable[[Progress], None]) -> OnStep:
    def on_step(step: Step) -> None:
        on_progress(Progress(job.id, step.stage, step.step, step.steps, step.preview, step.base_steps))

    return on_step


def _remarks_of(job: Job, on_remark: Callable[[Job, Sentence], None]) -> OnRemark:
    return lambda remark: on_remark(job, remark)
