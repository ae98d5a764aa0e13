"""What this bot writes into its pictures: an infotext for other programs, JSON for itself, and the mark that an
algorithm made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from PIL import PngImagePlugin

from bot import __version__
from bot.infotext import names
from bot.infotext.containers import XMP_KEY
from bot.infotext.exif import write_exif
from bot.infotext.origin import Origin
from bot.infotext.text import write_text
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.scheduler_names import SCHEDULERS

#: PNG text keys: A1111's and our own.
PARAMETERS_KEY = "parameters"
JSON_KEY = "imagine-bot"
ORIGIN_KEY = "imagine-bot-origin"
COMPARISON_KEY = "imagine-bot-comparison"
PROGRAM = "imagine-bot"
#: A1111's count begins at the last layer, ours at the one before it, which is SDXL's own.
CLIP_SKIP_OFFSET = 2
#: As many digits of a hash as A1111 writes.
HASH_DIGITS = 12

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def write_infotext(
    parameters: Parameters, model: ModelInfo, origin: Origin | None = None, more: Mapping[str, object] | None = None
) -> str:
    """The parameters as A1111 writes them: prompt, negative prompt, one line of settings, and `more` at its end."""
    tags = "".join(f" <lora:{lora.name}:{lora.weight:g}>" for lora in parameters.loras)
    settings = {name: value for name, value in _settings(parameters, model, origin).items() if value not in (None, "")}
    return write_text(parameters.prompt + tags, parameters.negative_prompt, {**settings, **(more or {})})


def picture_texts(parameters: Parameters, model: ModelInfo, origin: Origin | None = None) -> dict[str, str]:
    """All texts for a picture of these parameters, by their keys in a PNG."""
    texts = {
        # NUL ends a text in a PNG; the JSON keeps it, escaped.
        PARAMETERS_KEY: write_infotext(parameters, model, origin).replace("\0", ""),
        JSON_KEY: json.dumps(parameters.model_dump(mode="json")),
    }
    return texts if origin is None else texts | {ORIGIN_KEY: json.dumps(origin.model_dump(mode="json"))}


def png_text(parameters: Parameters, model: ModelInfo, origin: Origin | None = None) -> PngImagePlugin.PngInfo:
    """The text chunks for a PNG of these parameters."""
    return text_chunks(picture_texts(parameters, model, origin))


def text_chunks(texts: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """These texts for a PNG, and the mark that an algorithm made it."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        # Text beyond Latin-1 becomes an iTXt chunk by itself.
        info.add_text(key, text)
    info.add_itxt(XMP_KEY, _XMP)
    return info


def save_options(texts: Mapping[str, str]) -> dict[str, Any]:
    """What Pillow's `save` needs so that a JPEG or WebP says the same as the PNG with these texts."""
    own = {key: texts[key] for key in (JSON_KEY, ORIGIN_KEY, COMPARISON_KEY) if key in texts}
    exif = write_exif(texts.get(PARAMETERS_KEY, ""), own, f"{PROGRAM} {__version__}")
    return {"exif": exif, "xmp": texts.get(XMP_KEY, _XMP).encode()}


def _settings(p: Parameters, model: ModelInfo, origin: Origin | None) -> dict[str, object]:
    scheduler = SCHEDULERS[p.scheduler]
    return {
        names.STEPS: p.num_inference_steps,
        names.SAMPLER: scheduler.sampler,
        names.SCHEDULE_TYPE: scheduler.schedule_type,
        names.SPACING: p.timestep_spacing,
        names.TIMESTEPS: p.timesteps and ", ".join(map(str, p.timesteps)),
        names.CFG_SCALE: p.guidance_scale,
        names.CFG_RESCALE: p.guidance_rescale or None,
        names.SEED: p.seed,
        names.SIZE: f"{p.width}x{p.height}",
        names.MODEL: model.name,
        **_variation(p),
        **_image(p),
        names.CLIP_SKIP: p.clip_skip and p.clip_skip + CLIP_SKIP_OFFSET,
        names.ETA: p.eta or None,
        names.RNG: "CPU",
        names.PROMPT_2: p.prompt_2,
        names.NEGATIVE_PROMPT_2: p.negative_prompt_2,
        **_micro_conditioning(p),
        names.LORA_HASHES: origin and ", ".join(f"{name}: {file}" for name, file in origin.loras.items()),
        **_refiner(p, model),
        names.STYLES: p.style,
        names.RAW_PROMPT: p.raw_prompt,
        names.RAW_NEGATIVE_PROMPT: p.raw_negative_prompt,
        names.VERSION: f"{PROGRAM} {__version__}",
    }


def _variation(p: Parameters) -> dict[str, object]:
    if not p.variation_strength:
        return {}
    return {names.VARIATION_SEED: p.variation_seed, names.VARIATION_STRENGTH: p.variation_strength}


def _image(p: Parameters) -> dict[str, object]:
    if p.image is None:
        return {}
    return {
        names.DENOISING_STRENGTH: p.strength,
        names.INIT_IMAGE_HASH: p.image[:HASH_DIGITS],
        names.MASK_HASH: p.mask_image and p.mask_image[:HASH_DIGITS],
        names.INPAINT_AREA: None if p.padding_mask_crop is None else "Only masked",
        names.MASKED_PADDING: p.padding_mask_crop,
        names.HIRES_UPSCALER: p.upscaler,
    }


def _micro_conditioning(p: Parameters) -> dict[str, object]:
    """Only what was said: SDXL is told the size of the picture otherwise."""

    def size(pair: tuple[int, int] | None) -> str | None:
        return None if pair is None else f"{pair[1]}x{pair[0]}"

    def corner(pair: tuple[int, int] | None) -> str | None:
        return None if pair is None else f"{pair[0]}x{pair[1]}"

    return {
        names.ORIGINAL_SIZE: size(p.original_size),
        names.CROP_TOP_LEFT: corner(p.crops_coords_top_left) if any(p.crops_coords_top_left) else None,
        names.TARGET_SIZE: size(p.target_size),
        names.NEGATIVE_ORIGINAL_SIZE: size(p.negative_original_size),
        names.NEGATIVE_CROP_TOP_LEFT: corner(p.negative_crops_coords_top_left),
        names.NEGATIVE_TARGET_SIZE: size(p.negative_target_size),
    }


def _refiner(p: Parameters, model: ModelInfo) -> dict[str, object]:
    if p.denoising_end is None:
        return {}
    return {
        names.REFINER: model.refiner_name,
        names.REFINER_SWITCH: p.denoising_end,
        names.AESTHETIC_SCORE: p.aesthetic_score,
        names.NEGATIVE_AESTHETIC_SCORE: p.negative_aesthetic_score,
    }
