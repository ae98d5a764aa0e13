"""The child process that owns the device: loads the model, then makes pictures until the pipe is closed."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

from bot.batching import compatible
from bot.diffusion.assets import Assets
from bot.diffusion.hub import HubAccess, OnProgress
from bot.errors import BotError, ExecutorDied, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors.messages import Cancel, Failed, FromChild, Generate, Generated, Loaded, LoadFailed, Loading, Stepped
from bot.jobs import GeneratedImage, Job
from bot.memory import Memory
from bot.model_info import ModelInfo
from bot.sentences import Sentence

log = logging.getLogger(__name__)

#: A job in a batch: the batch's number and the job's id.
Place = tuple[int, int]


class Engine(Protocol):
    """What makes the pictures, loaded and on its device."""

    @property
    def device(self) -> str:
        """Where it works."""

    @property
    def memory(self) -> Memory:
        """What that device has left at this moment."""

    def make(
        self, jobs: Sequence[Job], on_progress: Callable[[Progress], None], on_remark: Callable[[Job, Sentence], None]
    ) -> Sequence[Sequence[bytes] | Exception]:
        """The PNGs of each of these compatible jobs, or what ended it and it alone.

        `on_progress` raises `GenerationCancelled` for a job that nobody wants any more. Raises `ExecutorDied`.
        """


#: Loads an engine. Raises `BotError` with a sentence.
Load = Callable[[ModelInfo, str, HubAccess, Assets, OnProgress], Engine]


def load_sdxl(model: ModelInfo, device: str, hub: HubAccess, assets: Assets, on_progress: OnProgress) -> Engine:
    """Stable Diffusion XL; with it comes torch."""
    # On a busy machine it takes half a minute.
    on_progress(0.0, "importing torch and diffusers")
    from bot.diffusion.engine import SDXLEngine

    return SDXLEngine.load(model, device, hub, assets, on_progress)


def work(
    connection: Connection, model: ModelInfo, device: str, hub: HubAccess, assets: Assets, load: Load = load_sdxl
) -> None:
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
        engine = load(model, device, hub, assets, lambda progress, detail: _tell(connection, Loading(progress, detail)))
    except BotError as error:
        _tell(connection, LoadFailed(str(error)))
        return
    _tell(connection, Loaded(engine.device, engine.memory))
    while True:
        order = batches.get()
        _tell(connection, _answer(order, engine, connection, cancelled))
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


def _answer(order: Generate, engine: Engine, connection: Connection, cancelled: set[Place]) -> Generated:
    jobs = order.batch
    together = all(compatible(jobs[0], job) for job in jobs)
    line = _Line(order.number, connection, cancelled)
    try:
        outcomes = _make(jobs, engine, line) if together else [_make([job], engine, line)[0] for job in jobs]
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

    def check(self, job_id: int) -> None:
        """Raises `GenerationCancelled` for a job that nobody wants any more."""
        if (self.number, job_id) in self.cancelled:
            raise GenerationCancelled

    def tell(self, progress: Progress) -> None:
        """Tells of a step, until its job is cancelled."""
        # Raising leaves at once; the pipeline's own `_interrupt` would still decode the latents.
        self.check(progress.job_id)
        _tell(self.connection, Stepped(self.number, progress))


def _make(jobs: Sequence[Job], engine: Engine, line: _Line) -> list[tuple[GeneratedImage, ...] | Failed]:
    """What each of these jobs comes to: compatible ones, or one."""
    started = time.perf_counter()
    made: dict[int, Sequence[bytes] | Exception] = {}
    wanted: list[Job] = []
    remarks: dict[int, list[Sentence]] = {job.id: [] for job in jobs}
    for job in jobs:
        try:
            line.check(job.id)
            wanted.append(job)
        except GenerationCancelled as error:
            made[job.id] = error
    if wanted:
        outcomes = engine.make(wanted, line.tell, lambda job, remark: remarks[job.id].append(remark))
        made.update(zip((job.id for job in wanted), outcomes, strict=True))
    elapsed = time.perf_counter() - started
    return [_outcome(job, made[job.id], remarks[job.id], elapsed) for job in jobs]


def _outcome(
    job: Job, made: Sequence[bytes] | Exception, remarks: Sequence[Sentence], elapsed: float
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
