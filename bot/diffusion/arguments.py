"""Parameters as arguments of the two pipelines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.diffusion.prompt_encoding import Prompts
from bot.parameters import Parameters


def base_arguments(parameters: Parameters) -> dict[str, Any]:
    """What `StableDiffusionXLPipeline` is called with, but for prompts, latents, generators and the handover."""
    return _common(parameters) | {"width": parameters.width, "height": parameters.height}


def from_image(arguments: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
    """The same for the base's image-to-image pipeline, which reads the size from the latents."""
    left = {name: value for name, value in arguments.items() if name not in ("width", "height")}
    # Unlike the other one it does not take the negative crop from the positive one where none is said.
    return {"negative_crops_coords_top_left": parameters.crops_coords_top_left} | left


def refiner_arguments(parameters: Parameters) -> dict[str, Any]:
    """What `StableDiffusionXLImg2ImgPipeline` is called with, but for the same."""
    return _common(parameters) | {
        "aesthetic_score": parameters.aesthetic_score,
        "negative_aesthetic_score": parameters.negative_aesthetic_score,
    }


def base_prompts(parameters: Parameters) -> Prompts:
    """What the base reads. Without any negative prompt it gets zeros where it was trained so."""
    said = bool(parameters.negative_prompt or parameters.negative_prompt_2)
    return Prompts(
        parameters.prompt,
        parameters.prompt_2 or parameters.prompt,
        parameters.negative_prompt if said else None,
        parameters.negative_prompt_2 if said else None,
    )


def refiner_prompts(parameters: Parameters) -> Prompts:
    """The refiner has the second text encoder only, so it reads what the second one is meant to read."""
    prompt = parameters.prompt_2 or parameters.prompt
    negative = parameters.negative_prompt_2 or parameters.negative_prompt or None
    return Prompts(prompt, prompt, negative, negative)


def _common(parameters: Parameters) -> dict[str, Any]:
    return {
        "num_inference_steps": parameters.num_inference_steps,
        "guidance_scale": parameters.guidance_scale,
        "guidance_rescale": parameters.guidance_rescale,
        "eta": parameters.eta,
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
