"""The model of the chaos: quick, small, and as bad as a prompt asks it to be. It runs in the executor's own process."""

from __future__ import annotations

import fcntl
import io
import json
import os
import resource
import signal
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO

from PIL import Image

from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess, OnProgress
from bot.errors import BlackImage, ExecutorDied, GenerationCancelled, OutOfMemory
from bot.events import Progress
from bot.infotext import png_text
from bot.jobs import Job
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.sentences import Sentence

#: What the executors' processes write, a line of JSON each: who owns the device, and what is drawn in which order.
DIARY = "executors.jsonl"
#: The device: whoever works on it holds the lock of this file.
DEVICE = "device.lock"
SIDE = 16
STEP_S, SLOW_STEP_S = 0.002, 0.25
#: Nothing is said for so long that the gateway takes the process to hang.
FOR_EVER_S = 3600.0


class Misbehaviour(StrEnum):
    """What goes wrong with a job, by a word of its prompt; with “once”, in its first attempt only."""

    SLOW = "slowly"
    DIES = "dying once"
    KEEPS_DYING = "dying again and again"
    HANGS = "hanging once"
    DEVICE_LOST = "losing the device once"
    OUT_OF_MEMORY = "too large for the memory"
    BLACK = "in the black of night"
    BROKEN = "with a bug in the model"

    def strikes(self, job: Job) -> bool:
        """Whether it befalls this attempt of the job."""
        return self in job.parameters.prompt and (job.attempts == 1 or "once" not in self)


class ChaoticEngine:
    """Makes small pictures that say which job they are of."""

    device = "cpu"
    #: Nothing needs much of it: as many go together as without a device of their own.
    memory = Memory(latent=1, pixel=1, scale=8, tile=1)

    def __init__(self, folder: Path, model: ModelInfo) -> None:
        self._model = model
        self._diary = (folder / DIARY).open("a", encoding="utf-8")
        self._device = _taken(folder / DEVICE)
        self._note("clashes with another" if self._device is None else "owns the device")

    def make(
        self, jobs: Sequence[Job], on_progress: Callable[[Progress], None], on_remark: Callable[[Job, Sentence], None]
    ) -> list[list[bytes] | Exception]:
        """The pictures of these jobs, in as many steps as they ask for."""
        self._note("draws", jobs=[job.id for job in jobs], attempts=[job.attempts for job in jobs])
        steps = jobs[0].parameters.num_inference_steps
        gone: dict[int, Exception] = {}
        for step in range(1, steps + 1):
            pause = SLOW_STEP_S if any(Misbehaviour.SLOW.strikes(job) for job in jobs) else STEP_S
            time.sleep(pause)
            for job in jobs:
                if job.id in gone:
                    continue
                try:
                    on_progress(Progress(job.id, "base", step, steps, _preview(step)))
                except GenerationCancelled as error:
                    gone[job.id] = error
            if step == (steps + 1) // 2:
                _misbehave(jobs)
        return [gone.get(job.id) or _failure(job) or self._pictures(job) for job in jobs]

    def _pictures(self, job: Job) -> list[bytes]:
        pngs = []
        for index in range(job.parameters.num_images_per_prompt):
            buffer = io.BytesIO()
            colour = (job.id % 256, job.id // 256 % 256, index)
            text = png_text(job.parameters.of_image(index), self._model)
            Image.new("RGB", (SIDE, SIDE), colour).save(buffer, "PNG", pnginfo=text)
            pngs.append(buffer.getvalue())
        return pngs

    def _note(self, what: str, **more: object) -> None:
        # One write: lines of several processes do not mix.
        self._diary.write(json.dumps({"at": time.time(), "pid": os.getpid(), "what": what, **more}) + "\n")
        self._diary.flush()


def load(
    folder: Path, model: ModelInfo, _device: str, _hub: HubAccess, _assets: Assets, on_progress: OnProgress
) -> ChaoticEngine:
    """Take the device, and be ready."""
    # The gateway may have been started with a disk that is full, which is the limit of a process here.
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    on_progress(0.5, "loading chaos")
    return ChaoticEngine(folder, model)


def _taken(path: Path) -> IO[str] | None:
    """The lock, held for as long as this process lives; None where another has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return file


def _misbehave(jobs: Sequence[Job]) -> None:
    """What ends or stops the whole process."""
    for job in jobs:
        if Misbehaviour.DIES.strikes(job) or Misbehaviour.KEEPS_DYING.strikes(job):
            os.kill(os.getpid(), signal.SIGKILL)
        if Misbehaviour.HANGS.strikes(job):
            time.sleep(FOR_EVER_S)
        if Misbehaviour.DEVICE_LOST.strikes(job):
            raise ExecutorDied


def _failure(job: Job) -> Exception | None:
    """What ends that job alone."""
    if Misbehaviour.OUT_OF_MEMORY.strikes(job):
        return OutOfMemory()
    if Misbehaviour.BLACK.strikes(job):
        return BlackImage()
    if Misbehaviour.BROKEN.strikes(job):
        return RuntimeError("a bug in the model")
    return None


def _preview(step: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (step % 256, 0, 0)).save(buffer, "WEBP")
    return buffer.getvalue()
