"""What can go wrong, said as facts; the sentence of an error is what the person who meets it reads."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Self

from bot.sentences import Sentence


class BotError(Exception):
    """Something went wrong."""

    def __init__(self, template: str | None = None, /, **values: Any) -> None:
        self.sentences: Sequence[Sentence] = [Sentence(template or str(inspect.getdoc(type(self))), values)]
        super().__init__(str(self.sentences[0]))

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> Self:
        """An error that has several things to say."""
        error = cls(" ".join(map(str, sentences)))
        error.sentences = sentences
        return error

    @property
    def sentence(self) -> Sentence:
        """All that it has to say."""
        return self.sentences[0] if len(self.sentences) == 1 else Sentence.joined(self.sentences)


class RequestRejected(BotError):
    """This request cannot be carried out as it is."""


class InvalidParameters(RequestRejected):
    """These parameters do not fit together."""


class InvalidUpload(RequestRejected):
    """This file cannot be used as a picture."""


class InfotextMissing(RequestRejected):
    """The picture does not say how it was made. Send the original file: copies and screenshots mostly lose that."""


class LoraNotFound(RequestRejected):
    """There is no such LoRA."""


class QueueFull(RequestRejected):
    """The queue is full. Try again when some of the waiting jobs are done."""


class TooManyJobs(RequestRejected):
    """You have as many jobs waiting as one person may have. Cancel one or wait."""


class AskedTooSoon(RequestRejected):
    """You asked a moment ago. Wait a little."""


class DailyLimitReached(RequestRejected):
    """You have had as many pictures as one person may have in 24 hours."""


class BotStopping(RequestRejected):
    """The bot is being stopped and takes no new jobs. Those in line keep their places; ask again when it is back."""


class JobNotFound(RequestRejected):
    """There is no such job."""


class JobUnreadable(JobNotFound):
    """This job was recorded by another version of this bot and cannot be read any more."""


class JobUnfinished(RequestRejected):
    """This job is not finished yet. Cancel it instead."""


class PicturesGone(RequestRejected):
    """The pictures of this job are not kept any more."""


class UnsentGone(RequestRejected):
    """What you typed is not kept any more. Begin again with the picture's buttons."""


class NotYourJob(RequestRejected):
    """Only the person who asked for this job, or a moderator, can do that."""


class JobFinished(RequestRejected):
    """This job is over already."""


class CannotPostHere(RequestRejected):
    """The bot cannot post pictures here. Use a text channel or a thread of a server that it is in."""


class PresetRefused(RequestRejected):
    """This preset cannot be kept as it is."""


class PresetNotFound(RequestRejected):
    """There is no such preset."""


class PresetChanged(RequestRejected):
    """Somebody else has changed this preset meanwhile. Look at it, and change it again."""


class NotYourPreset(RequestRejected):
    """Only the one whose preset this is can do that."""


class GenerationFailed(BotError):
    """The picture could not be made."""


class GenerationCancelled(GenerationFailed):
    """The job was cancelled while it was running."""


class OutOfMemory(GenerationFailed):
    """The picture does not fit into the memory of the device. Ask for fewer images or a smaller size."""


class LoraUnusable(GenerationFailed):
    """This LoRA cannot be used here."""


class BlackImage(GenerationFailed):
    """The model gave an empty picture twice. Another seed or another prompt will most likely work."""


class ExecutorDied(GenerationFailed):
    """The process that makes the pictures stopped in the middle of the job."""


class ExecutorUnavailable(GenerationFailed):
    """The model cannot be loaded right now; the owner of this bot sees why in its log. It is tried again by itself."""


class StorageUnavailable(BotError):
    """The bot cannot reach its records right now. Its owner finds the reason in its log."""


class DiskFull(BotError):
    """The disk of this bot is full, so your picture could not be kept. Its owner finds this in the log."""


class StartupFailed(BotError):
    """The bot cannot start."""


class DatabaseInUse(StartupFailed):
    """Another imagine-bot is running on this database."""


class ModelNotFound(StartupFailed):
    """The model cannot be loaded."""
