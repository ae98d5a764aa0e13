"""How a picture says it was made, whichever program made it: one vocabulary, A1111's, for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.infotext import names
from bot.infotext.origin import Origin
from bot.parameters import Parameters

#: More settings than anybody reads; a graph of thousands of nodes has them.
MAX_SETTINGS = 200
MORE = "…"


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """What stands in a picture. `settings` go by A1111's names where it has any, else by the program's own.

    `parameters` and `origin` are there for a picture that this bot has made: exact, and where it was made.
    """

    program: str
    settings: Mapping[str, str]
    parameters: Parameters | None = None
    origin: Origin | None = None
    text: str = field(default="", repr=False)


def load_object(text: str | None) -> dict[str, Any] | None:
    """The JSON object that `text` is; None for anything else, however deep or broken."""
    if text is None or not text.lstrip().startswith("{"):
        return None
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) else None


def plain(value: object) -> str:
    """A value as text: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return f"{value:.1f}"
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""


def renamed(data: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    """Settings by A1111's words; a name without one stays, and what holds nothing is left out."""
    settings = {
        words.get(key, key): plain(value)
        for key, value in data.items()
        if isinstance(key, str) and value not in (None, "", [], {}, "None")
    }
    return limited(settings)


def limited(settings: Mapping[str, str]) -> dict[str, str]:
    """As many as anybody reads, and how many more there are."""
    if len(settings) <= MAX_SETTINGS:
        return dict(settings)
    kept = dict(list(settings.items())[:MAX_SETTINGS])
    return kept | {MORE: f"{len(settings) - MAX_SETTINGS} more"}


def size_of(width: object, height: object) -> str | None:
    """`1216x832`, where both are whole numbers."""
    sides = (width, height)
    return f"{width}x{height}" if all(isinstance(side, int) and not isinstance(side, bool) for side in sides) else None


def stem(name: object) -> str:
    """The name of a model's file without folders and ending."""
    if not isinstance(name, str):
        return ""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return next((last[: -len(end)] for end in (".safetensors", ".ckpt", ".pt", ".gguf") if last.endswith(end)), last)


def in_order(settings: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs as people look for them, without the empty ones."""
    known = [name for name in names.ORDER if name in settings]
    rest = [name for name in settings if name not in names.ORDER]
    return [(name, settings[name]) for name in (*known, *rest) if settings[name]]


Reader = Callable[[Mapping[str, str]], PictureInfo | None]
