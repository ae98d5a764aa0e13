"""*Use this picture*: another one out of it, in its shape, and a sentence for what no picture can be made out of."""

from __future__ import annotations

import pytest
import simcord
from PIL import Image

from bot.infotext import png_text
from bot.ui.cards import DONE
from tests.cogs.menus import MODEL, USE, answers, chosen, form, ours, post, slow_files
from tests.factories import make_parameters
from tests.infotext.files import corpus_texts, png_of, saved
from tests.pictures import PNG, encoded
from tests.simcord_app import SimulatedServer
from tests.simcord_modal import Form

WIDE = encoded(Image.new("RGB", (640, 320), "green"), "JPEG")


async def test_a_picture_becomes_the_start_of_another_one_in_its_shape(server: SimulatedServer) -> None:
    opened = await form(server, USE, await post(server, WIDE, kind="jpg"))
    assert opened.values["prompt"] == ""
    assert opened.settings == "size: 1448x728\nstrength: 0.6"
    opened.values["prompt"] = "a green hill"
    opened.settings = opened.settings.replace("0.6", "0.4") + "\nsteps: 12"
    [card] = await opened.send()
    assert not card.is_private
    parameters = (await server.job()).parameters
    assert (parameters.width, parameters.height, parameters.strength) == (1448, 728, 0.4)
    assert (parameters.num_inference_steps, parameters.prompt) == (12, "a green hill")
    assert parameters.image is not None
    image = await server.application.generation.inputs.load(parameters.image)
    assert image.size == (640, 320)
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)


async def test_the_words_of_the_picture_stand_in_the_modal(server: SimulatedServer) -> None:
    opened = await form(server, USE, await post(server, ours(negative_prompt="hands")))
    assert (opened.values["prompt"], opened.values["negative_prompt"]) == ("a red fox in the snow", "hands")
    opened = await form(server, USE, await post(server, png_of(corpus_texts("comfyui_simple.json"))))
    assert opened.values["prompt"] != ""


async def test_a_picture_with_more_pixels_than_any_job_takes_keeps_its_words_and_is_made_smaller(
    server: SimulatedServer,
) -> None:
    large = saved("PNG", size=(4200, 2100), pnginfo=png_text(make_parameters(), MODEL))
    opened = await form(server, USE, await post(server, large))
    assert opened.values["prompt"] == "a red fox in the snow"
    opened.values["prompt"] = "a hill"
    await opened.send()
    image = (await server.job()).parameters.image
    assert image is not None
    assert (await server.application.generation.inputs.load(image)).size == (4096, 2048)


async def test_a_photo_that_was_taken_upright_makes_an_upright_picture(server: SimulatedServer) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = encoded(Image.new("RGB", (640, 320), "green"), "JPEG", exif=exif)
    opened = await form(server, USE, await post(server, photo, kind="jpg"))
    assert opened.settings == "size: 728x1448\nstrength: 0.6"
    opened.values["prompt"] = "a green hill"
    await opened.send()
    image = (await server.job()).parameters.image
    assert image is not None
    assert (await server.application.generation.inputs.load(image)).size == (320, 640)


async def test_the_modal_is_answered_after_a_restart(server: SimulatedServer) -> None:
    opened = await form(server, USE, await post(server, WIDE))
    opened.values["prompt"] = "a hill"
    await server.stop()
    await server.start()
    await opened.send()
    assert (await server.job()).parameters.image is not None


async def test_of_several_pictures_one_is_chosen(server: SimulatedServer) -> None:
    [card] = await answers(server, USE, await post(server, PNG, b"no picture", WIDE))
    [select] = [part for part in card.parts if part["type"] == 3]
    assert [option["label"] for option in select["options"]] == ["1. 1.png", "2. 3.png"]
    assert "-# 2.png: The file is no picture that can be read." in card.text
    picked = await server.bob.select(simcord.ResponseMessage(server.env, card.message), [select["options"][1]["value"]])
    assert "size: 1448x728" in Form(server, picked, server.bob).settings


async def test_a_file_that_takes_long_is_answered_with_a_button_that_opens_the_modal(server: SimulatedServer) -> None:
    slow_files(server, 2)
    [card] = await answers(server, USE, await post(server, WIDE))
    assert card.text == "The picture is here. It becomes the start of a new one."
    opened = await Form.opened_by(server, card, "Use", server.bob)
    assert "strength: 0.6" in opened.settings


def moving() -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=90)


BAD = {
    "moving": (moving(), "The picture moves. Send a still one: PNG, JPEG or WebP."),
    "cut off": (WIDE[:700], "The picture is damaged or cut off. Save it again, and send that."),
    "text": (b"nothing to see", "The file is no picture that can be read. Send a PNG, JPEG or WebP."),
    "tiny": (saved("PNG", size=(8, 8)), "The picture is 8 × 8. Send one with 16 pixels a side, none over 8 times "),
    "a bomb": (encoded(Image.new("1", (9000, 9000)), "PNG"), "The picture is 9000 × 9000; at most 25 megapixels "),
    "large": (bytes(21 * 2**20), "The file has 21.0 MiB, and at most 20 MiB are read. Send a smaller one."),
}


@pytest.mark.parametrize("kind", BAD)
async def test_what_no_picture_can_be_made_out_of_is_answered_in_a_sentence(server: SimulatedServer, kind: str) -> None:
    content, sentence = BAD[kind]
    [answer] = await answers(server, USE, await post(server, content))
    assert answer.text.startswith(sentence)


async def test_without_a_prompt_nothing_is_asked_for(server: SimulatedServer) -> None:
    opened = await form(server, USE, await post(server, WIDE))
    opened.values["prompt"] = " "
    [refusal] = await opened.send()
    assert refusal.text == "prompt is empty. Say what the picture should show."
    again = await Form.opened_by(server, refusal, "Edit…", server.bob)
    again.values["prompt"] = "a hill"
    [card] = await again.send()
    assert not card.is_private


async def test_whoever_may_post_nothing_here_sees_no_modal(server: SimulatedServer) -> None:
    message = await post(server, WIDE)
    server.forbid("send_messages")
    assert (await chosen(server, USE, message)).modal is None
