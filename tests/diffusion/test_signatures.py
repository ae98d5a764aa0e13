"""Whatever the three pipelines can be told, a member can say, or there is a reason why not."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import pytest

from bot.diffusion.libraries import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, diffusers
from bot.parameters import Parameters

#: Said in other words: the parameter of a pipeline, and the fields that decide it.
IN_OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "generator": ("seed",),
    "latents": ("seed", "variation_seed", "variation_strength"),
    "denoising_start": ("denoising_end",),
    "cross_attention_kwargs": ("loras",),
    "prompt_embeds": ("prompt", "prompt_2"),
    "pooled_prompt_embeds": ("prompt", "prompt_2"),
    "negative_prompt_embeds": ("negative_prompt", "negative_prompt_2"),
    "negative_pooled_prompt_embeds": ("negative_prompt", "negative_prompt_2"),
}
INTERNAL: Mapping[str, str] = {
    "self": "the pipeline",
    "kwargs": "old names of the callback",
    "output_type": "the engine decodes by itself, since a picture that is black is decoded again",
    "return_dict": "only the form of the answer",
    "callback_on_step_end": "progress, previews, cancelling and the mask",
    "callback_on_step_end_tensor_inputs": "the callback needs the latents alone",
    "sigmas": "the same schedule as timesteps, in other units",
    "masked_image_latents": "for U-Nets of nine channels, which draw nothing without a mask",
    "ip_adapter_image": "needs an image encoder, which is no part of SDXL",
    "ip_adapter_image_embeds": "likewise",
}
PIPELINES = (StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline, diffusers.StableDiffusionXLInpaintPipeline)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_parameter_of_a_pipeline_is_a_members_or_has_a_reason(pipeline: type) -> None:
    names = set(inspect.signature(pipeline.__call__).parameters)
    assert len(names) > 30
    assert names - set(Parameters.model_fields) - set(IN_OTHER_WORDS) - set(INTERNAL) == set()


def test_no_reason_is_given_for_what_no_pipeline_knows() -> None:
    known = {name for pipeline in PIPELINES for name in inspect.signature(pipeline.__call__).parameters}
    assert (set(IN_OTHER_WORDS) | set(INTERNAL)) - known == set()
    assert {field for fields in IN_OTHER_WORDS.values() for field in fields} <= set(Parameters.model_fields)
