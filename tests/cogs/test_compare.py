"""`/compare` as a member meets it: the card of a sheet through its life, and what is said of bad axes and values."""

from __future__ import annotations

from typing import Any

import pytest

from bot.executors import ExecutorState
from bot.jobs import JobStatus
from bot.ui.cards import DONE, OVER, WAITING, WORKING
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

FOX = "a red fox in the snow"


async def compare(server: SimulatedServer, axis: str, prompt: str = FOX, **options: Any) -> Card:
    server.prompts.append(prompt)
    return server.answer(await server.alice.slash(server.channel, "compare", prompt=prompt, axis=axis, **options))


async def finished(server: SimulatedServer, card: Card, job_id: int = 1) -> Card:
    await server.run(job_id)
    server.executor.finish(job_id, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)
    return card


async def offered(server: SimulatedServer, option: str, typed: str, **options: str) -> list[str]:
    found = await server.alice.autocomplete(server.channel, "compare", option, typed, **options)
    return [each["value"] for each in found]


async def test_one_message_counts_the_cells_and_becomes_the_sheet(server: SimulatedServer) -> None:
    server.executor.become(ExecutorState.BUSY)
    card = await compare(
        server, "scheduler", values="euler, DPM++ 2m karras", second_axis="steps", second_values="4, 6", seed=7
    )
    axes = "-# across: scheduler Euler, DPM++ 2M Karras\n-# down: steps 4, 6"
    assert card.text == f"**{FOX}**\nNext in line · #1\n{axes}"
    assert (card.is_private, card.colour, card.buttons) == (False, WAITING, {"Cancel": True})

    server.executor.become(ExecutorState.READY)
    await server.run()
    await server.until(lambda: card.colour == WORKING)
    assert card.texts[1] == "▱▱▱▱▱▱▱▱ cell 1 of 4 · step 0/20 · #1"
    server.executor.step(1, 10)
    await server.until(lambda: "10/20" in card.text)
    assert card.text == f"**{FOX}**\n▰▰▰▰▱▱▱▱ cell 3 of 4 · step 10/20 · #1\n{axes}"

    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    assert card.text == (
        f"**{FOX}** · {server.alice.mention}\n{axes}\n"
        "-# 1024×1024 · guidance 5\n"
        "-# refiner from 0.8 · seed 7 · 1.0 s · #1"
    )
    assert card.files == {"imagine-1-1.png": PNG}
    across, down = "from left to right scheduler Euler, DPM++ 2M Karras", "from top to bottom steps 4, 6"
    assert card.alt_texts == [f"A sheet of 4 pictures, {across}, {down}: {FOX}"]
    assert card.buttons == {"Again": True, "Delete": True}
    job = await server.until_recorded(JobStatus.SUCCEEDED)
    assert job.comparison is not None
    assert [(cell.scheduler, cell.num_inference_steps, cell.seed) for cell in job.comparison.cells] == [
        ("Euler", 4, 7),
        ("DPM++ 2M Karras", 4, 7),
        ("Euler", 6, 7),
        ("DPM++ 2M Karras", 6, 7),
    ]
    assert [each.id for each in server.cards()] == [card.id]


async def test_the_refiner_has_a_sheet_of_its_own(server: SimulatedServer) -> None:
    card = await finished(server, await compare(server, "refiner"))
    job = await server.job()
    assert job.comparison is not None
    assert [cell.denoising_end for cell in job.comparison.cells] == [None, 0.7, 0.8, 0.9]
    assert card.alt_texts == [f"A sheet of 4 pictures, refiner_from off, 0.7, 0.8, 0.9: {FOX}"]
    assert "-# compared: refiner\\_from off, 0.7, 0.8, 0.9\n-# 1024×1024 · 30 steps" in card.text


async def test_flags_and_options_hold_for_every_cell_and_one_random_seed_too(server: SimulatedServer) -> None:
    await compare(
        server,
        "guidance",
        "a fox --no fog --scheduler Heun --n 3 --guidance 9",
        values="3..5 (3)",
        aspect_ratio="16:9",
    )
    job = await server.job()
    assert job.comparison is not None
    cells = job.comparison.cells
    assert [cell.guidance_scale for cell in cells] == [3, 4, 5]
    assert {(cell.prompt, cell.negative_prompt, cell.scheduler, cell.width) for cell in cells} == {
        ("a fox", "fog", "Heun", 1344)
    }
    assert {(cell.seed, cell.num_images_per_prompt) for cell in cells} == {(job.parameters.seed, 1)}
    assert [str(remark) for remark in job.remarks] == [
        "guidance: the sheet's values count, not --guidance 9 in the prompt",
        "a sheet has one picture of each: the number of images does nothing here",
    ]


async def test_a_sheet_of_styles_is_headed_by_what_was_typed(server: SimulatedServer) -> None:
    card = await finished(server, await compare(server, "style", values="ink, neon"))
    assert card.texts[0] == f"**{FOX}** · {server.alice.mention}"
    assert "without" not in card.text
    assert "-# compared: style ink, neon" in card.text


async def test_what_is_clamped_or_there_twice_is_said(server: SimulatedServer) -> None:
    card = await compare(server, "steps", values="4, 500, 4")
    assert card.texts[-1] == (
        "-# steps 500 → 150: that is as far as it goes here\n-# steps 4 is there twice: it is drawn once"
    )
    assert "-# compared: steps 4, 150" in card.text


REFUSED = [
    ({"axis": "stepps"}, "“stepps” is nothing that a sheet can compare. Nearest: steps"),
    ({"axis": "scheduler", "values": "Eulr, Heun"}, "scheduler “Eulr” is unknown. Nearest: Euler, Euler a"),
    ({"axis": "style", "values": "inc, neon"}, "style “inc” is unknown. Nearest: "),
    ({"axis": "guidance", "values": "low, high"}, "guidance takes numbers, as in 3, 5, 7, 9, not “low”."),
    ({"axis": "steps", "values": "8"}, "steps has one value, and a sheet compares at least two. Add one, as in 10, 20"),
    ({"axis": "seed", "values": "1-17"}, "seed 1-17 has 17 values, and a sheet has at most 16 pictures."),
    (
        {"axis": "steps", "values": "1-5", "second_axis": "guidance", "second_values": "1-4"},
        "5 values of steps times 4 of guidance are 20 pictures, and a sheet has at most 16. Leave some out.",
    ),
    ({"axis": "cfg", "second_axis": "guidance"}, "guidance and guidance change the same. Choose another axis."),
    ({"axis": "width", "second_axis": "aspect_ratio"}, "width and aspect_ratio change the same."),
    ({"axis": "steps", "second_values": "1, 2"}, "second_values needs a second_axis."),
    ({"axis": "prompt", "values": "owl | bear"}, "“owl” is not in the prompt. The first value of prompt is what"),
    ({"axis": "lora"}, "Say which values of lora to compare, as in off, ink, ink:0.5."),
    ({"axis": "lora:ink"}, "There is no LoRA “ink”: this bot has none."),
    ({"axis": "steps", "values": "1, 8"}, "At “steps 1”: The refiner needs at least 2 steps"),
    (
        {"axis": "steps", "prompt": "a fox --ar 1:1 --foo"},
        "--foo is unknown. Flags are called as the options of /imagine are.",
    ),
]


@pytest.mark.parametrize(("options", "sentence"), REFUSED, ids=lambda each: each if isinstance(each, str) else None)
async def test_what_cannot_be_compared_is_refused_in_private(
    server: SimulatedServer, options: dict[str, Any], sentence: str
) -> None:
    card = await compare(server, **options)
    assert card.is_private
    assert card.text.startswith(sentence), card.text
    assert server.application.generation.line() == ()


async def test_a_sheet_survives_a_restart_and_is_made_again_with_a_fresh_seed(server: SimulatedServer) -> None:
    card = await compare(server, "prompt", "a red fox", values="red | blue", second_axis="seed", second_values="7, 8")
    await server.run()
    before = await server.job()
    await server.stop()
    await server.start()
    await finished(server, card)
    assert (await server.job()).comparison == before.comparison
    assert "across: prompt red, blue" in card.text

    [again] = await card.press("Again", server.bob)
    job = await server.job(2)
    assert job.comparison is not None
    assert before.comparison is not None
    assert job.comparison.axes[0] == before.comparison.axes[0]
    assert [cell.prompt for cell in job.comparison.cells] == ["a red fox", "a blue fox"] * 2
    seeds = {cell.seed for cell in job.comparison.cells}
    assert len(seeds) == 2
    assert seeds.isdisjoint({7, 8})
    await finished(server, again, 2)
    assert await again.press("Delete", server.bob) == []
    assert again.is_gone


async def test_a_sheet_is_cancelled_as_a_whole(server: SimulatedServer) -> None:
    card = await compare(server, "steps", values="4, 6")
    await server.run()
    await card.press("Cancel")
    await server.until(lambda: card.colour == OVER)
    assert card.buttons == {"Again": True, "Delete": True}
    assert "-# compared: steps 4, 6\n-# 1024×1024 · Euler" in card.text


async def test_axes_and_values_are_offered_while_somebody_types(server: SimulatedServer) -> None:
    everything = await offered(server, "axis", "")
    assert everything[:3] == ["refiner_from", "steps", "guidance"]
    assert len(everything) == 25
    assert await offered(server, "second_axis", "cfg") == ["guidance"]
    assert await offered(server, "values", "", axis="refiner") == ["off, 0.7, 0.8, 0.9"]
    assert await offered(server, "values", "Euler, dpm2", axis="scheduler") == [
        "Euler, DPM2",
        "Euler, DPM2 Karras",
    ]
    assert (await offered(server, "second_values", "off, ne", second_axis="style"))[0] == "off, neon"
    assert await offered(server, "values", "x", axis="nothing") == []
    assert await offered(server, "values", "") == []
