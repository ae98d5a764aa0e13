"""Where the parameters of a job come from, as its card says it: `steps 30 (preset ink) · seed random`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bot.parameters import Lora, title
from bot.presets.layering import STEPS, Laid
from bot.presets.partial import FIELDS
from bot.sentences import Sentence

#: Too long to be said again; the card has them anyway.
TEXTS = ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2")
SIZE = ("width", "height")
#: As many of a list (timesteps) are shown.
MOST_SHOWN = 3


def provenance(laid: Laid, said: Collection[str]) -> Sentence | None:
    """What comes from which layer; None where nothing does. What was `said` with the request itself does not."""
    above = {name for name in said if name not in laid.locked}
    if above & STEPS:
        above |= STEPS
    # The words of a request go into a preset's prompt, and not over it.
    above.discard("prompt")
    kept = {name: laid.values[name] for name in FIELDS if name in laid.values and name not in above}
    if not kept:
        return None
    by_source: dict[str, tuple[Sentence, dict[str, Any]]] = {}
    for name, value in kept.items():
        source = laid.sources[name]
        by_source.setdefault(str(source), (source, {}))[1][name] = value
    parts = [
        Sentence.of("{settings} ({source})", settings=", ".join(write_fields(values).values()), source=source)
        for source, values in by_source.values()
    ]
    if "seed" not in {*kept, *said}:
        parts.append(Sentence.of("seed random"))
    return Sentence.joined(parts, " · ")


def write_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """Each field in a few words: `steps 30`, `1216×832`, `lora ink:0.8`; of a text only that there is one."""
    written = {
        name: title(name) if name in TEXTS else f"{title(name)} {write(value)}" for name, value in values.items()
    }
    if all(side in values for side in SIZE):
        written["width"] = f"{values['width']}×{values['height']}"
        del written["height"]
    return written


def write(value: Any) -> str:
    """One value in a few words."""
    if value is None:
        return "off"
    if isinstance(value, tuple):
        if all(isinstance(each, Lora) for each in value):
            return ", ".join(f"{each.name}:{each.weight:g}" for each in value)
        shown = ", ".join(map(str, value[:MOST_SHOWN]))
        return f"{shown}, …" if len(value) > MOST_SHOWN else shown
    return f"{value:g}" if isinstance(value, float) else str(value)
