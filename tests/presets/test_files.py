"""Presets as files and codes: what is written is read again, and what is wrong is said with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PresetRefused
from bot.parameters import Lora
from bot.presets import Preset
from bot.presets.codes import new_code, read_code, write_code
from bot.presets.files import MAX_BYTES, Imported, read_presets, write_presets
from bot.presets.names import tidy_name
from bot.presets.partial import checked
from bot.presets.styles_csv import write_styles_csv
from tests.presets.drawn import OWNER, WORDS, names, presets

FOOOCUS = {
    "default_model": "juggernautXL_v8Rundiffusion.safetensors",
    "default_refiner": "sd_xl_refiner_1.0.safetensors",
    "default_refiner_switch": 0.7,
    "default_loras": [[True, "sd_xl_offset.safetensors", 0.1], [True, "None", 1.0], [False, "paper", 0.5], ["ink", 2]],
    "default_cfg_scale": 4.0,
    "default_sample_sharpness": 2.0,
    "default_sampler": "dpmpp_2m_sde_gpu",
    "default_scheduler": "karras",
    "default_performance": "Speed",
    "default_prompt": "",
    "default_prompt_negative": "blurry",
    "default_styles": ["Fooocus V2"],
    "default_aspect_ratio": "1152*896",
    "default_overwrite_step": -1,
    "default_clip_skip": 2,
    "checkpoint_downloads": {},
}


def ours(**parameters: Any) -> dict[str, Any]:
    return {"format": "imagine-bot presets", "version": 1, "presets": [{"name": "ink", "parameters": parameters}]}


def read(document: Any) -> list[Imported]:
    return read_presets(json.dumps(document).encode(), "a preset.json")


def read_or_refused(document: Any) -> tuple[list[Imported], str]:
    try:
        return read(document), ""
    except PresetRefused as error:
        return [], str(error)


@given(st.lists(presets, min_size=1, max_size=4))
def test_what_is_exported_is_imported_again(exported: list[Preset]) -> None:
    imported = read_presets(write_presets(exported), "presets.json")
    assert [(each.name, each.values, list(each.remarks)) for each in imported] == [
        (each.name, each.values, []) for each in exported
    ]


@given(
    names,
    WORDS.map(lambda text: checked({"prompt": text})[0]).filter(bool),
    WORDS.map(lambda text: checked({"negative_prompt": text})[0]),
    st.sampled_from([{}, {"loras": (Lora(name="ink", weight=0.75),)}]),
)
def test_styles_csv_keeps_prompts_and_loras(name: str, prompt: Any, negative: Any, loras: Any) -> None:
    values = {**prompt, **negative, **loras}
    preset = Preset(id=1, owner=OWNER, name=name, version=1, values=values)
    [imported] = read_presets(write_styles_csv([preset]), "styles.csv")
    assert imported.name == tidy_name(name)
    # Around a tag that is taken out spaces are tidied.
    assert {**imported.values, "prompt": squeezed(imported.values["prompt"])} == {
        **values,
        "prompt": squeezed(values["prompt"]) if loras else values["prompt"],
    } or imported.values == values


def squeezed(text: str) -> str:
    return "".join(character for character in text if character not in " ,")


def test_a1111_s_styles_are_read_with_their_tags_and_without_headings() -> None:
    content = (
        "\ufeffname,prompt,negative_prompt\r\n"
        "=== Mine ===,,\r\n"
        'Noir / film,"film noir, {prompt}, <lora:grain:0.6>","colour, bright"\r\n'
        "ink,ink drawing,\r\n"
    )
    noir, ink = read_presets(content.encode(), "styles.csv")
    assert (noir.name, ink.name) == ("Noir film", "ink")
    assert noir.values == {
        "prompt": "film noir, {prompt}",
        "negative_prompt": "colour, bright",
        "loras": (Lora(name="grain", weight=0.6),),
    }
    assert ink.values == {"prompt": "{prompt}, ink drawing"}


def test_fooocus_preset_is_read_in_our_words_and_what_it_has_more_is_named() -> None:
    [imported] = read_presets(json.dumps(FOOOCUS).encode(), "realistic.json")
    assert imported.name == "realistic"
    assert imported.values == {
        "guidance_scale": 4.0,
        "scheduler": "DPM++ 2M SDE Karras",
        "num_inference_steps": 30,
        "negative_prompt": "blurry",
        "width": 1152,
        "height": 896,
        "denoising_end": 0.7,
        "loras": (Lora(name="sd_xl_offset", weight=0.1), Lora(name="ink", weight=2)),
    }
    assert list(map(str, imported.remarks)) == ["Not taken over: “default_styles”."]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "The file is no preset."),
        ({"steps": 30}, "The file is no preset."),
        ({**ours(), "version": "1"}, "version must be a whole number, not “1”."),
        ({**ours(), "version": 2}, "The file is of a newer version of this bot (2; this one reads up to 1)."),
        ({**ours(), "presets": {}}, "presets must be a list, not {}."),
        ({**ours(), "presets": []}, "The file holds no preset."),
        ({**ours(), "presets": [7]}, "presets[0] must be an object, not 7."),
        ({**ours(), "presets": [{"parameters": {}}]}, "presets[0].name must be text, not None."),
        ({**ours(), "presets": [{"name": "ink"}]}, "presets[0].parameters must be an object, not None."),
        ({**ours(), "presets": [{"name": "a/b", "parameters": {}}]}, "presets[0]: A preset's name cannot have “/” in"),
        ({**ours(), "presets": ours()["presets"] * 101}, "The file holds 101 presets, and at most 100 are read."),
        (ours(steps="many"), "presets[0]: steps must be a whole number from 1 to 150, not “many”."),
        (ours(prompt=["a"]), "presets[0].parameters.prompt must be text, not ['a']."),
        (ours(lora=7), "presets[0]: lora must be names of files with weights"),
        (ours(sharpness=1), "presets[0]: “sharpness” is not a parameter."),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_with_the_place(document: Any, sentence: str) -> None:
    with pytest.raises(PresetRefused) as refused:
        read(document)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b" " * (10 * 2**20), "The file has 10,240 KB, and at most 64 KB are read."),
        (b" " * (MAX_BYTES + 1), "The file has 65 KB, and at most 64 KB are read."),
        (b"\xff\xfe\x00", "The file is no preset."),
        (b"", "The file is no preset."),
        (b"[" * 60_000, "The file is no preset."),
        (b'{"format": "imagine-bot presets", "version": NaN}', "The file is no preset."),
        (b"name,prompt,negative_prompt\n", "The file holds no preset."),
        (b'name,prompt,negative_prompt\nink,"an open quote', "Line 2 of the file:"),
        (b"name,prompt\nink," + b"x" * 2001, "Line 2 of the file: prompt has 2,001 characters"),
    ],
)
def test_whatever_else_is_sent_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(PresetRefused) as refused:
        read_presets(content, "x.json")
    assert str(refused.value).startswith(sentence)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"name,prompt\n{text}".encode()))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    try:
        imported = read_presets(content, "x")
    except PresetRefused:
        return
    assert all(checked(each.values) == (each.values, []) for each in imported)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)


@given(st.sampled_from(sorted(FOOOCUS)), JSON)
def test_no_value_in_a_fooocus_preset_breaks_the_reader(key: str, value: Any) -> None:
    imported = read({**FOOOCUS, key: value})
    assert checked(imported[0].values) == (imported[0].values, [])


@given(st.sampled_from(["steps", "guidance", "lora", "prompt", "original_size", "timesteps", "refiner_from"]), JSON)
def test_no_value_in_our_own_breaks_the_reader(key: str, value: Any) -> None:
    imported, refusal = read_or_refused(ours(**{key: value}))
    assert all(checked(each.values) == (each.values, []) for each in imported)
    assert "presets[0]" in refusal or imported


def test_a_code_is_read_however_it_is_typed_and_nothing_else_is() -> None:
    code = new_code()
    assert read_code(write_code(code)) == read_code(f" {write_code(code).lower()} ") == read_code(code) == code
    assert read_code("OIL0-0000-0000") == "011000000000"
    assert len({new_code() for _ in range(1000)}) == 1000
    for wrong in ("", "ink", code[:-1], code + "0", "7K2M-9QXA-4TZU", "7K2M_9QXA_4TZC", "x" * 5000):
        with pytest.raises(PresetRefused, match="is no code of a preset: one looks like 7K2M-9QXA-4TZC"):
            read_code(wrong)
