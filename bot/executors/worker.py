"""The child process that owns the device: loads the model, then makes pictures until the pipe is closed."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from bot.diffusion.assets import Assets
from bot.errors import BotError, GenerationCancelled, GenerationFailed
from bot.events import Progress
from bot.executors.messages import Cancel, Failed, Generate, Generated, Loaded, LoadFailed, Loading
from bot.jobs import GeneratedImage, Job
from bot.model_info import ModelInfo
from bot.sentences import Sentence

if TYPE_CHECKING:
    from bot.diffusion.sdxl import StableDiffusionXL
    from bot.diffusion.steps import Step


def work(connection: Connection, model: ModelInfo, device: str, assets: Assets) -> None:
    """The child's whole life. Ctrl-C reaches the whole process group; the parent decides when this one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    batches: queue.SimpleQueue[Generate] = queue.SimpleQueue()
    cancelled: set[int] = set()
    threading.Thread(target=_listen, args=(connection, batches, cancelled), daemon=True).start()
    try:
        from bot.diffusion.sdxl import StableDiffusionXL

        sdxl = StableDiffusionXL.load(
            model,
            device,
            assets=assets,
            on_progress=lambda progress, detail: connection.send(Loading(progress, detail)),
        )
    except BotError as error:
        connection.send(LoadFailed(str(error)))
        return
    connection.send(Loaded(str(sdxl.device)))
    while True:
        batch = batches.get().batch
        try:
            images = [image for job in batch for image in _make(job, sdxl, connection, cancelled)]
        except Exception as error:  # noqa: BLE001 - whatever one job does, the next one must find a worker
            known = isinstance(error, BotError)
            kind = type(error).__name__ if known else GenerationFailed.__name__
            reason = str(error) if known else str(GenerationFailed())
            connection.send(Failed(kind, reason, traceback.format_exc()))
        else:
            connection.send(Generated(tuple(images)))
        cancelled.difference_update(job.id for job in batch)


def _listen(connection: Connection, batches: queue.SimpleQueue[Generate], cancelled: set[int]) -> None:
    """Take orders while the device works. End of file means that the parent is gone: nobody wants the picture."""
    while True:
        try:
            message = connection.recv()
        except (EOFError, OSError):
            os._exit(0)
        if isinstance(message, Cancel):
            cancelled.add(message.job_id)
        else:
            batches.put(message)


def _make(job: Job, sdxl: StableDiffusionXL, connection: Connection, cancelled: set[int]) -> list[GeneratedImage]:
    def on_step(step: Step) -> None:
        # Raising leaves at once; the pipeline's own `_interrupt` would still decode the latents.
        if job.id in cancelled:
            raise GenerationCancelled
        connection.send(Progress(job.id, step.stage, step.step, step.steps, step.preview))

    if job.id in cancelled:
        raise GenerationCancelled
    started = time.perf_counter()
    remarks: list[Sentence] = []
    pictures = sdxl(job.parameters, on_step, remarks.append)
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
