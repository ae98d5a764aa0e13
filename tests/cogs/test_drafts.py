"""A draft by its flag and by its line in Edit…: what the card says of it, and what its buttons make of it."""

from __future__ import annotations

import pytest

from bot.errors import JobNotFound
from bot.ui.cards import DONE
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

IS_DRAFT = "-# a draft: Finish, under More, takes 30 steps"


async def done(server: SimulatedServer, card: Card, job_id: int = 1) -> Card:
    await server.run(job_id)
    server.executor.finish(job_id, [PNG])
    await server.until(lambda: card.colour == DONE)
    return card


async def drafted(server: SimulatedServer, job_id: int) -> tuple[int, str | None]:
    made = (await server.job(job_id)).parameters
    return made.num_inference_steps, made.timestep_spacing


async def test_a_draft_by_its_flag_is_finished_with_its_seed_and_stays_finished(server: SimulatedServer) -> None:
    card = await server.imagine("a fox --draft", seed=7)
    assert IS_DRAFT in card.text
    assert card.texts[0] == "**a fox**"
    assert await drafted(server, 1) == (8, "trailing")
    [full] = await (await done(server, card)).press_more("Finish")
    draft, finished = await server.job(1), await server.job(2)
    usual = {"num_inference_steps": 30, "draft": False, "raw_prompt": None}
    assert finished.parameters == draft.parameters.model_copy(update=usual)
    assert IS_DRAFT not in full.text
    assert "--draft" not in full.text
    await (await done(server, full, 2)).press("Again")
    assert await drafted(server, 3) == (30, "trailing")
    await card.press("Again")
    assert await drafted(server, 4) == (8, "trailing")


async def test_a_line_in_edit_makes_a_draft_of_what_took_all_steps(server: SimulatedServer) -> None:
    card = await done(server, await server.imagine("a fox", seed=7, guidance=3.0))
    form = await Form.opened_by(server, card, "Edit…")
    form.settings += "\ndraft: on"
    [edited] = await form.send()
    assert IS_DRAFT in edited.text
    made = (await server.job(2)).parameters
    drafts = {"num_inference_steps": 8, "timestep_spacing": "trailing", "draft": True}
    assert made == (await server.job(1)).parameters.model_copy(update=drafts)


async def test_few_steps_alone_are_no_draft_and_stay_few_in_what_is_drawn_over_them(server: SimulatedServer) -> None:
    """As a LoRA wants it that draws in four steps, with Euler."""
    asked = {"steps": 4, "guidance": 1.0, "scheduler": "Euler", "spacing": "trailing", "refiner": "off"}
    card = await done(server, await server.imagine("a fox", seed=7, **asked))
    assert not (await server.job(1)).parameters.draft
    [more] = await card.press("More")
    assert "Finish" not in more.buttons
    await card.press("Upscale")
    upscaled = (await server.job(2)).parameters
    assert (upscaled.num_inference_steps, upscaled.timestep_spacing) == (4, "trailing")


async def test_a_draft_that_is_edited_stays_one_until_somebody_says_its_steps(server: SimulatedServer) -> None:
    card = await done(server, await server.imagine("a fox", draft=True, seed=7))
    form = await Form.opened_by(server, card, "Edit…")
    form.values["prompt"] = "an owl"
    [owl] = await form.send()
    edited = (await server.job(2)).parameters
    assert edited == (await server.job(1)).parameters.model_copy(update={"prompt": "an owl"})
    assert edited.draft
    [full] = await (await done(server, owl, 2)).press_more("Finish")
    assert not (await server.job(3)).parameters.draft
    await done(server, full, 3)
    form = await Form.opened_by(server, card, "Edit…")
    form.settings += "\nguidance: 3"
    form.settings = form.settings.replace("draft: on", "steps: 12")
    await form.send()
    assert (await drafted(server, 4), (await server.job(4)).parameters.draft) == ((12, None), False)


async def test_what_is_drawn_over_a_draft_takes_all_steps(server: SimulatedServer) -> None:
    card = await done(server, await server.imagine("a fox --draft", seed=7))
    await card.press("Upscale")
    upscaled = (await server.job(2)).parameters
    assert (upscaled.num_inference_steps, upscaled.timestep_spacing, upscaled.draft) == (30, None, False)


async def test_the_flag_typed_in_edit_wins_over_the_steps_that_nobody_touched(server: SimulatedServer) -> None:
    form = await Form.opened_by(server, await done(server, await server.imagine("a fox", seed=7)), "Edit…")
    form.values["prompt"] += " --draft"
    await form.send()
    assert await drafted(server, 2) == (8, "trailing")


async def test_steps_that_counted_more_than_the_flag_do_so_again_in_edit(server: SimulatedServer) -> None:
    card = await server.imagine("a fox --draft", seed=7, steps=12)
    assert "-# steps 12: the option counts, not --draft in the prompt" in card.text
    await (await Form.opened_by(server, await done(server, card), "Edit…")).send()
    assert await drafted(server, 2) == await drafted(server, 1) == (12, "trailing")


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a fox --draft --steps 9", "A draft takes 8 steps. Leave out draft, or steps."),
        ("a fox --draft=soon", "--draft takes on or off, not “soon”."),
        ("a fox --drafft", "--drafft is unknown. Nearest: --draft. In double quotes it stays text."),
    ],
)
async def test_what_is_no_draft_is_said_to_who_asks_alone(server: SimulatedServer, prompt: str, sentence: str) -> None:
    answer = await server.imagine(prompt)
    assert (answer.text, answer.is_private) == (sentence, True)
    with pytest.raises(JobNotFound):
        await server.job()
