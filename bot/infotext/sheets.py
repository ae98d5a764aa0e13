"""What a sheet says of itself: how its first picture was made, and in what the others differ."""

from __future__ import annotations

import json

from PIL import PngImagePlugin

from bot.comparison import Comparison
from bot.infotext.origin import Origin
from bot.infotext.writing import COMPARISON_KEY, PARAMETERS_KEY, picture_texts, text_chunks, write_infotext
from bot.model_info import ModelInfo

#: As A1111's script of that name says it.
SCRIPT = "X/Y/Z plot"


def sheet_text(comparison: Comparison, model: ModelInfo, origin: Origin | None = None) -> PngImagePlugin.PngInfo:
    """The text chunks for the PNG of a sheet."""
    first = comparison.cells[0]
    script: dict[str, object] = {"Script": SCRIPT}
    for letter, axis in zip("XY", comparison.axes, strict=False):
        script |= {f"{letter} Type": axis.name, f"{letter} Values": ", ".join(axis.values)}
    texts = picture_texts(first, model, origin)
    texts[PARAMETERS_KEY] = write_infotext(first, model, origin, script).replace("\0", "")
    texts[COMPARISON_KEY] = json.dumps(comparison.to_json())
    return text_chunks(texts)
