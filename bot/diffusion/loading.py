"""Components and pipelines from a model's folder, each failure as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from bot.diffusion.hub import remedy, weights_variant
from bot.diffusion.libraries import (
    AutoencoderKL,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    StableDiffusionXLImg2ImgPipeline,
    UNet2DConditionModel,
)
from bot.errors import ModelNotFound

_CLASSES = {
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
    "vae": AutoencoderKL,
    "unet": UNet2DConditionModel,
}
#: The components with weights, smallest first, and their share of the time that loading takes.
WEIGHTS = {"text_encoder": 0.05, "text_encoder_2": 0.15, "vae": 0.05, "unet": 0.75}


def load_component(folder: Path, name: str, dtype: torch.dtype) -> torch.nn.Module:
    """One component with weights, complete, on the CPU."""
    variant = weights_variant(folder, name, half_precision=dtype != torch.float32)
    with broken_model_in_words(folder, name):
        module: torch.nn.Module
        module, info = _CLASSES[name].from_pretrained(
            folder,
            subfolder=name,
            dtype=dtype,
            variant=variant,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
        # The libraries would fill what is missing with random numbers and only mention it.
        if missing := [*info["missing_keys"], *info["mismatched_keys"]]:
            raise ValueError(f"{len(missing)} of its tensors are missing or of another shape")
    return module


def load_pipeline(kind: type[Any], folder: Path, dtype: torch.dtype, **components: Any) -> Any:
    """A pipeline around loaded components; what is not given (tokenizers, scheduler) is read from its folder."""
    with broken_model_in_words(folder, "tokenizer or scheduler"):
        pipeline = kind.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True, add_watermarker=False, **components
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def check_refiner(refiner: StableDiffusionXLImg2ImgPipeline, base_name: str, refiner_name: str) -> None:
    """Raises `ModelNotFound` for a refiner that was trained with other text encoders than the base has."""
    encoders = [each for each in (refiner.text_encoder, refiner.text_encoder_2) if each is not None]
    given = sum(encoder.config.hidden_size for encoder in encoders)
    wanted = refiner.unet.config.cross_attention_dim
    if given != wanted:
        raise ModelNotFound(
            f"The refiner {refiner_name} does not belong to the base {base_name}: it reads prompts of width {wanted}, "
            f"not {given}. Set MODEL_REFINER to the refiner of that base, or leave it empty."
        )


@contextmanager
def broken_model_in_words(folder: Path, what: str) -> Iterator[None]:
    """Whatever the libraries raise over a folder becomes a sentence that says which part is wrong."""
    try:
        yield
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ModelNotFound(
            f"The {what} of the model {folder} cannot be loaded: {reason.rstrip('. ')}. {remedy(str(folder))}"
        ) from error
