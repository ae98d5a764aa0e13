"""What comes of a finished picture at a press: the request of the new job, for one picture and for several."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from bot.jobs import Job, JobStatus
from bot.services.variants import STRONG, SUBTLE
from bot.ui.cards import DONE
from tests.pictures import encoded
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

SIZE = 128
PICTURES = [encoded(Image.new("RGB", (SIZE, SIZE), colour), "PNG") for colour in ("red", "green", "blue", "white")]


async def finished(server: SimulatedServer, images: int = 1, flags: str = "", **options: Any) -> Card:
    card = await server.imagine(f"a fox --size 128x128 {flags}", images=images, seed=7, **options)
    await server.run()
    server.executor.finish(1, PICTURES[:images])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED)
    return card


async def input_of(server: SimulatedServer, input_id: str | None) -> Image.Image:
    assert input_id is not None
    return await server.application.generation.inputs.load(input_id)


def rest(job: Job, *changed: str) -> dict[str, Any]:
    return {name: value for name, value in job.parameters if name not in changed}


async def restarted(server: SimulatedServer) -> None:
    await server.stop()
    await server.start()


@pytest.mark.parametrize("images", [2, 3, 4])
async def test_several_pictures_have_a_row_each_for_upscales_and_variations(
    server: SimulatedServer, images: int
) -> None:
    card = await finished(server, images)
    rows = [[part["label"] for part in row["components"]] for row in card.parts if row["type"] == 1]
    numbers = range(1, images + 1)
    assert rows == [[f"U{n}" for n in numbers], [f"V{n}" for n in numbers], ["Again", "Edit…", "More"]]
    [more] = await card.press("More")
    assert more.is_private
    assert more.texts[1:] == ["**Extend**", "**Redraw**", "**Info**"]


@pytest.mark.parametrize(("label", "share"), [("Subtle", SUBTLE), ("Strong", STRONG)])
async def test_a_variation_turns_the_noise_of_that_picture_also_after_a_restart(
    server: SimulatedServer, label: str, share: float
) -> None:
    card = await finished(server, 2)
    [choice] = await card.press("V2")
    assert choice.is_private
    assert choice.texts[0].startswith("**a fox** · #1, picture 2\n")
    await restarted(server)
    [varied] = await choice.press(label, server.bob)
    assert not varied.is_private
    job = await server.job(2)
    assert (job.parent_id, job.user_id, job.locale) == (1, server.bob.id, "en-US")
    assert (job.parameters.seed, job.parameters.variation_strength) == (8, share)
    assert job.parameters.num_images_per_prompt == 2
    changed = ("seed", "variation_seed", "variation_strength")
    assert rest(job, *changed) == rest(await server.job(1), *changed)
    await choice.press(label)
    assert (await server.job(3)).parameters.variation_seed != job.parameters.variation_seed


async def test_a_variation_of_a_variation_draws_over_the_picture_itself(server: SimulatedServer) -> None:
    card = await finished(server, flags="--variation 0.5 --variation-seed 3")
    [choice] = await card.press("Vary")
    await choice.press("Subtle")
    parameters = (await server.job(2)).parameters
    assert (await input_of(server, parameters.image)).getpixel((0, 0)) == (255, 0, 0)
    assert (parameters.variation_strength, parameters.strength) == (0, 0.45)


async def test_an_upscale_is_a_second_pass_over_that_picture_at_twice_its_size(server: SimulatedServer) -> None:
    card = await finished(server, 3)
    await restarted(server)
    [answer] = await card.press("U3")
    assert not answer.is_private
    job = await server.job(2)
    assert (job.parameters.width, job.parameters.height) == (2 * SIZE, 2 * SIZE)
    assert (job.parameters.upscaler, job.parameters.seed, job.parameters.num_images_per_prompt) == ("latent", 9, 1)
    assert (await input_of(server, job.parameters.image)).getpixel((0, 0)) == (0, 0, 255)
    await server.run(2)
    server.executor.finish(2, [PICTURES[0]])
    await server.until(lambda: answer.colour == DONE)
    assert "#2 · from #1" in answer.text


async def test_the_owner_s_upscaler_is_used_where_there_is_one(server: SimulatedServer) -> None:
    file = server.folder / "x4.safetensors"
    file.write_bytes(b"")
    await server.stop()
    await server.start(upscaler_model=file)
    await (await finished(server)).press("Upscale")
    assert (await server.job(2)).parameters.upscaler == "x4"


@pytest.mark.parametrize(
    ("label", "size", "kept"),
    [
        ("Out", (128, 128), (20, 20, 108, 108)),
        ("Left", (192, 128), (64, 0, 192, 128)),
        ("Right", (192, 128), (0, 0, 128, 128)),
        ("Up", (128, 192), (0, 64, 128, 192)),
        ("Down", (128, 192), (0, 0, 128, 128)),
    ],
)
async def test_an_extension_has_the_picture_on_a_canvas_and_the_rest_in_its_mask(
    server: SimulatedServer, label: str, size: tuple[int, int], kept: tuple[int, int, int, int]
) -> None:
    card = await finished(server)
    [choice] = await card.press_more("Extend")
    await restarted(server)
    await choice.press(label)
    job = await server.job(2)
    assert (job.parameters.width, job.parameters.height) == size
    canvas, mask = await input_of(server, job.parameters.image), await input_of(server, job.parameters.mask_image)
    assert canvas.size == mask.size == size
    black = mask.point(lambda level: 255 - level).getbbox()
    assert black is not None
    assert all(abs(one - other) <= 8 for one, other in zip(black, kept, strict=True))
    assert canvas.crop(black).getcolors() == [(canvas.crop(black).width * canvas.crop(black).height, (255, 0, 0))]


async def test_redraw_opens_the_modal_with_the_picture_in_it(server: SimulatedServer) -> None:
    card = await finished(server, 2)
    [more] = await card.press("More")
    [redraw] = [part for part in more.parts if part.get("custom_id") == "imagine:redraw:1:1"]
    await restarted(server)
    form = Form(server, await server.pressed(more, redraw["custom_id"]), server.alice)
    form.values["prompt"] = "an owl"
    await form.send()
    job = await server.job(2)
    assert (job.parent_id, job.parameters.prompt, job.parameters.strength) == (1, "an owl", 0.6)
    assert (await input_of(server, job.parameters.image)).getpixel((0, 0)) == (0, 128, 0)


async def test_a_draft_can_be_finished_with_its_seed(server: SimulatedServer) -> None:
    card = await finished(server, 2, steps=4)
    [more] = await card.press("More")
    await restarted(server)
    await server.press(more, "imagine:finish:1:1")
    job = await server.job(2)
    assert (job.parameters.num_inference_steps, job.parameters.seed, job.parameters.num_images_per_prompt) == (30, 8, 1)


async def test_info_tells_all_of_a_picture_to_whoever_asks_also_when_the_file_is_gone(server: SimulatedServer) -> None:
    card = await finished(server)
    [more] = await card.press("More")
    assert "Finish" not in more.buttons
    [info] = await more.press("Info", server.bob)
    assert info.is_private
    assert "/imagine prompt:a fox --size 128x128" in info.text
    await card.press_more("Delete")
    await restarted(server)
    [info] = await more.press("Info", server.bob)
    assert "/imagine prompt:a fox --size 128x128" in info.text


@pytest.mark.parametrize("action", ["upscale", "extend_out", "redraw"])
async def test_what_needs_a_picture_that_is_gone_says_so(server: SimulatedServer, action: str) -> None:
    card = await finished(server)
    [choice] = await card.press("Vary")
    await card.press_more("Delete")
    [answer] = await server.press(choice, f"imagine:{action}:1:0")
    assert (answer.text, answer.is_private) == ("The pictures of job #1 are not kept any more.", True)
    [answer] = await server.press(choice, f"imagine:{action}:1:3")
    assert answer.text == "Job #1 has no picture 4."


async def test_a_picture_that_is_as_large_as_it_may_be_is_not_enlarged(server: SimulatedServer) -> None:
    card = await server.imagine(seed=7)
    for job_id in (1, 2, 3):
        await server.run(job_id)
        server.executor.finish(job_id, [encoded(Image.new("RGB", (64, 64)), "PNG")])
        await server.until_recorded(JobStatus.SUCCEEDED, job_id)
        [card] = await card.press("Upscale")
        if job_id == 1:
            parameters = (await server.job(2)).parameters
            assert (parameters.width, parameters.height) == (2048, 2048)
        if card.is_private:
            break
    assert card.text == "The picture is 2048 × 2048 already, and no side may have more than 2048 pixels."
