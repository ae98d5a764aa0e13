"""Cards and modals in every language: the longest of them still fit where Discord shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot import layers
from bot.comparison import MAX_AXES, Axis, Comparison
from bot.executors import ExecutorHealth, ExecutorState
from bot.jobs import Job, JobStatus
from bot.parameters import MAX_LORAS, MAX_PROMPT_LENGTH, Lora
from bot.sentences import Sentence
from bot.translation import Speech, languages
from bot.ui import cards, edit_modal, lists
from bot.ui.cards import Picture, Standing
from bot.ui.help import COMMANDS, help_card
from bot.ui.layout import text_of
from bot.ui.text import ALT_TEXT_LENGTH
from tests.factories import ENSEMBLE, make_job, make_parameters

MAX_TEXT = 4000
LONGEST = "*" * MAX_PROMPT_LENGTH
HASH = "0" * 64
LORA_NAME = "*" * 100
#: Each command as it is written with the longest id.
MENTIONS = {name: f"</{name}:{2**63 - 1}>" for name in COMMANDS}
#: Every field as long as it can be.
PARAMETERS = make_parameters(
    prompt=LONGEST,
    prompt_2=LONGEST,
    negative_prompt=LONGEST,
    negative_prompt_2=LONGEST,
    raw_prompt=LONGEST,
    raw_negative_prompt=LONGEST,
    width=2048,
    height=2048,
    guidance_scale=29.123456,
    guidance_rescale=0.123456,
    scheduler="DPM++ 2M Karras",
    seed=2**32 - 4,
    num_images_per_prompt=4,
    clip_skip=4,
    eta=0.123456,
    denoising_end=0.123456,
    aesthetic_score=9.12345,
    negative_aesthetic_score=9.12345,
    original_size=(8192, 8192),
    crops_coords_top_left=(8192, 8192),
    target_size=(8192, 8192),
    negative_original_size=(8192, 8192),
    negative_crops_coords_top_left=(8192, 8192),
    negative_target_size=(8192, 8192),
    timestep_spacing="linspace",
    image=HASH,
    mask_image=HASH,
    padding_mask_crop=512,
    strength=0.123456,
    upscaler="*" * 100,
    variation_seed=2**32 - 1,
    variation_strength=0.123456,
    loras=tuple(Lora(name=LORA_NAME, weight=-1.23456) for _ in range(MAX_LORAS)),
    style="*" * 100,
)
TIMESTEPS = {"scheduler": "Euler", "timesteps": tuple(range(999, 849, -1))}
REMARKS = tuple(
    Sentence(layers.CLAMPED.template, {"title": "guidance", "value": number, "limit": 30}) for number in range(20)
)

every_language = pytest.mark.parametrize("locale", ["en-US", *languages()])


@every_language
def test_the_largest_cards_of_a_job_fit_into_a_message(locale: str) -> None:
    parameters = PARAMETERS.model_copy(update=TIMESTEPS)
    job = make_job(
        2**63 - 1, user_id=2**63 - 1, parameters=parameters, remarks=REMARKS, locale=locale, parent_id=2**63 - 1
    )
    axes = tuple(Axis("*" * 200, (LONGEST, "a, b")) for _ in range(MAX_AXES))
    sheet = job.evolve(comparison=Comparison(axes, (parameters, PARAMETERS)))
    for each in (job, sheet):
        assert_cards_fit(each)


def assert_cards_fit(job: Job) -> None:
    pictures = [Picture(filename=f"{number}.png", description="x" * ALT_TEXT_LENGTH) for number in range(4)]
    broken = ExecutorHealth(ExecutorState.UNAVAILABLE)
    for card in (
        cards.open_card(job, Standing(position=100, notice=cards.RESTARTED, health=broken)),
        cards.open_card(job.evolve(status=JobStatus.RUNNING), Standing(notice=cards.STOPPED)),
        cards.finished_card(job, pictures, elapsed=3600, remarks=["\\*" * 240] * 6),
        cards.closed_card(job, Sentence.of("{reason}", reason="*" * 2000)),
        cards.least_card(job, pictures),
    ):
        assert card.content_length() <= MAX_TEXT
        assert card.total_children_count <= 40
        assert f"#{2**63 - 1}" in text_of(card)


@every_language
def test_the_longest_lists_fit_into_a_message(locale: str) -> None:
    speech = Speech(locale)
    line = [make_job(2**63 - number, user_id=2**63 - 1, parameters=PARAMETERS) for number in range(1, 101)]
    soon = {job.id: datetime(2026, 1, 1, tzinfo=UTC) for job in line}
    queue = lists.queue_card(line, soon, ExecutorHealth(ExecutorState.READY), lists.Viewer(2**63 - 1, 10), speech)
    assert max(queue.content_length(), help_card(ENSEMBLE, MENTIONS, speech).content_length()) <= MAX_TEXT


@every_language
def test_labels_of_modals_are_never_cut(locale: str) -> None:
    say = Speech(locale).say
    for label in (edit_modal.TITLE, *edit_modal.LABELS.values(), "Settings"):
        assert len(say(label)) <= edit_modal.MAX_LABEL
    assert len(say(edit_modal.SETTINGS_HINT)) <= edit_modal.MAX_HINT
