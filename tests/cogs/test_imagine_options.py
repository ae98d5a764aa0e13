"""Every option of `/imagine` as far as the job, and what of them is not taken."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import JobNotFound
from bot.memory import Memory
from bot.parameters import Lora, Parameters, title
from bot.prompts.advanced import examples
from tests.contract.command_rules import MOST_CHARACTERS, characters
from tests.factories import ENSEMBLE
from tests.pictures import PNG
from tests.services.test_admission import write_lora
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card

MOST_OPTIONS = 25


def write_loras(server: SimulatedServer) -> None:
    folder = server.folder / "loras"
    folder.mkdir(exist_ok=True)
    for name in ("ink", "paper", "pastel"):
        write_lora(folder, name)
    write_lora(folder, "old", 768, "sd_v1.5")


async def is_refused(server: SimulatedServer, answer: Card, sentence: str) -> None:
    assert (answer.text, answer.is_private) == (sentence, True)
    assert server.cards() == []
    with pytest.raises(JobNotFound):
        await server.job()


async def test_the_command_keeps_discords_limits(server: SimulatedServer) -> None:
    command = server.env.backend.find_command("imagine", server.guild.id)
    assert command is not None
    assert len(command["options"]) <= MOST_OPTIONS
    assert characters(command) <= MOST_CHARACTERS


async def test_every_parameter_can_be_set(server: SimulatedServer) -> None:
    command = server.env.backend.find_command("imagine", server.guild.id)
    assert command is not None
    names = {option["name"] for option in command["options"]} | set(examples(ENSEMBLE))
    typed = {title(name) for name in Parameters.model_fields} - {"raw_prompt", "raw_negative_prompt"}
    # A size is typed as one.
    assert typed - names == set()
    assert "size" in names


async def test_every_option_becomes_what_it_says(server: SimulatedServer) -> None:
    write_loras(server)
    await server.imagine(
        "a fox",
        negative_prompt="fog",
        style="Ink",
        aspect_ratio="3:2",
        images=2,
        seed=7,
        steps=12,
        guidance=6.5,
        lora="ink:0.8, paper",
        scheduler="dpm++ 2m",
        spacing="trailing",
        refiner="on",
        refiner_from=0.7,
        variation=0.2,
        variation_seed=8,
        guidance_rescale=0.7,
        clip_skip=1,
        advanced="eta: 0.5, aesthetic_score: 7, negative_aesthetic: 2, crop: 8,0, original_size: 512x256",
    )
    made = (await server.job()).parameters
    style = server.application.generation.prompts.styles.get("ink")
    assert made == Parameters(
        prompt=style.apply("a fox"),
        raw_prompt="a fox",
        negative_prompt=", ".join(filter(None, ["fog", style.negative])),
        raw_negative_prompt="fog" if style.negative else None,
        style=style.name,
        width=1216,
        height=832,
        num_images_per_prompt=2,
        seed=7,
        num_inference_steps=12,
        guidance_scale=6.5,
        loras=(Lora(name="ink", weight=0.8), Lora(name="paper")),
        scheduler="DPM++ 2M",
        timestep_spacing="trailing",
        denoising_end=0.7,
        variation_strength=0.2,
        variation_seed=8,
        guidance_rescale=0.7,
        clip_skip=1,
        eta=0.5,
        aesthetic_score=7,
        negative_aesthetic_score=2,
        crops_coords_top_left=(8, 0),
        original_size=(256, 512),
    )


async def test_the_job_knows_the_language_of_who_asks(server: SimulatedServer) -> None:
    await server.imagine()
    assert (await server.job()).locale == "en-US"


async def test_align_your_steps_becomes_timesteps(server: SimulatedServer) -> None:
    await server.imagine(spacing="AYS", steps=10)
    made = (await server.job()).parameters
    assert made.timesteps == (999, 845, 730, 587, 443, 310, 193, 116, 53, 13)


async def test_numbers_beyond_their_limits_are_brought_within_them_and_the_card_says_so(
    server: SimulatedServer,
) -> None:
    card = await server.imagine(steps=500, guidance=99.0, images=9, variation=2.0, guidance_rescale=-1.0, clip_skip=40)
    made = (await server.job()).parameters
    assert (made.num_inference_steps, made.guidance_scale, made.num_images_per_prompt) == (150, 30, 4)
    assert (made.variation_strength, made.guidance_rescale, made.clip_skip) == (1, 0, 4)
    for told in ("steps 500 → 150", "guidance 99 → 30", "images 9 → 4", "variation 2 → 1", r"clip\_skip 40 → 4"):
        assert f"-# {told}: that is as far as it goes here" in card.text


async def test_a_draft_takes_few_steps_and_is_finished_with_the_usual_ones_and_its_seed(
    server: SimulatedServer,
) -> None:
    card = await server.imagine(draft=True, seed=7)
    assert "-# a draft: Finish, under More, takes 30 steps" in card.text
    draft = (await server.job()).parameters
    assert (draft.num_inference_steps, draft.timestep_spacing, draft.seed) == (8, "trailing", 7)
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until(lambda: "More" in card.buttons)
    [more] = await card.press("More")
    await more.press("Finish")
    finished = (await server.job(2)).parameters
    assert finished == draft.model_copy(update={"num_inference_steps": 30, "draft": False})


BAD = [
    ({"scheduler": "Eular"}, "scheduler “Eular” is unknown. Nearest: Euler"),
    ({"style": "watercolor paint"}, "style “watercolor paint” is unknown. Nearest: "),
    ({"lora": "papr:0.5"}, "There is no LoRA “papr”. Nearest: paper"),
    ({"lora": "old"}, "The LoRA “old” is for sd_v1.5, and does not fit base."),
    (
        {"lora": ", ".join(f"ink{number}" for number in range(9))},
        "lora names 9 LoRAs; a picture takes at most 8. Leave some out.",
    ),
    ({"lora": "ink:much"}, "“lora: ink:much” is no LoRA: write its name and a weight from -2 to 2, as in ink:0.8."),
    ({"spacing": "wide"}, "spacing must be leading, trailing, linspace or AYS."),
    ({"spacing": "AYS", "scheduler": "UniPC"}, "scheduler UniPC takes no timesteps of its own. These do: Euler, "),
    ({"strength": 0.5}, "strength needs an image to work on. Add one, or leave it out."),
    ({"advanced": "mask_padding: 8"}, "mask_padding needs a mask. Add one, or leave it out."),
    ({"advanced": "upscaler: latent"}, "upscaler needs an image to work on. Add one, or leave it out."),
    ({"advanced": "etta: 1"}, "“etta” is no setting. Nearest: eta."),
    ({"advanced": "steps: 20", "steps": 30}, "steps is there twice: as an option, and in advanced. Leave one"),
    ({"draft": True, "steps": 30}, "A draft takes 8 steps. Leave out draft, or steps."),
    ({"variation_seed": -1, "variation": 0.1}, "variation_seed must be a whole number from 0 to 4294967295, not -1."),
]


@pytest.mark.parametrize(("options", "sentence"), BAD, ids=[sentence[:30] for _, sentence in BAD])
async def test_bad_input_is_answered_with_what_would_be_right(
    server: SimulatedServer, options: dict[str, Any], sentence: str
) -> None:
    write_loras(server)
    answer = await server.unchecked("imagine", prompt="a fox", **options)
    assert answer.text.startswith(sentence)
    await is_refused(server, answer, answer.text)


async def test_a_size_that_the_device_cannot_hold_is_refused_before_it_waits(server: SimulatedServer) -> None:
    server.executor.memory = Memory(latent=320 * 36 * 2, pixel=2048, scale=8, tile=512**2, free=10**9)
    answer = await server.imagine(advanced="size: 2048x2048")
    sentence = "2048 × 2048 needs about 3.0 GB of memory, and 1.0 GB are free. Ask for a smaller size."
    await is_refused(server, answer, sentence)


async def offered(server: SimulatedServer, option: str, typed: str) -> list[str]:
    """What Discord shows while somebody types that."""
    choices = await server.alice.autocomplete(server.channel, "imagine", option, typed, prompt="a fox")
    assert len(choices) <= 25
    return [choice["value"] for choice in choices]


async def test_what_a_member_could_not_know_is_offered_while_typing(server: SimulatedServer) -> None:
    write_loras(server)
    assert (await offered(server, "scheduler", "2m kar"))[0] == "DPM++ 2M Karras"
    assert "Euler" in await offered(server, "scheduler", "eular")
    assert len(await offered(server, "scheduler", "")) == 25
    assert "ink" in [name.casefold() for name in await offered(server, "style", "in")]
    assert await offered(server, "lora", "") == ["ink", "paper", "pastel"]
    assert await offered(server, "lora", "ink:0.8, pa") == ["ink:0.8, paper", "ink:0.8, pastel"]
    assert await offered(server, "lora", "ink:0.8, paper:0.5") == ["ink:0.8, paper:0.5"]
    assert (await offered(server, "advanced", "et"))[0] == "eta: 0.5"
    assert await offered(server, "advanced", "eta: 1, aes") == [
        "eta: 1, aesthetic_score: 6",
        "eta: 1, negative_aesthetic_score: 2.5",
    ]
    assert "steps: 30" not in await offered(server, "advanced", "step")
    assert await offered(server, "advanced", "eta: 0.7") == ["eta: 0.7"]
    # Whatever it is called, it is offered once only.
    assert not any(line.count("eta:") > 1 for line in await offered(server, "advanced", "eta: 0.7, "))
    behind_crop = await offered(server, "advanced", "crop: 8,8; cro")
    assert behind_crop == ["crop: 8,8; negative_crops_coords_top_left: 0,0"]
    assert await offered(server, "lora", "x" * 200) == []
