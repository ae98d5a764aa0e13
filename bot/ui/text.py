"""Words and figures as members read them. Everything a user typed goes through `escape` or `plain` first."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

import discord

from bot import moments
from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import Job
from bot.parameters import Lora, Parameters, title
from bot.sentences import Sentence
from bot.translation import ENGLISH, Speech

#: All text of one message that Discord takes.
MESSAGE_LENGTH = 4000
PROMPT_LENGTH = 240
#: How much of a list (timesteps, LoRAs) a card shows.
LIST_LENGTH = 240
CHOICE_LENGTH = 100
ALT_TEXT_LENGTH = 1024
#: Text is cut to this many times its limit before it is cleaned, for what is cleaned away takes no room.
ROOM_TO_CLEAN = 4
BAR_CELLS = 8
ELLIPSIS = "…"
#: Characters that turn the direction of the text after them, up to the end of the line.
DIRECTION_MARKS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: What `Parameters` says unless somebody asked for something else; only deviations are worth a line.
QUIET = ("guidance_rescale", "eta", "clip_skip", "crops_coords_top_left", "original_size", "target_size")
QUIET_NEGATIVE = ("negative_original_size", "negative_crops_coords_top_left", "negative_target_size")
QUIET_REFINER = ("aesthetic_score", "negative_aesthetic_score")
QUIET_MODES = (
    "style",
    "loras",
    "strength",
    "upscaler",
    "padding_mask_crop",
    "variation_strength",
    "variation_seed",
    "timestep_spacing",
    "timesteps",
)
#: Remarks that a card shows; a request that needs more of them shows the first.
MAX_REMARKS = 6


class Rank(IntEnum):
    """How much a line of a card counts: where there is not enough room, the highest number goes first."""

    FIGURES = 0
    NOTICE = 1
    UNUSUAL = 2
    REMARK = 3
    PROMPT = 4


class Line(NamedTuple):
    """One line of a card."""

    rank: Rank
    text: str


def plain(text: str, limit: int | None = None) -> str:
    """`text` on one line, without characters that would disturb what stands around it, cut with “…”."""
    text = " ".join(text.split())
    is_long = limit is not None and len(text) > ROOM_TO_CLEAN * limit
    if limit is not None and is_long:
        # Before it is cleaned letter by letter: many long prompts are shown at once while everybody waits.
        text = text[: ROOM_TO_CLEAN * limit]
    if not text.isprintable():
        text = " ".join("".join(map(_harmless, text)).split())
    if limit is not None and (is_long or len(text) > limit):
        return text[: limit - 1].rstrip() + ELLIPSIS
    return text


def escape(text: str, limit: int | None = None) -> str:
    """`text` as Discord shows it letter by letter: no markdown, no mention, no timestamp, no emoji code."""
    escaped = discord.utils.escape_markdown(plain(text, limit), ignore_links=False)
    return discord.utils.escape_mentions(escaped).replace("<", "\\<")


def _harmless(character: str) -> str:
    if character in DIRECTION_MARKS:
        return ""
    return " " if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character


def headline(parameters: Parameters) -> str:
    """The prompt, as the first line of a card."""
    return f"**{escape(parameters.prompt, PROMPT_LENGTH)}**"


def choice(job: Job, state: str) -> str:
    """A job as one line of an autocomplete list, which shows text as it is."""
    return plain(f"#{job.id} · {state} · {job.parameters.prompt}", CHOICE_LENGTH)


def alt_text(parameters: Parameters, index: int, count: int, speech: Speech = ENGLISH) -> str:
    """What a picture shows, for those who cannot see it: its prompt."""
    place = " " + speech.say("(picture {number} of {count})", number=index + 1, count=count) if count > 1 else ""
    return plain(parameters.prompt, ALT_TEXT_LENGTH - len(place)) + place


def capital(text: str) -> str:
    """The beginning of a line."""
    return text[:1].upper() + text[1:]


def relative(moment: datetime) -> str:
    """A moment as Discord counts it in each reader's own words (“in 2 minutes”)."""
    return moments.relative(moment)


def bar(done: int, total: int) -> str:
    """A progress bar that is full only when all is done."""
    full = BAR_CELLS * done // total if total > 0 else 0
    return "▰" * full + "▱" * (BAR_CELLS - full)


def seconds(amount: float) -> str:
    """A short while: 0.4 s, 4.2 s, 58 s, 2 min 5 s."""
    if round(amount, 1) < 10:
        return f"{amount:.1f} s"
    whole = round(amount)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def megabytes(size: int) -> str:
    """A file's size as Discord counts it."""
    return f"{size / 2**20:.1f} MiB"


def warming_up(health: ExecutorHealth | None) -> Sentence | None:
    """Why nothing runs yet, where that is so."""
    if health is None:
        return None
    match health.state:
        case ExecutorState.LOADING if health.progress:
            return Sentence.of("warming up · model loading {percent} %", percent=f"{health.progress:.0%}".rstrip("%"))
        case ExecutorState.LOADING:
            return Sentence.of("warming up · the picture process is starting")
        case ExecutorState.RESTARTING:
            return Sentence.of("warming up · the picture process is being started again")
        case ExecutorState.UNAVAILABLE:
            # Its reason is for the owner: it may name files and addresses.
            return Sentence.of("the model cannot be loaded right now; it is tried again by itself")
        case _:
            return None


def parameter_lines(
    parameters: Parameters, *remarks: str, varied: Collection[str] = (), speech: Speech = ENGLISH
) -> list[Line]:
    """Everything that went into the picture, in small print; `remarks` end the last line of figures.

    What is `varied` has as many values as there are pictures, and is left out.
    """
    p, say = parameters, speech.say
    size = f"{p.width}×{p.height}" if {"width", "height"}.isdisjoint(varied) else ""
    first = {
        "width": size,
        "num_inference_steps": say(Sentence.counted(p.num_inference_steps, "{count} step", "{count} steps")),
        "scheduler": escape(p.scheduler),
        "guidance_scale": say("guidance {value}", value=f"{p.guidance_scale:g}"),
    }
    last = {"denoising_end": say(_refiner(p)), "seed": say(_seeds(p))}
    figures = [
        (Rank.FIGURES, _without(varied, first)),
        (Rank.UNUSUAL, _without(varied, _unusual(p))),
        (Rank.FIGURES, [*_without(varied, last), *remarks]),
    ]
    prompts = {
        "raw_prompt": (Sentence.of("typed"), p.raw_prompt),
        "prompt_2": (Sentence.of("second prompt"), p.prompt_2),
        "negative_prompt": (Sentence.of("without"), p.negative_prompt),
        "negative_prompt_2": (Sentence.of("second negative prompt"), p.negative_prompt_2),
    }
    lines = [Line(rank, f"-# {' · '.join(line)}") for rank, line in figures if line]
    lines += [
        Line(Rank.PROMPT, f"-# {say('{label}: {prompt}', label=label, prompt=escape(prompt, PROMPT_LENGTH))}")
        for name, (label, prompt) in prompts.items()
        if prompt and name not in varied
    ]
    return lines


def fitted(lines: Sequence[Line], room: int) -> str:
    """The lines in at most `room` characters: what counts least goes first, of equals the last."""
    kept = dict(enumerate(lines))
    for place in sorted(kept, key=lambda place: (lines[place].rank, place), reverse=True):
        if sum(len(line.text) + 1 for line in kept.values()) <= room + 1:
            break
        del kept[place]
    return "\n".join(line.text for line in kept.values())


def _without(varied: Collection[str], entries: Mapping[str, str]) -> list[str]:
    return [text for name, text in entries.items() if text and name not in varied]


def _refiner(parameters: Parameters) -> Sentence:
    if parameters.denoising_end is None:
        return Sentence.of("base alone")
    return Sentence.of("refiner from {share}", share=f"{parameters.denoising_end:g}")


def _seeds(parameters: Parameters) -> Sentence:
    last = parameters.of_image(parameters.num_images_per_prompt - 1).seed
    if last == parameters.seed:
        return Sentence.of("seed {seed}", seed=last)
    return Sentence.of("seeds {first}–{last}", first=parameters.seed, last=last)


def _unusual(parameters: Parameters) -> dict[str, str]:
    """Fields that stand otherwise than they do by default, by the names that people type."""
    names: tuple[str, ...] = QUIET_MODES + QUIET + QUIET_NEGATIVE
    if parameters.denoising_end is not None:
        names += QUIET_REFINER
    fields = Parameters.model_fields
    return {
        name: f"{title(name)} {_value(getattr(parameters, name))}"
        for name in names
        if getattr(parameters, name) != fields[name].default
    }


def remark_lines(remarks: Iterable[Sentence], speech: Speech = ENGLISH) -> list[Line]:
    """What else a job's author should know, in small print."""
    return [
        Line(Rank.REMARK, f"-# {escape(speech.say(remark), PROMPT_LENGTH)}") for remark in islice(remarks, MAX_REMARKS)
    ]


def _value(value: object) -> str:
    if isinstance(value, tuple):
        if all(isinstance(part, Lora) for part in value):
            return escape(", ".join(f"{part.name}:{part.weight:g}" for part in value), LIST_LENGTH)
        return plain(("×" if len(value) == 2 else ", ").join(str(part) for part in value), LIST_LENGTH)
    return f"{value:g}" if isinstance(value, float) else escape(str(value))
