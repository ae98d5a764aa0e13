"""Pictures that come with `/imagine`: what becomes of them, and what is said of those that cannot be used."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import pytest
from PIL import Image

from bot.errors import JobNotFound
from bot.executors import ExecutorState
from bot.inputs import input_id_of
from bot.ui.cards import DONE
from tests.cogs.menus import slow_files
from tests.pictures import PNG, encoded
from tests.simcord_app import SimulatedServer

Upload = tuple[str, bytes]

RED = Image.new("RGB", (96, 64), "red")
HALF = Image.new("L", (96, 64))
HALF.paste(255, (48, 0, 96, 64))
IMAGE: Upload = ("fox.png", encoded(RED, "PNG"))
MASK: Upload = ("mask.png", encoded(HALF, "PNG"))


def png(image: Image.Image, **options: Any) -> Upload:
    return "sent.png", encoded(image, "PNG", **options)


def header_of(width: int, height: int) -> bytes:
    """The beginning of a PNG that would unpack to so many pixels."""
    whole = encoded(Image.new("1", (8, 8)), "PNG")
    header = whole[12:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + whole[24:29]
    return whole[:12] + header + crc32(header).to_bytes(4, "big") + whole[33:]


async def test_an_image_becomes_a_job_in_its_own_shape(server: SimulatedServer) -> None:
    card = await server.imagine(image=IMAGE, strength=0.4)
    made = (await server.job()).parameters
    assert (made.image, made.strength, made.mask_image) == (input_id_of(RED), 0.4, None)
    # 3:2 in as many pixels as 1024 × 1024 has.
    assert (made.width, made.height) == (1256, 840)
    assert "-# size 1256 × 840: the shape of the image" in card.text
    kept = await server.application.generation.inputs.load(input_id_of(RED))
    assert (np.asarray(kept) == np.asarray(RED)).all()


@pytest.mark.parametrize("seconds", [0, 2])
async def test_an_image_that_takes_long_is_promised_an_answer_and_there_its_card_comes(
    server: SimulatedServer, seconds: int
) -> None:
    slow_files(server, seconds)
    card = await server.imagine(image=IMAGE)
    # 4 is a message, 5 the promise of one.
    callbacks = [(entry.json or {})["type"] for entry in server.requests("POST", "/callback")]
    assert callbacks == ([5] if seconds else [4])
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert [each.id for each in server.cards()] == [card.id]


async def test_a_picture_that_takes_long_and_cannot_be_used_is_said_to_its_sender_alone(
    server: SimulatedServer,
) -> None:
    slow_files(server, 2)
    answer = await server.imagine(image=("notes.png", b"no picture at all"))
    assert answer.is_private
    assert answer.text.startswith("The file is no picture that can be read.")
    assert [(entry.json or {})["type"] for entry in server.requests("POST", "/callback")] == [5]
    assert server.cards() == []


@pytest.mark.parametrize(
    "options", [{"aspect_ratio": "1:1"}, {"advanced": "size: 1024x1024"}, {"prompt": "a fox --ar 1:1"}]
)
async def test_whoever_says_a_size_gets_that_one(server: SimulatedServer, options: dict[str, str]) -> None:
    card = await server.imagine(image=IMAGE, **options)
    made = (await server.job()).parameters
    assert (made.width, made.height) == (1024, 1024)
    assert "the shape of the image" not in card.text


async def test_a_mask_is_kept_beside_its_image(server: SimulatedServer) -> None:
    await server.imagine(image=IMAGE, mask=MASK, advanced="mask_padding: 16")
    made = (await server.job()).parameters
    assert (made.image, made.mask_image, made.padding_mask_crop) == (input_id_of(RED), input_id_of(HALF), 16)
    assert made.strength == 0.95


async def test_a_picture_with_holes_is_a_mask_and_its_sender_is_told_how_it_is_read(server: SimulatedServer) -> None:
    holed = RED.convert("RGBA")
    holed.paste((0, 0, 0, 0), (48, 0, 96, 64))
    card = await server.imagine(image=IMAGE, mask=png(holed))
    assert "-# mask: its transparent parts are painted anew, whatever is painted on it" in card.text
    assert (await server.job()).parameters.mask_image == input_id_of(HALF)


async def test_a_huge_image_is_kept_no_larger_than_any_picture_can_be(server: SimulatedServer) -> None:
    await server.imagine(image=png(Image.new("L", (4200, 2100), 128), compress_level=9))
    image_id = (await server.job()).parameters.image
    assert image_id is not None
    assert (await server.application.generation.inputs.load(image_id)).size == (4096, 2048)


MOVING = encoded(
    Image.new("RGB", (32, 32), "red"), "PNG", save_all=True, append_images=[Image.new("RGB", (32, 32), "blue")]
)
BAD = [
    ({"image": ("notes.png", b"no picture at all")}, "The file is no picture that can be read. Send a PNG, JPEG or "),
    ({"image": ("cut.png", IMAGE[1][:-30])}, "The picture is damaged or cut off. Save it again, and send that."),
    ({"image": ("bomb.png", header_of(60_000, 60_000))}, "The picture is too large: at most 25 megapixels are read."),
    (
        {"image": ("moving.gif", b"GIF89a, and so on")},
        "The file is a GIF, which is not read. Send a still picture: PNG",
    ),
    ({"image": ("large.png", header_of(9_000, 9_000))}, "The picture is 9000 × 9000; at most 25 megapixels are read."),
    ({"image": ("moving.png", MOVING)}, "The picture moves. Send a still one: PNG, JPEG or WebP."),
    ({"image": png(Image.new("RGB", (8, 8)))}, "The picture is 8 × 8. Send one with 16 pixels a side, none over 8"),
    ({"image": ("heavy.png", bytes(21 * 2**20))}, "The file has 21.0 MiB, and at most 20 MiB are read. Send a small"),
    ({"mask": MASK}, "mask needs an image to work on. Add one, or leave it out."),
    ({"mask": MASK, "strength": 0.5}, "mask needs an image to work on. Add one, or leave it out."),
    (
        {"image": IMAGE, "mask": png(Image.new("L", (96, 64)))},
        "The mask has no white, and white is what is repainted. Paint over that part.",
    ),
    (
        {"image": IMAGE, "mask": png(Image.new("L", (64, 64), 255))},
        "The mask is 64 × 64, and the image 96 × 64. Send two of the same shape.",
    ),
    ({"image": IMAGE, "advanced": "upscaler: x4"}, "There is no upscaler “x4” here. Use latent, or ask the owner to"),
    ({"image": IMAGE, "scheduler": "Eular"}, "scheduler “Eular” is unknown. Nearest: Euler"),
]


@pytest.mark.parametrize(("options", "sentence"), BAD, ids=[sentence[:40] for _, sentence in BAD])
async def test_what_cannot_be_used_is_said_to_its_sender_alone_and_nothing_is_left(
    server: SimulatedServer, options: dict[str, Any], sentence: str
) -> None:
    answer = await server.imagine(**options)
    assert answer.text.startswith(sentence)
    assert answer.is_private
    assert server.cards() == []
    with pytest.raises(JobNotFound):
        await server.job()


LIMITS: dict[str, tuple[dict[str, int], str]] = {
    "as many jobs as one may have": ({"max_jobs_per_user": 1}, "You may have 1 job at a time."),
    "as many jobs as a channel may have": ({"max_jobs_per_channel": 1}, "This channel may have 1 job at a time"),
    "a pause": ({"cooldown_seconds": 3600}, "Between two requests you wait 3600 seconds here."),
    "a day's pictures": ({"daily_images": 1}, "You may have 1 picture in 24 hours"),
}


@pytest.mark.parametrize("limit", LIMITS)
async def test_whoever_may_not_ask_now_is_told_so_before_a_byte_is_fetched(server: SimulatedServer, limit: str) -> None:
    settings, sentence = LIMITS[limit]
    await server.stop()
    await server.start(**settings)
    fetched = fetched_files(server)
    await server.imagine("a fox", image=IMAGE)
    assert len(fetched) == 1
    # Were it read, it would be refused for what it is.
    answer = await server.imagine("an owl", image=("notes.png", b"no picture at all"))
    assert answer.is_private
    assert answer.text.startswith(sentence)
    assert len(fetched) == 1


async def test_an_executor_that_cannot_be_had_is_told_before_a_byte_is_fetched(server: SimulatedServer) -> None:
    server.expects_trouble = True
    server.executor.state = ExecutorState.UNAVAILABLE
    fetched = fetched_files(server)
    answer = await server.imagine("an owl", image=IMAGE)
    assert answer.text.startswith("The model cannot be loaded right now")
    assert fetched == []


def fetched_files(server: SimulatedServer) -> list[str]:
    """The addresses of the files that the bot fetches from now on."""
    http, fetched = server.application.bot.http, []
    fetch = http.get_from_cdn

    async def told(url: str) -> bytes:
        fetched.append(url)
        return await fetch(url)

    http.get_from_cdn = told
    return fetched


async def test_an_image_that_discord_does_not_hand_out_is_said(server: SimulatedServer) -> None:
    server.env.backend.cdn.get = lambda _url: None  # type: ignore[method-assign]
    answer = await server.imagine(image=IMAGE)
    assert answer.is_private
    assert answer.text == "The picture is not at Discord any more. Choose a message that still shows one."
