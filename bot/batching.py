"""Which jobs can be drawn together, in one call of the model, and how many images at a time. Pure."""

from __future__ import annotations

from collections.abc import Hashable

from bot.jobs import Job
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.parameters import Parameters

#: Beyond this, more at a time is hardly faster, and everybody waits longer for the first picture.
MAX_IMAGES_AT_ONCE = 8
#: Where the model shares the machine's memory, and mostly its processor, with all else.
MAX_IMAGES_WITHOUT_A_DEVICE = 4

#: What each image of a batch may have for itself. All else goes to the pipelines once, for the whole batch.
_OF_EACH_IMAGE = frozenset(
    {
        "prompt",
        "prompt_2",
        "negative_prompt",
        "negative_prompt_2",
        "clip_skip",
        "seed",
        "num_images_per_prompt",
        "variation_seed",
        "variation_strength",
        "style",
        "raw_prompt",
        "raw_negative_prompt",
    }
)
_OF_ALL = tuple(name for name in Parameters.model_fields if name not in _OF_EACH_IMAGE)


def batch_key(job: Job) -> Hashable | None:
    """Jobs with equal keys can be drawn together; None is a job that is always drawn alone."""
    if job.comparison is not None:
        return None
    return tuple(getattr(job.parameters, name) for name in _OF_ALL)


def compatible(one: Job, other: Job) -> bool:
    """Whether these two can be drawn together."""
    key = batch_key(one)
    return key is not None and key == batch_key(other)


def images_of(job: Job) -> int:
    """How many images are drawn at a time for that job alone."""
    return 1 if job.comparison is not None else job.parameters.num_images_per_prompt


def most_images(model: ModelInfo, memory: Memory | None) -> int:
    """How many images of the model's own size a device with that memory draws at a time; one where it is not known."""
    if memory is None:
        return 1
    side = model.native_size
    usual = Parameters(prompt="any", seed=0, width=side, height=side)
    most = MAX_IMAGES_WITHOUT_A_DEVICE if memory.free is None else MAX_IMAGES_AT_ONCE
    return max(1, min(most, memory.available() // memory.needed(usual)))
