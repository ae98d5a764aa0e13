"""Pictures explain themselves: to other programs, to this bot, and whatever people write into a prompt."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot import __version__
from bot.infotext import (
    JSON_KEY,
    NEGATIVE_PROMPT,
    PARAMETERS_KEY,
    PROMPT,
    XMP_KEY,
    parse_infotext,
    png_text,
    read_parameters,
    read_texts,
    write_infotext,
)
from bot.layers import merge
from bot.model_info import SDXL_BASE, SDXL_REFINER, ModelInfo
from bot.parameters import Parameters

PAIR = ModelInfo(SDXL_BASE, SDXL_REFINER)

HOSTILE = [
    "a fox\nin two lines",
    'a "quoted" fox, with: commas, and \\ strokes',
    "ein Füchslein, 漢字, 🦊👩‍👩‍👧",
    "a fox\0with a NUL",
    "Negative prompt: not at all",
    "a fox\nNegative prompt: hands\nSteps: 3, Sampler: Nobody's, CFG scale: 99, Seed: 1",
    "Steps: 3, Sampler: DDIM, CFG scale: 9, Seed: 1, Size: 8x8",
    "<lora:x:1> (fox:1.3) [fox] {a|b} __wild__ `code` @everyone",
    "\u202eright to left\u202c \ufeff\u200b",
    "a fox \r\n\r\n with line ends",
]
prompts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).filter(
    lambda text: bool(Parameters._text_can_be_kept(text))
)


def asked(**changes: Any) -> Parameters:
    return merge(PAIR, {"prompt": "a fox", "seed": 7}, changes)


def picture(parameters: Parameters) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG", pnginfo=png_text(parameters, PAIR))
    return buffer.getvalue()


def test_the_text_is_what_other_programs_write_and_read() -> None:
    parameters = asked(
        prompt="a red fox\nin the snow",
        negative_prompt="blurry, dark",
        scheduler="DPM++ 2M Karras",
        guidance_scale=6.5,
        clip_skip=1,
        prompt_2="soft, light",
    )
    assert write_infotext(parameters, PAIR) == (
        "a red fox\nin the snow\nNegative prompt: blurry, dark\n"
        "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 7, Size: 1024x1024, "
        'Model: stable-diffusion-xl-base-1.0, Clip skip: 3, RNG: CPU, Prompt 2: "soft, light", '
        "Refiner: stable-diffusion-xl-refiner-1.0, Refiner switch at: 0.8, Aesthetic score: 6.0, "
        f"Negative aesthetic score: 2.5, Version: imagine-bot {__version__}"
    )


def test_what_was_written_is_read_back() -> None:
    parameters = asked(
        prompt="a red fox\nin the snow", negative_prompt="blurry,\ndark", prompt_2='with "quotes", \\ and\nlines'
    )
    said = parse_infotext(write_infotext(parameters, PAIR))
    assert said[PROMPT] == parameters.prompt
    assert said[NEGATIVE_PROMPT] == parameters.negative_prompt
    assert said["Prompt 2"] == parameters.prompt_2
    assert (said["Steps"], said["Seed"], said["Size"]) == ("30", "7", "1024x1024")
    assert said["Refiner switch at"] == "0.8"


def test_a_text_of_another_program_keeps_what_we_do_not_know() -> None:
    said = parse_infotext(
        "masterpiece, <lora:ink:0.8>\nNegative prompt: worst quality\n"
        "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Model hash: 6ce0161689, "
        'Lora hashes: "ink: 1a2b, wash: 3c4d", Hires upscale: 2'
    )
    assert said[PROMPT] == "masterpiece, <lora:ink:0.8>"
    assert said["Lora hashes"] == "ink: 1a2b, wash: 3c4d"
    assert said["Hires upscale"] == "2"


@pytest.mark.parametrize("text", ["", "only a prompt", "a ratio of 3: 4, and no settings", "\n\n"])
def test_a_text_without_settings_is_a_prompt(text: str) -> None:
    assert parse_infotext(text) == {PROMPT: text.strip(), NEGATIVE_PROMPT: ""}


@pytest.mark.parametrize("prompt", HOSTILE)
def test_a_picture_gives_its_parameters_back_whatever_the_prompt(prompt: str) -> None:
    parameters = asked(prompt=prompt, negative_prompt=prompt, prompt_2=prompt, negative_prompt_2=prompt)
    texts = read_texts(picture(parameters))
    assert read_parameters(picture(parameters)) == parameters
    # Whatever the prompt pretends to be, the last line is ours.
    assert parse_infotext(texts[PARAMETERS_KEY])["Seed"] == "7"
    assert parse_infotext(texts[PARAMETERS_KEY])["Prompt 2"] == parameters.prompt_2
    assert texts[PARAMETERS_KEY].startswith(parameters.prompt)


@given(prompts, prompts)
def test_any_prompt_survives_a_picture(prompt: str, negative_prompt: str) -> None:
    parameters = asked(prompt=prompt, negative_prompt=negative_prompt)
    assert read_parameters(picture(parameters)) == parameters
    assert read_texts(picture(parameters))[PARAMETERS_KEY] == write_infotext(parameters, PAIR)


@given(st.text(max_size=300))
def test_any_text_can_be_parsed(text: str) -> None:
    said = parse_infotext(text)
    assert {PROMPT, NEGATIVE_PROMPT} <= set(said)
    assert all(isinstance(value, str) for value in said.values())


def test_every_parameter_is_in_the_picture() -> None:
    parameters = asked(
        eta=0.4,
        guidance_rescale=0.3,
        aesthetic_score=7.0,
        original_size=(512, 640),
        negative_target_size=(8, 9),
        num_images_per_prompt=4,
    )
    assert read_parameters(picture(parameters)) == parameters
    assert set(json.loads(read_texts(picture(parameters))[JSON_KEY])) == set(Parameters.model_fields)


def test_the_chunks_stand_before_the_pixels_and_say_that_an_algorithm_made_it() -> None:
    png = picture(asked(prompt="ein Fuchs 🦊"))
    chunks = []
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, content = png[at + 4 : at + 8].decode(), png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            png[at + 4 : at + 8 + length]
        )
        chunks.append((kind, content.split(b"\0")[0].decode("latin-1") if kind in ("tEXt", "iTXt") else ""))
        at += 12 + length
    assert chunks[:4] == [("IHDR", ""), ("iTXt", PARAMETERS_KEY), ("tEXt", JSON_KEY), ("iTXt", XMP_KEY)]
    assert "digitalsourcetype/trainedAlgorithmicMedia" in read_texts(png)[XMP_KEY]


def test_a_picture_of_somebody_else_has_no_parameters_of_ours() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "PNG")
    jpeg = io.BytesIO()
    Image.new("RGB", (8, 8)).save(jpeg, "JPEG")
    whole = picture(asked())
    for content in (
        plain.getvalue(),
        jpeg.getvalue(),
        b"",
        b"words",
        whole[:20],
        whole.replace(b'"prompt"', b'"pr0mpt"'),
    ):
        assert read_parameters(content) is None
