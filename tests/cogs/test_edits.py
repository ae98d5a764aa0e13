"""Edit…: a request in a modal, as it was asked for; what is changed there becomes a new job, and nothing is lost."""

from __future__ import annotations

from bot.ui.cards import DONE
from tests.cogs.test_buttons import finished
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_modal import Form

SETTINGS = "size: 1024x1024\nsteps: 30\nguidance: 5\nscheduler: Euler\nseed: 7\nimages: 1\nrefiner_from: 0.8"


async def test_the_modal_holds_the_request_and_sends_a_job_of_whoever_edits(server: SimulatedServer) -> None:
    card = await finished(server)
    form = await Form.opened_by(server, card, "Edit…", server.bob)
    assert (form.values["prompt"], form.values["negative_prompt"]) == ("a red fox in the snow", "")
    assert form.settings == SETTINGS
    form.values["prompt"] = "a red fox in the rain"
    form.values["negative_prompt"] = "hands"
    form.settings = form.settings.replace("steps: 30", "steps: 12").replace("seed: 7\n", "") + "\nclip skip: 2"
    [edited] = await form.send()
    assert (edited.is_private, edited.texts[0]) == (False, "**a red fox in the rain**")
    first, second = await server.job(1), await server.job(2)
    assert (second.parent_id, second.user_id) == (1, server.bob.id)
    assert second.parameters.seed != 7
    changed = {"prompt": "a red fox in the rain", "negative_prompt": "hands", "num_inference_steps": 12, "clip_skip": 2}
    assert second.parameters == first.parameters.model_copy(update=changed | {"seed": second.parameters.seed})


async def test_sent_as_it_is_it_makes_the_same_again(server: SimulatedServer) -> None:
    await server.imagine("a {fox|dog} --steps 12 --no hands --ar 16:9", seed=7, guidance=2.5)
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: server.cards()[0].colour == DONE)
    await (await Form.opened_by(server, server.cards()[0], "Edit…")).send()
    assert (await server.job(2)).parameters == (await server.job(1)).parameters


async def test_an_option_that_counted_more_than_the_prompt_does_so_again(server: SimulatedServer) -> None:
    card = await server.imagine("a fox --steps 12", seed=7, steps=9)
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: card.colour == DONE)
    form = await Form.opened_by(server, card, "Edit…")
    await form.send()
    assert (await server.job(2)).parameters.num_inference_steps == 9


async def test_a_flag_that_is_typed_into_the_prompt_wins_over_a_line_that_nobody_touched(
    server: SimulatedServer,
) -> None:
    form = await Form.opened_by(server, await finished(server), "Edit…")
    form.values["prompt"] += " --steps 12 --seed 8"
    form.settings = form.settings.replace("seed: 7", "seed: 9")
    await form.send()
    parameters = (await server.job(2)).parameters
    assert (parameters.num_inference_steps, parameters.seed) == (12, 9)


async def test_what_is_refused_can_be_opened_again_as_it_was_typed_also_after_a_restart(
    server: SimulatedServer,
) -> None:
    form = await Form.opened_by(server, await finished(server), "Edit…")
    form.values["prompt"] = "an owl"
    form.settings = form.settings.replace("steps: 30", "setps: 12")
    [refusal] = await form.send()
    assert refusal.is_private
    assert refusal.text == "“setps” is no setting. Nearest: steps."
    assert refusal.buttons == {"Edit…": True}
    await server.stop()
    await server.start()
    again = await Form.opened_by(server, refusal, "Edit…")
    assert (again.custom_id, again.values) == (form.custom_id, form.values)
    again.settings = again.settings.replace("setps", "steps")
    await again.send()
    assert (await server.job(2)).parameters.num_inference_steps == 12
    assert (await server.job(2)).parameters.prompt == "an owl"


async def test_a_modal_that_was_opened_before_a_restart_is_answered_after_it(server: SimulatedServer) -> None:
    form = await Form.opened_by(server, await finished(server), "Edit…")
    await server.stop()
    await server.start()
    [card] = await form.send()
    assert card.texts[0] == "**a red fox in the snow**"


async def test_what_was_typed_too_long_ago_is_gone_and_told(server: SimulatedServer) -> None:
    form = await Form.opened_by(server, await finished(server), "Edit…")
    form.settings = "x"
    [refusal] = await form.send()
    [unsent] = (server.folder / "unsent").iterdir()
    unsent.unlink()
    [answer] = await refusal.press("Edit…")
    assert answer.text == "What you typed is not kept any more. Begin again with the picture's buttons."
    assert answer.is_private
