"""Stable Diffusion XL as one callable: the base, and the refiner that goes on where the base stops."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from typing import Any, Self

import torch
from PIL import Image

from bot.diffusion import devices
from bot.diffusion.arguments import base_arguments, refiner_arguments
from bot.diffusion.decoding import decode
from bot.diffusion.hub import SHARED, HubAccess, OnProgress, find_model
from bot.diffusion.libraries import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from bot.diffusion.loading import WEIGHTS, check_refiner, load_component, load_pipeline
from bot.diffusion.origin import origin_of
from bot.diffusion.previews import LatentColours
from bot.diffusion.schedulers import base_alone, make_scheduler, plan_handover
from bot.diffusion.steps import OnStep, StepReporter
from bot.errors import ExecutorDied, GenerationFailed, OutOfMemory
from bot.infotext import Origin, png_text
from bot.model_info import ModelInfo
from bot.parameters import Parameters

log = logging.getLogger(__name__)


class StableDiffusionXL:
    """Holds base and refiner (None: the base alone). Call it with parameters to get PNGs. One job at a time."""

    def __init__(
        self,
        model: ModelInfo,
        base: Any,
        refiner: Any,
        colours: LatentColours,
        device: torch.device,
        origin: Origin | None = None,
    ) -> None:
        self.model = model
        self.base = base
        self.refiner = refiner
        self.device = device
        self.origin = origin
        self._colours = colours
        # Every job gets schedulers of its own, made from these.
        self._base_config = base.scheduler.config
        self._refiner_config = None if refiner is None else refiner.scheduler.config

    @classmethod
    def load(
        cls,
        model: ModelInfo,
        device: str = "auto",
        *,
        hub: HubAccess | None = None,
        on_progress: OnProgress = lambda fraction, what: None,
    ) -> Self:
        """Load base and refiner onto the device.

        Raises `StartupFailed` (for a model: `ModelNotFound`) with a sentence that says what is wrong and what to do.
        """
        hub = hub or HubAccess()
        where = devices.choose_device(device)
        devices.leave_a_core_free(where)
        dtype = devices.choose_dtype(where)
        half = dtype != torch.float32
        folder = find_model(model.base, hub, on_progress, half_precision=half)
        refiner_folder = None
        if model.refiner is not None:
            refiner_folder = find_model(model.refiner, hub, on_progress, half_precision=half, without=SHARED)

        share = 0.5 if refiner_folder else 1.0
        done = 0.0
        components: dict[str, Any] = {}
        for name, weight in WEIGHTS.items():
            on_progress(done, f"loading {name} of {model.name}")
            # float16 ends at 65504, and SDXL's autoencoder goes beyond.
            in_full = name == "vae" and dtype == torch.float16
            components[name] = load_component(folder, name, torch.float32 if in_full else dtype)
            done += weight * share
        base = load_pipeline(StableDiffusionXLPipeline, folder, dtype, **components)

        refiner = None
        if refiner_folder is not None:
            on_progress(done, f"loading unet of {model.refiner_name}")
            unet = load_component(refiner_folder, "unet", dtype)
            shared = {name: getattr(base, name) for name in SHARED}
            refiner = load_pipeline(StableDiffusionXLImg2ImgPipeline, refiner_folder, dtype, unet=unet, **shared)
            check_refiner(refiner, model.name, str(model.refiner_name))

        on_progress(1.0, f"moving to {where}")
        pipelines = [each for each in (base, refiner) if each is not None]
        modules = [part for each in pipelines for part in each.components.values() if isinstance(part, torch.nn.Module)]
        if devices.fits(modules, where):
            for pipeline in pipelines:
                pipeline.to(where)
        else:
            log.warning("the device's memory does not hold the whole model: parts move in and out, which is slower")
            for pipeline in pipelines:
                pipeline.enable_model_cpu_offload(device=where)
        origin = origin_of(model, where, folder, refiner_folder)
        return cls(model, base, refiner, LatentColours.of_model(folder), where, origin)

    def __call__(self, parameters: Parameters, on_step: OnStep = lambda step: None) -> list[bytes]:
        """The pictures as PNGs that carry the parameters to make each of them again, alone.

        What `on_step` raises ends the work at once and comes out here. Raises `OutOfMemory`, `BlackImage` or another
        `GenerationFailed`; `ExecutorDied` when the device is lost to this process.
        """
        self._check(parameters)
        together: Sequence[int] = range(parameters.num_images_per_prompt)
        try:
            pictures = self._draw(parameters, [together], on_step, tiled=False)
            if pictures is None:
                devices.free_memory(self.device)
                log.warning("out of memory: trying again with one image at a time")
                pictures = self._draw(parameters, [[index] for index in together], on_step, tiled=True)
        finally:
            for pipeline in (self.base, self.refiner):
                if pipeline is not None:
                    pipeline.maybe_free_model_hooks()
        if pictures is None:
            devices.free_memory(self.device)
            raise OutOfMemory
        return [self._png(picture, parameters.of_image(index)) for index, picture in enumerate(pictures)]

    def _check(self, parameters: Parameters) -> None:
        if parameters.denoising_end is not None and self.refiner is None:
            raise GenerationFailed("This job wants the refiner, and no refiner is loaded. Ask for it without.")
        layers = min(each.config.num_hidden_layers for each in (self.base.text_encoder, self.base.text_encoder_2))
        if (parameters.clip_skip or 0) >= layers:
            raise GenerationFailed(
                f"clip_skip {parameters.clip_skip} leaves nothing of this model's text encoder: at most {layers - 1}."
            )

    def _draw(
        self, parameters: Parameters, groups: Sequence[Sequence[int]], on_step: OnStep, *, tiled: bool
    ) -> list[Image.Image] | None:
        """All images, those of a group at the same time; None where the memory does not suffice."""
        try:
            with torch.inference_mode():
                return self._denoise_and_decode(parameters, groups, on_step, tiled=tiled)
        except (RuntimeError, MemoryError) as error:
            if devices.is_out_of_memory(error):
                return None
            if devices.is_device_failure(error):
                raise ExecutorDied from error
            raise

    def _denoise_and_decode(
        self, parameters: Parameters, groups: Sequence[Sequence[int]], on_step: OnStep, *, tiled: bool
    ) -> list[Image.Image]:
        base, refiner, steps = self.base, self.refiner, parameters.num_inference_steps

        def scheduler_for(config: Any) -> Any:
            return make_scheduler(parameters.scheduler, config)

        if parameters.denoising_end is None:
            handover = base_alone(scheduler_for(self._base_config), steps)
        else:
            schedulers = scheduler_for(self._base_config), scheduler_for(self._refiner_config)
            handover = plan_handover(*schedulers, steps, parameters.denoising_end)
        calls = (handover.base_calls + handover.refiner_calls) * len(groups)
        reporter = StepReporter(on_step, self._colours, calls, steps * len(groups))

        pictures: list[Image.Image] = []
        for group in groups:
            # On the CPU and one an image: a picture depends neither on the device nor on its neighbours.
            generators = [torch.Generator("cpu").manual_seed(parameters.of_image(index).seed) for index in group]
            options = {"generator": generators, "num_images_per_prompt": len(group), "output_type": "latent"}
            base.scheduler = scheduler_for(self._base_config)
            with reporter.during("base", base.unet) as callback:
                latents = base(
                    **base_arguments(parameters),
                    **options,
                    denoising_end=handover.denoising_end,
                    callback_on_step_end=callback,
                ).images
            if handover.denoising_start is not None:
                refiner.scheduler = scheduler_for(self._refiner_config)
                with reporter.during("refiner", refiner.unet) as callback:
                    latents = refiner(
                        **refiner_arguments(parameters),
                        **options,
                        image=latents,
                        denoising_start=handover.denoising_start,
                        callback_on_step_end=callback,
                    ).images
            pictures += decode(base.vae, latents, tiled=tiled)
        return pictures

    def _png(self, picture: Image.Image, parameters: Parameters) -> bytes:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", pnginfo=png_text(parameters, self.model, self.origin))
        return buffer.getvalue()
