"""Presets, as members see them: saved, found again, used, changed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.jobs import JobStatus
from bot.services.presets import TAKEN
from bot.translation import Speech, languages
from bot.ui.cards import DONE
from tests.cogs.test_buttons import finished
from tests.pictures import PNG
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form


async def preset(
    server: SimulatedServer, what: str, member: simcord.MemberActor | None = None, **options: Any
) -> simcord.InteractionResult:
    """What happens at a sub-command of /preset."""
    return await (member or server.alice).slash(server.channel, f"preset {what}", **options)


async def told(server: SimulatedServer, what: str, member: simcord.MemberActor | None = None, **options: Any) -> str:
    """What is answered, to nobody else."""
    card = server.answer(await preset(server, what, member, **options))
    assert card.is_private
    return card.text


async def form(server: SimulatedServer, what: str, member: simcord.MemberActor | None = None, **options: Any) -> Form:
    """The modal that opens."""
    member = member or server.alice
    return Form(server, await preset(server, what, member, **options), member)


async def drawn(server: SimulatedServer, card: Card, job_id: int = 1) -> Card:
    await server.run(job_id)
    server.executor.finish(job_id, [PNG])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)
    return card


async def test_saved_settings_are_used_and_the_card_says_where_they_come_from(server: SimulatedServer) -> None:
    assert await told(
        server, "save", name="ink", prompt="{prompt}, ink drawing", steps=12, guidance=6.0, scheduler="DPM++ 2M"
    ) == ("Saved.\n**ink**\nsteps 12 · guidance 6 · scheduler DPM++ 2M\n**prompt** {prompt}, ink drawing")
    card = await server.imagine("a fox --no hands", preset="Ink", guidance=7.0)
    await drawn(server, card)
    parameters = (await server.job()).parameters
    assert (parameters.prompt, parameters.negative_prompt) == ("a fox, ink drawing", "hands")
    assert (parameters.num_inference_steps, parameters.guidance_scale) == (12, 7.0)
    assert "-# prompt, steps 12, scheduler DPM++ 2M (preset ink) · seed random" in card.text


async def test_without_options_it_is_the_last_job_that_is_saved(server: SimulatedServer) -> None:
    await server.imagine("a fox --ar 16:9 --no hands", seed=7, steps=12, style="ink")
    saved = await told(server, "save", name="noir")
    assert saved.startswith("Saved.\n**noir**\n1344×768 · steps 12 · guidance 5 · scheduler Euler · refiner\\_from 0.8")
    assert "style ink" in saved
    assert "**negative_prompt** hands" in saved
    assert "fox" not in saved
    assert "seed" not in saved
    assert await told(server, "save", name="mine", job=1, steps=20) == saved.replace("noir", "mine").replace(
        "steps 12", "steps 20"
    )


async def test_who_has_no_job_and_says_nothing_is_told_what_to_do(server: SimulatedServer) -> None:
    assert await told(server, "save", name="ink") == (
        "You have no job yet whose settings could be kept. Say some, as in steps: 30, or make a picture first."
    )
    await server.imagine("a fox", server.bob)
    assert await told(server, "save", name="ink", job=1) == (
        "Job #1 is somebody else's. Save as preset, under More on its card, keeps its settings for you."
    )


async def test_a_picture_s_button_opens_its_settings_as_a_preset_of_whoever_presses(server: SimulatedServer) -> None:
    card = await finished(server)
    [more] = await card.press("More", server.bob)
    form = await Form.opened_by(server, more, "Save as preset", server.bob)
    assert form.title == "Save as preset"
    assert form.values["settings"] == ("size: 1024x1024\nsteps: 30\nguidance: 5\nscheduler: Euler\nrefiner_from: 0.8")
    form.values |= {"name": "snow", "prompt": "in the snow"}
    [answer] = await form.send()
    assert answer.text.startswith("Saved.\n**snow**\n1024×1024 · steps 30")
    assert "**prompt** {prompt}, in the snow" in answer.text
    assert "snow" in await told(server, "list", server.bob)
    assert "snow" not in await told(server, "list")


async def test_an_edit_is_a_new_version_and_old_pictures_stay_what_they_were(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12, refiner="off")
    card = await drawn(server, await server.imagine("a fox", preset="ink"))
    edit = await form(server, "edit", preset="ink")
    assert edit.values == {"prompt": "", "negative_prompt": "", "settings": "steps: 12\nrefiner_from: off"}
    edit.values |= {"settings": "steps: 20\nspacing: AYS", "negative_prompt": "text"}
    [answer] = await edit.send()
    assert answer.text == ("Changed.\n**ink** · version 2\nsteps 20 · spacing AYS\n**negative_prompt** text")
    assert "steps 12, refiner\\_from off (preset ink) · seed random" in card.text
    second = await server.imagine("an owl", preset="ink")
    await drawn(server, second, 2)
    assert "steps 20, spacing AYS (preset ink, version 2)" in second.text


async def test_of_two_edits_at_once_one_wins_and_the_other_is_told_and_loses_nothing(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    first, second = await form(server, "edit", preset="ink"), await form(server, "edit", preset="ink")
    first.values["settings"], second.values["settings"] = "steps: 20", "steps: 40"
    await first.send()
    [refusal] = await second.send()
    assert refusal.is_private
    assert refusal.text == (
        "Preset “ink” was changed meanwhile: it is at version 2 now. Look at it with `/preset show`; what you wrote is "
        "kept, and replaces that if you send it again."
    )
    assert "steps 20" in await told(server, "show", preset="ink")
    again = await Form.opened_by(server, refusal, "Edit…")
    assert again.values["settings"] == "steps: 40"
    [answer] = await again.send()
    assert answer.text == "Changed.\n**ink** · version 3\nsteps 40"


async def test_what_is_wrong_in_a_form_is_said_and_the_form_opens_again(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    edit = await form(server, "edit", preset="ink")
    edit.values["settings"] = "setps: 20"
    [refusal] = await edit.send()
    assert refusal.text == "“setps” is no setting. Nearest: steps."
    again = await Form.opened_by(server, refusal, "Edit…")
    assert again.values["settings"] == "setps: 20"
    again.values["settings"] = ""
    [refusal] = await again.send()
    assert refusal.text == "A preset has to say something: give it a prompt or a setting, as in steps: 30."


async def test_a_default_is_used_where_none_is_named_and_outlives_a_restart(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    assert await told(server, "default", preset="ink") == "“ink” is used where you name no preset."
    assert "- **ink** · steps 12 · used unless another is named" in await told(server, "list")
    await server.stop()
    await server.start()
    await server.imagine("a fox")
    await server.imagine("an owl", server.bob)
    assert [(await server.job(each)).parameters.num_inference_steps for each in (1, 2)] == [12, 30]
    assert await told(server, "default") == "No preset is used unless you name one."
    await server.imagine("a wolf")
    assert (await server.job(3)).parameters.num_inference_steps == 30


async def test_use_asks_for_the_words_alone(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12, prompt="ink")
    asked = await form(server, "use", preset="ink")
    assert asked.title == "Draw with a preset"
    asked.values["prompt"] = "a fox --steps 9"
    server.prompts.append("a fox")
    [card] = await asked.send()
    assert not card.is_private
    parameters = (await server.job()).parameters
    assert (parameters.prompt, parameters.num_inference_steps) == ("a fox, ink", 9)


async def test_a_preset_is_renamed_copied_and_deleted(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    assert await told(server, "rename", preset="ink", name="Tusche") == "“ink” is called “Tusche” now."
    assert (await told(server, "copy", preset="tusche")).startswith("Saved.\n**Tusche 2**")
    assert (await told(server, "copy", preset="tusche", name="ink")).startswith("Saved.\n**ink**")
    assert await told(server, "delete", preset="Tusche 2") == "Preset “Tusche 2” is deleted."
    assert await told(server, "show", preset="Tusche 2") == "There is no preset “Tusche 2”. Nearest: Tusche."
    listed = await told(server, "list")
    assert "- **ink** · steps 12\n- **Tusche** · steps 12" in listed


async def test_names_are_unique_and_none_looks_like_another(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    taken = "There is a preset {} already, or one whose name looks the same. Choose another name."
    for name in ("INK", "1nk", "ｉｎｋ"):
        assert await told(server, "save", name=name, steps=12) == taken.format(f"“{name}”")
    await told(server, "save", name="paper", steps=12)
    assert await told(server, "rename", preset="paper", name="Ink") == taken.format("“Ink”")
    # Another member's are theirs.
    assert (await told(server, "save", server.bob, name="ink", steps=9)).startswith("Saved.")


async def test_a_name_that_cannot_be_is_refused_with_what_can(server: SimulatedServer) -> None:
    assert await told(server, "save", name="@everyone", steps=12) == (
        "A preset's name cannot have “@” in it: letters, digits, spaces, emoji and - ' ’ . , + & ! ? ( ) = % are "
        "allowed."
    )
    assert "33 characters" in await told(server, "save", name="n" * 33, steps=12)


async def test_more_than_25_are_refused(server: SimulatedServer) -> None:
    for number in range(25):
        await told(server, "save", name=f"preset {number}", steps=12)
    assert await told(server, "save", name="one more", steps=12) == (
        "25 presets are the most, and you have them. Delete one first."
    )
    listed = await told(server, "list")
    assert listed.count("steps 12") == 25


async def test_what_is_typed_finds_presets_the_most_used_first(server: SimulatedServer) -> None:
    for name in ("ink", "pink paper", "watercolour"):
        await told(server, "save", name=name, steps=12)
    await server.imagine("a fox", preset="watercolour")

    async def offered(typed: str, member: simcord.MemberActor | None = None) -> list[str]:
        choices = await (member or server.alice).autocomplete(server.channel, "imagine", "preset", typed)
        return [choice["value"] for choice in choices]

    assert await offered("") == ["watercolour", "ink", "pink paper"]
    assert await offered("ink") == ["ink", "pink paper"]
    assert await offered("watrcolor") == ["watercolour"]
    assert await offered("xyz") == []
    assert await offered("", server.bob) == []


async def test_of_a_preset_that_fits_no_more_the_rest_still_works_and_that_is_said(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12, lora="gone:0.5", style="ink")
    card = await server.imagine("a fox", preset="ink")
    assert "lora (preset ink) is left out: There is no LoRA “gone”: this bot has none." in card.text
    parameters = (await server.job()).parameters
    assert (parameters.loras, parameters.num_inference_steps, parameters.style) == ((), 12, "ink")


async def test_an_unknown_preset_is_refused_before_anything_is_made(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    refusal = await server.imagine("a fox", preset="inc")
    assert (refusal.text, refusal.is_private) == ("There is no preset “inc”. Nearest: ink.", True)
    refusal = await server.imagine("a fox", server.bob, preset="ink")
    assert refusal.text == "There is no preset “ink”. `/preset list` shows those that there are."


async def test_a_card_s_buttons_use_and_edit_the_preset_also_after_a_restart(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    card = server.answer(await preset(server, "show", preset="ink"))
    assert card.buttons == {"Use": True, "Edit…": True}
    await server.stop()
    await server.start()
    assert (await Form.opened_by(server, card, "Edit…")).values["settings"] == "steps: 12"
    used = await Form.opened_by(server, card, "Use")
    used.values["prompt"] = "an owl"
    await used.send()
    assert (await server.job()).parameters.num_inference_steps == 12
    await told(server, "delete", preset="ink")
    [gone] = await card.press("Use")
    assert gone.text == "This preset does not exist any more."


async def test_ids_that_a_client_made_up_are_no_presets(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12)
    card = server.answer(await preset(server, "show", preset="ink"))
    for custom_id in ("preset-card:edit:ABC", "preset-card:use:0", f"preset-card:use:{'9' * 19}"):
        [answer] = server.answers(await server.pressed(card, custom_id))
        assert answer.text == "This preset does not exist any more."
    for made_up in ("edit:x:y", "edit:1", f"edit:1:{'9' * 30}", "with:x", "with:1:2", "with:", "code:ink", "sonst"):
        edit = await form(server, "edit", preset="ink")
        edit.forge(f"preset:{made_up}")
        [answer] = await edit.send()
        assert answer.is_private
        assert "does not exist any more" in answer.text or "is no code of a preset" in answer.text, made_up


@pytest.mark.parametrize("language", languages())
async def test_presets_speak_the_language_of_whoever_asks(server: SimulatedServer, language: str) -> None:
    server.languages[server.alice.id] = language
    say = Speech(language).say
    assert await told(server, "save", name="ink", steps=12) == f"{say('Saved.')}\n**ink**\nsteps 12"
    assert (await told(server, "list")).startswith(f"**{say('Your presets')}**\n- **ink**")
    taken = say(TAKEN, name="“ink”")
    assert await told(server, "save", name="ink", steps=12) == taken
    opened = await form(server, "edit", preset="ink")
    assert (opened.title, opened.labels[0]) == (say("Edit preset"), say("Words around the prompt"))
    card = await server.imagine("a fox", preset="ink")
    assert f"steps 12 ({say('preset {name}', name='ink')}) · {say('seed random')}" in card.text
    shared = server.answer(await preset(server, "share", preset="ink"))
    assert list(shared.buttons) == [say("Use"), say("Save a copy")]
