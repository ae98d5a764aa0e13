"""From parameters to finished latents, in every mode: from text, from a picture, inside a mask, as a second pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from bot.diffusion.arguments import base_arguments, from_image, refiner_arguments
from bot.diffusion.noise import Noise, noise_for
from bot.diffusion.plan import Plan
from bot.diffusion.prompt_batches import PromptBatch
from bot.diffusion.prompt_encoding import PromptEmbeddings
from bot.diffusion.schedulers import make_scheduler, set_timesteps
from bot.diffusion.steps import StepReporter
from bot.parameters import Parameters

Callback = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One model in a batch: its pipelines, its scheduler's configuration and what it is told for each job."""

    pipeline: Any
    from_image: Any
    config: Mapping[str, Any]
    prompts: Sequence[PromptEmbeddings]


@dataclass(frozen=True, slots=True)
class Slot:
    """One image of a batch: of which of its jobs, by place, and which of that job's images."""

    job: int
    image: int


@dataclass(frozen=True, slots=True)
class Start:
    """What a picture begins with that does not begin with noise: its latents, and where they may change (1) or not."""

    latents: torch.Tensor
    mask: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class Denoising:
    """The way of compatible jobs. Call it with the images that are to be made at once."""

    jobs: Sequence[Parameters]
    plan: Plan
    base: Stage
    refiner: Stage | None
    start: Start | None
    reporter: StepReporter
    device: torch.device

    def __call__(self, slots: Sequence[Slot]) -> torch.Tensor:
        """The latents of these images."""
        noise = self._noise(slots)
        if self.refiner is None:
            return self._base(slots, noise)
        return self._refine(self.refiner, slots, noise, self._base(slots, noise) if self.plan.base_calls else None)

    @property
    def parameters(self) -> Parameters:
        """Those of the first job, for all that jobs which are drawn together have in common."""
        return self.jobs[0]

    def _noise(self, slots: Sequence[Slot]) -> Noise:
        scale = self.base.pipeline.vae_scale_factor
        shape = (
            self.base.pipeline.unet.config.in_channels,
            self.parameters.height // scale,
            self.parameters.width // scale,
        )
        images = [self.jobs[slot.job].of_image(slot.image) for slot in slots]
        return noise_for(images, shape, self.base.prompts[0].prompt_embeds.dtype)

    def _base(self, slots: Sequence[Slot], noise: Noise) -> torch.Tensor:
        arguments = base_arguments(self.parameters) | self._options(noise)
        arguments["denoising_end"] = self.plan.handover.denoising_end
        if self.start is None:
            arguments["latents"] = noise.tensor
            return self._run(self.base, self.base.pipeline, "base", slots, noise, arguments)
        arguments = from_image(arguments) | self._beginning(self.base, self.start, noise)
        return self._run(self.base, self.base.from_image, "base", slots, noise, arguments)

    def _refine(
        self, refiner: Stage, slots: Sequence[Slot], noise: Noise, latents: torch.Tensor | None
    ) -> torch.Tensor:
        arguments = refiner_arguments(self.parameters) | self._options(noise)
        if latents is not None:
            arguments |= {"image": latents, "denoising_start": self.plan.handover.denoising_start}
        elif self.start is not None:
            arguments |= self._beginning(refiner, self.start, noise)
        return self._run(refiner, refiner.pipeline, "refiner", slots, noise, arguments)

    def _run(
        self,
        stage: Stage,
        pipeline: Any,
        name: str,
        slots: Sequence[Slot],
        noise: Noise,
        arguments: Mapping[str, Any],
    ) -> torch.Tensor:
        pipeline.scheduler = self._scheduler(stage)
        first = self.plan.first if name == "base" else self.plan.calls - self.plan.refiner_calls
        jobs = [slot.job for slot in slots]
        batch = PromptBatch.of([stage.prompts[job] for job in jobs])
        with batch.unpadded(pipeline.unet), self.reporter.during(name, pipeline.unet, jobs) as report:
            callback = self._keeping_unmasked(report, noise, first)
            latents: torch.Tensor = pipeline(
                **arguments, **batch.prompt.arguments(), callback_on_step_end=callback
            ).images
        # Where parts move in and out, `from_image` has no hooks of its own, and what it used would stay on the device.
        stage.pipeline.maybe_free_model_hooks()
        return latents

    def _options(self, noise: Noise) -> dict[str, Any]:
        # Each image has its own row among the prompts.
        options = {"generator": noise.generators, "num_images_per_prompt": 1, "output_type": "latent"}
        if self.parameters.timesteps is not None:
            options["timesteps"] = list(self.parameters.timesteps)
        return options

    def _beginning(self, stage: Stage, start: Start, noise: Noise) -> dict[str, Any]:
        """For an image-to-image pipeline that begins with the picture: noised here, with this image's own noise."""
        scheduler = self._scheduler(stage)
        set_timesteps(scheduler, self.parameters.num_inference_steps, self.parameters.timesteps)
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(self.plan.first)
        latents = self._noised(start.latents, scheduler, noise, self.plan.first)
        return {"image": latents, "latents": latents, "strength": self.plan.strength}

    def _keeping_unmasked(self, report: Callback, noise: Noise, first: int) -> Callback:
        """`report`, and before it, what the mask does not let change is put back, as noisy as the next step expects.

        Done here and not by diffusers' inpainting pipeline: that one takes the noise of variations for pure noise
        whatever the strength, and in the refiner adds noise to latents that are noisy already.
        """
        start = self.start
        if start is None or start.mask is None:
            return report
        mask = start.mask

        def callback(
            pipeline: Any, index: int, timestep: torch.Tensor, tensors: dict[str, torch.Tensor]
        ) -> dict[str, torch.Tensor]:
            scheduler, following = pipeline.scheduler, first + index + 1
            # Between the two calls of one step, the latents are at no level of the schedule.
            if getattr(scheduler, "state_in_first_order", True):
                latents = tensors["latents"]
                kept = start.latents.expand_as(latents)
                if following < len(scheduler.timesteps):
                    kept = self._noised(start.latents, scheduler, noise, following)
                tensors["latents"] = torch.where(mask > 0, latents, kept.to(latents.dtype))
            return report(pipeline, index, timestep, tensors)

        return callback

    def _noised(self, latents: torch.Tensor, scheduler: Any, noise: Noise, index: int) -> torch.Tensor:
        tensor = noise.tensor.to(self.device)
        timesteps = scheduler.timesteps[index : index + 1].repeat(len(tensor))
        noised: torch.Tensor = scheduler.add_noise(latents.to(tensor.dtype).expand_as(tensor), tensor, timesteps)
        return noised

    def _scheduler(self, stage: Stage) -> Any:
        return make_scheduler(self.parameters.scheduler, stage.config, self.parameters.timestep_spacing)
