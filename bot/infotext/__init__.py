"""Pictures explain themselves: what this bot writes into them, and what it reads out of any, its own or not."""

from __future__ import annotations

from bot.infotext.containers import XMP_KEY
from bot.infotext.info import PictureInfo
from bot.infotext.names import NEGATIVE_PROMPT, PROMPT
from bot.infotext.origin import Origin
from bot.infotext.reading import read_parameters, read_picture, read_texts
from bot.infotext.sheets import sheet_text
from bot.infotext.text import parse_infotext
from bot.infotext.writing import (
    COMPARISON_KEY,
    JSON_KEY,
    ORIGIN_KEY,
    PARAMETERS_KEY,
    png_text,
    save_options,
    text_chunks,
    write_infotext,
)

__all__ = [
    "COMPARISON_KEY",
    "JSON_KEY",
    "NEGATIVE_PROMPT",
    "ORIGIN_KEY",
    "PARAMETERS_KEY",
    "PROMPT",
    "XMP_KEY",
    "Origin",
    "PictureInfo",
    "parse_infotext",
    "png_text",
    "read_parameters",
    "read_picture",
    "read_texts",
    "save_options",
    "sheet_text",
    "text_chunks",
    "write_infotext",
]
