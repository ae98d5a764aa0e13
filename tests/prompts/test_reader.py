"""What a prompt becomes on its way into a job, and how it is asked for again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameters, RequestRejected
from bot.layers import merge
from tests.factories import ENSEMBLE
from tests.prompts.reading import make_reader, read, write_wildcards

TYPED = "a {red|blue|green|white|black} {fox|dog|cat} --ar 16:9 --style ink <lora:paper:0.5> --no text"


def test_drawn_words_come_with_the_seed_that_drew_them() -> None:
    parameters, _ = read(TYPED)
    again, _ = read(TYPED, seed=parameters.seed)
    assert again == parameters
    assert parameters.raw_prompt == TYPED


def test_a_plain_prompt_has_nothing_raw_about_it() -> None:
    parameters, _ = read("a (red:1.3) fox", negative_prompt="text")
    assert (parameters.raw_prompt, parameters.raw_negative_prompt) == (None, None)


def test_a_plain_prompt_leaves_the_seed_to_the_layers() -> None:
    changes, _ = make_reader().read({"prompt": "a fox"})
    assert "seed" not in changes


def test_the_seed_that_counts_is_the_one_that_draws() -> None:
    text = "a {red|blue|green|white|black} fox"
    by_flag, _ = read(f"{text} --seed 7", beneath={"seed": 1})
    by_option, _ = read(text, seed=7)
    assert (by_flag.prompt, by_flag.seed) == (by_option.prompt, 7)


def test_flags_may_come_from_alternatives() -> None:
    sizes = {read("a fox --ar {16:9|9:16}", seed=seed)[0].width for seed in range(20)}
    assert sizes == {1344, 768}


def test_alternatives_in_the_negative_prompt_are_drawn_too() -> None:
    parameters, _ = read("a fox", negative_prompt="{blurry|dark}", seed=3)
    assert parameters.negative_prompt in ("blurry", "dark")
    assert (parameters.raw_prompt, parameters.raw_negative_prompt) == ("a fox", "{blurry|dark}")


def test_parameters_that_were_read_are_taken_as_they_are(tmp_path: Path) -> None:
    folder = write_wildcards(tmp_path, colour="red\nblue\ngreen")
    parameters, _ = read("a __colour__ fox --style ink --no text", make_reader(folder))
    (folder / "colour.txt").unlink()
    changes, remarks = make_reader(folder).read(parameters.model_dump())
    assert merge(ENSEMBLE, changes) == parameters
    assert remarks == []


def test_what_was_asked_for_can_be_asked_for_anew() -> None:
    reader = make_reader()
    parameters, _ = read(TYPED, negative_prompt="blurry", num_inference_steps=40)
    asked = reader.typed(parameters)
    assert (asked["prompt"], asked["negative_prompt"], asked["num_inference_steps"]) == (TYPED, "blurry", 40)
    assert not {"width", "height", "style"} & asked.keys()
    outcomes = [merge(ENSEMBLE, *reader.read({**asked, "seed": seed})[:1]) for seed in range(40)]
    assert len({outcome.prompt for outcome in outcomes}) > 5
    assert {(outcome.width, outcome.style, outcome.loras) for outcome in outcomes} == {(1344, "ink", parameters.loras)}
    same = merge(ENSEMBLE, reader.read({**asked, "seed": parameters.seed})[0])
    assert same == parameters


def test_an_option_that_won_over_a_flag_wins_again() -> None:
    reader = make_reader()
    parameters, _ = read("a fox --steps 30 --cfg 20", num_inference_steps=40)
    changes, remarks = reader.read(reader.typed(parameters))
    assert merge(ENSEMBLE, changes) == parameters
    assert [str(remark) for remark in remarks] == ["steps 40: the option counts, not --steps 30 in the prompt"]


def test_the_flags_of_an_edited_prompt_win_over_the_job_that_is_edited() -> None:
    reader = make_reader()
    parameters, _ = read("a fox --ar 16:9 --style ink", num_inference_steps=40)
    asked = reader.typed(parameters)
    edited, remarks = read("a fox --ar 1:1", reader, beneath=asked)
    assert (edited.width, edited.height, edited.style, edited.num_inference_steps) == (1024, 1024, None, 40)
    assert remarks == []


def test_what_the_owner_took_away_cannot_be_drawn_anew_and_is_told(tmp_path: Path) -> None:
    folder = write_wildcards(tmp_path, colour="red", animal="fox")
    reader = make_reader(folder)
    parameters, _ = read("a __colour__ fox --steps 20", reader)
    (folder / "colour.txt").unlink()
    asked = reader.typed(parameters)
    with pytest.raises(InvalidParameters, match=r"There is no wildcard __colour__\. There are: __animal__\."):
        reader.read(asked)


def test_what_is_not_text_or_far_too_long_is_left_for_its_sentence() -> None:
    for prompt, sentence in (("{" * 6000, "prompt has 6,000 characters"), (7, "prompt must be text")):
        with pytest.raises(InvalidParameters, match=sentence):
            merge(ENSEMBLE, make_reader().read({"prompt": prompt})[0])


def test_ellipses_mean_not_said() -> None:
    changes, _ = make_reader().read({"prompt": "a fox --seed 7", "seed": ..., "num_inference_steps": ...})
    assert changes["seed"] == 7
    assert "num_inference_steps" not in changes


@given(st.text('{}|$:-–—= .0123abesnoild<>"\n', max_size=150), st.integers(0, 2**32 - 1))
def test_asking_anew_with_the_same_seed_gives_the_same(text: str, seed: int) -> None:
    reader = make_reader()
    try:
        parameters, _ = read(text, reader, seed=seed)
    except RequestRejected:
        return
    changes, _ = reader.read(reader.typed(parameters))
    assert merge(ENSEMBLE, changes) == parameters
    assert merge(ENSEMBLE, reader.read(parameters.model_dump())[0]) == parameters
