"""The queue's card: what is shown to whom, and when the queue is long."""

from __future__ import annotations

from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import JobStatus
from bot.ui.layout import text_of
from bot.ui.lists import SHOWN_JOBS, Viewer, queue_card
from tests.factories import make_job, make_parameters

READY = ExecutorHealth(ExecutorState.READY)


def test_a_long_queue_is_cut_but_never_before_ones_own_job() -> None:
    line = [make_job(1, status=JobStatus.RUNNING)]
    line += [make_job(job_id, user_id=100 + job_id) for job_id in range(2, 101)]
    shown = text_of(queue_card(line, {}, READY, Viewer(200, 10))).split("\n")
    assert len(shown) == 2 + 1 + SHOWN_JOBS + 1 + 1
    assert "**99.** #100 <@200>" in shown[-2]
    assert shown[-1] == f"-# and {100 - 1 - SHOWN_JOBS - 1} more"


def test_the_longest_queue_fits_into_a_message() -> None:
    parameters = make_parameters(prompt="*" * 2000)
    line = [make_job(2**63 - number, user_id=2**63 - 1, parameters=parameters) for number in range(1, 101)]
    card = queue_card(line, {}, READY, Viewer(2**63 - 1, 10))
    assert card.content_length() <= 4000
    assert text_of(card).endswith("-# and 84 more")


def test_of_other_servers_and_conversations_only_their_number_is_told() -> None:
    line = [
        make_job(1, user_id=101, guild_id=11, status=JobStatus.RUNNING),
        make_job(2, user_id=102),
        make_job(3, user_id=103, guild_id=None),
        make_job(4, user_id=100, guild_id=11),
    ]
    title, _, *entries = text_of(queue_card(line, {}, READY, Viewer(100, 10))).split("\n")
    assert title == "**The queue**"
    assert [entry.split(" · ")[0] for entry in entries] == [
        "**1.** #2 <@102>",
        "**3.** #4 <@100>",
        "-# and 2 elsewhere",
    ]
    private = text_of(queue_card(line, {}, READY, Viewer(100, None))).split("\n")[2:]
    assert [entry.split(" · ")[0] for entry in private] == ["**3.** #4 <@100>", "-# and 3 elsewhere"]
