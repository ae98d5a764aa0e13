"""Presets passed on: codes and their cards, files, and what differs between two."""

from __future__ import annotations

import json
import re

import pytest

from tests.cogs.test_presets import preset, told
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


async def shared(server: SimulatedServer) -> tuple[Card, str]:
    """Alice's preset on a card, and its code."""
    await told(server, "save", name="ink", steps=12, prompt="ink")
    card = server.answer(await preset(server, "share", preset="ink"))
    assert not card.is_private
    [code] = CODE.findall(card.text)
    return card, code


async def test_a_shared_card_is_used_and_copied_by_anybody_also_after_a_restart(server: SimulatedServer) -> None:
    card, _ = await shared(server)
    assert card.text.startswith(f"**ink** · {server.alice.mention}\nsteps 12\n**prompt** {{prompt}}, ink")
    assert card.buttons == {"Use": True, "Save a copy": True}
    await server.stop()
    await server.start()
    form = await Form.opened_by(server, card, "Use", server.bob)
    form.values["prompt"] = "a fox"
    [drawn] = await form.send()
    assert "prompt, steps 12 (preset ink) · seed random" in drawn.text
    job = await server.job()
    assert (job.user_id, job.parameters.prompt) == (server.bob.id, "a fox, ink")
    for name in ("ink", "ink 2"):
        [copy] = await card.press("Save a copy", server.bob)
        assert copy.is_private
        assert copy.text.startswith(f"Saved.\n**{name}**\nsteps 12")


async def test_a_code_stands_for_what_was_shared_whatever_becomes_of_the_preset(server: SimulatedServer) -> None:
    _, code = await shared(server)
    form = Form(server, await preset(server, "edit", preset="ink"), server.alice)
    form.values["settings"] = "steps: 40"
    await form.send()
    assert "steps 12" in await told(server, "import", server.bob, code=code.lower().replace("-", ""))


async def test_a_code_that_was_taken_back_or_never_was_is_refused(server: SimulatedServer) -> None:
    card, code = await shared(server)
    assert await told(server, "share", preset="ink", revoke=True) == "1 code stands for nothing any more."
    refusal = f"The code “{code}” was taken back by whoever gave it out. Ask for a new one."
    assert await told(server, "import", server.bob, code=code) == refusal
    raw = code.replace("-", "")
    for label in ("Use", "Save a copy"):
        [answer] = await card.press(label, server.bob)
        assert (answer.text, answer.is_private) == (refusal.replace(code, raw), True)
    forged = "0" * 12 if raw != "0" * 12 else "1" * 12
    assert await told(server, "import", code=forged) == (
        f"The code “{forged}” is unknown here. Look for a slip of the pen, or ask for a new one."
    )
    assert await told(server, "import", code="ink") == ("“ink” is no code of a preset: one looks like 7K2M-9QXA-4TZC.")
    await server.pressed(card, f"preset-card:usecode:{forged}", server.bob)


async def test_a_form_whose_code_was_taken_back_meanwhile_keeps_what_was_typed(server: SimulatedServer) -> None:
    card, _ = await shared(server)
    form = await Form.opened_by(server, card, "Use", server.bob)
    await told(server, "share", preset="ink", revoke=True)
    form.values["prompt"] = "a fox"
    [refusal] = await form.send()
    assert "was taken back" in refusal.text
    assert (await Form.opened_by(server, refusal, "Edit…", server.bob)).values["prompt"] == "a fox"


async def test_what_is_exported_can_be_imported(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12, prompt="ink", lora="wash:0.5")
    await told(server, "save", name="paper", guidance=6.0)
    answer = server.answer(await preset(server, "export"))
    assert answer.is_private
    content = answer.files["presets.json"]
    assert [each["name"] for each in json.loads(content)["presets"]] == ["ink", "paper"]
    imported = await told(server, "import", server.bob, file=("presets.json", content))
    assert imported.splitlines() == [
        "Saved.",
        "- **ink** · prompt, steps 12, lora wash:0.5",
        "- **paper** · guidance 6",
    ]
    csv = server.answer(await preset(server, "export", preset="ink", format="styles.csv")).files["styles.csv"]
    assert csv.decode("utf-8-sig").splitlines() == [
        "name,prompt,negative_prompt",
        'ink,"{prompt}, ink <lora:wash:0.5>",',
    ]
    again = await told(server, "import", server.bob, file=("styles.csv", csv))
    assert again == "Saved.\n- **ink 2** · prompt, lora wash:0.5"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"x" * (10 * 2**20), "The file has 10,240 KB, and at most 64 KB are read. Send a smaller one."),
        (b"\x89PNG", "The file is no preset. Send one that was exported here (JSON), a styles.csv of A1111"),
        (
            b'{"format": "imagine-bot presets", "version": 1, "presets": [{"name": "a", "parameters": {"steps": []}}]}',
            "presets[0]: steps must be a whole number from 1 to 150, not [].",
        ),
    ],
)
async def test_a_file_that_is_none_is_refused_with_what_is_wrong(
    server: SimulatedServer, content: bytes, sentence: str
) -> None:
    assert (await told(server, "import", file=("presets.json", content))).startswith(sentence)


async def test_a_file_with_more_than_there_is_room_for_is_kept_as_far_as_there_is(server: SimulatedServer) -> None:
    rows = "".join(f"style {number},ink {number},\n" for number in range(30))
    answer = await told(server, "import", file=("styles.csv", f"name,prompt,negative_prompt\n{rows}".encode()))
    assert answer.count("\n- **") == 25
    assert "style 25 and what follows: 25 presets are the most, and you have them. Delete one first." in answer


async def test_one_of_code_and_file_is_needed(server: SimulatedServer) -> None:
    assert await told(server, "import") == "Give a code or a file, one of the two."
    assert await told(server, "export") == "You have no presets yet. `/preset save` makes one."


async def test_diff_says_what_differs(server: SimulatedServer) -> None:
    await told(server, "save", name="ink", steps=12, guidance=6.0)
    await told(server, "save", name="paper", steps=20, guidance=6.0, refiner="off")
    assert await told(server, "diff", preset="ink", other="paper") == (
        "**ink** → **paper**\n**steps** 12 → 20\n**refiner_from** – → off"
    )
    assert await told(server, "diff", preset="ink", other="ink") == "**ink** → **ink**\nThey say the same."
    await server.imagine("a fox", steps=12)
    with_job = await told(server, "diff", preset="ink", job=1)
    assert "**ink** → **\\#1**\n**width** – → 1024" in with_job
    assert "**guidance** 6 → 5" in with_job
    assert await told(server, "diff", preset="ink") == (
        "Name a second preset, or the number of a job of yours, to compare it with."
    )
