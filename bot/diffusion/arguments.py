"""Parameters as arguments of the two pipelines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.diffusion.prompt_encoding import Prompts
from bot.parameters import Parameters


def base_arguments(parameters: Parameters) -> dict[str, Any]:
    """What `StableDiffusionXLPipeline` is called with, but for prompts, latents, generators and the handover."""
    return _common(parameters) | {"width": parameters.width, "height": parameters.height}


def from_image(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the base's image-to-image pipeline, which reads the size from the latents."""
    return {name: value for name, value in arguments.items() if name not in ("width", "height")}


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
    """The refiner has the second text encoder only, so that one reads what both of the base's read."""
    prompt = _both(parameters.prompt, parameters.prompt_2)
    negative = _both(parameters.negative_prompt, parameters.negative_prompt_2) or None
    return Prompts(prompt, prompt, negative, negative)


def _both(text: str, text_2: str | None) -> str:
    return ", ".join(dict.fromkeys(each for each in (text, text_2) if each))


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
    """The negative micro-conditions: where nothing else is said, what the positive ones are.

    Said in full, for left to themselves the pipelines differ: one takes the positive crop, the other none.
    """
    size = (parameters.height, parameters.width)
    crop = parameters.negative_crops_coords_top_left
    return {
        "negative_original_size": parameters.negative_original_size or parameters.original_size or size,
        "negative_crops_coords_top_left": parameters.crops_coords_top_left if crop is None else crop,
        "negative_target_size": parameters.negative_target_size or parameters.target_size or size,
    }
