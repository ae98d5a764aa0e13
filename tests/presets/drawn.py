"""Presets as Hypothesis draws them: any valid partial parameters, and names."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bot.errors import InvalidParameters, PresetRefused
from bot.layers import SPACINGS
from bot.parameters import Lora
from bot.presets import Owner, OwnerKind, Preset
from bot.presets.names import MAX_NAME, read_name
from bot.presets.partial import checked
from bot.scheduler_names import SCHEDULERS

OWNER = Owner(OwnerKind.USER, 30)


def _hundredths(low: int, high: int) -> st.SearchStrategy[float]:
    """Numbers as people write them."""
    return st.integers(low, high).map(lambda number: number / 100)


WORDS = st.text("abc ,.é語{}|\"“'", min_size=1, max_size=40)
SIZES = st.integers(8, 256).map(lambda side: side * 8)
PAIRS = st.tuples(st.integers(0, 8192), st.integers(0, 8192))
LORAS = st.lists(
    st.builds(
        Lora, name=st.sampled_from(["ink", "paper", "a b"]), weight=st.integers(-200, 200).map(lambda n: n / 100)
    ),
    unique_by=lambda lora: lora.name,
    max_size=3,
).map(tuple)
TIMESTEPS = st.lists(st.integers(0, 999), unique=True, min_size=1, max_size=9).map(lambda n: tuple(sorted(n)[::-1]))
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "prompt": st.one_of(WORDS, st.tuples(WORDS, WORDS).map("{prompt}".join)),
    "prompt_2": WORDS,
    "negative_prompt": WORDS,
    "width": SIZES,
    "height": SIZES,
    "num_inference_steps": st.integers(1, 150),
    "guidance_scale": _hundredths(0, 3000),
    "scheduler": st.sampled_from(sorted(SCHEDULERS)),
    "seed": st.integers(0, 2**32 - 1),
    "num_images_per_prompt": st.integers(1, 4),
    "clip_skip": st.integers(1, 4),
    "denoising_end": st.one_of(st.none(), _hundredths(1, 99)),
    "original_size": PAIRS,
    "timesteps": TIMESTEPS,
    "timestep_spacing": st.sampled_from(SPACINGS),
    "strength": _hundredths(1, 100),
    "variation_strength": _hundredths(0, 100),
    "loras": LORAS,
    "style": st.sampled_from([None, "ink", "photo"]),
}


def _valid(values: dict[str, Any]) -> bool:
    try:
        checked(values)
    except InvalidParameters:
        return False
    return True


def _named(name: str) -> bool:
    try:
        return read_name(name) == name
    except PresetRefused:
        return False


#: As somebody could save them; most of what is drawn is.
partials = st.fixed_dictionaries({}, optional=FIELDS).filter(_valid).map(lambda values: checked(values)[0])
names = st.text(st.characters(categories=("L", "N", "So")) | st.just(" "), min_size=1, max_size=MAX_NAME).filter(_named)
presets = st.builds(
    lambda name, values, locked, version: Preset(
        id=1, owner=OWNER, name=name, version=version, values=values, locked=frozenset(locked & values.keys())
    ),
    names,
    partials,
    st.sets(st.sampled_from(sorted(FIELDS))),
    st.integers(1, 3),
)
