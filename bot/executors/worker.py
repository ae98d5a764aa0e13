"""The child process that owns the device: loads the model, then makes pictures until the pipe is closed."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

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
    from bot.diffusion.steps import Step

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


def _answer(
    order: Generate, sdxl: StableDiffusionXL, connection: Connection, cancelled: set[Place]
) -> Generated | Failed:
    try:
        images = [image for job in order.batch for image in _make(job, order.number, sdxl, connection, cancelled)]
    except ExecutorDied:
        # The device is lost to this process, and maybe not to the next one, which the parent starts.
        log.exception("the device failed")
        os._exit(1)
    except BotError as error:
        return Failed(order.number, type(error).__name__, tuple(error.sentences), "")
    except Exception:  # noqa: BLE001 - whatever one job does, the next one must find a worker
        return Failed(
            order.number, GenerationFailed.__name__, tuple(GenerationFailed().sentences), traceback.format_exc()
        )
    return Generated(order.number, tuple(images))


def _make(
    job: Job, number: int, sdxl: StableDiffusionXL, connection: Connection, cancelled: set[Place]
) -> list[GeneratedImage]:
    def on_step(step: Step) -> None:
        # Raising leaves at once; the pipeline's own `_interrupt` would still decode the latents.
        if (number, job.id) in cancelled:
            raise GenerationCancelled
        _tell(connection, Stepped(number, Progress(job.id, step.stage, step.step, step.steps, step.preview)))

    if (number, job.id) in cancelled:
        raise GenerationCancelled
    started = time.perf_counter()
    remarks: list[Sentence] = []
    if job.comparison is None:
        pictures = sdxl(job.parameters, on_step, remarks.append)
    else:
        from bot.diffusion.sheets import make_sheet

        pictures = [make_sheet(sdxl, job.comparison, on_step, remarks.append)]
    elapsed = time.perf_counter() - started
    return [
        GeneratedImage(
            job_id=job.id,
            index=index,
            png=png,
            parameters=job.parameters.of_image(index),
            elapsed=elapsed,
            remarks=tuple(remarks),
        )
        for index, png in enumerate(pictures)
    ]
