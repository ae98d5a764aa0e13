"""Our own pictures made again: exactly where that is possible, and otherwise with the reason."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.infotext import Origin, PictureInfo, png_text, read_picture, save_options, write_infotext
from bot.infotext.reading import read_texts
from bot.layers import merge
from bot.model_info import ModelInfo
from bot.parameters import Lora
from bot.prompts.flag_text import find_flags
from bot.remake import compare_pixels, imagine_command, remake, same_pixels
from bot.scheduler_names import find_scheduler
from tests.factories import BASE_ALONE, ENSEMBLE, make_parameters
from tests.infotext.files import png_of, saved
from tests.infotext.test_writing import EVERYTHING
from tests.prompts.reading import make_reader
from tests.prompts.reading import read as read_prompt

HERE = Origin(model=ENSEMBLE.name, weights="0123", libraries={"torch": "2.13.0"}, device="cpu (x86_64, AVX2)")


def ours(model: ModelInfo = ENSEMBLE, origin: Origin | None = HERE, **fields: object) -> bytes:
    return saved("PNG", pnginfo=png_text(make_parameters(**fields), model, origin))


def test_our_own_picture_gives_identical_parameters_and_promises_identical_pixels() -> None:
    again = remake(read_picture(ours(**EVERYTHING)), ENSEMBLE, ["ink", "fog"])
    assert merge(ENSEMBLE, again.changes) == make_parameters(**EVERYTHING)
    assert again.is_ours
    assert (again.remarks, again.left_out) == ((), ())
    assert str(again.exactness).endswith("on the same kind of device its pixels come out the same.")


def test_what_this_place_has_not_is_left_out_and_said() -> None:
    shallow = replace(BASE_ALONE, max_clip_skip=1)
    again = remake(read_picture(ours(clip_skip=2, loras=(Lora(name="ink"),))), shallow)
    assert list(map(str, again.remarks)) == [
        "It was made with a refiner, and none is loaded here: the base draws it alone.",
        "clip_skip 2 is more than this model has layers for.",
        "There is no LoRA “ink” here, and it is left out.",
    ]
    assert again.left_out == (("clip_skip", "2"), ("LoRA ink", "1"))
    assert str(again.exactness).startswith("Not all of it can be taken over")
    assert merge(shallow, again.changes).denoising_end is None


def test_another_model_promises_no_pixels() -> None:
    other = ModelInfo("someone/other", "someone/other-refiner")
    again = remake(read_picture(ours(model=other, origin=None)), ENSEMBLE)
    assert "Made with “other”; here stable-diffusion-xl-base-1.0 draws it." in map(str, again.remarks)
    assert str(again.exactness).startswith("Made with another model")


def test_our_picture_of_which_only_the_words_are_left_comes_near() -> None:
    text = write_infotext(make_parameters(), ENSEMBLE)
    again = remake(read_picture(png_of({"parameters": text})), ENSEMBLE)
    assert (again.is_ours, str(again.exactness)[:31]) == (False, "Not all of it can be taken over")
    assert merge(ENSEMBLE, again.changes) == make_parameters()


def test_pixels_are_compared_and_a_difference_is_explained() -> None:
    original = ours()
    assert same_pixels(original, original)
    assert str(compare_pixels(original, original)) == "Pixels match the original exactly."
    other = str(compare_pixels(original, saved("PNG", shade=3)))
    assert other == "Pixels differ from the original by up to 253 of 255."
    elsewhere = HERE.model_copy(update={"libraries": {"torch": "2.14.0"}, "device": "cuda (H100)"})
    made = saved("PNG", shade=3, pnginfo=png_text(make_parameters(), ENSEMBLE, elsewhere))
    assert str(compare_pixels(original, made)).endswith("what made it differs, too: device, torch.")


def test_a_jpeg_of_it_is_not_the_same_and_says_why() -> None:
    original = ours()
    jpeg = saved("JPEG", **save_options(read_texts(original)))
    assert "the original is a JPEG, which does not keep them all" in str(compare_pixels(jpeg, original))


def test_pictures_of_two_sizes_are_not_the_same() -> None:
    assert str(compare_pixels(ours(), saved("PNG", size=(80, 48)))) == "The original has another size."


def flags_of(command: str) -> dict[str, str | None]:
    """Field and value of each flag in a command, as the bot reads them out of the prompt."""
    prompt = command.removeprefix("/imagine prompt:")
    return {
        use.flag.field: use.value for use in find_flags(prompt, lambda kind, name: find_scheduler(name) is not None)
    }


def test_a_lora_s_weight_beyond_the_limit_is_brought_within_it_and_said() -> None:
    info = PictureInfo("A1111", {"Prompt": "a fox <lora:ink:5> <lora:fog:-0.5>"})
    again = remake(info, ENSEMBLE, ["ink", "fog"])
    assert again.changes["loras"] == (Lora(name="ink", weight=2.0), Lora(name="fog", weight=-0.5))
    assert "lora ink 5.0 → 2.0: that is as far as it goes here" in map(str, again.remarks)


def test_the_command_says_every_parameter_that_is_not_usual() -> None:
    words_only = {
        name: value
        for name, value in EVERYTHING.items()
        if name not in ("image", "mask_image", "padding_mask_crop", "strength", "upscaler")
    }
    command = imagine_command(make_parameters(**words_only), ENSEMBLE)
    said = flags_of(command)
    assert said == {
        "size": "1216x832",
        "prompt_2": "oil: on canvas",
        "negative_prompt": "hands, text",
        "negative_prompt_2": "photograph",
        "timesteps": "999,700,400,100",
        "timestep_spacing": "trailing",
        "guidance_scale": "6.5",
        "guidance_rescale": "0.7",
        "scheduler": "DPM++ 2M",
        "seed": "4000000000",
        "clip_skip": "1",
        "eta": "0.5",
        "aesthetic_score": "7",
        "negative_aesthetic_score": "2",
        "original_size": "2048x1536",
        "crops_coords_top_left": "8,16",
        "target_size": "1216x832",
        "negative_original_size": "640x512",
        "negative_crops_coords_top_left": "1,2",
        "negative_target_size": "1088x1024",
        "variation_seed": "9",
        "variation_strength": "0.15",
        "loras": "ink:0.8,fog:-1",
    }


def test_the_usual_is_not_said() -> None:
    assert imagine_command(make_parameters(), ENSEMBLE) == "/imagine prompt:a red fox in the snow --seed 7"
    assert imagine_command(make_parameters(denoising_end=None), ENSEMBLE).endswith("--seed 7 --refiner off")


LETTERS = 'abn {}|_-—:.,;\n"()<>0'
WORDS = st.text(LETTERS, max_size=40)


@settings(max_examples=80, deadline=None)
@given(st.text(LETTERS + "“”„«»", max_size=40), WORDS, st.sampled_from([None, 0.5, 0.8]), st.integers(0, 2**32 - 1))
def test_the_command_is_read_as_the_same_parameters(
    prompt: str, negative_prompt: str, refiner_from: float | None, seed: int
) -> None:
    parameters = make_parameters(
        prompt=f"fox{prompt}0", negative_prompt=f"no{negative_prompt}0", denoising_end=refiner_from, seed=seed
    )
    typed = imagine_command(parameters, ENSEMBLE).removeprefix("/imagine prompt:")
    read, remarks = read_prompt(typed)
    assert tokens(read.prompt) == tokens(prompt, "fox", "0")
    assert tokens(read.negative_prompt) == tokens(negative_prompt, "no", "0")
    assert (read.denoising_end, read.seed, remarks) == (refiner_from, seed, [])


def tokens(text: str, before: str = "", after: str = "") -> str:
    """What the tokenizer sees, to whom spaces are nothing."""
    return "".join(f"{before}{text}{after}".split())


def test_a_foreign_prompt_means_the_same_words_here() -> None:
    info = PictureInfo("A1111", {"Prompt": "{red|blue} fox, __trees__ --ar 16:9", "Negative prompt": "{{{text}}}"})
    changes = remake(info, ENSEMBLE).changes
    reader = make_reader()
    read, remarks = reader.read(changes)
    assert (read["prompt"], read["negative_prompt"]) == (info.settings["Prompt"], info.settings["Negative prompt"])
    anew, _ = reader.read(reader.typed(merge(ENSEMBLE, changes)))
    assert [tokens(anew[name]) for name in ("prompt", "negative_prompt")] == [
        tokens(info.settings[name]) for name in ("Prompt", "Negative prompt")
    ]
    assert remarks == []
