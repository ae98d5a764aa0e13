"""The text that A1111 puts into pictures: prompt, “Negative prompt:”, and one line of settings."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping

from bot.infotext.names import NEGATIVE_PROMPT, PROMPT

#: Bounded, so that a hostile line is read in linear time.
_KEY = re.compile(r"(?<![\w\-/])(\w[\w \-/]{1,60}):[ \t]{0,8}")
_VALUE = re.compile(r'("(?:\\.|[^\\"])*")[ \t]{0,8}(?:,|$)|([^,]*)(?:,|$)')
_AFTER_JSON = re.compile(r"[ \t]{0,8}(?:,|$)")
_JSON = json.JSONDecoder()
#: No program writes a longer line of settings, or more of them.
_MAX_LINE, _MAX_PAIRS = 200_000, 2000
#: A failed one costs the length of the line.
_MAX_JSON = 20
#: A last line with fewer pairs than this belongs to the prompt.
FEWEST_SETTINGS = 3
#: In a camera's picture the same field holds a remark; where many pictures come from, the first setting is this.
_STEPS_LINE = re.compile(r"^Steps: *\d", re.MULTILINE)


def write_text(prompt: str, negative_prompt: str, settings: Mapping[str, object]) -> str:
    """The text of these; a value that would be misread is quoted as JSON."""
    lines = [prompt]
    if negative_prompt:
        lines.append(f"{NEGATIVE_PROMPT}: {negative_prompt}")
    lines.append(", ".join(f"{key}: {_quoted(str(value))}" for key, value in settings.items()))
    return "\n".join(lines)


def parse_infotext(text: str) -> dict[str, str]:
    """The settings of an infotext by their own names, unknown ones too, with “Prompt” and “Negative prompt”."""
    *lines, last = text.strip().split("\n") or [""]
    pairs = _pairs(last)
    if len(pairs) < FEWEST_SETTINGS:
        lines, pairs = [*lines, last], []
    marks = [index for index, line in enumerate(lines) if line.strip().startswith(f"{NEGATIVE_PROMPT}:")]
    start = marks[0] if marks else len(lines)
    negative = "\n".join(lines[start:]).strip().removeprefix(f"{NEGATIVE_PROMPT}:")
    settings = {key: _unquoted(value) for key, value in pairs}
    return {PROMPT: "\n".join(lines[:start]).strip(), NEGATIVE_PROMPT: negative.strip()} | settings


def looks_like_infotext(text: str) -> bool:
    """Whether the text has a line of settings, or begins one."""
    last = text.strip().rsplit("\n", 1)[-1]
    return len(_pairs(last)) >= FEWEST_SETTINGS or _STEPS_LINE.search(text) is not None


def _pairs(line: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if len(line) > _MAX_LINE:
        return pairs
    at, json_values = 0, 0
    while len(pairs) < _MAX_PAIRS and (key := _KEY.search(line, at)):
        value = None
        if line[key.end() : key.end() + 1] in ("{", "[") and json_values < _MAX_JSON:
            json_values += 1
            value = _json_at(line, key.end())
        text, at = value or _value_at(line, key.end())
        pairs.append((key[1].strip(), text))
    return pairs


def _value_at(line: str, start: int) -> tuple[str, int]:
    """The value that begins there, as it is written, and where the next setting may begin."""
    match = _VALUE.match(line, start)
    return ("", len(line)) if match is None else (match[1] or match[2] or "", match.end())


def _json_at(line: str, start: int) -> tuple[str, int] | None:
    """The same for JSON, which some programs write as it is, with commas of its own; None where it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        end = _JSON.raw_decode(line, start)[1]
        if after := _AFTER_JSON.match(line, end):
            return line[start:end], after.end()
    return None


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ',\n\r:"') else value


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    try:
        return str(json.loads(value))
    except (ValueError, RecursionError):
        return value
