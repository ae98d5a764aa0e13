"""Parameters as arguments of the two pipelines. Pure."""

from __future__ import annotations

from typing import Any

from bot.parameters import Parameters


def base_arguments(parameters: Parameters) -> dict[str, Any]:
    """What `StableDiffusionXLPipeline` is called with, but for the images' number, generators and the handover."""
    return _common(parameters) | {
        "prompt": parameters.prompt,
        "prompt_2": parameters.prompt_2,
        # None lets the pipeline use zeros where the model was trained so. It would then ignore negative_prompt_2.
        "negative_prompt": parameters.negative_prompt or ("" if parameters.negative_prompt_2 else None),
        "negative_prompt_2": parameters.negative_prompt_2,
        "width": parameters.width,
        "height": parameters.height,
    }


def refiner_arguments(parameters: Parameters) -> dict[str, Any]:
    """What `StableDiffusionXLImg2ImgPipeline` is called with, but for the same and the latents.

    The refiner has the second text encoder only, so it reads what the second one is meant to read.
    """
    return _common(parameters) | {
        "prompt": parameters.prompt_2 or parameters.prompt,
        "negative_prompt": parameters.negative_prompt_2 or parameters.negative_prompt or None,
        "aesthetic_score": parameters.aesthetic_score,
        "negative_aesthetic_score": parameters.negative_aesthetic_score,
    }


def _common(parameters: Parameters) -> dict[str, Any]:
    return {
        "num_inference_steps": parameters.num_inference_steps,
        "guidance_scale": parameters.guidance_scale,
        "guidance_rescale": parameters.guidance_rescale,
        "eta": parameters.eta,
        "clip_skip": parameters.clip_skip,
        "original_size": parameters.original_size,
        "crops_coords_top_left": parameters.crops_coords_top_left,
        "target_size": parameters.target_size,
    } | _negative_conditions(parameters)


def _negative_conditions(parameters: Parameters) -> dict[str, Any]:
    """The negative micro-conditions. The pipelines use them only all together, so what was not said is filled in."""
    size = (parameters.height, parameters.width)
    said = (
        parameters.negative_original_size,
        parameters.negative_target_size,
        parameters.negative_crops_coords_top_left if any(parameters.negative_crops_coords_top_left) else None,
    )
    if not any(said):
        return {}
    return {
        "negative_original_size": parameters.negative_original_size or parameters.original_size or size,
        "negative_crops_coords_top_left": parameters.negative_crops_coords_top_left,
        "negative_target_size": parameters.negative_target_size or parameters.target_size or size,
    }
