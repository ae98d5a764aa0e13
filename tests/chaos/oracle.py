"""The judge: what each person was promised, against what the database, the messages and the executors' diary say."""

from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.infotext import read_parameters
from bot.parameters import Parameters
from tests.chaos.crowd import Crowd, Deed, job_of, tokens_of
from tests.chaos.orders import device_clashes, unfair_turns
from tests.chaos.plan import Ask
from tests.chaos.process import MAX_JOBS, MAX_JOBS_PER_CHANNEL, MAX_JOBS_PER_USER, Bot
from tests.loopback import LoopbackDiscord, Message

PICTURE = re.compile(r"imagine-(\d+)-(\d+)\.(?:png|webp)")
FINAL = ("succeeded", "failed", "cancelled", "rejected")
#: Nobody is to read these.
INNARDS = re.compile(r"Traceback|Error\b|Exception|NoneType|<class|object at 0x|sqlite|/tmp/|\{\w*\}")
SENTENCE = re.compile(r"^\W*[A-Z0-9#“].*[.…`]$", re.DOTALL)
#: Who did something so shortly before the bot was ended got no answer, as Discord said.
GRACE = 5.0


@dataclass
class Verdict:
    """What became of one seed. Each fault of the bot's is a line."""

    seed: int
    jobs: int
    refused: int
    ends: Counter[str]
    faults: Counter[str]
    #: Acknowledged, and neither posted nor told.
    lost: list[str] = field(default_factory=list)
    #: Posted, or taken for two jobs, more than once.
    double: list[str] = field(default_factory=list)
    #: Without an end.
    stuck: list[str] = field(default_factory=list)
    #: Whatever else must not be.
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to complain of."""
        return not (self.lost or self.double or self.stuck or self.wrong)

    def complaints(self) -> Iterator[str]:
        """All of them."""
        for name in ("lost", "double", "stuck", "wrong"):
            for line in getattr(self, name):
                yield f"{name}: {line}"


@dataclass
class Played:
    """One seed, carried out. `unsettled` says what was left to do when nothing moved any more."""

    seed: int
    discord: LoopbackDiscord
    bot: Bot
    crowd: Crowd
    unsettled: list[str]
    seconds: float


class Evidence:
    """What there is to judge by, looked up once."""

    def __init__(self, played: Played) -> None:
        discord, bot = played.discord, played.bot
        self.discord, self.bot, self.crowd = discord, bot, played.crowd
        self.rows: dict[int, Any] = {row["id"]: row for row in bot.rows("SELECT * FROM jobs ORDER BY id")}
        self.shown: dict[int, list[Message]] = defaultdict(list)
        self.about: dict[int, list[Message]] = defaultdict(list)
        for message in discord.world.messages.values():
            for job_id in {int(found[1]) for each in message.attachments if (found := PICTURE.match(each.filename))}:
                self.shown[job_id].append(message)
            if not message.is_ephemeral and (number := job_of(message)) is not None:
                self.about[number].append(message)
        #: By the token of an interaction, how its requests were answered.
        self.statuses: dict[str, list[int]] = defaultdict(list)
        #: When the pictures of a job were sent, by `time.time`, and how that was answered.
        self.uploads: dict[int, list[tuple[float, int]]] = defaultdict(list)
        now = time.time() - time.perf_counter()
        for exchange in discord.server.exchanges:
            for job_id in {int(found[1]) for each in exchange.call.uploads if (found := PICTURE.match(each.filename))}:
                self.uploads[job_id].append((now + exchange.call.arrived_at, exchange.status))
            for token in tokens_of(exchange.call.path):
                self.statuses[token].append(exchange.status)

    def is_told(self, job_id: int) -> bool:
        """Whether a message ever said how that job ended: only then it names its author."""
        return any(re.search(r"<@\d+>", message.text.partition("\n")[0]) for message in self.about[job_id])

    def cannot_know(self, job_id: int, visible: Sequence[Message]) -> bool:
        """Whether the bot had no means to see that a first message shows the pictures.

        So it is where the answer to the request that brought them was lost, or the bot was killed before it could come,
        and then the place was closed to the bot: its author gets them elsewhere, rather twice than never.
        """
        closed = self.crowd.faults.closed.get(visible[0].channel.id, [])
        first, last = min(self.uploads[job_id])[0], max(self.uploads[job_id])[0]
        if not any(since <= last and until >= first for since, until in closed):
            return False
        sent_at = [at for at, status in self.uploads[job_id] if status < 400]
        return len({self._life_at(at) for at in sent_at}) == len(sent_at)

    def _life_at(self, at: float) -> int:
        return sum(life.began <= at for life in self.bot.lives)

    def every_way_was_closed(self, job_id: int) -> bool:
        """Whether it can be that nobody could be told."""
        row = self.rows[job_id]
        conversation = self.discord.world.direct_channel(self.discord.world.users[row["user_id"]])
        return conversation.id in self.crowd.faults.closed and (
            row["guild_id"] is None or row["channel_id"] in self.crowd.faults.closed
        )


def judge(played: Played) -> Verdict:
    """Hold everything against everything."""
    evidence = Evidence(played)
    discord, bot, crowd = played.discord, played.bot, played.crowd
    verdict = Verdict(
        played.seed,
        jobs=len(evidence.rows),
        refused=0,
        ends=Counter(row["status"] for row in evidence.rows.values()),
        faults=crowd.faults.counts,
        stuck=list(played.unsettled),
        seconds=played.seconds,
    )
    for job_id, row in evidence.rows.items():
        _judge_job(job_id, row, evidence, verdict)
    for deed in crowd.deeds:
        _judge_deed(deed, evidence, verdict)
    _judge_requests(evidence, verdict)
    for message in discord.world.messages.values():
        if INNARDS.search(message.text):
            verdict.wrong.append(f"somebody read: {message.text[:300]!r}")
    verdict.wrong += _broken_caps(evidence)
    verdict.wrong += device_clashes(bot.folder)
    verdict.wrong += unfair_turns(bot.folder, evidence.rows, _in_line_since(evidence))
    verdict.wrong += [f"contract: {fault}" for fault in discord.server.faults]
    verdict.wrong += [f"log: {line}" for line in bot.slips]
    for life in bot.lives:
        if not life.by:
            words = " / ".join(list(life.last_words)[-3:])
            verdict.wrong.append(f"the bot ended by itself, exit code {life.process.returncode}: {words}")
        elif not life.is_killed and life.process.returncode != 0:
            verdict.wrong.append(f"SIGTERM: exit code {life.process.returncode}: {list(life.last_words)[-3:]}")
    return verdict


def _judge_job(job_id: int, row: Mapping[str, Any], evidence: Evidence, verdict: Verdict) -> None:
    name = f"job {job_id} ({row['status']}, {row['attempts']} attempts)"
    if row["status"] not in FINAL:
        verdict.stuck.append(name)
        return
    shown = evidence.shown[job_id]
    visible = [message for message in shown if not message.is_deleted]
    if len(visible) > 1 and not evidence.cannot_know(job_id, visible):
        verdict.double.append(f"{name}: in {len(visible)} messages")
    if row["status"] == "succeeded":
        if not shown:
            verdict.lost.append(f"{name}: nobody saw it")
        for message in shown:
            _judge_pictures(name, job_id, row, message, verdict)
    elif shown:
        verdict.wrong.append(f"{name}: its pictures were shown all the same")
    elif not evidence.is_told(job_id) and not evidence.every_way_was_closed(job_id):
        verdict.lost.append(f"{name}: nobody was told")
    if row["status"] == "failed" and not row["error"]:
        verdict.wrong.append(f"{name}: for no reason")
    if not row["is_told"]:
        verdict.stuck.append(f"{name}: still to be told")


def _judge_pictures(name: str, job_id: int, row: Mapping[str, Any], message: Message, verdict: Verdict) -> None:
    """A message that shows a job shows all of its pictures, and those of no other job."""
    parameters = Parameters.model_validate_json(row["parameters"])
    pictures = [each for each in message.attachments if PICTURE.match(each.filename)]
    expected = [parameters.of_image(index) for index in range(parameters.num_images_per_prompt)]
    if [read_parameters(each.content) for each in pictures] != expected:
        verdict.wrong.append(f"{name}: message {message.id} shows {[each.filename for each in pictures]}, not its own")


def _judge_deed(deed: Deed, evidence: Evidence, verdict: Verdict) -> None:
    """Whoever did something is answered, and what the answer promises is kept."""
    interaction, act = deed.interaction, deed.act
    name = f"{act}"
    tried = evidence.statuses[interaction.token]
    ended = deed.life.ended
    if interaction.answer is None:
        if deed.is_heard and not tried and (ended is None or ended - deed.at > GRACE):
            verdict.lost.append(f"{name}: never answered")
        return
    shown = interaction.original
    if shown is None or shown.is_deleted:
        return
    if shown.is_loading:
        # What Discord refuses cannot be said, nor can what a process knew that was killed.
        if all(status < 400 for status in tried) and (ended is None or not deed.life.is_killed):
            verdict.lost.append(f"{name}: promised, and nothing came of it")
    elif shown.is_ephemeral and shown.content:
        verdict.refused += 1
        if not SENTENCE.match(shown.content):
            verdict.wrong.append(f"{name}: was told {shown.content!r}")
    elif isinstance(act, Ask) and (number := job_of(shown)) not in evidence.rows:
        # A promise that Discord did not let the bot take back is left as it stood.
        is_left = number is None and any(status >= 400 for status in tried)
        verdict.lost += [] if is_left else [f"{name}: its card is of job {number}, which nobody knows"]


def _judge_requests(evidence: Evidence, verdict: Verdict) -> None:
    """One request is one job at most."""
    asked = Counter(deed.act.prompt for deed in evidence.crowd.deeds if isinstance(deed.act, Ask))
    taken: Counter[str] = Counter()
    for row in evidence.rows.values():
        if row["parent_id"] is None:
            taken[json.loads(row["parameters"])["prompt"]] += 1
    for prompt, count in taken.items():
        if count > asked[prompt]:
            verdict.double.append(f"{prompt!r} was taken {count} times")


def _broken_caps(evidence: Evidence) -> Iterator[str]:
    """At each moment at which a job was taken, nobody had more of them than is allowed."""
    kills = [life.ended for life in evidence.bot.lives if life.is_killed and life.ended is not None]
    spans = [(time_of(row["created_at"]), time_of(row["finished_at"]), row) for row in evidence.rows.values()]
    for taken_at, _, row in spans:
        # What had ended when the bot was killed, and was not recorded yet, was begun anew and ended later.
        there = [
            other
            for began, ended, other in spans
            if began <= taken_at < ended and not any(taken_at <= kill <= ended for kill in kills)
        ]
        own = sum(other["user_id"] == row["user_id"] for other in there)
        here = sum(other["channel_id"] == row["channel_id"] for other in there)
        if own > MAX_JOBS_PER_USER or here > MAX_JOBS_PER_CHANNEL or len(there) > MAX_JOBS + 4:
            yield f"job {row['id']} was taken as {own} of its author, {here} of its channel, {len(there)} in all"


def _in_line_since(evidence: Evidence) -> dict[int, float]:
    """When each job was certainly in line, by `time.time`: when its card was shown as the answer."""
    since: dict[int, float] = {}
    for deed in evidence.crowd.deeds:
        interaction = deed.interaction
        if interaction.original is not None and interaction.acknowledged_at is not None:
            number = job_of(interaction.original)
            if number is not None and number not in since:
                since[number] = deed.at + interaction.seconds_to_acknowledge
    return since


def time_of(text: str | None) -> float:
    """A moment of the database, by `time.time`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() if text else float("inf")
