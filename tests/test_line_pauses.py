"""The line with servers that are paused: nothing of theirs is next, and it comes back in its order."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs import Job
from bot.line import Line
from tests.factories import make_job

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USERS, GUILDS = st.integers(1, 3), st.integers(1, 2)


def job_of(job_id: int, user_id: int, guild_id: int) -> Job:
    return make_job(job_id, user_id=user_id, guild_id=guild_id, created_at=NOW)


@given(st.lists(st.tuples(USERS, GUILDS), max_size=20))
def test_a_pause_between_changes_no_order_within_a_server(asked: list[tuple[int, int]]) -> None:
    paused, plain = Line(lambda: NOW), Line(lambda: NOW)
    for job_id, (user_id, _) in enumerate(asked, start=1):
        for line in (paused, plain):
            line.push(job_of(job_id, user_id, 1))
    paused.pause(1)
    assert list(paused) == []
    assert [job.id for job in paused.held] == [job.id for job in plain]
    paused.resume(1)
    assert [job.id for job in paused] == [job.id for job in plain]


@given(st.lists(st.tuples(st.sampled_from(["push", "pop", "cancel", "back", "pause", "resume"]), USERS, GUILDS)))
def test_every_job_is_in_the_line_or_held_back(history: list[tuple[str, int, int]]) -> None:
    line = Line(lambda: NOW)
    here: dict[int, int] = {}
    paused: set[int] = set()
    taken: list[Job] = []
    for job_id, (kind, user_id, guild_id) in enumerate(history, start=1):
        if kind == "push":
            line.push(job_of(job_id, user_id, guild_id))
            here[job_id] = guild_id
        elif kind == "pop" and len(line):
            taken.append(line.pop())
            assert here.pop(taken[-1].id) not in paused
        elif kind == "cancel" and here:
            gone = sorted(here)[user_id % len(here)]
            assert line.remove(gone).id == gone
            del here[gone]
        elif kind == "back" and taken:
            job = taken.pop()
            line.push_first(job)
            here[job.id] = job.guild_id
        elif kind == "pause":
            line.pause(guild_id)
            paused.add(guild_id)
        elif kind == "resume":
            line.resume(guild_id)
            paused.discard(guild_id)
        assert sorted(job.id for job in line) == sorted(each for each, guild in here.items() if guild not in paused)
        assert sorted(job.id for job in line.held) == sorted(each for each, guild in here.items() if guild in paused)
        assert [line.position(job.id) for job in line] == list(range(1, len(line) + 1))
        assert all(line.position(job.id) is None for job in line.held)
