"""Pictures that are too large become smaller, the card says so, and the PNG stays on disk."""

from __future__ import annotations

import io

from PIL import Image

from bot.delivery.attachments import ENCODINGS, REQUEST_LIMIT, encode
from bot.infotext import png_text, read_parameters, read_texts
from bot.jobs import JobStatus
from bot.ui.cards import BROKEN, DONE
from tests.factories import ENSEMBLE, make_job, make_parameters
from tests.pictures import bulky, encoded
from tests.simcord_app import SimulatedServer
from tests.wire.running import noise


def size_of(picture: bytes, kind: str) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == kind
        return image.size


async def test_what_fits_is_left_alone() -> None:
    png = bulky(64)
    attachments = await encode(make_job(7), [png, png], limit=len(png))
    assert (attachments.contents, attachments.remark) == ((png, png), None)
    assert [picture.filename for picture in attachments.pictures] == ["imagine-7-1.png", "imagine-7-2.png"]


async def test_each_file_must_fit_and_all_of_them_together() -> None:
    png = noise(64)
    smaller = await encode(make_job(), [png], limit=len(png) - 1)
    assert size_of(smaller.contents[0], "WEBP") == (64, 64)
    assert smaller.pictures[0].filename == "imagine-1-1.webp"
    large = bulky(1700)
    assert 3 * len(large) > REQUEST_LIMIT
    together = await encode(make_job(), [large] * 3, limit=len(large))
    assert together.level == 1
    assert sum(map(len, together.contents)) <= REQUEST_LIMIT


async def test_first_the_png_is_packed_better_and_is_the_same_to_the_last_bit_with_all_its_texts() -> None:
    drawn = Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    parameters = make_parameters(prompt="an owl, 梟")
    png = encoded(drawn, "PNG", compress_level=0, pnginfo=png_text(parameters, ENSEMBLE))
    packed = await encode(make_job(), [png], limit=len(png) - 1)
    [content] = packed.contents
    assert len(content) < len(png) / 2
    assert (packed.pictures[0].filename, packed.remark) == ("imagine-1-1.png", None)
    with Image.open(io.BytesIO(content)) as image:
        assert image.tobytes() == drawn.tobytes()
    assert read_texts(content) == read_texts(png)
    assert read_parameters(content) == parameters


async def test_the_last_resort_is_half_the_size_even_where_that_is_too_much() -> None:
    attachments = await encode(make_job(), [bulky(64)], limit=1)
    assert attachments.level == len(ENCODINGS) - 1
    assert size_of(attachments.contents[0], "WEBP") == (32, 32)
    assert str(attachments.remark).startswith(
        "shown as WebP at half its size (0.0 MiB): the PNG (0.0 MiB) is more than"
    )


async def test_a_picture_above_the_limit_of_the_place_is_shown_as_webp(server: SimulatedServer) -> None:
    png = noise(1900)
    card = await server.imagine()
    await server.run()
    server.executor.finish(1, [png])
    await server.until(lambda: card.colour == DONE)
    [(name, content)] = card.files.items()
    assert name == "imagine-1-1.webp"
    assert size_of(content, "WEBP") == (1900, 1900)
    assert card.text.endswith("MiB): the PNG (10.3 MiB) is more than Discord takes here")
    assert await server.application.generation.pictures_of(1) == [png]


async def test_discords_word_counts_more_than_the_limit_it_named(server: SimulatedServer) -> None:
    card = await server.imagine()
    await server.run()
    server.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, message="Request entity too large", times=2)
    server.executor.finish(1, [noise(64)])
    await server.until_recorded(JobStatus.SUCCEEDED)
    [content] = card.files.values()
    assert size_of(content, "WEBP") == (64, 64)


async def test_what_is_too_large_in_every_form_is_kept_and_the_card_says_so(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    await server.run()
    await server.until(lambda: "base" in card.text)
    server.env.inject_error(
        "PATCH", "/webhooks/*", status=413, code=40005, message="Request entity too large", times=len(ENCODINGS)
    )
    server.executor.finish(1, [bulky(64)])
    await server.until(lambda: card.colour == BROKEN)
    assert card.texts[1] == (
        "The picture is made and kept, but even made smaller it is more than Discord takes here. /history shows it in "
        "a server that takes larger files."
    )
    assert (await server.job()).status is JobStatus.FAILED
    assert len(await server.application.generation.pictures_of(1)) == 1
