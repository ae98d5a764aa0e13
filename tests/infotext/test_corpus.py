"""What the programs write, read and turned into parameters: one file a shape, with what is to come out."""

from __future__ import annotations

import json

import pytest

from bot.infotext import PictureInfo, read_picture
from bot.infotext.display import list_settings
from bot.layers import merge
from bot.remake import imagine_command, remake
from bot.scheduler_names import SCHEDULERS
from tests.factories import BASE_ALONE, ENSEMBLE
from tests.infotext.files import CORPUS, EXPECTED, corpus_texts, png_of

CASES = sorted(EXPECTED)


def read(name: str) -> PictureInfo:
    return read_picture(png_of(corpus_texts(name)))


def test_every_file_of_the_corpus_has_its_expectation() -> None:
    assert sorted(path.name for path in CORPUS.iterdir() if path.name != "expected.json") == CASES
    assert len(CASES) >= 20


@pytest.mark.parametrize("name", CASES)
def test_a_picture_of_this_shape_becomes_these_parameters(name: str) -> None:
    expected = EXPECTED[name]
    info = read(name)
    again = remake(info, ENSEMBLE, ["ink"])
    changes = json.loads(json.dumps(dict(again.changes), default=lambda lora: lora.model_dump()))
    assert info.program == expected["program"]
    assert {key: changes.get(key) for key in expected["changes"]} == expected["changes"]
    assert set(changes) - set(expected["changes"]) <= {"scheduler", "timestep_spacing"}
    assert [left for left, _ in again.left_out if left != "Sampler"] == expected["left_out"]
    assert [remark for remark in expected["remarks"] if remark not in map(str, again.remarks)] == []


@pytest.mark.parametrize("name", CASES)
def test_its_parameters_are_complete_and_valid_with_and_without_a_refiner(name: str) -> None:
    for model in (ENSEMBLE, BASE_ALONE):
        again = remake(read(name), model)
        assert merge(model, again.changes).prompt == again.changes["prompt"].strip()


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_it_says_is_lost_between_what_is_taken_over_and_what_is_listed(name: str) -> None:
    info = read(name)
    shown = dict(list_settings(info))
    assert shown == {key: value for key, value in info.settings.items() if value}
    again = remake(info, ENSEMBLE)
    for key, _ in again.left_out:
        assert key.startswith(("LoRA ", "<")) or key in shown


@pytest.mark.parametrize("name", CASES)
def test_its_sampler_is_one_of_ours_or_a_remark_says_otherwise(name: str) -> None:
    again = remake(read(name), ENSEMBLE)
    scheduler = again.changes.get("scheduler")
    assert scheduler in SCHEDULERS or any("is unknown here" in str(remark) for remark in again.remarks)


@pytest.mark.parametrize("name", CASES)
def test_the_command_to_copy_is_one_line_that_begins_with_the_prompt(name: str) -> None:
    parameters = merge(ENSEMBLE, remake(read(name), ENSEMBLE).changes)
    command = imagine_command(parameters, ENSEMBLE)
    assert command.startswith("/imagine prompt:")
    assert "\n" not in command
    assert f"--seed {parameters.seed}" in command


def test_the_settings_are_listed_in_the_order_in_which_people_look_for_them() -> None:
    listed = [name for name, _ in list_settings(read("a1111_sdxl_refiner.txt"))]
    assert listed[:7] == ["Prompt", "Negative prompt", "Size", "Steps", "Sampler", "Schedule type", "CFG scale"]
    assert listed[-1] == "Version"


@pytest.mark.parametrize(
    ("written", "schedule", "ours"),
    [
        ("DPM++ 2M Karras", "", "DPM++ 2M Karras"),
        ("dpmpp_2m", "karras", "DPM++ 2M Karras"),
        ("dpmpp_2m_k", "", "DPM++ 2M Karras"),
        ("dpmpp_2m_sde_gpu", "karras", "DPM++ 2M SDE Karras"),
        ("euler_ancestral", "normal", "Euler a"),
        ("k_euler_ancestral", "native", "Euler a"),
        ("euler_k", "", "Euler Karras"),
        ("uni_pc", "simple", "UniPC"),
        ("unipc_k", "", "UniPC Karras"),
        ("kdpm_2_k", "", "DPM2 Karras"),
        ("heun", "karras", "Heun Karras"),
        ("deis", "", "DEIS"),
        ("ddim", "ddim_uniform", "DDIM"),
    ],
)
def test_one_sampler_has_as_many_names_as_there_are_programs(written: str, schedule: str, ours: str) -> None:
    settings = {"Prompt": "a fox", "Sampler": written, "Schedule type": schedule}
    again = remake(PictureInfo("ComfyUI", settings), ENSEMBLE)
    assert again.changes["scheduler"] == ours
    assert again.remarks == ()


def test_sgm_uniform_is_a_scheduler_of_ours_or_the_trailing_spacing() -> None:
    changes = remake(read("forge_sgm_uniform.txt"), ENSEMBLE).changes
    assert SCHEDULERS[changes["scheduler"]].sampler == "Euler"
    own = SCHEDULERS[changes["scheduler"]].schedule_type == "SGM Uniform"
    assert own or changes["timestep_spacing"] == "trailing"


def test_a_picture_of_another_magnitude_is_brought_to_what_the_model_draws() -> None:
    again = remake(PictureInfo("A1111", {"Prompt": "a fox", "Size": "512x512"}), ENSEMBLE)
    assert (again.changes["width"], again.changes["height"]) == (1024, 1024)
    assert "Size 512×512 → 1024×1024: that is what stable-diffusion-xl-base-1.0 draws well." in map(str, again.remarks)
