"""A1111's `styles.csv`: names, prompts with or without `{prompt}`, negative prompts; LoRAs stand in the prompts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from bot.errors import InvalidParameters, PresetRefused
from bot.presets import Preset
from bot.presets.names import tidy_name
from bot.presets.partial import SLOT, checked
from bot.prompts.loras import merge_loras, take_tags
from bot.sentences import Sentence

COLUMNS = ("name", "prompt", "negative_prompt")
NOT_IN_CSV = "Not taken over: {names}."


def is_styles_csv(text: str) -> bool:
    """Whether the first line names A1111's columns."""
    first = text.lstrip().partition("\n")[0].casefold().replace(" ", "").replace('"', "").rstrip("\r")
    return first.split(",")[:2] == ["name", "prompt"]


def read_styles_csv(text: str) -> list[tuple[str, dict[str, Any], list[Sentence]]]:
    """Each style as a name, partial parameters and remarks; headings, which say nothing, are left out.

    Raises `PresetRefused` with the line that is wrong.
    """
    lines = csv.reader(io.StringIO(text.lstrip()), strict=True)
    found = []
    try:
        header = [column.strip().casefold() for column in next(lines)]
        for row in lines:
            entry = dict(zip(header, row, strict=False))
            values, remarks = _values(entry)
            if values:
                found.append((tidy_name(entry.get("name", "")), values, remarks))
    except (csv.Error, InvalidParameters) as error:
        reason = error.sentence if isinstance(error, InvalidParameters) else str(error)
        raise PresetRefused("Line {line} of the file: {reason}", line=lines.line_num, reason=reason) from error
    return found


def write_styles_csv(presets: Sequence[Preset]) -> bytes:
    """What of presets A1111's file can hold: prompts, and LoRAs in them. In UTF-8 with its mark, as A1111 writes it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in presets:
        tags = [f"<lora:{lora.name}:{lora.weight:g}>" for lora in each.values.get("loras", ())]
        prompt = " ".join([each.values.get("prompt", SLOT if tags else ""), *tags])
        writer.writerow([each.name, prompt, each.values.get("negative_prompt", "")])
    return text.getvalue().encode("utf-8-sig")


def _values(entry: dict[str, str]) -> tuple[dict[str, Any], list[Sentence]]:
    prompt, loras, remarks = take_tags(entry.get("prompt") or "")
    values, more = checked(
        {"prompt": prompt, "negative_prompt": entry.get("negative_prompt") or "", "loras": merge_loras(loras)}
    )
    return values, [*remarks, *more]
