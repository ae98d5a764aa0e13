"""The prompt of a preset around the words that somebody types."""

from __future__ import annotations

from bot.errors import InvalidParameters
from bot.parameters import MAX_PROMPT_LENGTH, title
from bot.presets.partial import SLOT
from bot.prompts.flags import FlagReader
from bot.sentences import Sentence

TOO_LONG = "With the prompt of {source}, {title} has {length} characters; at most {most} are read. Shorten it."


def fill(template: str, typed: str, flags: FlagReader, source: Sentence) -> str:
    """The template with what was typed in its place; flags move to the end, where they take no word of its words.

    Raises `InvalidParameters` for what becomes too long.
    """
    words, flagged = flags.split(typed)
    filled = template.replace(SLOT, words)
    filled = " ".join(filter(None, (filled, flagged)))
    if len(filled) > MAX_PROMPT_LENGTH:
        raise InvalidParameters(
            TOO_LONG,
            source=source,
            title=title("prompt"),
            length=f"{len(filled):,}",
            most=f"{MAX_PROMPT_LENGTH:,}",
        )
    return filled
