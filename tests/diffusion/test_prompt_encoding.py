"""Prompts as embeddings: what is plain as the pipelines have it, what is weighted or long as members mean it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from bot.diffusion.prompt_encoding import (
    PromptEmbeddings,
    Prompts,
    dropped_by_a_plain_encoder,
    encode_prompts,
)
from tests.diffusion.engine import Engine, difference

LONG = "a red circle on a blue background, " * 12


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def encoded(
    engine: Engine, prompt: str, prompt_2: str | None = None, *negative: str | None, **how: Any
) -> PromptEmbeddings:
    prompts = Prompts(prompt, prompt_2 or prompt, *negative)
    return encode_prompts(engine.sdxl.base, prompts, engine.sdxl.device, guided=True, **how)


@pytest.mark.parametrize("prompt", ["a red circle", "a fox, ä 漢!", "x " * 75], ids=["words", "any script", "full"])
@pytest.mark.parametrize("prompt_2", [None, "blue"])
@pytest.mark.parametrize("negative", [(None, None), ("", None), ("yellow", None), ("yellow", "green, ")])
@pytest.mark.parametrize("clip_skip", [None, 1])
def test_a_plain_prompt_is_exactly_what_the_pipeline_makes_of_it(
    engine: Engine, prompt: str, prompt_2: str | None, negative: tuple[str | None, str | None], clip_skip: int | None
) -> None:
    wanted = engine.sdxl.base.encode_prompt(
        prompt, prompt_2, negative_prompt=negative[0], negative_prompt_2=negative[1], clip_skip=clip_skip
    )
    ours = encoded(engine, prompt, prompt_2, *negative, clip_skip=clip_skip)
    for theirs, own in zip(
        wanted,
        (
            ours.prompt_embeds,
            ours.negative_prompt_embeds,
            ours.pooled_prompt_embeds,
            ours.negative_pooled_prompt_embeds,
        ),
        strict=True,
    ):
        assert own is not None
        assert torch.equal(theirs, own)


def test_so_it_is_for_the_refiner_with_its_one_encoder(engine: Engine) -> None:
    refiner = engine.sdxl.refiner
    wanted = refiner.encode_prompt("a red circle", negative_prompt="yellow")
    ours = encode_prompts(refiner, Prompts("a red circle", "a red circle", "yellow"), engine.sdxl.device, guided=True)
    assert torch.equal(wanted[0], ours.prompt_embeds)
    assert ours.negative_prompt_embeds is not None
    assert torch.equal(wanted[1], ours.negative_prompt_embeds)
    assert torch.equal(wanted[2], ours.pooled_prompt_embeds)


def test_weights_lead_away_from_the_empty_prompt_and_touch_nothing_else(engine: Engine) -> None:
    def weighted(weight: float) -> torch.Tensor:
        return encoded(engine, f"a (red:{weight}) circle").prompt_embeds[0]

    plain = encoded(engine, "a red circle").prompt_embeds[0]
    empty = encoded(engine, " ").prompt_embeds[0]
    tokens = len(engine.sdxl.base.tokenizer("a").input_ids) - 1, len(engine.sdxl.base.tokenizer("a red").input_ids) - 1
    red = slice(*tokens)
    others = [place for place in range(len(plain)) if not tokens[0] <= place < tokens[1]]
    assert torch.equal(weighted(1), plain)
    for weight in (0, 0.5, 1.5, -1):
        moved = weighted(weight)
        assert torch.equal(moved[others], plain[others])
        torch.testing.assert_close(moved[red] - empty[red], weight * (plain[red] - empty[red]))
    torch.testing.assert_close(encoded(engine, "a (red) circle").prompt_embeds[0], weighted(1.1))


def test_chunks_stand_in_a_row_and_the_first_one_is_the_pooled_one(engine: Engine) -> None:
    two = encoded(engine, "a red circle BREAK a blue background")
    one, other = encoded(engine, "a red circle"), encoded(engine, "a blue background")
    assert torch.equal(two.prompt_embeds, torch.cat([one.prompt_embeds, other.prompt_embeds], dim=1))
    assert torch.equal(two.pooled_prompt_embeds, one.pooled_prompt_embeds)


@pytest.mark.parametrize("negative", [None, "yellow", LONG * 2], ids=["none", "shorter", "longer"])
def test_both_halves_are_of_equal_length_however_long_each_is(engine: Engine, negative: str | None) -> None:
    ours = encoded(engine, LONG, "blue", negative)
    assert ours.negative_prompt_embeds is not None
    assert ours.prompt_embeds.shape == ours.negative_prompt_embeds.shape
    assert ours.prompt_embeds.shape[1] % 77 == 0
    assert ours.prompt_embeds.shape[1] > 77


def test_a_long_prompt_breaks_at_a_comma(engine: Engine) -> None:
    phrase = "a red circle on a blue background,"
    tokens = len(engine.sdxl.base.tokenizer(phrase).input_ids) - 2
    whole = 75 // tokens
    ours = encoded(engine, " ".join([phrase] * (whole + 1))).prompt_embeds[0]
    assert torch.equal(ours[:77], encoded(engine, " ".join([phrase] * whole)).prompt_embeds[0])
    assert torch.equal(ours[77:], encoded(engine, phrase).prompt_embeds[0])


def test_what_a_plain_encoder_would_have_dropped_is_told(engine: Engine) -> None:
    tokenizer = engine.sdxl.base.tokenizer
    assert dropped_by_a_plain_encoder(tokenizer, "x " * 75) is None
    remark = dropped_by_a_plain_encoder(tokenizer, "(x) " * 75 + "(Last words:1.2)")
    assert remark is not None
    assert str(remark).endswith("tokens; a plain encoder would have dropped “Last words”")


def test_words_beyond_77_tokens_reach_the_picture_and_their_author_is_told(engine: Engine) -> None:
    filler = ", x" * 60
    drawn = [
        engine.draw(prompt=f"a red circle on a blue background{filler}{end}", denoising_end=None, num_inference_steps=6)
        for end in ("", ", a yellow star on green")
    ]
    assert difference(*drawn) > 0.1
    assert "dropped" in str(engine.remarks[0])


def test_weights_move_the_picture_further_the_further_they_are_from_one(engine: Engine) -> None:
    moved = [
        difference(
            engine.plain, engine.draw(prompt=f"a (red:{weight}) circle on a blue background", denoising_end=None)
        )
        for weight in (1.0, 1.2, 2.0)
    ]
    assert moved[0] == 0
    assert 0 < moved[1] < moved[2]
