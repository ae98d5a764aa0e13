"""Reading what a picture says about itself, from the bytes of any file; pixels are never decoded."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from bot.errors import InfotextMissing, InvalidUpload
from bot.infotext import names
from bot.infotext.comfyui import read_comfyui
from bot.infotext.containers import read_metadata
from bot.infotext.exif import read_exif
from bot.infotext.fooocus import read_fooocus
from bot.infotext.info import PictureInfo, Reader, limited
from bot.infotext.invokeai import read_invokeai
from bot.infotext.origin import Origin
from bot.infotext.others import read_others
from bot.infotext.text import looks_like_infotext, parse_infotext
from bot.infotext.writing import JSON_KEY, ORIGIN_KEY, PARAMETERS_KEY, PROGRAM
from bot.parameters import Parameters
from bot.uploads import MAX_BYTES, unread

A1111 = "A1111"
#: Programs that write A1111's text, by how their version begins.
_VERSIONS = {PROGRAM: PROGRAM, "fooocus": "Fooocus", "comfyui": "ComfyUI", "f": "Forge", "neo": "Forge"}


def read_texts(content: bytes) -> Mapping[str, str]:
    """The texts of a picture by their keys in a PNG, those of EXIF too; empty where there are none."""
    metadata = read_metadata(content)
    return {} if metadata is None else read_exif(metadata.exif) | metadata.texts


def read_parameters(content: bytes) -> Parameters | None:
    """The parameters of a picture that this bot has made; None for any other."""
    return _parameters(read_texts(content))


def read_picture(content: bytes) -> PictureInfo:
    """How the picture says it was made, whichever program made it.

    Raises `InvalidUpload` for what is no picture, `InfotextMissing` for one that says nothing that is understood.
    """
    if len(content) > MAX_BYTES:
        raise InvalidUpload(
            "The file has {size:.1f} MiB, and at most {most} MiB are read. Send a smaller one.",
            size=len(content) / 2**20,
            most=MAX_BYTES // 2**20,
        )
    metadata = read_metadata(content)
    if metadata is None:
        raise unread(content)
    info = understand(read_exif(metadata.exif) | metadata.texts)
    if info is None:
        raise InfotextMissing
    return info


def understand(texts: Mapping[str, str]) -> PictureInfo | None:
    """The first reading that makes sense of these texts; None where none does."""
    return next((info for reader in _READERS if (info := reader(texts)) is not None and info.settings), None)


def _read_ours(texts: Mapping[str, str]) -> PictureInfo | None:
    parameters = _parameters(texts)
    if parameters is None:
        return None
    text = texts.get(PARAMETERS_KEY, "")
    return PictureInfo(PROGRAM, limited(parse_infotext(text)), parameters, _origin(texts), text)


def _read_a1111(texts: Mapping[str, str]) -> PictureInfo | None:
    text = texts.get(PARAMETERS_KEY, "")
    if not looks_like_infotext(text):
        return None
    settings = limited(parse_infotext(text))
    if not settings[names.PROMPT] and names.STEPS not in settings:
        return None
    return PictureInfo(_program(settings, texts), settings, text=text)


def _program(settings: Mapping[str, str], texts: Mapping[str, str]) -> str:
    version = settings.get(names.VERSION, "").casefold()
    if "SD.Next" in settings.get("App", "") or "sd.next" in version:
        return "SD.Next"
    if "prompt" in texts:
        return "ComfyUI"
    return next((program for start, program in _VERSIONS.items() if version.startswith(start)), A1111)


def _parameters(texts: Mapping[str, str]) -> Parameters | None:
    try:
        return Parameters.model_validate_json(texts[JSON_KEY])
    except (KeyError, ValidationError):
        return None


def _origin(texts: Mapping[str, str]) -> Origin | None:
    try:
        return Origin.model_validate_json(texts[ORIGIN_KEY])
    except (KeyError, ValidationError):
        return None


_READERS: tuple[Reader, ...] = (_read_ours, read_fooocus, _read_a1111, read_invokeai, read_comfyui, read_others)
