"""Stable Diffusion XL as one callable: base and refiner as an ensemble of experts, or the base alone."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from PIL import Image

from bot.diffusion.devices import choose_device, choose_dtype, free_memory
from bot.diffusion.loading import load_base, load_refiner
from bot.diffusion.schedulers import make_scheduler
from bot.errors import OutOfMemory
from bot.infotext import png_info
from bot.model_info import ModelInfo
from bot.parameters import Parameters

#: Called after each step with stage ("base" or "refiner"), steps done and steps in all; raising out of it cancels.
OnStep = Callable[[str, int, int], None]
OnProgress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """PNG bytes, the parameters that make it again alone, and the seconds that its job took."""

    png: bytes
    parameters: Parameters
    elapsed: float


class StableDiffusionXL:
    """Base and refiner (`None`: base alone) on one device. Not safe for threads: a pipeline holds its step."""

    def __init__(self, model: ModelInfo, base: Any, refiner: Any | None, device: torch.device) -> None:
        self.model, self.base, self.refiner, self.device = model, base, refiner, device
        self._scheduler_configs = [dict(pipe.scheduler.config) for pipe in (base, refiner) if pipe is not None]

    @classmethod
    def load(cls, model: ModelInfo, device: str = "auto", on_progress: OnProgress = lambda *_: None) -> Self:
        """Load both models. Raises `StartupFailed` for a device that is not there, `ModelNotFound` for the rest."""
        place = choose_device(device)
        dtype = choose_dtype(place)
        on_progress(0.0, f"loading {model.name}")
        base = load_base(model, dtype)
        on_progress(0.5, f"loading {model.refiner_name}" if model.refiner else f"moving to {place}")
        refiner = load_refiner(model, base, dtype)
        for pipe in (base, refiner):
            if pipe is not None:
                pipe.to(place)
        on_progress(1.0, "ready")
        return cls(model, base, refiner, place)

    @torch.inference_mode()
    def __call__(self, parameters: Parameters, on_step: OnStep = lambda *_: None) -> list[Picture]:
        """The pictures of one job, image k from `seed + k`.

        Raises `OutOfMemory` when even single images with a sliced and tiled autoencoder do not fit.
        """
        started = time.perf_counter()
        each = [parameters.of_image(index) for index in range(parameters.num_images_per_prompt)]
        try:
            images = self._draw(parameters, [p.seed for p in each], on_step)
        except torch.OutOfMemoryError:
            images = self._draw_sparingly(parameters, each, on_step)
        elapsed = time.perf_counter() - started
        return [Picture(_png(image, own, self.model), own, elapsed) for image, own in zip(images, each, strict=True)]

    def _draw_sparingly(self, parameters: Parameters, each: list[Parameters], on_step: OnStep) -> list[Image.Image]:
        vae = self.base.vae
        vae.enable_slicing()
        vae.enable_tiling()
        try:
            free_memory(self.device)
            return [image for own in each for image in self._draw(parameters, [own.seed], on_step)]
        except torch.OutOfMemoryError as error:
            free_memory(self.device)
            raise OutOfMemory from error
        finally:
            vae.disable_slicing()
            vae.disable_tiling()

    def _draw(self, parameters: Parameters, seeds: list[int], on_step: OnStep) -> list[Image.Image]:
        # On the CPU, one for each image: the same noise on every device and in every batch.
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        refiner = self.refiner
        denoising_end = parameters.denoising_end if refiner is not None else None
        self.base.scheduler = make_scheduler(parameters.scheduler, self._scheduler_configs[0])
        common = {
            "prompt": parameters.prompt,
            "prompt_2": parameters.prompt_2,
            "negative_prompt": parameters.negative_prompt,
            "negative_prompt_2": parameters.negative_prompt_2,
            "num_inference_steps": parameters.num_inference_steps,
            "guidance_scale": parameters.guidance_scale,
            "guidance_rescale": parameters.guidance_rescale,
            "eta": parameters.eta,
            "clip_skip": parameters.clip_skip,
            "num_images_per_prompt": len(seeds),
            "generator": generators,
            "original_size": parameters.original_size,
            "crops_coords_top_left": parameters.crops_coords_top_left,
            "target_size": parameters.target_size,
            "negative_original_size": parameters.negative_original_size,
            "negative_crops_coords_top_left": parameters.negative_crops_coords_top_left,
            "negative_target_size": parameters.negative_target_size,
        }
        base_steps = round(parameters.num_inference_steps * (denoising_end or 1))
        result = self._run(
            self.base,
            lambda step: on_step("base", step, parameters.num_inference_steps),
            **common,
            width=parameters.width,
            height=parameters.height,
            denoising_end=denoising_end,
            output_type="pil" if denoising_end is None else "latent",
        )
        if refiner is None or denoising_end is None:
            return list(result)
        refiner.scheduler = make_scheduler(parameters.scheduler, self._scheduler_configs[1])
        # The refiner derives its sizes from the latents unless they were said.
        common["original_size"] = parameters.original_size or (parameters.height, parameters.width)
        common["target_size"] = parameters.target_size or (parameters.height, parameters.width)
        return list(
            self._run(
                refiner,
                lambda step: on_step("refiner", base_steps + step, parameters.num_inference_steps),
                **common,
                image=result,
                denoising_start=denoising_end,
                aesthetic_score=parameters.aesthetic_score,
                negative_aesthetic_score=parameters.negative_aesthetic_score,
            )
        )

    @staticmethod
    def _run(pipe: Any, on_step: Callable[[int], None], **options: Any) -> Any:
        def after_step(_pipe: Any, step: int, _timestep: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
            on_step(step + 1)
            return kwargs

        try:
            return pipe(**options, callback_on_step_end=after_step).images
        finally:
            pipe.maybe_free_model_hooks()


def _png(image: Image.Image, parameters: Parameters, model: ModelInfo) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=png_info(parameters, model))
    return buffer.getvalue()
