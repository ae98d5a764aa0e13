"""Stable Diffusion XL as one callable: the base, and the refiner that goes on where the base stops."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from PIL import Image

from bot.diffusion import devices
from bot.diffusion.arguments import base_prompts, refiner_prompts
from bot.diffusion.assets import Assets
from bot.diffusion.decoding import decode, tiling
from bot.diffusion.denoising import Denoising, Slot, Stage
from bot.diffusion.hub import SHARED, HubAccess, OnProgress, find_model, wants_half
from bot.diffusion.libraries import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from bot.diffusion.loading import WEIGHTS, check_refiner, load_component, load_pipeline
from bot.diffusion.lora_layers import applied_loras
from bot.diffusion.memory import memory_of
from bot.diffusion.modes import mode_of
from bot.diffusion.origin import origin_of
from bot.diffusion.plan import OnRemark, plan_steps
from bot.diffusion.previews import LatentColours
from bot.diffusion.prompt_encoding import PromptEmbeddings, Prompts, dropped_by_a_plain_encoder, encode_prompts
from bot.diffusion.steps import OnStep, StepReporter
from bot.errors import BlackImage, ExecutorDied, GenerationCancelled, GenerationFailed, OutOfMemory, RequestRejected
from bot.infotext import Origin, png_text
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.sentences import Sentence

log = logging.getLogger(__name__)

ONE_BY_ONE = Sentence("the memory did not hold all images at once: they were drawn one by one")


@dataclass(frozen=True, slots=True)
class Commission:
    """What a job wants drawn, and who is told of its steps and what else there is to say about it."""

    parameters: Parameters
    on_step: OnStep = lambda step: None
    on_remark: OnRemark = lambda remark: None


#: What a job has come to: its pictures in order, or why there are none.
Drawn = list[Image.Image] | GenerationFailed


class StableDiffusionXL:
    """Holds base and refiner (None: the base alone). Call it with parameters to get PNGs. One call at a time."""

    def __init__(
        self,
        model: ModelInfo,
        base: Any,
        refiner: Any,
        colours: LatentColours,
        device: torch.device,
        origin: Origin | None = None,
        assets: Assets | None = None,
    ) -> None:
        self.model = model
        self.base = base
        self.refiner = refiner
        self.device = device
        self.origin = origin
        self._colours = colours
        self._assets = assets or Assets()
        # The same parts in the other pipeline; nothing is loaded twice.
        self._from_image = StableDiffusionXLImg2ImgPipeline(
            **base.components,
            requires_aesthetics_score=False,
            force_zeros_for_empty_prompt=base.config.force_zeros_for_empty_prompt,
            add_watermarker=False,
        )
        self._from_image.set_progress_bar_config(disable=True)
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
        assets: Assets | None = None,
        on_progress: OnProgress = lambda fraction, what: None,
    ) -> Self:
        """Load base and refiner onto the device.

        Raises `StartupFailed` (for a model: `ModelNotFound`) with a sentence that says what is wrong and what to do.
        """
        hub = hub or HubAccess()
        where = devices.choose_device(device)
        devices.leave_a_core_free(where)
        dtype = devices.choose_dtype(where)
        half = wants_half(device)
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
        return cls(model, base, refiner, LatentColours.of_model(folder), where, origin, assets)

    @property
    def memory(self) -> Memory:
        """What the device has left at this moment, and what pictures need of it."""
        return memory_of(self.base, self.refiner, self.device)

    def __call__(
        self,
        parameters: Parameters,
        on_step: OnStep = lambda step: None,
        on_remark: OnRemark = lambda remark: None,
    ) -> list[bytes]:
        """The pictures as PNGs that carry the parameters to make each of them again, alone. See `draw`."""
        pictures = self.draw(parameters, on_step, on_remark)
        return self.to_pngs(pictures, parameters)

    def to_pngs(self, pictures: Sequence[Image.Image], parameters: Parameters) -> list[bytes]:
        """A job's pictures as PNGs that carry the parameters to make each of them again, alone."""
        return [self._png(picture, parameters.of_image(index)) for index, picture in enumerate(pictures)]

    def draw(
        self,
        parameters: Parameters,
        on_step: OnStep = lambda step: None,
        on_remark: OnRemark = lambda remark: None,
    ) -> list[Image.Image]:
        """The pictures.

        `on_remark` is called with what their author should know of how they came about. What `on_step` raises ends the
        work at once and comes out here. Raises `OutOfMemory`, `BlackImage` or another `GenerationFailed`;
        `ExecutorDied` when the device is lost to this process.
        """
        (drawn,) = self.draw_together([Commission(parameters, on_step, on_remark)])
        if isinstance(drawn, GenerationFailed):
            raise drawn
        return drawn

    def draw_together(self, commissions: Sequence[Commission]) -> list[Drawn]:
        """What each of these compatible jobs (see `bot.batching`) comes to, all drawn in the same calls.

        What ends one of them alone, a cancel or a black picture, leaves the others as they are. Raises what ends them
        all: as `draw`, but for several jobs at once `OutOfMemory` without having tried less at a time.
        """
        slots = [
            Slot(job, image)
            for job, each in enumerate(commissions)
            for image in range(each.parameters.num_images_per_prompt)
        ]
        try:
            for each in commissions:
                self._check(each.parameters)
            drawn, told = None, commissions
            for groups, tiled in self._ways(commissions, slots):
                drawn = self._draw(told, groups, tiled=tiled)
                if drawn is not None:
                    if len(groups) > 1:
                        commissions[0].on_remark(ONE_BY_ONE)
                    break
                devices.free_memory(self.device)
                log.warning("out of memory with %d images at a time", len(groups[0]))
                # What there was to say has been said.
                told = [replace(each, on_remark=lambda remark: None) for each in commissions]
        except RequestRejected as error:
            # It was taken on; what it names has gone since, or cannot be used.
            raise GenerationFailed.of(error.sentences) from error
        finally:
            for pipeline in filter(None, (self.base, self.refiner)):
                pipeline.maybe_free_model_hooks()
        if drawn is None:
            devices.free_memory(self.device)
            raise OutOfMemory
        for each in commissions:
            if (dropped := dropped_by_a_plain_encoder(self.base.tokenizer, each.parameters.prompt)) is not None:
                each.on_remark(dropped)
        return drawn

    def _ways(
        self, commissions: Sequence[Commission], slots: Sequence[Slot]
    ) -> list[tuple[Sequence[Sequence[Slot]], bool]]:
        """The images in groups, and whether to decode in tiles: the ways to try in turn, until the memory suffices."""
        at_once, tiled = self.memory.way(commissions[0].parameters, len(slots))
        first = [slots] if at_once == len(slots) else [[slot] for slot in slots]
        if len(commissions) > 1:
            return [(first, tiled)] if at_once == len(slots) else []
        return [(first, tiled), ([[slot] for slot in slots], True)]

    def _check(self, parameters: Parameters) -> None:
        if parameters.denoising_end is not None and self.refiner is None:
            raise GenerationFailed("This job wants the refiner, and no refiner is loaded. Ask for it without.")
        layers = min(each.config.num_hidden_layers for each in (self.base.text_encoder, self.base.text_encoder_2))
        if (parameters.clip_skip or 0) >= layers:
            raise GenerationFailed(
                "clip_skip {value} leaves nothing of this model's text encoder: at most {most}.",
                value=parameters.clip_skip,
                most=layers - 1,
            )
        self.memory.check(parameters)

    def _draw(
        self, commissions: Sequence[Commission], groups: Sequence[Sequence[Slot]], *, tiled: bool
    ) -> list[Drawn] | None:
        """All images, those of a group at the same time; None where the memory does not suffice."""
        try:
            with torch.inference_mode():
                return self._denoise_and_decode(commissions, groups, tiled=tiled)
        except (RuntimeError, MemoryError) as error:
            if devices.is_out_of_memory(error):
                return None
            if devices.is_device_failure(error):
                raise ExecutorDied from error
            raise

    def _denoise_and_decode(
        self, commissions: Sequence[Commission], groups: Sequence[Sequence[Slot]], *, tiled: bool
    ) -> list[Drawn]:
        def remark(sentence: Sentence) -> None:
            for each in commissions:
                each.on_remark(sentence)

        jobs = [each.parameters for each in commissions]
        # For all that they have in common.
        parameters, base, second = jobs[0], self.base, None
        plan = plan_steps(parameters, self._base_config, self._refiner_config, remark)
        calls, steps = (plan.base_calls + plan.refiner_calls) * len(groups), plan.steps * len(groups)
        listeners, base_calls = [each.on_step for each in commissions], plan.base_calls * len(groups)
        reporter = StepReporter(listeners, self._colours, calls, steps, base_calls)
        with tiling(base.vae, on=tiled):
            mode = mode_of(parameters, self._assets, base, self.device)
        if parameters.denoising_end is not None and self._refiner_config is not None:
            # Before the LoRAs, which are the base's, are in the encoder that both share.
            prompts = [self._encode(self.refiner, refiner_prompts(each), each) for each in jobs]
            second = Stage(self.refiner, self.refiner, self._refiner_config, prompts)
        drawn: list[Drawn] = [[] for _ in commissions]
        with applied_loras(base, self.model, parameters.loras, self._assets):
            prompts = [self._encode(base, base_prompts(each), each) for each in jobs]
            first = Stage(base, self._from_image, self._base_config, prompts)
            denoise = Denoising(jobs, plan, first, second, mode.start, reporter, self.device)
            for group in groups:
                for slot, latents in zip(group, torch.split(denoise(group), 1), strict=True):
                    pictures = drawn[slot.job]
                    if slot.job in reporter.gone:
                        drawn[slot.job] = GenerationCancelled()
                    elif isinstance(pictures, list):
                        try:
                            pictures += map(mode.finish, decode(base.vae, latents, tiled=tiled))
                        except BlackImage as error:
                            if len(commissions) == 1:
                                raise
                            drawn[slot.job] = error
        return drawn

    def _encode(self, pipeline: Any, prompts: Prompts, parameters: Parameters) -> PromptEmbeddings:
        guided = parameters.guidance_scale > 1
        return encode_prompts(pipeline, prompts, self.device, guided=guided, clip_skip=parameters.clip_skip)

    def _png(self, picture: Image.Image, parameters: Parameters) -> bytes:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", pnginfo=png_text(parameters, self.model, self.origin))
        return buffer.getvalue()
