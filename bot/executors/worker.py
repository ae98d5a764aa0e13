"""The child process that owns the device: loads the model, then makes pictures until the pipe is closed."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from bot.batching import compatible
from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess
from bot.errors import BotError, ExecutorDied, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors.messages import Cancel, Failed, FromChild, Generate, Generated, Loaded, LoadFailed, Loading, Stepped
from bot.jobs import GeneratedImage, Job
from bot.model_info import ModelInfo
from bot.sentences import Sentence

if TYPE_CHECKING:
    from bot.diffusion.sdxl import StableDiffusionXL
    from bot.diffusion.steps import OnStep, Step

log = logging.getLogger(__name__)

#: A job in a batch: the batch's number and the job's id.
Place = tuple[int, int]


def work(connection: Connection, model: ModelInfo, device: str, hub: HubAccess, assets: Assets) -> None:
    """The child's whole life. Ctrl-C reaches the whole process group; the parent decides when this one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Read when torch is loaded. Threads that spin while they wait for each other take the CPU from those that they wait
    # for as soon as anything else runs: on two busy cores, a picture then takes fifty times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    batches: queue.SimpleQueue[Generate] = queue.SimpleQueue()
    cancelled: set[Place] = set()
    # Before anything slow: while the model loads, too, this is what notices that the parent is gone.
    threading.Thread(target=_listen, args=(connection, batches, cancelled), daemon=True).start()
    try:
        from bot.diffusion.sdxl import StableDiffusionXL

        sdxl = StableDiffusionXL.load(
            model,
            device,
            hub=hub,
            assets=assets,
            on_progress=lambda progress, detail: _tell(connection, Loading(progress, detail)),
        )
    except BotError as error:
        _tell(connection, LoadFailed(str(error)))
        return
    _tell(connection, Loaded(str(sdxl.device), sdxl.memory))
    while True:
        order = batches.get()
        _tell(connection, _answer(order, sdxl, connection, cancelled))
        cancelled.difference_update((order.number, job.id) for job in order.batch)


def _listen(connection: Connection, batches: queue.SimpleQueue[Generate], cancelled: set[Place]) -> None:
    """Take orders while the device works. End of file means that the parent is gone: nobody wants the picture."""
    while True:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if isinstance(message, Cancel):
            cancelled.add((message.number, message.job_id))
        else:
            batches.put(message)


def _tell(connection: Connection, message: FromChild) -> None:
    try:
        connection.send(message)
    except OSError:
        # The parent is gone, and this thread has noticed before the listening one.
        os._exit(0)


def _answer(order: Generate, sdxl: StableDiffusionXL, connection: Connection, cancelled: set[Place]) -> Generated:
    jobs = order.batch
    together = all(compatible(jobs[0], job) for job in jobs)
    line = _Line(order.number, connection, cancelled)
    try:
        outcomes = _make(jobs, sdxl, line) if together else [_make([job], sdxl, line)[0] for job in jobs]
    except ExecutorDied:
        # The device is lost to this process, and maybe not to the next one, which the parent starts.
        log.exception("the device failed")
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - whatever one batch does, the next one must find a worker
        outcomes = [_failed(error) for _ in jobs]
    return Generated(order.number, tuple(outcomes))


@dataclass(frozen=True, slots=True)
class _Line:
    """The way between the jobs of one batch and the gateway."""

    number: int
    connection: Connection
    cancelled: set[Place]

    def check(self, job: Job) -> None:
        """Raises `GenerationCancelled` for a job that nobody wants any more."""
        if (self.number, job.id) in self.cancelled:
            raise GenerationCancelled

    def steps_of(self, job: Job) -> OnStep:
        """Tells the steps of that job, until it is cancelled."""

        def on_step(step: Step) -> None:
            # Raising leaves at once; the pipeline's own `_interrupt` would still decode the latents.
            self.check(job)
            progress = Progress(job.id, step.stage, step.step, step.steps, step.preview)
            _tell(self.connection, Stepped(self.number, progress))

        return on_step


def _make(jobs: Sequence[Job], sdxl: StableDiffusionXL, line: _Line) -> list[tuple[GeneratedImage, ...] | Failed]:
    """What each of these jobs comes to: compatible ones, or one."""
    from bot.diffusion.batches import draw_batch
    from bot.diffusion.sdxl import Commission
    from bot.diffusion.sheets import make_sheet

    started = time.perf_counter()
    made: dict[int, list[bytes] | Exception] = {}
    wanted: list[Job] = []
    remarks: dict[int, list[Sentence]] = {job.id: [] for job in jobs}
    for job in jobs:
        try:
            line.check(job)
            if job.comparison is None:
                wanted.append(job)
            else:
                made[job.id] = [make_sheet(sdxl, job.comparison, line.steps_of(job), remarks[job.id].append)]
        except GenerationFailed as error:
            if isinstance(error, ExecutorDied):
                raise
            made[job.id] = error
    commissions = [Commission(job.parameters, line.steps_of(job), remarks[job.id].append) for job in wanted]
    for job, drawn in zip(wanted, draw_batch(sdxl, commissions) if wanted else [], strict=True):
        made[job.id] = drawn if isinstance(drawn, Exception) else sdxl.to_pngs(drawn, job.parameters)
    elapsed = time.perf_counter() - started
    return [_outcome(job, made[job.id], remarks[job.id], elapsed) for job in jobs]


def _outcome(
    job: Job, made: list[bytes] | Exception, remarks: Sequence[Sentence], elapsed: float
) -> tuple[GeneratedImage, ...] | Failed:
    if isinstance(made, Exception):
        return _failed(made)
    # What was begun again, with fewer at a time, has been remarked upon again.
    said = tuple(dict.fromkeys(remarks))
    return tuple(
        GeneratedImage(
            job_id=job.id,
            index=index,
            png=png,
            parameters=job.parameters.of_image(index),
            elapsed=elapsed,
            remarks=said,
        )
        for index, png in enumerate(made)
    )


def _failed(error: Exception) -> Failed:
    if isinstance(error, BotError):
        kind = type(error) if isinstance(error, GenerationFailed) else GenerationFailed
        return Failed(kind.__name__, tuple(error.sentences))
    trace = "".join(traceback.format_exception(error))
    return Failed(GenerationFailed.__name__, tuple(GenerationFailed().sentences), trace)
