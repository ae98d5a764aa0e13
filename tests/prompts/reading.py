"""A reader over a folder of a test's own, and what came of a prompt in the order in which a job gets it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.layers import clamp, merge, model_defaults
from bot.parameters import Parameters
from bot.prompts import PromptReader
from bot.prompts.styles import load_styles
from tests.factories import ENSEMBLE

STYLES = load_styles()


def make_reader(folder: Path | None = None) -> PromptReader:
    return PromptReader(ENSEMBLE, STYLES, folder)


def read(
    prompt: str, reader: PromptReader | None = None, beneath: Mapping[str, Any] | None = None, **options: Any
) -> tuple[Parameters, list[str]]:
    """The parameters that the prompt and the options become, and the remarks."""
    layers = model_defaults(ENSEMBLE) | dict(beneath or {})
    changes, said = (reader or make_reader()).read({"prompt": prompt, **options}, layers)
    within, clamped = clamp(changes, ENSEMBLE)
    return merge(ENSEMBLE, layers, within), [str(remark) for remark in (*said, *clamped)]


def write_wildcards(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
