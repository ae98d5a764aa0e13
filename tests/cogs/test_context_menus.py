"""*Image info* on any message: everything that its pictures say, and a sentence where they say nothing."""

from __future__ import annotations

import pytest

from tests.cogs.menus import INFO, REMAKE, USE, answers, ours, post, shown
from tests.cogs.test_buttons import finished
from tests.infotext.files import corpus_texts, png_of, saved
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer


async def test_our_own_picture_tells_everything_with_a_command_to_copy(server: SimulatedServer) -> None:
    [card] = await answers(server, INFO, await post(server, ours(negative_prompt="hands", clip_skip=1)))
    assert card.text.splitlines() == [
        "**Made by imagine-bot**",
        "**prompt** a red fox in the snow",
        "**negative\\_prompt** hands",
        "**width** 1024",
        "**height** 1024",
        "**steps** 30",
        "**scheduler** Euler",
        "**guidance** 5",
        "**seed** 7",
        "**refiner\\_from** 0.8",
        "**clip\\_skip** 1",
        "Made here with the same model: on the same kind of device its pixels come out the same.",
        "To copy into the message box:",
        "```",
        '/imagine prompt:a red fox in the snow --no "hands" --seed 7 --clip-skip 1',
        "```",
    ]
    assert card.buttons == {"Remake": True, "Edit…": True}


FOREIGN = {
    "a1111_controlnet_quotes.txt": ("A1111", "**ControlNet 0** preprocessor: canny", "“ControlNet 0”"),
    "comfyui_unknown_sampler.json": ("ComfyUI", "**Sampler** ", ""),
    "invokeai_today.json": ("InvokeAI", "**Prompt** ", ""),
    "fooocus_json_scheme.json": ("Fooocus", "**Prompt** ", ""),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_picture_of_another_program_tells_what_this_bot_does_not_know_too(
    server: SimulatedServer, name: str
) -> None:
    program, setting, not_taken = FOREIGN[name]
    [card] = await answers(server, INFO, await post(server, png_of(corpus_texts(name))))
    assert card.texts[0] == f"**Made by {program}**"
    assert setting in card.text
    assert not_taken in card.text
    assert f"Made by {program}, which draws other noise for a seed: the picture comes near" in card.text


async def test_what_is_too_long_for_a_card_comes_as_a_file_with_every_word(server: SimulatedServer) -> None:
    prompt = "a fox and *an owl*, " * 95
    texts = {
        "parameters": f"{prompt}\nSteps: 20, Sampler: Euler, Seed: 5, " + ", ".join(f"Odd {n}: x" for n in range(90))
    }
    [card] = await answers(server, INFO, await post(server, png_of(texts)))
    [(filename, content)] = card.files.items()
    assert filename == "image-info.txt"
    assert prompt.strip() in content.decode()
    assert "Odd 89: x\n" in content.decode()
    assert "Not all of it has room here: the file has every word." in card.text
    assert "**Seed** 5" in card.text


async def test_each_of_several_pictures_is_told_about_also_where_one_says_nothing(server: SimulatedServer) -> None:
    message = await post(server, ours(seed=1), saved("PNG"), ours(seed=3))
    first, second, third = await answers(server, INFO, message)
    assert first.texts[0] == "**Made by imagine-bot** · 1. 1.png"
    assert second.text.startswith("2. 2.png: The picture does not say how it was made.")
    assert "**seed** 3" in third.text


async def test_a_finished_card_tells_about_its_picture_also_when_its_files_are_gone(server: SimulatedServer) -> None:
    card = await finished(server)
    [(url,)] = [[each["url"] for each in card.message.attachments]]
    message = shown(server, card)
    [answer] = await answers(server, INFO, message)
    assert answer.text.startswith("The picture does not say how it was made.")  # the scripted one is plain red
    for picture in (server.folder / "pictures").iterdir():
        picture.unlink()
    del server.env.backend.cdn._blobs[url]
    [recalled] = await answers(server, INFO, message)
    assert "**prompt** a red fox in the snow" in recalled.text
    assert recalled.buttons == {}
    assert recalled.text.count("--seed 7") == 1


async def test_a_picture_that_only_a_gallery_shows_is_found_once(server: SimulatedServer) -> None:
    card = await finished(server)
    assert len(await answers(server, INFO, shown(server, card))) == 1


BAD = {
    "no infotext": (saved("PNG"), "The picture does not say how it was made. Send the original file: copies and "),
    "text": (b"nothing to see", "The file is no picture that can be read. Send a PNG, JPEG or WebP."),
    "huge": (bytes(21 * 2**20), "The file has 21.0 MiB, and at most 20 MiB are read. Send a smaller one."),
    "empty": (b"", "The file is no picture that can be read. Send a PNG, JPEG or WebP."),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("menu", [INFO, REMAKE])
async def test_what_cannot_be_read_is_answered_in_a_sentence(server: SimulatedServer, menu: str, kind: str) -> None:
    content, sentence = BAD[kind]
    [answer] = await answers(server, menu, await post(server, content))
    assert answer.text.startswith(sentence)


@pytest.mark.parametrize("menu", [INFO, REMAKE, USE])
async def test_a_message_without_a_picture_is_answered_in_a_sentence(server: SimulatedServer, menu: str) -> None:
    sentence = "There is no picture in this message. Choose one that has."
    [answer] = await answers(server, menu, await server.alice.send(server.channel, "no picture"))
    assert answer.text == sentence
    message = await server.alice.send(server.channel, "a text", attachments=[("notes.txt", b"fox")])
    [answer] = await answers(server, menu, message)
    assert answer.text == sentence


@pytest.mark.parametrize("menu", [INFO, REMAKE, USE])
async def test_a_picture_that_discord_has_no_more_is_answered_in_a_sentence(server: SimulatedServer, menu: str) -> None:
    message = await post(server, PNG)
    del server.env.backend.cdn._blobs[message.attachments[0].url]
    [answer] = await answers(server, menu, message)
    assert answer.text == "The picture is not at Discord any more. Choose a message that still shows one."
