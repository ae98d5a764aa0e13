"""Flags in prompts, as people's fingers know them."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidParameters, RequestRejected
from bot.layers import bucket
from bot.model_info import ModelInfo
from bot.parameters import ASPECT_RATIOS, Lora, Parameters
from bot.prompts import PromptReader
from bot.prompts.flag_table import FLAGS, FOREIGN, SHAPES, Flag, Kind
from tests.prompts.reading import STYLES, make_reader, read


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        ("--ar 16:9", {"width": 1344, "height": 768}),
        ("--aspect=2:3", {"width": 832, "height": 1216}),
        ("--ar wide", {"width": 1344, "height": 768}),
        ("--size 1216x832", {"width": 1216, "height": 832}),
        ("--w 512 --h 768", {"width": 512, "height": 768}),
        ("--no hands, text", {"negative_prompt": "hands, text"}),
        ("--no hands --no text", {"negative_prompt": "hands, text"}),
        ("--seed 7", {"seed": 7}),
        ("--SEED 7", {"seed": 7}),
        ("--steps 30 --cfg 7,5", {"num_inference_steps": 30, "guidance_scale": 7.5}),
        ("--guidance_scale .5", {"guidance_scale": 0.5}),
        ("--n 4", {"num_images_per_prompt": 4}),
        ("--repeat 2", {"num_images_per_prompt": 2}),
        ('--scheduler "DPM++ 2M Karras"', {"scheduler": "DPM++ 2M Karras"}),
        ("--sampler dpmpp_2m_karras", {"scheduler": "DPM++ 2M Karras"}),
        ("--sampler DPM++ 2M Karras", {"scheduler": "DPM++ 2M Karras"}),
        ("--refiner off", {"denoising_end": None}),
        ("--refiner 0.7", {"denoising_end": 0.7}),
        ("--refiner 1.0", {"denoising_end": None}),
        ("--variation 20% --variation-seed 3", {"variation_strength": 0.2, "variation_seed": 3}),
        ("--lora ink:0.8", {"loras": (Lora(name="ink", weight=0.8),)}),
        ("--lora ink,paper:-0.5", {"loras": (Lora(name="ink"), Lora(name="paper", weight=-0.5))}),
        ("<lora:ink:0.8:0.3>", {"loras": (Lora(name="ink", weight=0.8),)}),
        ("--clip-skip 1 --eta 0.5", {"clip_skip": 1, "eta": 0.5}),
        ("--aesthetic 7 --negative-aesthetic 2", {"aesthetic_score": 7, "negative_aesthetic_score": 2}),
        ("--original-size 1024x768 --crop 0,64", {"original_size": (768, 1024), "crops_coords_top_left": (0, 64)}),
        ("--timesteps 999,500,200", {"timesteps": (999, 500, 200), "num_inference_steps": 3}),
        ("--timesteps 999, 500 ,200", {"timesteps": (999, 500, 200), "num_inference_steps": 3}),
        ("--spacing trailing", {"timestep_spacing": "trailing"}),
        ("--prompt2 oil on canvas", {"prompt_2": "oil on canvas"}),
    ],
)
def test_a_flag_at_the_end_of_a_prompt_sets_its_parameters(flags: str, fields: dict[str, Any]) -> None:
    parameters, _ = read(f"a red fox {flags}")
    assert parameters.prompt == "a red fox"
    assert parameters.raw_prompt == f"a red fox {flags}"
    assert {name: getattr(parameters, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("typed", "prompt"),
    [
        ("--seed 7 a red fox", "a red fox"),
        ("a red --seed 7 fox", "a red fox"),
        ("a fox, --seed 7, in the snow", "a fox, in the snow"),
        ("a fox --seed 7, in the snow", "a fox, in the snow"),
        ("a fox,--seed 7", "a fox"),
        ("a fox --seed=7. Snow falls", "a fox. Snow falls"),
        ("a fox\n--seed 7\nin the snow", "a fox in the snow"),
        ("a fox --scheduler DPM++ 2M Karras, snow --seed 7", "a fox, snow"),
        ("a fox —seed 7", "a fox"),
        ("a fox –seed 7", "a fox"),
        ("a fox ——seed 7", "a fox"),
        ("a fox -–seed 7", "a fox"),
    ],
)
def test_flags_may_stand_anywhere_and_phones_may_correct_their_dashes(typed: str, prompt: str) -> None:
    parameters, _ = read(typed)
    assert (parameters.prompt, parameters.seed) == (prompt, 7)


def test_a_list_of_timesteps_ends_where_the_words_go_on() -> None:
    parameters, _ = read("a fox --timesteps 999, 500, in snow")
    assert (parameters.prompt, parameters.timesteps) == ("a fox, in snow", (999, 500))
    parameters, _ = read("a fox --timesteps 999, 500, 3rd of its litter")
    assert (parameters.prompt, parameters.timesteps) == ("a fox, 3rd of its litter", (999, 500))


@pytest.mark.parametrize(
    "text",
    [
        "a red fox",
        "a fox -- and a dog",
        "a well--known fox",
        'a sign that says "use --force"',
        "a sign that says “use --force”",
        "a fox --5 degrees",
        "a fox —red and quick— in the snow",
        'a 5" fox, ---',
        "(a fox:1.3) -s 30, [dog]",
        "fox::2 dog",
    ],
)
def test_what_is_no_flag_stays_text(text: str) -> None:
    parameters, remarks = read(text)
    assert parameters.prompt == text
    assert parameters.raw_prompt is None
    assert remarks == []


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--stpes 3", "--stpes is unknown. Nearest: --steps, --styles. In double quotes it stays text."),
        (
            "--xyzzy",
            "--xyzzy is unknown. Flags are called as the options of /imagine are. In double quotes it stays text.",
        ),
        ("--seed", "--seed needs a value, as in --seed 7."),
        ("--no --seed 7", "--no needs a value, as in --no hands, text."),
        ("--seed fox", "--seed takes a whole number or random, as in --seed 7, not “fox”."),
        ("--steps 30.5", "--steps takes a whole number, as in --steps 30, not “30.5”."),
        ("--cfg nan", "--cfg takes a number, as in --cfg 6.5, not “nan”."),
        ("--ar 0:9", "--ar takes a shape, as in --ar 16:9 or --ar wide, not “0:9”."),
        (
            "--refiner maybe",
            "--refiner takes on, off, or where the refiner takes over, as in --refiner 0.8, not “maybe”.",
        ),
        ("--scheduler Eular", "scheduler “Eular” is unknown. Nearest: Euler, Euler a, Euler Karras."),
        ("--scheduler Foo", "scheduler “Foo” is unknown. The option scheduler of /imagine lists those that there are."),
        ("--style inc", "style “inc” is unknown. Nearest: ink."),
        ("--lora ink:much", "“--lora ink:much” is no LoRA: write its name and a weight from -2 to 2, as in ink:0.8."),
        ("--ar 1:1 --w 512", "The prompt says its size twice: --ar 1:1 and --w 512. Leave one of the two out."),
        ("--strength 0.5", "strength needs an image to work on. Add one, or leave it out."),
    ],
)
def test_a_wrong_flag_is_one_sentence_that_says_what_would_be_right(flags: str, sentence: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        read(f"a red fox {flags}")
    assert str(caught.value) == sentence


def test_all_wrong_flags_are_told_at_once() -> None:
    with pytest.raises(InvalidParameters) as caught:
        read("a fox --stpes 3 --cfg x")
    assert len(caught.value.sentences) == 2


def test_any_ratio_becomes_the_nearest_trained_shape_and_a_remark_says_so() -> None:
    parameters, remarks = read("a fox --ar 7:5")
    assert (parameters.width, parameters.height) == (1216, 832)
    assert remarks == ["--ar 7:5 → 3:2 (1216 × 832): the nearest shape that the model was trained on"]
    assert read("a fox --ar 32:18")[1] == []


def test_shapes_are_those_of_the_model_in_use() -> None:
    changes, _ = PromptReader(ModelInfo("base", None, 128), STYLES).read({"prompt": "a fox --ar 16:9"})
    assert (changes["width"], changes["height"]) == bucket("16:9", 128)


def test_a_value_beyond_its_limit_is_brought_within_and_a_remark_says_so() -> None:
    parameters, remarks = read("a fox --steps 500 --lora ink:3")
    assert (parameters.num_inference_steps, parameters.loras[0].weight) == (150, 2)
    assert remarks == [
        "lora ink 3.0 → 2.0: that is as far as it goes here",
        "steps 500 → 150: that is as far as it goes here",
    ]


def test_an_option_of_the_command_wins_over_a_flag_and_a_remark_says_so() -> None:
    parameters, remarks = read("a fox --steps 30 --ar 16:9", num_inference_steps=40, width=512, height=512)
    assert (parameters.num_inference_steps, parameters.width, parameters.height) == (40, 512, 512)
    assert remarks == [
        "steps 40: the option counts, not --steps 30 in the prompt",
        "size: the option counts, not --ar 16:9 in the prompt",
    ]
    assert read("a fox --steps 30", num_inference_steps=30)[1] == []


def test_a_flag_wins_over_what_lies_beneath_the_command() -> None:
    beneath = {"num_inference_steps": 20, "seed": 1, "negative_prompt": "blurry", "denoising_end": 0.6}
    parameters, _ = read("a fox --steps 30 --seed 2 --no hands --refiner on", beneath=beneath)
    assert (parameters.num_inference_steps, parameters.seed) == (30, 2)
    assert parameters.negative_prompt == "blurry, hands"
    assert parameters.denoising_end == 0.6


def test_the_last_of_two_equal_flags_counts_and_a_remark_says_so() -> None:
    parameters, remarks = read("a fox --seed 1 --seed 2")
    assert (parameters.seed, remarks) == (2, ["--seed is there twice: the last one counts"])


def test_a_lora_of_the_command_wins_over_the_same_one_in_the_prompt() -> None:
    options = {"loras": ({"name": "Ink", "weight": 0.5},)}
    parameters, _ = read("<lora:ink:1> a fox, <lora:paper:1>, in snow", **options)
    assert parameters.prompt == "a fox, in snow"
    assert parameters.loras == (Lora(name="Ink", weight=0.5), Lora(name="paper"))


def test_a_lora_of_the_command_that_is_none_is_a_sentence_beside_one_of_the_prompt() -> None:
    with pytest.raises(InvalidParameters, match="lora must be names of files with weights from -2 to 2"):
        read("a fox --lora ink", loras=({"name": "paper", "weight": 9},))


def test_flags_that_only_midjourney_has_are_taken_out_and_told() -> None:
    parameters, remarks = read("a fox --v 6.1 --s 250 --tile in snow --sref https://example.org/a.png")
    assert parameters.prompt == "a fox in snow"
    assert remarks == [
        "--v is Midjourney's and does nothing here",
        "--s is Midjourney's and does nothing here; --guidance comes nearest",
        "--tile is Midjourney's and does nothing here",
        "--sref is Midjourney's and does nothing here; --style comes nearest",
    ]


def test_a_prompt_of_flags_alone_is_told_to_say_something() -> None:
    with pytest.raises(InvalidParameters, match="prompt is empty"):
        read("--ar 16:9 --style ink")


def test_every_flag_sets_a_parameter_by_a_name_of_its_own_and_its_example_works() -> None:
    names = [name for flag in FLAGS for name in flag.names]
    assert len(names) == len(set(names))
    assert not FOREIGN.keys() & set(names)
    assert {flag.field for flag in FLAGS} <= Parameters.model_fields.keys() | {"size", "draft"}
    assert set(SHAPES.values()) <= ASPECT_RATIOS.keys()
    for flag in FLAGS:
        if flag.kind is Kind.SWITCH:
            continue
        changes, remarks = make_reader().read({"prompt": f"a fox --{flag.names[0]} {flag.example}"})
        field = "width" if flag.field == "size" else flag.field
        assert changes.get(field) is not None, flag
        assert remarks == []


def refusal(prompt: str, **options: Any) -> str | None:
    """What is said against the prompt; None where it is taken."""
    try:
        read(prompt, **options)
    except RequestRejected as error:
        return str(error)
    return None


@given(st.text("-–— abrsteno=:\"'“”,.0123456789\n<>lor{}|$_", max_size=120))
def test_whatever_is_typed_becomes_parameters_or_a_sentence(text: str) -> None:
    sentence = refusal(text)
    assert sentence is None or sentence.endswith(".")


@given(st.sampled_from(FLAGS), st.text(string.printable, max_size=40))
def test_no_value_of_any_flag_is_more_than_a_sentence(flag: Flag, value: str) -> None:
    sentence = refusal(f"a fox --{flag.names[0]} {value}", image="0" * 64, mask_image="0" * 64)
    assert sentence is None or sentence.endswith(".")
