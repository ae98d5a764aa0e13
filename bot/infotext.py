"""Pictures explain themselves: the `parameters` text that other programs read, the same complete as JSON, and the mark
that an algorithm made them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping

from PIL import Image, PngImagePlugin, UnidentifiedImageError
from pydantic import ValidationError

from bot import __version__
from bot.model_info import ModelInfo
from bot.parameters import Parameters
from bot.scheduler_names import SCHEDULERS

#: PNG text keys: A1111's, our own, and that of XMP packets.
PARAMETERS_KEY = "parameters"
JSON_KEY = "imagine-bot"
XMP_KEY = "XML:com.adobe.xmp"

PROMPT = "Prompt"
NEGATIVE_PROMPT = "Negative prompt"

_SETTING = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
#: A last line with fewer pairs than this belongs to the prompt.
_FEWEST_SETTINGS = 3

#: Raised over a header that announces more pixels than anybody should decode; of a warning only where they are errors.
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def write_infotext(parameters: Parameters, model: ModelInfo) -> str:
    """The parameters as A1111 writes them: prompt, negative prompt, and one line of settings."""
    scheduler = SCHEDULERS[parameters.scheduler]
    settings: dict[str, object] = {
        "Steps": parameters.num_inference_steps,
        "Sampler": scheduler.sampler,
        "Schedule type": scheduler.schedule_type,
        "CFG scale": parameters.guidance_scale,
        "Seed": parameters.seed,
        "Size": f"{parameters.width}x{parameters.height}",
        "Model": model.name,
        "RNG": "CPU",
    }
    if parameters.clip_skip is not None:
        # A1111 counts from the last layer; SDXL's own, the one before it, is 2.
        settings["Clip skip"] = parameters.clip_skip + 2
    if parameters.eta:
        settings["Eta"] = parameters.eta
    if parameters.prompt_2 is not None:
        settings["Prompt 2"] = parameters.prompt_2
    if parameters.negative_prompt_2 is not None:
        settings["Negative prompt 2"] = parameters.negative_prompt_2
    if parameters.denoising_end is not None:
        settings["Refiner"] = model.refiner_name
        settings["Refiner switch at"] = parameters.denoising_end
    settings["Version"] = f"imagine-bot {__version__}"

    lines = [parameters.prompt]
    if parameters.negative_prompt:
        lines.append(f"{NEGATIVE_PROMPT}: {parameters.negative_prompt}")
    lines.append(", ".join(f"{key}: {_quoted(str(value))}" for key, value in settings.items()))
    return "\n".join(lines)


def parse_infotext(text: str) -> dict[str, str]:
    """The settings of an infotext by their own names, unknown ones too, with “Prompt” and “Negative prompt”."""
    *lines, last = text.strip().splitlines() or [""]
    pairs = _SETTING.findall(last)
    if len(pairs) < _FEWEST_SETTINGS:
        lines, pairs = [*lines, last], []
    marks = [index for index, line in enumerate(lines) if line.startswith(f"{NEGATIVE_PROMPT}:")]
    start = marks[0] if marks else len(lines)
    negative = "\n".join(lines[start:]).removeprefix(f"{NEGATIVE_PROMPT}:")
    settings = {key: _unquoted(value) for key, value in pairs}
    return {PROMPT: "\n".join(lines[:start]).strip(), NEGATIVE_PROMPT: negative.strip()} | settings


def png_text(parameters: Parameters, model: ModelInfo) -> PngImagePlugin.PngInfo:
    """The text chunks for a PNG of these parameters."""
    info = PngImagePlugin.PngInfo()
    # NUL ends a text in a PNG; the JSON keeps it, escaped. Text beyond Latin-1 becomes an iTXt chunk by itself.
    info.add_text(PARAMETERS_KEY, write_infotext(parameters, model).replace("\0", ""))
    info.add_text(JSON_KEY, json.dumps(parameters.model_dump(mode="json")))
    info.add_itxt(XMP_KEY, _XMP)
    return info


def read_texts(png: bytes) -> Mapping[str, str]:
    """The text chunks before the pixels of a picture, which are not decoded; empty where there are none."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            return {str(key): value for key, value in picture.info.items() if isinstance(value, str)}
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, *_BOMBS):
        return {}


def read_parameters(png: bytes) -> Parameters | None:
    """The parameters of a picture that this bot has made; None for any other."""
    try:
        return Parameters.model_validate_json(read_texts(png)[JSON_KEY])
    except (KeyError, ValidationError):
        return None


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ',\n\r:"') else value


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    try:
        return str(json.loads(value))
    except ValueError:
        return value
