"""What this bot writes into its pictures, and that nothing of it is lost on the way back."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from bot.delivery.attachments import encode
from bot.infotext import (
    XMP_KEY,
    Origin,
    parse_infotext,
    png_text,
    read_parameters,
    read_picture,
    read_texts,
    save_options,
    write_infotext,
)
from bot.infotext.containers import read_metadata
from bot.infotext.display import list_settings
from bot.infotext.exif import MAX_JPEG_EXIF
from bot.parameters import MAX_PROMPT_LENGTH, Lora, Parameters
from tests.factories import ENSEMBLE, make_job, make_parameters
from tests.infotext.files import saved

IMAGE, MASK = "ab" * 32, "cd" * 32
EVERYTHING: dict[str, Any] = {
    "prompt": "a fox, “red”, 狐",
    "prompt_2": "oil: on canvas",
    "negative_prompt": "hands,\ntext",
    "negative_prompt_2": "photograph",
    "width": 1216,
    "height": 832,
    "num_inference_steps": 4,
    "timesteps": (999, 700, 400, 100),
    "timestep_spacing": "trailing",
    "draft": True,
    "guidance_scale": 6.5,
    "guidance_rescale": 0.7,
    "scheduler": "DPM++ 2M",
    "seed": 4_000_000_000,
    "clip_skip": 1,
    "eta": 0.5,
    "denoising_end": 0.8,
    "aesthetic_score": 7.0,
    "negative_aesthetic_score": 2.0,
    "original_size": (1536, 2048),
    "crops_coords_top_left": (8, 16),
    "target_size": (832, 1216),
    "negative_original_size": (512, 640),
    "negative_crops_coords_top_left": (1, 2),
    "negative_target_size": (1024, 1088),
    "image": IMAGE,
    "mask_image": MASK,
    "padding_mask_crop": 32,
    "strength": 0.6,
    "upscaler": "4x-clear",
    "variation_seed": 9,
    "variation_strength": 0.15,
    "loras": (Lora(name="ink", weight=0.8), Lora(name="fog", weight=-1)),
    "style": "ink, wash",
    "raw_prompt": "a {fox|cat}, --steps 4",
    "raw_negative_prompt": "__hands__",
}
ORIGIN = Origin(
    model="stable-diffusion-xl-base-1.0",
    weights="0123456789abcdef",
    libraries={"torch": "2.13.0+cpu"},
    device="cpu (x86_64, AVX2)",
    loras={"ink": "9a1bd2c3e4f5"},
)


def png(parameters: Parameters) -> bytes:
    return saved("PNG", pnginfo=png_text(parameters, ENSEMBLE, ORIGIN))


def test_the_example_says_something_in_every_field() -> None:
    ordinary = {"num_images_per_prompt"}
    assert EVERYTHING.keys() == Parameters.model_fields.keys() - ordinary


def test_every_parameter_stands_in_the_infotext_under_a_name_that_others_know() -> None:
    read = parse_infotext(write_infotext(make_parameters(**EVERYTHING), ENSEMBLE, ORIGIN))
    assert read == {
        "Prompt": "a fox, “red”, 狐 <lora:ink:0.8> <lora:fog:-1>",
        "Negative prompt": "hands,\ntext",
        "Steps": "4",
        "Sampler": "DPM++ 2M",
        "Schedule type": read["Schedule type"],
        "Sampler spacing": "trailing",
        "Sampler timesteps": "999, 700, 400, 100",
        "CFG scale": "6.5",
        "CFG rescale": "0.7",
        "Seed": "4000000000",
        "Size": "1216x832",
        "Model": "stable-diffusion-xl-base-1.0",
        "Variation seed": "9",
        "Variation seed strength": "0.15",
        "Denoising strength": "0.6",
        "Init image hash": IMAGE[:12],
        "Mask hash": MASK[:12],
        "Inpaint area": "Only masked",
        "Masked area padding": "32",
        "Hires upscaler": "4x-clear",
        "Clip skip": "3",
        "Eta DDIM": "0.5",
        "RNG": "CPU",
        "Prompt 2": "oil: on canvas",
        "Negative prompt 2": "photograph",
        "Original size": "2048x1536",
        "Crop top left": "8x16",
        "Target size": "1216x832",
        "Negative original size": "640x512",
        "Negative crop top left": "1x2",
        "Negative target size": "1088x1024",
        "Lora hashes": "ink: 9a1bd2c3e4f5",
        "Refiner": "stable-diffusion-xl-refiner-1.0",
        "Refiner switch at": "0.8",
        "Aesthetic score": "7.0",
        "Negative aesthetic score": "2.0",
        "Styles": "ink, wash",
        "Raw prompt": "a {fox|cat}, --steps 4",
        "Raw negative prompt": "__hands__",
        "Version": read["Version"],
    }


def test_what_was_not_asked_for_takes_no_room() -> None:
    read = parse_infotext(write_infotext(make_parameters(denoising_end=None), ENSEMBLE))
    assert list(read)[2:] == [
        "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model", "RNG", "Version",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_jpeg_and_a_webp_say_the_same_as_the_png(kind: str) -> None:
    parameters = make_parameters(**EVERYTHING)
    original = png(parameters)
    content = saved(kind, **save_options(read_texts(original)))
    assert read_metadata(content).format == kind
    assert read_parameters(content) == parameters == read_parameters(original)
    assert read_picture(content) == read_picture(original)
    assert read_picture(content).origin == ORIGIN


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_format_says_in_iptcs_words_that_an_algorithm_made_it(kind: str) -> None:
    original = png(make_parameters())
    content = original if kind == "PNG" else saved(kind, **save_options(read_texts(original)))
    assert "digitalsourcetype/trainedAlgorithmicMedia" in read_texts(content)[XMP_KEY]
    with Image.open(io.BytesIO(content)) as image:
        assert b"DigitalSourceType" in image.info["xmp"]


def test_the_user_comment_is_as_a1111_writes_it() -> None:
    original = png(make_parameters(prompt="狐"))
    content = saved("JPEG", **save_options(read_texts(original)))
    with Image.open(io.BytesIO(content)) as image:
        comment = image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    assert comment[:8] == b"UNICODE\0"
    assert comment[8:].decode("utf-16-be") == read_texts(original)["parameters"]


def test_where_a_jpeg_has_too_little_room_the_infotext_is_what_stays() -> None:
    texts = ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "raw_prompt", "raw_negative_prompt")
    parameters = make_parameters(**dict.fromkeys(texts, "🦊" * MAX_PROMPT_LENGTH))
    options = save_options(read_texts(png(parameters)))
    assert len(options["exif"]) <= MAX_JPEG_EXIF
    content = saved("JPEG", **options)
    assert read_parameters(content) is None
    assert read_picture(content).settings["Prompt"] == parameters.prompt


async def test_a_picture_that_is_too_large_for_discord_keeps_its_parameters_as_webp() -> None:
    parameters = make_parameters(**EVERYTHING)
    original = png(parameters)
    attachments = await encode(make_job(parameters=parameters), [original], limit=len(original) - 1)
    assert attachments.pictures[0].filename.endswith(".webp")
    assert read_parameters(attachments.contents[0]) == parameters
    assert "trainedAlgorithmicMedia" in read_texts(attachments.contents[0])[XMP_KEY]


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=80),
    st.text(st.characters(codec="utf-8"), max_size=80),
    st.sampled_from(["PNG", "JPEG", "WEBP"]),
)
def test_no_prompt_is_lost_or_changed_in_any_format(prompt: str, negative_prompt: str, kind: str) -> None:
    parameters = make_parameters(prompt=f"a {prompt}", negative_prompt=negative_prompt, raw_prompt=prompt)
    content = png(parameters)
    if kind != "PNG":
        content = saved(kind, **save_options(read_texts(content)))
    assert read_parameters(content) == parameters


def test_image_info_of_ours_lists_all_that_was_asked_for_and_where_it_was_made() -> None:
    listed = dict(list_settings(read_picture(png(make_parameters(**EVERYTHING)))))
    assert listed["prompt"] == EVERYTHING["prompt"]
    assert listed["lora"] == "ink:0.8, fog:-1"
    assert listed["original_size"] == "1536, 2048"
    assert listed["torch"] == "2.13.0+cpu"
    titles = {Parameters.model_fields[name].title for name in EVERYTHING}
    assert titles <= listed.keys()
    assert next(iter(listed)) == "prompt"
