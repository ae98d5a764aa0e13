"""What a sheet compares, without Discord or torch: values as people type them, and the cells that come of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.comparison import AskedAxis, Comparison
from bot.comparison.axes import AXES, Kind, find_axis, label, suggest_axes
from bot.comparison.comparer import Comparer
from bot.comparison.suggestions import suggest_values
from bot.errors import LoraNotFound, RequestRejected
from bot.layers import merge, model_defaults
from bot.model_info import ModelInfo
from bot.parameters import Lora, title
from tests.diffusion.engine import LORAS
from tests.factories import BASE_ALONE, ENSEMBLE
from tests.prompts.reading import make_reader, write_wildcards

PICTURES = {"image": "a" * 64, "mask_image": "b" * 64}
#: What some settings do nothing without.
NEEDED: dict[str, dict[str, Any]] = {"variation_seed": {"variation_strength": 0.2}, "eta": {"scheduler": "DDIM"}}


def compare(
    *axes: tuple[str, str],
    prompt: str = "a red fox",
    model: ModelInfo = ENSEMBLE,
    folder: Path | None = None,
    **said: Any,
) -> tuple[Comparison, list[str]]:
    comparer = Comparer(model, make_reader(folder), LORAS, ["latent"])
    asked = [AskedAxis(*axis) for axis in axes]
    comparison, remarks = comparer.compare({"prompt": prompt, **said}, model_defaults(model), asked)
    return comparison, [str(remark) for remark in remarks]


def values(axis: str, typed: str, **said: Any) -> tuple[str, ...]:
    return compare((axis, typed), **said)[0].axes[0].values


@pytest.mark.parametrize(
    ("axis", "typed", "read"),
    [
        ("steps", "4, 6, 8", "4 6 8"),
        ("steps", " 4;6 ;8,", None),
        ("steps", "4 | 6", "4 6"),
        ("steps", "20-40 by 10", "20 30 40"),
        ("steps", "20 - 40 step 10", "20 30 40"),
        ("steps", "20..40 (3)", "20 30 40"),
        ("steps", "20…40 [3]", "20 30 40"),
        ("steps", "20-40 (+10)", "20 30 40"),
        ("steps", "40-20 by 10", "40 30 20"),
        ("steps", "8-10, 20", "8 9 10 20"),
        ("steps", "1 to 3, 1-2", None),
        ("steps", "10-20 (3), 4", "10 15 20 4"),
        ("guidance", "3-9 by 1.5", "3 4.5 6 7.5 9"),
        ("guidance", "0.5..1 (3)", "0.5 0.75 1"),
        ("guidance", "0,5; 1,5", "0.5 1.5"),
        ("guidance", "1.10, 2.20", "1.1 2.2"),
        ("guidance_rescale", "0%, 70%", "0 0.7"),
        ("refiner_from", "off, 0.7, 80%", "off 0.7 0.8"),
        ("refiner", "base alone, on", "off 0.8"),
        ("refiner", "0.5-0.9 (3)", "0.5 0.7 0.9"),
        ("seed", "7, 4294967295", "7 4294967295"),
        ("seed", "1-3", "1 2 3"),
        ("clip skip", "off, 1", "off 1"),
        ("spacing", "Leading, TRAILING", "leading trailing"),
        ("aspect_ratio", "1:1, 16:9", "1:1 16:9"),
        ("original_size", "off, 512 x 768", "off 512x768"),
        ("crop", "0x0, 0×256", "0x0 0x256"),
        ("cfg", "5, 7", "5 7"),
        ("num_inference_steps", "5, 7", "5 7"),
    ],
)
def test_values_are_read_as_people_type_them(axis: str, typed: str, read: str | None) -> None:
    if read is None:
        with pytest.raises(RequestRejected):
            values(axis, typed)
    else:
        assert values(axis, typed) == tuple(read.split())


def test_names_and_texts_keep_their_spaces_and_commas() -> None:
    assert values("scheduler", "euler A, dpm++2m karras") == ("Euler a", "DPM++ 2M Karras")
    assert values("style", "off, Oil Painting, pixel-art") == ("off", "oil painting", "pixel art")
    assert values("negative_prompt", "off | blurry, dark") == ("off", "blurry, dark")
    assert values("prompt", "red, dark blue") == ("red", "dark blue")
    assert values("prompt", "a red | a blue, furry") == ("a red", "a blue, furry")
    assert values("timesteps", "999, 500 | 999, 400") == ("999, 500", "999, 400")


@pytest.mark.parametrize(
    ("axis", "typed", "kept", "remark"),
    [
        ("steps", "4, 500", "4 150", "steps 500 → 150: that is as far as it goes here"),
        ("refiner", "0.8, 1.5", "0.8 off", "refiner_from 1.5 → off: nothing is left for the refiner there"),
        ("refiner", "0, 0.8", "0.01 0.8", "refiner_from 0 → 0.01: that is as far as it goes here"),
        (
            "original_size",
            "512x768, 9999x100",
            "512x768 8192x100",
            "original_size 9999x100 → 8192x100: that is as far as it goes here",
        ),
        ("clip_skip", "1, 9", "1 4", "clip_skip 9 → 4: that is as far as it goes here"),
        ("width", "512, 1001", "512 1000", "width 1001 → 1000: sizes are multiples of 8"),
        ("guidance", "3, 5, 3", "3 5", "guidance 3 is there twice: it is drawn once"),
        ("prompt", "red, blue, blue", "red blue", "prompt blue is there twice: it is drawn once"),
    ],
)
def test_what_is_changed_of_the_values_is_said(axis: str, typed: str, kept: str, remark: str) -> None:
    comparison, remarks = compare((axis, typed))
    assert (comparison.axes[0].values, remarks) == (tuple(kept.split()), [remark])


@pytest.mark.parametrize(
    ("axis", "typed", "sentence"),
    [
        ("steps", "4.5, 6", "steps takes whole numbers, as in 10, 20, 30, 40, not “4.5”."),
        ("seed", "7, -1", "seed takes whole numbers or random, as in random x4, not “-1”."),
        ("seed", "7, 4294967296", "seed takes whole numbers or random, as in random x4, not “4294967296”."),
        ("guidance", "0.5-1", "Say how many values of guidance lie in 0.5-1, as in 0.5..1 (4)."),
        ("guidance", "1-9 by 0", "Say how many values of guidance lie in 1-9 by 0, as in 1..9 (4)."),
        ("guidance", "0-1 by 0.001", "guidance 0-1 by 0.001 has 1,001 values, and a sheet has at most 16 pictures."),
        ("steps", "1-999999999999", "steps 1-999999999999 has 999,999,999,999 values, and a sheet has at most 16"),
        ("spacing", "leading, wide", "spacing must be leading, trailing, linspace or AYS."),
        ("aspect_ratio", "1:1, 7:5", "aspect ratio “7:5” is unknown. Choose one of: 1:1, 4:3"),
        ("original_size", "512, 1024", "original_size takes width x height in pixels, as in off, 512x512, 2048x2048"),
        ("timesteps", "999, 500 | fast", "timesteps takes whole numbers with commas, and a bar between lists"),
        ("timesteps", "999, 500 | 500, 999", "At “timesteps 500, 999”: timesteps must go down, each smaller than"),
        ("lora", "off, pencil", "There is no LoRA “pencil”. The option lora of /imagine lists those that there are."),
        ("lora", "off, ink", "The LoRA “ink” does not fit stable-diffusion-xl-base-1.0."),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(axis: str, typed: str, sentence: str) -> None:
    with pytest.raises(RequestRejected) as caught:
        compare((axis, typed))
    assert str(caught.value).startswith(sentence), str(caught.value)


def test_sixteen_cells_are_a_sheet_and_seventeen_are_refused_with_their_number() -> None:
    assert len(compare(("seed", "1-8"), ("steps", "4, 6"))[0].cells) == 16
    with pytest.raises(RequestRejected, match=r"^17 values of seed are 17 pictures, and a sheet has at most 16\."):
        compare(("seed", "1-16, 99"))
    with pytest.raises(RequestRejected, match=r"^6 values of seed times 3 of steps are 18 pictures"):
        compare(("seed", "1-6"), ("steps", "4-6"))


def test_the_first_axis_runs_across_and_the_second_down() -> None:
    comparison, _ = compare(("steps", "4, 6, 8"), ("scheduler", "Euler, Heun"))
    assert [(cell.scheduler, cell.num_inference_steps) for cell in comparison.cells] == [
        (scheduler, steps) for scheduler in ("Euler", "Heun") for steps in (4, 6, 8)
    ]
    assert comparison.varied == {"num_inference_steps", "scheduler"}
    assert comparison.steps == 36
    assert [comparison.cell_at(step) for step in (0, 1, 4, 5, 10, 11, 18, 19, 36, 99)] == [1, 1, 1, 2, 2, 3, 3, 4, 6, 6]


def test_all_cells_have_the_seed_and_the_words_of_the_first(tmp_path: Path) -> None:
    folder = write_wildcards(tmp_path, animal="fox\nowl\nbear\ncat\ndog\nhare")
    comparison, _ = compare(("guidance", "2-9"), prompt="a __animal__ {a|b|c} --seed random", folder=folder)
    assert len({(cell.seed, cell.prompt) for cell in comparison.cells}) == 1


def test_each_seed_of_an_axis_makes_what_it_would_make_alone(tmp_path: Path) -> None:
    folder = write_wildcards(tmp_path, animal="fox\nowl\nbear\ncat\ndog\nhare")
    comparison, _ = compare(("seed", "1-9"), prompt="a __animal__", folder=folder)
    reader = make_reader(folder)
    for cell in comparison.cells:
        changes, _ = reader.read({"prompt": "a __animal__", "seed": cell.seed}, model_defaults(ENSEMBLE))
        assert cell == merge(ENSEMBLE, changes)


def test_two_axes_may_replace_words_of_one_prompt() -> None:
    comparison, _ = compare(("prompt", "red | blue"), ("prompt", "fox | owl"), prompt="a red fox by a red barn")
    assert [cell.prompt for cell in comparison.cells] == [
        "a red fox by a red barn",
        "a blue fox by a blue barn",
        "a red owl by a red barn",
        "a blue owl by a blue barn",
    ]


def test_loras_are_compared_by_weight_and_by_name_beside_those_of_the_prompt(tiny: ModelInfo) -> None:
    by_weight, _ = compare(("lora:ink", "0, 0.5, 1"), prompt="a fox <lora:ink:0.3>", model=tiny)
    assert [cell.loras for cell in by_weight.cells] == [(Lora(name="ink", weight=each),) for each in (0, 0.5, 1)]
    assert by_weight.axes[0].name == "lora:ink"
    by_name, _ = compare(("lora", "off, ink, ink:0.5"), model=tiny)
    assert [cell.loras for cell in by_name.cells] == [(), (Lora(name="ink"),), (Lora(name="ink", weight=0.5),)]
    with pytest.raises(LoraNotFound):
        compare(("lora:pencil", "0, 1"), model=tiny)


def test_variations_turn_to_one_seed() -> None:
    comparison, _ = compare(("variation", "0, 0.2, 0.4"))
    assert len({cell.variation_seed for cell in comparison.cells}) == 1
    named, _ = compare(("variation", "0, 0.2"), prompt="a fox --variation-seed 8")
    assert [cell.variation_seed for cell in named.cells] == [8, 8]


def test_a_refiner_that_is_not_there_is_said_for_the_cell_that_wants_it() -> None:
    with pytest.raises(RequestRejected, match=r"^At “refiner from 0\.7”: No refiner is loaded here"):
        compare(("refiner", ""), model=BASE_ALONE)


def test_again_asks_for_the_same_with_fresh_seeds() -> None:
    comparison, _ = compare(("style", "off, ink"), ("seed", "7, 8"))
    comparer = Comparer(ENSEMBLE, make_reader(), LORAS)
    asked = comparer.again(comparison)
    assert asked == [AskedAxis("style", ("off", "ink")), AskedAxis("seed", ("random", "random"))]
    said = make_reader().typed(comparison.cells[0]) | {"seed": 9}
    again, _ = comparer.compare(said, model_defaults(ENSEMBLE), [asked[0]])
    assert [(cell.style, cell.seed, cell.raw_prompt) for cell in again.cells] == [
        (None, 9, None),
        ("ink", 9, "a red fox"),
    ]


def test_a_sheet_is_kept_as_what_differs_from_its_first_cell() -> None:
    comparison, _ = compare(("style", "off, ink"), ("original_size", "off, 512x768"))
    plain = comparison.to_json()
    assert plain["cells"][0] == {}
    assert plain["cells"][2] == {"original_size": [768, 512]}
    assert Comparison.from_json(plain, comparison.cells[0]) == comparison


@pytest.mark.parametrize("axis", [axis for axis in AXES if axis.kind not in (Kind.REPLACED, Kind.LORA)])
def test_the_example_of_each_axis_works(axis: Any) -> None:
    pictures = {} if axis.input is None else PICTURES
    comparison, remarks = compare((axis.name, axis.example), **pictures, **NEEDED.get(axis.name, {}))
    assert len(comparison.cells) > 1
    assert remarks == []


def test_axes_are_found_by_any_of_their_names_and_offered_by_what_is_typed() -> None:
    for axis in AXES:
        assert find_axis(axis.name.upper().replace("_", " ")) == axis
    assert [find_axis(title(name)) is None for name in ("image", "mask_image", "num_images_per_prompt")] == [True] * 3
    assert [axis.name for axis in suggest_axes("refiner")] == ["refiner_from"]
    assert [axis.name for axis in suggest_axes("lora", ["ink", "pen"])] == ["lora", "lora:ink", "lora:pen"]
    assert len(suggest_axes("")) == 25


def test_numbers_go_on_with_the_usual_ones() -> None:
    steps, guidance = "10, 20, 30, 40", "3, 5, 7, 9"
    assert suggest_values("steps", "10", {}, steps) == [steps]
    assert suggest_values("guidance", "10", {}, guidance)[:2] == ["10, 3, 5, 7, 9", "10, 3"]
    assert suggest_values("steps", "10, 15,", {}, steps)[:3] == ["10, 15", "10, 15, 20, 30, 40", "10, 15, 20"]


def test_a_sheet_of_spacings_is_asked_for_again_without_the_timesteps_of_its_first_cell() -> None:
    comparison, _ = compare(("spacing", "AYS, trailing"), num_inference_steps=10)
    comparer = Comparer(ENSEMBLE, make_reader(), LORAS)
    again, _ = comparer.compare(comparer.typed(comparison), model_defaults(ENSEMBLE), comparer.again(comparison))
    assert again == comparison
    assert [cell.timesteps is None for cell in again.cells] == [False, True]


def test_a_draft_is_drawn_in_few_steps_and_says_nothing_of_buttons_that_a_sheet_has_not() -> None:
    comparison, remarks = compare(("guidance", "3, 5"), prompt="a fox --draft")
    assert [cell.num_inference_steps for cell in comparison.cells] == [8, 8]
    assert remarks == []
    comparison, remarks = compare(("steps", "4, 6"), prompt="a fox --draft")
    assert [cell.num_inference_steps for cell in comparison.cells] == [4, 6]
    assert remarks == ["steps: the sheet's values count, not --draft in the prompt"]


def test_a_label_says_the_axis_where_the_value_alone_does_not() -> None:
    labels = [
        label(*each)
        for each in (
            ("steps", "4"),
            ("scheduler", "Heun"),
            ("refiner_from", "off"),
            ("refiner_from", "0.8"),
            ("style", "off"),
            ("lora:ink", "0.5"),
            ("prompt", "red"),
        )
    ]
    assert labels == ["steps 4", "Heun", "base alone", "refiner from 0.8", "no style", "ink 0.5", "red"]
