"""Which jobs can be drawn together, in one call of the model, and how many images at a time. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import islice

from bot.jobs import Job
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.parameters import Parameters

#: Beyond this, more at a time is hardly faster, and everybody waits longer for the first picture.
MAX_IMAGES_AT_ONCE = 8
#: Where the model shares the machine's memory, and mostly its processor, with all else.
MAX_IMAGES_WITHOUT_A_DEVICE = 4
#: Among so many that are next in line, the next one's company is looked for.
LOOK_AHEAD = 64

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
        "draft",
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


class BatchPicker:
    """Picks who goes along with the next in line. Nobody is overtaken for it by more than one batch in all."""

    def __init__(self) -> None:
        self._overtaken: set[int] = set()

    def pick(self, line: Iterable[Job], most: int) -> list[Job]:
        """The next job, and those behind it that can be drawn with it, in their order: `most` images, if it has less.

        What has been begun before goes alone: should it be what ended the executor, it ends nobody else's job.
        """
        near = islice(line, LOOK_AHEAD)
        batch = [head := next(near)]
        left = 0 if head.attempts else most - images_of(head)
        passed: list[int] = []
        for job in near if left > 0 else ():
            if not job.attempts and images_of(job) <= left and compatible(head, job):
                batch.append(job)
                self._overtaken.update(passed)
                passed.clear()
                left -= images_of(job)
                if left == 0:
                    break
            elif job.id in self._overtaken:
                break
            else:
                passed.append(job.id)
        self._overtaken.difference_update(job.id for job in batch)
        return batch

    def forget(self, job_id: int) -> None:
        """That job has left the line by itself."""
        self._overtaken.discard(job_id)


def most_images(model: ModelInfo, memory: Memory | None) -> int:
    """How many images of the model's own size a device with that memory draws at a time; one where it is not known."""
    if memory is None:
        return 1
    side = model.native_size
    usual = Parameters(prompt="any", seed=0, width=side, height=side)
    most = MAX_IMAGES_WITHOUT_A_DEVICE if memory.free is None else MAX_IMAGES_AT_ONCE
    return max(1, min(most, memory.available() // memory.needed(usual)))
