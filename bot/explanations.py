"""What is wrong with parameters, in sentences: read from the limits that the fields themselves state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.parameters import MAX_PAIR, Parameters, WrongValue, bound, is_pair, is_whole, limits, quoted, title
from bot.sentences import Sentence

#: What is right where a wrong value lies deeper than the field itself.
NESTED: Mapping[str, str] = {
    "timesteps": "{title} must be whole numbers from 0 to 999, with commas, as in 999, 750, 500, 250.",
    "loras": "{title} must be names of files with weights from -2 to 2, as in ink:0.8.",
    "timestep_spacing": "{title} must be leading, trailing, linspace or AYS.",
    "image": "{title} must be a picture.",
    "mask_image": "{title} must be a picture.",
}
TOO_MANY_LORAS = "{title} names {count} LoRAs; a picture takes at most {most}. Leave some out."


def explain(error: ValidationError) -> list[Sentence]:
    """One sentence per wrong field: what was wrong and what would be right."""
    # The first of each field: both sides of a pair may be wrong.
    by_field = {detail["loc"][:1]: _sentence(dict(detail)) for detail in reversed(error.errors(include_url=False))}
    return list(reversed(by_field.values()))


def _sentence(detail: dict[str, Any]) -> Sentence:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return Sentence.of("{value} is not a parameter.", value=quoted(name))
    if detail["type"] == "value_error" and isinstance(wrong := detail["ctx"]["error"], WrongValue):
        return Sentence(wrong.sentence.template, {"title": title(name), **wrong.sentence.values})
    if detail["type"] == "missing":
        return Sentence.of("{title} is missing.", title=title(name))
    if detail["type"] == "string_too_long":
        return Sentence.of(
            "{title} has {length} characters; at most {most} are read. Shorten it.",
            title=title(name),
            length=f"{len(detail['input']):,}",
            most=f"{detail['ctx']['max_length']:,}",
        )
    if name == "loras" and detail["type"] == "too_long":
        counts = {"count": detail["ctx"]["actual_length"], "most": detail["ctx"]["max_length"]}
        return Sentence(TOO_MANY_LORAS, {"title": title(name), **counts})
    if name in NESTED:
        return Sentence(NESTED[name], {"title": title(name)})
    return _out_of_limits(name, detail["input"])


def _out_of_limits(name: str, value: object) -> Sentence:
    """The limits of a field in words, read from the one place where they are written."""
    values: dict[str, Any] = {"title": title(name), "value": quoted(value), "most": MAX_PAIR}
    field = Parameters.model_fields[name]
    annotation: Any = field.annotation
    if is_pair(name):
        return Sentence("{title} must be two whole numbers from 0 to {most}, not {value}.", values)
    if annotation in (str, str | None):
        return Sentence("{title} must be text, not {value}.", values)
    low, high = limits(name)
    if low is None or high is None:
        above, below = bound(field.metadata, "gt"), bound(field.metadata, "lt") or bound(field.metadata, "le")
        if high is None and below is not None:
            return Sentence(
                "{title} must be above {above} and below {below}, not {value}.",
                {**values, "above": _plain(above), "below": _plain(below)},
            )
        return Sentence(
            "{title} must be above {above} and at most {high}, not {value}.",
            {**values, "above": _plain(above), "high": _plain(high)},
        )
    values |= {"low": _plain(low), "high": _plain(high)}
    if is_whole(name):
        return Sentence("{title} must be a whole number from {low} to {high}, not {value}.", values)
    return Sentence("{title} must be from {low} to {high}, not {value}.", values)


def _plain(value: float | None) -> str:
    return "" if value is None else str(int(value)) if value == int(value) else str(value)
