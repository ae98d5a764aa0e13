"""Words and figures: nothing that somebody typed is interpreted, and nothing grows beyond its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.parameters import Lora, Parameters
from bot.ui import text
from bot.ui.text import Line, Rank
from tests.factories import make_job, make_parameters


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a  red\n\tfox", "a red fox"),
        ("fox\u202egnp\u2069", "foxgnp"),
        ("nul\0 and bell\a", "nul and bell"),
        ("family 👩‍👩‍👧", "family 👩‍👩‍👧"),
    ],
)
def test_plain_text_is_one_line_without_what_disturbs_its_surroundings(typed: str, shown: str) -> None:
    assert text.plain(typed) == shown


def test_a_cut_is_marked_and_counts_itself() -> None:
    assert text.plain("abcdef", 4) == "abc…"
    assert text.plain("abcd", 4) == "abcd"
    assert text.plain("ab cdef", 4) == "ab…"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("*a* _b_ `c` ~d~ |e|", r"\*a\* \_b\_ \`c\` \~d\~ \|e\|"),
        (r"\*", r"\\\*"),
        ("<@1> <#2> <:x:3>", r"\<@1> \<#2> \<:x:3>"),
        ("@everyone", "@\u200beveryone"),
        ("https://a.example/_b_", r"https://a.example/\_b\_"),
        ("> quote", "\\> quote"),
        ("# title", "\\# title"),
        ("-# small", "\\-# small"),
    ],
)
def test_escaped_text_is_shown_letter_by_letter(typed: str, shown: str) -> None:
    assert text.escape(typed) == shown


@given(st.text(max_size=400))
def test_no_text_opens_a_mention_or_breaks_out_of_its_line(typed: str) -> None:
    shown = text.escape(typed, text.PROMPT_LENGTH)
    assert "\n" not in shown
    assert "@everyone" not in shown
    assert "@here" not in shown
    assert shown.count("<") == shown.count("\\<")


@given(st.text(min_size=1, max_size=2000))
def test_choices_and_alt_texts_stay_within_discords_limits(prompt: str) -> None:
    job = make_job(2**63 - 1).evolve(parameters=make_parameters().model_copy(update={"prompt": prompt}))
    assert 0 < len(text.choice(job, "running")) <= text.CHOICE_LENGTH
    assert len(text.alt_text(job.parameters, 3, 4)) <= text.ALT_TEXT_LENGTH


def test_the_bar_is_full_only_when_all_is_done() -> None:
    assert [text.bar(done, 30) for done in (0, 15, 29, 30)] == ["▱▱▱▱▱▱▱▱", "▰▰▰▰▱▱▱▱", "▰▰▰▰▰▰▰▱", "▰▰▰▰▰▰▰▰"]
    assert text.bar(0, 0) == "▱▱▱▱▱▱▱▱"


def test_short_whiles_read_as_people_say_them() -> None:
    assert [text.seconds(amount) for amount in (0.44, 4.2, 9.96, 58.4, 60, 125)] == [
        "0.4 s",
        "4.2 s",
        "10 s",
        "58 s",
        "1 min 0 s",
        "2 min 5 s",
    ]


def lines_of(parameters: Parameters, *remarks: str) -> str:
    return text.fitted(text.parameter_lines(parameters, *remarks), text.MESSAGE_LENGTH)


def test_one_step_is_singular() -> None:
    assert " · 1 step · " in lines_of(make_parameters(denoising_end=None, num_inference_steps=1))


def test_what_was_left_as_it_is_by_default_is_not_listed() -> None:
    assert lines_of(make_parameters(), "#1") == (
        "-# 1024×1024 · 30 steps · Euler · guidance 5\n-# refiner from 0.8 · seed 7 · #1"
    )


def test_every_parameter_that_was_chosen_is_listed() -> None:
    parameters = make_parameters(
        prompt_2="ink",
        negative_prompt="fog",
        negative_prompt_2="*blur*",
        guidance_rescale=0.5,
        eta=0.25,
        clip_skip=2,
        aesthetic_score=7.5,
        original_size=(512, 768),
        num_inference_steps=1,
        denoising_end=None,
    )
    assert lines_of(parameters) == (
        "-# 1024×1024 · 1 step · Euler · guidance 5\n"
        "-# guidance_rescale 0.5 · eta 0.25 · clip_skip 2 · original_size 512×768\n"
        "-# base alone · seed 7\n"
        "-# second prompt: ink\n"
        "-# without: fog\n"
        "-# second negative prompt: \\*blur\\*"
    )


def test_where_there_is_no_room_what_counts_least_goes_first() -> None:
    lines = [Line(Rank.FIGURES, "1" * 9), Line(Rank.PROMPT, "2" * 9), Line(Rank.PROMPT, "3"), Line(Rank.REMARK, "4")]
    assert text.fitted(lines, 23).split("\n") == ["1" * 9, "2" * 9, "3", "4"]
    assert text.fitted(lines, 22).split("\n") == ["1" * 9, "2" * 9, "4"]
    assert text.fitted(lines, 20).split("\n") == ["1" * 9, "4"]
    assert text.fitted(lines, 10).split("\n") == ["1" * 9]


def test_long_lists_are_cut() -> None:
    parameters = make_parameters(
        scheduler="Euler",
        timesteps=tuple(range(999, 849, -1)),
        loras=tuple(Lora(name=f"*{number}{'x' * 90}") for number in range(8)),
    )
    loras, timesteps = lines_of(parameters).split("\n")[1].split(" · ")
    assert loras.startswith("-# lora \\*0xxx")
    assert timesteps.startswith("timesteps 999, 998, 997, ")
    assert loras.endswith("…")
    assert timesteps.endswith("…")
    assert max(len(loras), len(timesteps)) < 300


def test_a_long_text_is_cut_before_it_is_cleaned_and_reads_the_same() -> None:
    words = "a red\nfox\u200e " * 150
    assert text.plain(words, 20) == "a red fox a red fox…"
    assert text.plain("\u200e" * 1000 + "fox", 10) == "…"
