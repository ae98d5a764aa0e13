"""One's own jobs as a list and one by one, for their author alone; its buttons hold the page and the job."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import discord
from discord import ButtonStyle, ui

from bot.jobs import Job, JobStatus
from bot.places import place
from bot.sentences import Sentence
from bot.services.history import Choice, Entry, Found, Page, Query
from bot.translation import ENGLISH, Speech
from bot.ui import sheets, text
from bot.ui.buttons import again_button, edit_button, finished_rows
from bot.ui.cards import WAITING, Picture, closed_card, ending, finished_card
from bot.ui.layout import Layout

#: Discord gives a cog's `on_history_button(interaction, action, query, job_id)` every press.
HISTORY_EVENT = "history_button"
EARLIER = "earlier"
LATER = "later"
BACK = "back"
OPEN = "open"
DELETE = "delete"

#: So that it fits into the id of a button, which Discord allows 100 characters.
MAX_SEARCH = 32
MAX_PROMPT = 120
MAX_REASON = 160
MAX_THUMBNAIL_TEXT = 256
#: Jobs named in a line of descent, and buttons that lead to them: a row of them.
MAX_CHILDREN = 5
MAX_JUMPS = 5
CHOICES: Mapping[Choice, Sentence] = {
    Choice.ALL: Sentence("all of them"),
    Choice.WAITING: Sentence("waiting or running"),
    Choice.DONE: Sentence("done"),
    Choice.FAILED: Sentence("failed or cancelled"),
}
#: What stands for a state that has no place in line.
STATES: Mapping[JobStatus, Sentence] = {
    JobStatus.QUEUED: Sentence("in line"),
    JobStatus.RUNNING: Sentence("running"),
    JobStatus.HELD: Sentence("waiting for a moderator"),
    JobStatus.POSTING: Sentence("about to be posted"),
    JobStatus.SUCCEEDED: Sentence("done"),
    JobStatus.FAILED: Sentence("failed"),
    JobStatus.CANCELLED: Sentence("cancelled"),
    JobStatus.REJECTED: Sentence("rejected"),
}
UNDELIVERED = Sentence("made, but not delivered")
NOTHING = "You have not asked for a picture yet: `/imagine` makes one."
NOTHING_LIKE_IT = "None of your jobs is like that. `/history` without options shows all of them."
GONE = "The pictures of job #{job} are not kept any more."


class HistoryButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"history:(?P<action>[a-z]{1,8}):(?P<first>[0-9]{1,19}):(?P<job_id>[0-9]{1,19}):(?P<choice>[a-z]{1,8}):"
    r"(?P<search>(?s:.*))",
):
    """A button in somebody's history: what it does, on which page, and with which job (0: none)."""

    def __init__(self, action: str, query: Query, job_id: int, button: ui.Button[Any]) -> None:
        button.custom_id = f"history:{action}:{query.first}:{job_id}:{query.choice}:{query.search}"
        super().__init__(button)
        self.action = action
        self.query = query
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        if not isinstance(item, ui.Button):
            raise TypeError(f"{match.group()} belongs to a {type(item).__name__}, not to a button")
        known = match["choice"] in list(Choice)
        choice = Choice(match["choice"]) if known else Choice.ALL
        return cls(match["action"], Query(choice, match["search"], int(match["first"])), int(match["job_id"]), item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        interaction.client.dispatch(HISTORY_EVENT, interaction, self.action, self.query, self.job_id)


@dataclass(frozen=True, slots=True)
class HistoryCard:
    """A list or a job, with the contents and descriptions of the files that it shows, by their names."""

    view: Layout
    shown: Mapping[str, tuple[bytes, str]]

    def files(self) -> list[discord.File]:
        """Fresh files for one request; discord.py closes them after it."""
        return [
            discord.File(io.BytesIO(content), name, description=description)
            for name, (content, description) in self.shown.items()
        ]


def page_card(page: Page, speech: Speech = ENGLISH) -> HistoryCard:
    """A page of the list, each job with a small picture where there is one, and a button that opens it."""
    items: list[ui.Item[Any]] = [ui.TextDisplay(_heading(page.query, speech))]
    shown: dict[str, tuple[bytes, str]] = {}
    for entry in page.entries:
        items.append(ui.Separator())
        words: ui.TextDisplay[Any] = ui.TextDisplay(entry_text(entry, speech))
        if entry.thumbnail is None:
            items.append(words)
            continue
        name, description = f"job-{entry.job.id}.webp", _described(entry.job)
        shown[name] = (entry.thumbnail, description)
        items.append(ui.Section(words, accessory=ui.Thumbnail(f"attachment://{name}", description=description)))
    if not page.entries:
        is_all = page.query.choice is Choice.ALL and not page.query.search
        items.append(ui.TextDisplay(speech.say(NOTHING if is_all else NOTHING_LIKE_IT)))
    card = Layout(*items, colour=WAITING)
    if page.entries:
        opening = (_button(OPEN, page.query, f"#{entry.job.id}", entry.job.id) for entry in page.entries)
        card.add_item(ui.ActionRow(*opening))
    if page.earlier is not None or page.later is not None:
        earlier = _turn(EARLIER, page.query, page.earlier, speech.say("Earlier"))
        card.add_item(ui.ActionRow(earlier, _turn(LATER, page.query, page.later, speech.say("Later"))))
    return HistoryCard(card, shown)


def entry_text(entry: Entry, speech: Speech = ENGLISH) -> str:
    """“**#41** · done · 2 minutes ago · its message”, the prompt, why there is no picture, and the job's descent."""
    job, is_kept = entry.job, entry.thumbnail is not None
    parts = [f"**#{job.id}**", speech.say(state_of(job, entry.position, is_kept=is_kept))]
    if (count := job.parameters.num_images_per_prompt) > 1:
        parts.append(speech.say(Sentence.counted(count, "{count} picture", "{count} pictures")))
    parts.append(text.relative(job.created_at))
    lines = [" · ".join([*parts, *_link(job, speech)])]
    lines.append(text.escape(sheets.shown_parameters(job).prompt, MAX_PROMPT))
    if job.status in (JobStatus.FAILED, JobStatus.REJECTED) and not is_kept:
        lines.append(f"-# {text.escape(speech.say(ending(job)), MAX_REASON)}")
    if descent := _descent(job, entry.children, speech):
        lines.append(f"-# {' · '.join(descent)}")
    return "\n".join(lines)


def state_of(job: Job, position: int | None, *, is_kept: bool) -> Sentence:
    """Where a job stands, in words. `is_kept`: its pictures can be had here."""
    if position is not None:
        return place(position)
    return UNDELIVERED if job.status is JobStatus.FAILED and is_kept else STATES[job.status]


def job_card(
    found: Found, query: Query, pictures: Sequence[Picture], remark: Sentence | None = None, speech: Speech = ENGLISH
) -> Layout:
    """One job with its pictures, if there are any: all that its public card has, and where it comes from and leads."""
    job = found.job
    remarks = [*_link(job, speech), *_children(found.children, speech)]
    if remark is not None:
        remarks.insert(0, speech.say(remark))
    if pictures:
        if job.status is JobStatus.FAILED:
            remarks.insert(0, text.escape(speech.say(ending(job)), text.PROMPT_LENGTH))
        rows = finished_rows(job.id, len(pictures), speech) if job.comparison is None else _asking(job, speech)
        card = finished_card(job, pictures, elapsed=job.elapsed, remarks=remarks, rows=rows)
    else:
        lines = [*_parent(job, speech), *remarks]
        card = closed_card(job, _why_empty(found), remarks=lines, rows=_asking(job, speech))
    return with_ways(card, found, query, speech)


def with_ways(card: Layout, found: Found, query: Query, speech: Speech = ENGLISH) -> Layout:
    """The card with buttons beneath it: back to the list, to the jobs around it, and to delete what is over."""
    row: ui.ActionRow[Any] = ui.ActionRow(_button(BACK, query, speech.say("Back"), found.job.id))
    if found.job.status.is_final:
        row.add_item(_button(DELETE, query, speech.say("Delete"), found.job.id))
    card.add_item(row)
    others = [*([] if found.parent_id is None else [found.parent_id]), *found.children][:MAX_JUMPS]
    if others:
        card.add_item(ui.ActionRow(*(_button(OPEN, query, f"#{job_id}", job_id) for job_id in others)))
    return card


def _heading(query: Query, speech: Speech) -> str:
    parts = [f"**{speech.say('Your jobs')}**"]
    if query.choice is not Choice.ALL:
        parts.append(speech.say(CHOICES[query.choice]))
    if query.search:
        parts.append(f"“{text.escape(query.search)}”")
    return " · ".join(parts)


def _why_empty(found: Found) -> Sentence:
    """Why no picture is shown of this job."""
    job = found.job
    if found.pngs:
        return ending(job)
    if job.status in (JobStatus.SUCCEEDED, JobStatus.POSTING):
        return Sentence.of(GONE, job=job.id)
    return ending(job) if job.status.is_final else state_of(job, found.position, is_kept=False)


def _asking(job: Job, speech: Speech) -> list[ui.ActionRow[Any]]:
    """To ask for it once more; of a sheet, as it is."""
    again = again_button(job.id, speech)
    return [ui.ActionRow(again) if job.comparison is not None else ui.ActionRow(again, edit_button(job.id, speech))]


def _turn(action: str, query: Query, first: int | None, label: str) -> HistoryButton:
    button = _button(action, replace(query, first=first or 0), label, 0)
    button.item.disabled = first is None
    return button


def _button(action: str, query: Query, label: str, job_id: int) -> HistoryButton:
    return HistoryButton(action, query, job_id, ui.Button(label=label, style=ButtonStyle.secondary))


def _described(job: Job) -> str:
    return text.plain(sheets.shown_parameters(job).prompt, MAX_THUMBNAIL_TEXT)


def _link(job: Job, speech: Speech) -> list[str]:
    if job.message_id is None:
        return []
    place_ = "@me" if job.guild_id is None else job.guild_id
    url = f"https://discord.com/channels/{place_}/{job.channel_id}/{job.message_id}"
    return [f"[{speech.say('its message')}]({url})"]


def _descent(job: Job, children: Sequence[int], speech: Speech) -> list[str]:
    return [*_parent(job, speech), *_children(children, speech)]


def _parent(job: Job, speech: Speech) -> list[str]:
    return [] if job.parent_id is None else [speech.say("from #{job}", job=job.parent_id)]


def _children(children: Sequence[int], speech: Speech) -> list[str]:
    if not children:
        return []
    named = [f"#{job_id}" for job_id in children[:MAX_CHILDREN]]
    if more := len(children) - len(named):
        named.append(speech.say("and {count} more", count=more))
    return [speech.say("led to {jobs}", jobs=", ".join(named))]
