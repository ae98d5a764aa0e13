"""The text that a picture carries: A1111's `parameters`, and our own JSON from which the picture can be made again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from PIL.PngImagePlugin import PngInfo

from bot import __version__
from bot.errors import InvalidParameters
from bot.model_info import ModelInfo
from bot.parameters import Parameters

PARAMETERS_KEY = "parameters"
JSON_KEY = "imagine-bot"
#: IPTC's word for a picture that a trained model made, https://cv.iptc.org/newscodes/digitalsourcetype/
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
    "</rdf:RDF></x:xmpmeta>"
)


def infotext(parameters: Parameters, model: ModelInfo) -> str:
    """The parameters as A1111 and Civitai read them: prompt, negative prompt, then `Key: value` pairs."""
    pairs: dict[str, object] = {
        "Steps": parameters.num_inference_steps,
        "Sampler": parameters.scheduler,
        "CFG scale": f"{parameters.guidance_scale:g}",
        "Seed": parameters.seed,
        "Size": f"{parameters.width}x{parameters.height}",
        "Model": model.name,
    }
    if parameters.clip_skip is not None:
        pairs["Clip skip"] = parameters.clip_skip
    if parameters.denoising_end is not None:
        pairs["Refiner"] = model.refiner_name
        pairs["Refiner switch at"] = f"{parameters.denoising_end:g}"
    pairs["Version"] = f"imagine-bot {__version__}"
    lines = [parameters.prompt]
    if parameters.negative_prompt:
        lines.append(f"Negative prompt: {parameters.negative_prompt}")
    lines.append(", ".join(f"{key}: {_quoted(str(value))}" for key, value in pairs.items()))
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """A1111 quotes a value, as JSON, when it holds what separates pairs."""
    return json.dumps(value, ensure_ascii=False) if any(sign in value for sign in ',:"\n') else value


def png_info(parameters: Parameters, model: ModelInfo) -> PngInfo:
    """The chunks that go into a PNG; iTXt, since tEXt holds Latin-1 only."""
    info = PngInfo()
    info.add_itxt(PARAMETERS_KEY, infotext(parameters, model))
    info.add_itxt(JSON_KEY, parameters.model_dump_json(exclude_defaults=False))
    info.add_itxt("XML:com.adobe.xmp", _XMP)
    return info


def parameters_of(chunks: Mapping[str, object]) -> Parameters:
    """The parameters that one of our pictures carries (`Image.info` of an opened PNG). Raises `InvalidParameters`."""
    text = chunks.get(JSON_KEY)
    if not isinstance(text, str):
        raise InvalidParameters("This picture carries no parameters of this bot.")
    try:
        return Parameters.model_validate_json(text)
    except ValueError as error:
        raise InvalidParameters("The parameters in this picture cannot be read.") from error
