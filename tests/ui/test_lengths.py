"""Cards and modals in every language: the longest of them still fit where Discord shows them."""

from __future__ import annotations

import pytest

from bot import layers
from bot.executors import ExecutorHealth, ExecutorState
from bot.parameters import MAX_PROMPT_LENGTH
from bot.sentences import Sentence
from bot.translation import Speech, languages
from bot.ui import cards, edit_modal, lists
from bot.ui.cards import Picture, Standing
from tests.factories import ENSEMBLE, make_job, make_parameters

MAX_TEXT = 4000
LONGEST = "*" * MAX_PROMPT_LENGTH
PARAMETERS = make_parameters(
    prompt=LONGEST,
    prompt_2=LONGEST,
    negative_prompt=LONGEST,
    negative_prompt_2=LONGEST,
    num_images_per_prompt=4,
    original_size=(8192, 8192),
    target_size=(8192, 8192),
)
REMARKS = tuple(
    Sentence(layers.CLAMPED.template, {"title": "guidance", "value": number, "limit": 30}) for number in range(20)
)

every_language = pytest.mark.parametrize("locale", ["en-US", *languages()])


@every_language
def test_the_largest_cards_of_a_job_fit_into_a_message(locale: str) -> None:
    job = make_job(2**63 - 1, parameters=PARAMETERS, remarks=REMARKS, locale=locale, parent_id=2**63 - 1)
    pictures = [Picture(filename=f"{number}.png", description="") for number in range(4)]
    reason = Sentence("The picture could not be made.")
    for card in (
        cards.open_card(job, Standing(position=100, notice=cards.RESTARTED)),
        cards.finished_card(job, pictures, elapsed=3600, remarks=["x" * 200] * 3),
        cards.closed_card(job, reason),
    ):
        assert card.content_length() <= MAX_TEXT


@every_language
def test_the_longest_lists_fit_into_a_message(locale: str) -> None:
    speech = Speech(locale)
    line = [(make_job(2**63 - number, user_id=2**63 - 1, parameters=PARAMETERS), None) for number in range(1, 101)]
    queue = lists.queue_card(line, ExecutorHealth(ExecutorState.READY), 2**63 - 1, speech)
    assert max(queue.content_length(), lists.help_card(ENSEMBLE, speech).content_length()) <= MAX_TEXT


@every_language
def test_labels_of_modals_are_never_cut(locale: str) -> None:
    say = Speech(locale).say
    for label in (edit_modal.TITLE, *edit_modal.LABELS.values(), "Settings"):
        assert len(say(label)) <= edit_modal.MAX_LABEL
    assert len(say(edit_modal.SETTINGS_HINT)) <= edit_modal.MAX_HINT
