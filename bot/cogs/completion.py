"""What Discord offers while somebody types a value that they could not know."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from discord.app_commands import Choice

from bot.loras import LoraInfo
from bot.model_info import ModelInfo
from bot.parameters import title
from bot.prompts.advanced import examples
from bot.prompts.flag_text import BY_NAME, folded
from bot.prompts.styles import Styles
from bot.scheduler_names import SCHEDULERS, nearest_schedulers
from bot.translation import Speech

#: As many as Discord shows, and as long as one may be.
MAX_CHOICES = 25
MAX_LENGTH = 100
_NAME = re.compile(r"--(?P<dashed>[A-Za-z][\w-]*)|(?P<named>[A-Za-z][\w-]*)\s*[:=]")


def complete_style(typed: str, styles: Styles, speech: Speech) -> list[Choice[str]]:
    """Styles with what they are."""
    return [Choice(name=style.label(speech.say), value=style.name) for style in styles.suggest(typed, speech.say)]


def complete_scheduler(typed: str) -> list[Choice[str]]:
    """Schedulers with these letters in their names; the nearest where there is none."""
    wanted = _folded(typed)
    found = [name for name in SCHEDULERS if wanted in _folded(name)] or nearest_schedulers(typed)
    # Those that begin like it first.
    found.sort(key=lambda name: not _folded(name).startswith(wanted))
    return _choices((name, name) for name in found)


def complete_lora(typed: str, loras: Iterable[LoraInfo]) -> list[Choice[str]]:
    """LoRAs for the last place of a list, as in `ink:0.8, pa`; a weight stays."""
    before, last = _split(typed, ",")
    name, colon, weight = last.partition(":")
    named = {each.strip().partition(":")[0].casefold() for each in before.split(",")}
    fitting = [lora for lora in loras if _folded(name) in _folded(lora.name) and lora.name.casefold() not in named]
    return _choices((f"{before}{_label(lora)}", f"{before}{lora.name}{colon}{weight}") for lora in fitting)


def complete_advanced(typed: str, options: Collection[str], model: ModelInfo) -> list[Choice[str]]:
    """Settings that are none of the `options`, each with a value to begin with."""
    before, last = _split(typed, ";", ", ")
    wanted = _folded(last.lstrip("-"))
    there = {*options, *(title(BY_NAME[name].field) for name in _names(before))}
    lines = [f"{name}: {example}" for name, example in examples(model).items() if name not in there]
    found = [line for line in lines if wanted in _folded(line.partition(":")[0])]
    found.sort(key=lambda line: not _folded(line).startswith(wanted))
    # What is complete is offered as it stands.
    whole = [typed.strip()] if ":" in last else []
    return _choices((line, line) for line in (*whole, *(f"{before}{line}" for line in found)))


def _names(typed: str) -> set[str]:
    """The settings that are in there already, by the names of flags."""
    return {folded(match["dashed"] or match["named"]) for match in _NAME.finditer(typed)} & BY_NAME.keys()


def _split(typed: str, *separators: str) -> tuple[str, str]:
    """What stands before the last separator, with it and a space; and what is being typed behind it."""
    at = max(typed.rfind(separator) for separator in separators)
    if at < 0:
        return "", typed.strip()
    return f"{typed[: at + 1]} ", typed[at + 1 :].strip()


def _label(lora: LoraInfo) -> str:
    return f"{lora.name} · {', '.join(lora.trigger_words)}" if lora.trigger_words else lora.name


def _choices(pairs: Iterable[tuple[str, str]]) -> list[Choice[str]]:
    """As many as there may be; a value that is too long for Discord cannot be offered."""
    kept = [(name, value) for name, value in pairs if 0 < len(value) <= MAX_LENGTH]
    return [
        Choice(name=name if len(name) <= MAX_LENGTH else name[: MAX_LENGTH - 1] + "…", value=value)
        for name, value in kept[:MAX_CHOICES]
    ]


def _folded(text: str) -> str:
    return "".join(text.casefold().replace("_", " ").replace("-", " ").split())
