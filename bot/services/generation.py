"""Pictures on request: asking, cancelling, asking again, deleting, and how the line stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.comparison import AskedAxis
from bot.diffusion.assets import Assets
from bot.errors import JobFinished, JobUnfinished, NotYourJob
from bot.executors import ExecutorHealth
from bot.inputs import InputFolder
from bot.job_queue import JobQueue
from bot.jobs import Job, JobStatus
from bot.layers import check_defaults, random_seed
from bot.model_info import ModelInfo
from bot.originals import OriginalFolder
from bot.presets.layering import Laid
from bot.prompts import PromptReader
from bot.sentences import Sentence
from bot.services.admission import NO_PRESETS, Admission
from bot.services.decoding import Decoding
from bot.services.recording import IN_QUEUE, Recording
from bot.services.standing import DAY, Standing, Standings
from bot.storage import Storage
from bot.storage.pictures import PictureFolder

log = logging.getLogger(__name__)

HOW_IT_ENDED = {
    JobStatus.POSTING: "Job #{job} is done already.",
    JobStatus.SUCCEEDED: "Job #{job} is done already.",
    JobStatus.FAILED: "Job #{job} has failed already.",
    JobStatus.CANCELLED: "Job #{job} is cancelled already.",
    JobStatus.REJECTED: "Job #{job} was rejected already.",
}
CANCELLED_BY = "Cancelled by {moderator}."
FINISHING = "Job #{job} is finishing at this moment."
NOT_YOURS_TO_CANCEL = "Only the person who asked for job #{job}, or a moderator, can cancel it."
NOT_YOURS_TO_DELETE = "Only the person who asked for job #{job}, or a moderator, can delete it."


class GenerationService:
    """The one who speaks with queue, database and pictures on behalf of whoever stands at the door."""

    def __init__(
        self,
        model: ModelInfo,
        storage: Storage,
        pictures: PictureFolder,
        inputs: InputFolder,
        queue: JobQueue,
        prompts: PromptReader,
        originals: OriginalFolder,
        assets: Assets,
        standings: Standings | None = None,
    ) -> None:
        check_defaults(model)
        self.model = model
        self.prompts = prompts
        self._storage = storage
        self._pictures = pictures
        self.inputs = inputs
        self.originals = originals
        self.assets = assets
        self._queue = queue
        self._admission = Admission(model, prompts, assets)
        self._standings = standings or Standings()
        self.comparer = self._admission.comparer
        self.decoding = Decoding()
        self._one_at_a_time = asyncio.Lock()
        self.recording = Recording(storage, pictures, originals, queue)

    async def submit(
        self,
        *,
        user_id: int,
        guild_id: int | None,
        channel_id: int,
        changes: Mapping[str, Any],
        beneath: Mapping[str, Any] | None = None,
        parent_id: int | None = None,
        locale: str | None = None,
        remarks: Sequence[Sentence] = (),
        original_id: str | None = None,
        axes: Sequence[AskedAxis] = (),
        role_ids: Collection[int] = (),
        presets: Laid = NO_PRESETS,
    ) -> Job:
        """Accept a request: the job is on disk and in line when this returns.

        What `changes` say wins over the flags in their prompt, these over `beneath`, as the job that is edited, and
        that over `presets`, as far as they fit. Numbers beyond a limit are brought within it, and the job's remarks say
        so, after `remarks`. When it is done, they say whether it came out as the picture `original_id`. With
        `axes` it is a sheet that compares their values. What its author may ask for, and how soon it is their turn,
        goes by their `role_ids`. Raises `RequestRejected` with what to change, and `StorageUnavailable` when it cannot
        be recorded.
        """
        record = {
            "user_id": user_id,
            "guild_id": guild_id,
            "channel_id": channel_id,
            "parent_id": parent_id,
            "locale": locale,
            "original_id": original_id,
        }
        # Shielded: a caller that goes away between the record and the line must not leave a job in one of them only.
        standing = self._standings.of(role_ids)
        accepting = self._accept(record, standing, changes, beneath or {}, remarks, axes, presets)
        return await asyncio.shield(asyncio.create_task(accepting))

    async def check_can_ask(self, *, user_id: int, channel_id: int, role_ids: Collection[int] = ()) -> None:
        """Raises what `submit` would raise for any request of theirs now: before its pictures are fetched and read."""
        standing, now = self._standings.of(role_ids), datetime.now(UTC)
        await self._pictures.check_room()
        self._queue.check_admission(user_id, channel_id=channel_id, max_jobs=standing.max_jobs)
        standing.check(1, await self._storage.usage(user_id, now - DAY), now)

    async def again(
        self,
        job_id: int,
        *,
        user_id: int,
        guild_id: int | None,
        channel_id: int,
        locale: str | None = None,
        role_ids: Collection[int] = (),
    ) -> Job:
        """The same request with a fresh seed, as a job of whoever asks; alternatives in the prompt are drawn anew."""
        parent = await self._storage.get_job(job_id)
        asked = await asyncio.to_thread(self._typed, parent)
        return await self.submit(
            user_id=user_id,
            guild_id=guild_id,
            channel_id=channel_id,
            changes=asked | {"seed": random_seed()},
            parent_id=parent.id,
            locale=locale,
            axes=() if parent.comparison is None else self.comparer.again(parent.comparison),
            role_ids=role_ids,
        )

    def _typed(self, job: Job) -> dict[str, Any]:
        if job.comparison is not None:
            asked = self.comparer.typed(job.comparison)
        else:
            asked = self.prompts.typed(job.parameters)
        # It gets a seed of its own.
        return asked | {"prompt": self.prompts.flags.without(asked["prompt"], ("seed",))}

    async def attach_message(self, job_id: int, message_id: int, channel_id: int) -> None:
        """Remember which message shows the job, and where: it may have had to go to its author."""
        await self._storage.update_job(job_id, message_id=message_id, channel_id=channel_id)
        self._queue.amend(job_id, message_id=message_id, channel_id=channel_id)

    async def cancel(self, job_id: int, *, user_id: int, is_moderator: bool = False, name: str = "") -> Job:
        """Take a job back. A running one stops at its next step; `JobCancelled` tells when.

        Where it is not its author, `name` is told to them. Raises `JobNotFound`, `NotYourJob`, and `JobFinished` when
        there is nothing left to cancel.
        """
        job = await self._owned_job(job_id, user_id, is_moderator, NOT_YOURS_TO_CANCEL)
        reason = Sentence.of(CANCELLED_BY, moderator=name) if name and job.user_id != user_id else None
        if not await self._queue.cancel(job_id, reason):
            raise JobFinished(HOW_IT_ENDED.get(job.status, FINISHING), job=job_id)
        return await self._storage.get_job(job_id)

    async def delete(self, job_id: int, *, user_id: int, is_moderator: bool = False) -> Job:
        """Remove the pictures of a finished job, and the job from what its author sees if it is they who delete it.

        Its record stays. Raises `NotYourJob` and `JobUnfinished`.
        """
        job = await self.deletable(job_id, user_id=user_id, is_moderator=is_moderator)
        await self._pictures.delete(job_id)
        return await self._storage.update_job(job_id, is_hidden=True) if job.user_id == user_id else job

    async def deletable(self, job_id: int, *, user_id: int, is_moderator: bool = False) -> Job:
        """That job, when this person may delete it. Raises as `delete` does."""
        job = await self._owned_job(job_id, user_id, is_moderator, NOT_YOURS_TO_DELETE)
        if job.status in IN_QUEUE:
            raise JobUnfinished("Job #{job} is not finished yet. Cancel it instead.", job=job_id)
        if not job.status.is_final:
            raise JobUnfinished("Job #{job} is about to be posted. Try again in a moment.", job=job_id)
        return job

    async def get(self, job_id: int) -> Job:
        """That job. Raises `JobNotFound`."""
        return await self._storage.get_job(job_id)

    async def pictures_of(self, job_id: int) -> list[bytes]:
        """The PNGs of that job in order. Raises `PicturesGone`."""
        return await self._pictures.load(job_id)

    def positions(self) -> dict[int, int]:
        """The place of each job in the queue, by its id: 0 is running, 1 is next."""
        waiting = {job.id: place for place, job in enumerate(self._queue.waiting, start=1)}
        return waiting | {job.id: 0 for job in self._queue.running}

    def position(self, job_id: int) -> int | None:
        """The place of that job alone, without a look at all others; None when it is not in the queue."""
        return self._queue.position(job_id)

    def expected_at(self) -> dict[int, datetime]:
        """When each job will be done, by its id, as far as one can know. Takes one pass over the line."""
        now = datetime.now(UTC)
        return {job_id: now + timedelta(seconds=left) for job_id, left in self._queue.seconds_left().items()}

    def line(self) -> tuple[Job, ...]:
        """The running jobs, then the waiting ones in order, then those of paused servers."""
        return (*self._queue.running, *self._queue.waiting, *self._queue.paused)

    def paused(self) -> frozenset[int]:
        """The jobs of paused servers, by their ids."""
        return frozenset(job.id for job in self._queue.paused)

    def health(self) -> ExecutorHealth:
        """What the executor is doing right now."""
        return self._queue.health()

    async def _accept(
        self,
        record: Mapping[str, Any],
        standing: Standing,
        changes: Mapping[str, Any],
        beneath: Mapping[str, Any],
        remarks: Sequence[Sentence],
        axes: Sequence[AskedAxis],
        presets: Laid,
    ) -> Job:
        asked = await asyncio.to_thread(self._admission.read, changes, beneath, axes, self.health().memory, presets)
        await self._pictures.check_room()
        user_id, now = record["user_id"], datetime.now(UTC)
        # One at a time: two requests of one person at the same moment must not both find the last place free.
        async with self._one_at_a_time:
            self._queue.check_admission(user_id, channel_id=record["channel_id"], max_jobs=standing.max_jobs)
            job = await self._storage.record_job(
                **record,
                parameters=asked.parameters,
                remarks=[*remarks, *asked.remarks],
                comparison=asked.comparison,
                weight=standing.weight,
                tier=standing.tier,
                usage_since=now - DAY,
                admit=lambda usage: standing.check(asked.images, usage, now),
            )
            self._queue.submit(job)
        log.info("job %s: accepted from user %s in channel %s", job.id, user_id, job.channel_id)
        return job

    async def _owned_job(self, job_id: int, user_id: int, is_moderator: bool, refusal: str) -> Job:
        job = await self._storage.get_job(job_id)
        if job.user_id != user_id and not is_moderator:
            raise NotYourJob(refusal, job=job_id)
        return job
