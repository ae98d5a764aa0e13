"""`/compare` with an image and a mask: what becomes of them, and what is said of a sheet that they do not allow."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import JobNotFound
from bot.executors import ExecutorState
from bot.inputs import input_id_of, input_path
from bot.jobs import JobStatus
from bot.memory import Memory
from bot.ui.cards import DONE, OVER, WORKING
from tests.cogs.test_compare import FOX, compare, finished, offered
from tests.cogs.test_imagine_uploads import HALF, IMAGE, MASK, RED
from tests.contract.command_rules import MOST_CHARACTERS, characters
from tests.simcord_app import SimulatedServer


async def cells(server: SimulatedServer, job_id: int = 1) -> Any:
    job = await server.job(job_id)
    assert job.comparison is not None
    return job.comparison.cells


async def test_a_sheet_of_strengths_changes_one_image_in_its_own_shape(server: SimulatedServer) -> None:
    card = await finished(server, await compare(server, "strength", image=IMAGE))
    made = await cells(server)
    assert [cell.strength for cell in made] == [0.2, 0.4, 0.6, 0.8]
    assert {(cell.image, cell.mask_image, cell.width, cell.height) for cell in made} == {
        (input_id_of(RED), None, 1256, 840)
    }
    assert len({cell.seed for cell in made}) == 1
    assert "-# compared: strength 0.2, 0.4, 0.6, 0.8\n-# 1256×840 · 30 steps" in card.text
    assert "-# size 1256 × 840: the shape of the image" in card.text
    assert card.alt_texts == [f"A sheet of 4 pictures, strength 0.2, 0.4, 0.6, 0.8: {FOX}"]
    assert card.buttons == {"Again": True, "Delete": True}


@pytest.mark.parametrize(
    ("axis", "options", "sizes"),
    [
        ("strength", {"aspect_ratio": "1:1"}, {(1024, 1024)}),
        ("strength", {"prompt": "a fox --ar 2:3"}, {(832, 1216)}),
        ("aspect_ratio", {"values": "1:1, 16:9"}, {(1024, 1024), (1344, 768)}),
        ("width", {"values": "512, 768"}, {(512, 1024), (768, 1024)}),
    ],
)
async def test_whoever_says_or_compares_a_size_gets_that_one(
    server: SimulatedServer, axis: str, options: dict[str, str], sizes: set[tuple[int, int]]
) -> None:
    card = await compare(server, axis, image=IMAGE, **options)
    assert {(cell.width, cell.height) for cell in await cells(server)} == sizes
    assert "the shape of the image" not in card.text


async def test_sixteen_cells_compare_an_image_in_two_ways(server: SimulatedServer) -> None:
    card = await compare(server, "strength", image=IMAGE, values="0.2-0.8 (4)", second_axis="seed", second_values="1-4")
    made = await cells(server)
    assert [(cell.strength, cell.seed) for cell in made] == [
        (strength, seed) for seed in (1, 2, 3, 4) for strength in (0.2, 0.4, 0.6, 0.8)
    ]
    assert {cell.image for cell in made} == {input_id_of(RED)}
    await finished(server, card)
    assert "-# across: strength 0.2, 0.4, 0.6, 0.8\n-# down: seed 1, 2, 3, 4" in card.text


async def test_a_mask_and_what_is_around_it_can_be_compared(server: SimulatedServer) -> None:
    await compare(server, "mask_padding", image=IMAGE, mask=MASK)
    made = await cells(server)
    assert [cell.padding_mask_crop for cell in made] == [None, 16, 64]
    assert {(cell.image, cell.mask_image, cell.strength) for cell in made} == {
        (input_id_of(RED), input_id_of(HALF), 0.95)
    }


async def test_upscalers_are_compared_among_them_the_owner_s(server: SimulatedServer) -> None:
    file = server.folder / "x4.safetensors"
    file.write_bytes(b"")
    await server.stop()
    await server.start(upscaler_model=file)
    assert await offered(server, "values", "", axis="upscaler") == ["off, latent, x4", "off", "latent", "x4"]
    await compare(server, "upscaler", "a fox --size 128x128", image=IMAGE)
    assert [(cell.upscaler, cell.strength) for cell in await cells(server)] == [
        (None, 0.6),
        ("latent", 0.35),
        ("x4", 0.35),
    ]


async def test_flags_of_the_prompt_hold_for_every_cell_of_an_image(server: SimulatedServer) -> None:
    card = await compare(server, "guidance", "a fox --strength 0.3 --draft", image=IMAGE, values="3, 5")
    assert {(cell.strength, cell.num_inference_steps) for cell in await cells(server)} == {(0.3, 8)}
    assert "Finish" not in card.text
    again = await compare(server, "strength", "a fox --strength 0.3", image=IMAGE, values="0.5, 0.7")
    assert [cell.strength for cell in await cells(server, 2)] == [0.5, 0.7]
    assert "-# strength: the sheet's values count, not --strength 0.3 in the prompt" in again.text


async def test_again_makes_the_sheet_of_the_same_image_with_a_fresh_seed_also_after_a_restart(
    server: SimulatedServer,
) -> None:
    card = await finished(
        server, await compare(server, "upscaler", "a {red|blue} fox", image=IMAGE, second_axis="steps")
    )
    await server.stop()
    await server.start()
    [again] = await card.press("Again", server.bob)
    before, after = await cells(server), await cells(server, 2)
    assert len({cell.seed for cell in after}) == 1
    assert before[0].seed != after[0].seed
    drawn = {"seed", "prompt"}
    assert [cell.model_dump(exclude=drawn) for cell in after] == [cell.model_dump(exclude=drawn) for cell in before]
    await finished(server, again, 2)


async def test_again_of_an_image_that_is_gone_says_so(server: SimulatedServer) -> None:
    card = await finished(server, await compare(server, "strength", image=IMAGE))
    input_path(server.application.settings.inputs_dir, input_id_of(RED)).unlink()
    [answer] = await card.press("Again")
    assert (answer.text, answer.is_private) == ("The picture that this job works on is not kept any more.", True)


async def test_a_sheet_is_cancelled_in_the_middle_of_its_cells_and_made_again(server: SimulatedServer) -> None:
    card = await compare(server, "strength", image=IMAGE)
    await server.run()
    server.executor.step(1, 47)
    await server.until(lambda: "cell 2 of 4 · step 47/120" in card.text)
    assert card.colour == WORKING
    await card.press("Cancel")
    await server.until(lambda: card.colour == OVER)
    await server.until_recorded(JobStatus.CANCELLED)
    assert server.executor.cancelled == [1]
    [again] = await card.press("Again")
    await finished(server, again, 2)
    assert again.colour == DONE


REFUSED = [
    ({"axis": "strength"}, "strength needs an image to work on. Add one, or leave it out."),
    ({"axis": "upscaler"}, "upscaler needs an image to work on. Add one, or leave it out."),
    ({"axis": "steps", "second_axis": "denoise"}, "strength needs an image to work on. Add one, or leave it out."),
    ({"axis": "mask padding", "image": IMAGE}, "mask_padding needs a mask. Add one, or leave it out."),
    ({"axis": "steps", "mask": MASK}, "mask needs an image to work on. Add one, or leave it out."),
    ({"axis": "steps", "prompt": "a fox --strength 0.3"}, "strength needs an image to work on. Add one, or leave"),
    ({"axis": "strength", "values": "low, high", "image": IMAGE}, "strength takes numbers, as in 0.2, 0.4, 0.6, 0.8"),
    ({"axis": "upscaler", "values": "off, x8", "image": IMAGE}, "There is no upscaler “x8” here. Use latent, or ask"),
    ({"axis": "strength", "image": ("notes.png", b"no picture")}, "The file is no picture that can be read."),
    ({"axis": "image", "image": IMAGE}, "“image” is nothing that a sheet can compare."),
]


@pytest.mark.parametrize(
    ("options", "sentence"), REFUSED, ids=[f"{options['axis']}-{sentence[:20]}" for options, sentence in REFUSED]
)
async def test_what_the_pictures_do_not_allow_is_said_to_who_asks_alone(
    server: SimulatedServer, options: dict[str, Any], sentence: str
) -> None:
    answer = await compare(server, **options)
    assert answer.is_private
    assert answer.text.startswith(sentence), answer.text
    assert server.cards() == []
    with pytest.raises(JobNotFound):
        await server.job()


async def test_one_cell_that_the_device_cannot_hold_refuses_the_sheet_before_it_waits(server: SimulatedServer) -> None:
    server.executor.become(ExecutorState.BUSY)
    server.executor.memory = Memory(latent=320 * 36 * 2, pixel=2048, scale=8, tile=512**2, free=10**9)
    answer = await compare(server, "width", values="512, 2048", image=IMAGE, prompt="a fox --h 2048")
    assert answer.is_private
    assert answer.text.startswith("2048 × 2048 needs about 3.0 GB of memory, and 1.0 GB are free.")
    assert server.application.generation.line() == ()


async def test_what_is_done_with_an_image_is_offered_among_the_axes(server: SimulatedServer) -> None:
    assert {"strength", "upscaler"} <= set(await offered(server, "axis", ""))
    assert await offered(server, "second_axis", "denois") == ["strength"]
    assert await offered(server, "values", "", axis="strength") == ["0.2, 0.4, 0.6, 0.8"]


async def test_the_command_keeps_discord_s_limits(server: SimulatedServer) -> None:
    command = server.env.backend.find_command("compare", server.guild.id)
    assert command is not None
    assert characters(command) <= MOST_CHARACTERS
