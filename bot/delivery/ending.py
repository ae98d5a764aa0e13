"""How a job's message ends: with the pictures, or with why there are none. Tried until Discord has it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from bot.delivery.attachments import ENCODINGS, Attachments, encode
from bot.delivery.live import Ended, LiveJob
from bot.delivery.message import CardRefused, Files, TooLarge, Unreachable, Way
from bot.errors import BotError
from bot.events import JobCancelled, JobFailed, JobSucceeded
from bot.jobs import Job, JobStatus
from bot.sentences import Sentence
from bot.services.generation import GenerationService
from bot.translation import Speech
from bot.ui.cards import closed_card, ending, finished_card, least_card
from bot.ui.layout import Layout
from bot.ui.text import PROMPT_LENGTH, escape

log = logging.getLogger(__name__)

#: An author who has waited longer has looked away, and is called back once.
LONG_WAIT = timedelta(minutes=1)
#: Seconds between two tries, at most. There is no last one: an outage may take hours, and only a stop ends it.
MAX_PAUSE = 120
NO_WAY = Sentence(
    "The picture is made, but Discord let the bot neither post it in the channel nor send it to you. It is kept: "
    "/history shows it to you."
)
TOO_LARGE = Sentence(
    "The picture is made and kept, but even made smaller it is more than Discord takes here. /history shows it in a "
    "server that takes larger files."
)
SENT_HERE = "sent here because the bot cannot post in {channel}"


async def tell_end(generation: GenerationService, live: LiveJob, outcome: Ended) -> None:
    """Bring the end of a job to its author, and record that it arrived or why it did not."""
    way = None
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(Unreachable),
        wait=wait_random_exponential(multiplier=1, max=MAX_PAUSE),
    ):
        with attempt:
            outcome = live.outcome or outcome
            way = await _deliver(generation, live, outcome)
    outcome = live.outcome or outcome
    # After it is recorded as posted: a bot that is stopped in between calls nobody, rather than calling twice.
    if way is Way.EDITED and live.took > LONG_WAIT and not isinstance(outcome, JobCancelled):
        await live.message.ping(Speech(outcome.job.locale).say(_call(outcome)))


async def _deliver(generation: GenerationService, live: LiveJob, outcome: Ended) -> Way | None:
    if not isinstance(outcome, JobSucceeded):
        return await _say(generation, live, outcome.job, ending(outcome.job))
    job = outcome.job
    try:
        pngs = [image.png for image in outcome.images] or await generation.pictures_of(job.id)
        way = await _post_pictures(live, outcome, pngs)
    except (BotError, TooLarge) as error:
        reason = TOO_LARGE if isinstance(error, TooLarge) else error.sentence
        await generation.recording.undeliverable(job.id, reason)
        # That is what is told from now on, should it take more than one try.
        failed = live.outcome = JobFailed(job.evolve(status=JobStatus.FAILED, error=reason))
        return await _say(generation, live, failed.job, reason)
    if way is None:
        await generation.recording.undeliverable(job.id, NO_WAY)
        await generation.recording.told(job.evolve(status=JobStatus.FAILED))
    else:
        await generation.recording.posted(job.id)
    return way


async def _say(generation: GenerationService, live: LiveJob, job: Job, sentence: Sentence) -> Way | None:
    card = closed_card(job, sentence)
    try:
        way = await _deliver_card(live, card, list, card, least_card(job))
    except TooLarge as error:
        # Without a file, that is the word of something between here and Discord.
        raise Unreachable(str(error)) from error
    # Where there is no way, too: the next start would find none either.
    await generation.recording.told(job)
    return way


async def _deliver_card(live: LiveJob, card: Layout, files: Files, private: Layout, least: Layout) -> Way | None:
    """Deliver the card; where Discord finds fault with it, `least` in its place."""
    try:
        return await live.message.deliver(card, files, private)
    except CardRefused:
        log.exception("job %s: Discord refuses its card, it gets the least one", live.job.id)
    try:
        return await live.message.deliver(least, files, least)
    except CardRefused:
        log.exception("job %s: Discord refuses even the least card", live.job.id)
        return None


async def _post_pictures(live: LiveJob, outcome: JobSucceeded, pngs: Sequence[bytes]) -> Way | None:
    """Post them as large as this place takes them; Discord's word counts more than what it said before."""
    message = live.message
    attachments = await encode(outcome.job, pngs, message.filesize_limit)
    while True:
        card = _finished(outcome, attachments)
        here = Sentence.of(SENT_HERE, channel=f"<#{outcome.job.channel_id}>")
        private = _finished(outcome, attachments, here)
        try:
            least = least_card(outcome.job, attachments.pictures)
            return await _deliver_card(live, card, attachments.files, private, least)
        except TooLarge:
            if attachments.level + 1 == len(ENCODINGS):
                raise
        log.info("job %s: the files are too large for Discord, made smaller", outcome.job.id)
        attachments = await encode(outcome.job, pngs, message.filesize_limit, attachments.level + 1)


def _finished(outcome: JobSucceeded, attachments: Attachments, *remarks: Sentence) -> Layout:
    job = outcome.job
    say = Speech(job.locale).say
    made = dict.fromkeys(remark for image in outcome.images for remark in image.remarks)
    about = [] if attachments.remark is None else [attachments.remark]
    if job.attempts > 1:
        about.append(Sentence.of("made in a second attempt, the first was cut short"))
    # Those of the engine may quote the prompt.
    shown = [*(escape(say(remark), PROMPT_LENGTH) for remark in made), *map(say, (*about, *remarks))]
    return finished_card(job, attachments.pictures, elapsed=_elapsed(outcome), remarks=shown)


def _elapsed(outcome: JobSucceeded) -> float | None:
    return outcome.images[0].elapsed if outcome.images else outcome.job.elapsed


def _call(outcome: Ended) -> Sentence:
    if not isinstance(outcome, JobSucceeded):
        return Sentence.of("Your picture could not be made.")
    if outcome.job.comparison is not None:
        return Sentence.of("Your sheet is ready.")
    several = outcome.job.parameters.num_images_per_prompt > 1
    return Sentence.of("Your pictures are ready." if several else "Your picture is ready.")
