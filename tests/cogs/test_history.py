"""`/history`: the list of one's own jobs, page by page, in nobody else's sight."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.errors import GenerationFailed
from bot.jobs import JobStatus
from bot.services.history import THUMBNAIL_SIZE
from tests.cogs.own_jobs import history, listed, made, newest, twelve
from tests.pictures import PNG, encoded
from tests.simcord_app import SimulatedServer

PAGES = (["#12", "#11", "#10", "#9", "#8"], ["#7", "#6", "#5", "#4", "#3"], ["#2", "#1"])


async def test_a_newcomer_is_shown_how_to_begin(server: SimulatedServer) -> None:
    card = await history(server)
    assert card.text == "**Your jobs**\nYou have not asked for a picture yet: `/imagine` makes one."
    assert card.buttons == {}


async def test_a_job_is_listed_with_state_time_message_prompt_and_a_small_picture(server: SimulatedServer) -> None:
    wide = encoded(Image.new("RGB", (640, 320), "red"), "PNG")
    public = await made(server, "*a fox* @everyone", wide)
    job = await server.job(1)
    card = await history(server)
    link = f"https://discord.com/channels/{server.guild.id}/{server.channel.id}/{public.id}"
    assert card.texts == [
        "**Your jobs**",
        f"**#1** · done · <t:{job.created_at.timestamp():.0f}:R> · [its message]({link})\n\\*a fox\\* @\u200beveryone",
    ]
    [(name, content)] = card.files.items()
    with Image.open(io.BytesIO(content)) as small:
        assert (small.format, small.size) == ("WEBP", (THUMBNAIL_SIZE, THUMBNAIL_SIZE // 2))
    assert [part["description"] for part in card.parts if part["type"] == 11] == ["*a fox* @everyone"]
    assert name == "job-1.webp"


async def test_twelve_jobs_are_turned_through_page_by_page_and_back(server: SimulatedServer) -> None:
    await twelve(server)
    await made_by_bob(server)
    card = await history(server)
    assert (listed(card), card.buttons["Earlier"], card.buttons["Later"]) == (PAGES[0], True, False)
    for page in PAGES[1:]:
        assert await card.press("Earlier") == []
        assert listed(card) == page
    assert (card.buttons["Earlier"], card.buttons["Later"]) == (False, True)
    for page in (PAGES[1], PAGES[0]):
        assert await card.press("Later") == []
        assert listed(card) == page
    assert len(card.files) == 5


async def made_by_bob(server: SimulatedServer) -> None:
    await server.imagine("bob's own", server.bob)
    job_id = newest(server)
    await server.run(job_id)
    server.executor.finish(job_id, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)


async def test_pages_are_turned_after_a_restart_too(server: SimulatedServer) -> None:
    await twelve(server)
    card = await history(server)
    await server.stop()
    await server.start()
    await card.press("Earlier")
    assert listed(card) == PAGES[1]
    await card.press("#5")
    assert "picture number 5" in card.text
    await server.stop()
    await server.start()
    await card.press("Back")
    assert listed(card) == PAGES[1]


async def test_a_failure_is_listed_with_its_reason(server: SimulatedServer) -> None:
    public = await server.imagine("a red fox")
    await server.run()
    server.executor.fail(1, GenerationFailed("The *model* is tired."))
    await server.until(lambda: "tired" in public.text)
    card = await history(server)
    assert "**#1** · failed · " in card.text
    assert card.text.endswith("-# The \\*model\\* is tired.")


async def test_state_and_words_narrow_the_list_and_hold_on_its_pages(server: SimulatedServer) -> None:
    await twelve(server)
    await server.imagine("picture number 13")
    await server.run(13)
    server.executor.fail(13, GenerationFailed())
    await server.until_recorded(JobStatus.FAILED, 13)
    await server.imagine("picture number 14")
    assert listed(await history(server, state="failed")) == ["#13"]
    assert listed(await history(server, state="waiting")) == ["#14"]
    card = await history(server, search="NUMBER 1")
    found = ["#14", "#13", "#12", "#11", "#10"]
    assert listed(card) == found
    for label, numbers in (("Earlier", ["#1"]), ("Later", found)):
        await card.press(label)
        assert listed(card) == numbers
    card = await history(server, state="made", search="  number   1 ")
    assert card.texts[0] == "**Your jobs** · done · “number 1”"
    assert listed(card) == ["#12", "#11", "#10", "#1"]
    card = await history(server, state="made", search="number")
    await card.press("Earlier")
    await card.press("#4")
    await card.press("Back")
    assert listed(card) == PAGES[1]
    nothing = await history(server, state="failed", search="a:b*c")
    assert nothing.text == (
        "**Your jobs** · failed or cancelled · “a:b\\*c”\n"
        "None of your jobs is like that. `/history` without options shows all of them."
    )


@pytest.mark.parametrize("search", [":" * 32, "🦊" * 32])
async def test_any_words_that_discord_lets_through_fit_into_the_buttons(server: SimulatedServer, search: str) -> None:
    for _ in range(6):
        await made(server, f"a fox {search}")
    card = await history(server, search=search)
    await card.press("Earlier")
    assert listed(card) == ["#1"]
    await card.press("#1")
    await card.press("Back")
    assert listed(card) == ["#1"]


async def test_a_damaged_file_keeps_nobody_from_the_list(server: SimulatedServer) -> None:
    await made(server, "a red fox", b"no picture at all")
    card = await history(server)
    assert (listed(card), card.files) == (["#1"], {})


async def test_the_longest_prompts_fit_on_one_page(server: SimulatedServer) -> None:
    for _ in range(6):
        await made(server, "*_~" * 600)
    card = await history(server)
    assert len(listed(card)) == 5
    await card.press("#6")
    assert card.files


async def test_in_a_conversation_the_message_is_linked_there(server: SimulatedServer) -> None:
    user = server.alice.user
    server.prompts.append("a red fox")
    public = server.answer(await user.slash("imagine", prompt="a red fox"))
    await server.run()
    server.executor.finish(1, [PNG])
    await server.until_recorded(JobStatus.SUCCEEDED)
    card = server.answer(await user.slash("history"))
    assert f"https://discord.com/channels/@me/{user.dm_channel.id}/{public.id}" in card.text
    await card.press("#1")
    await card.press("Delete")
    assert public.is_gone
    assert "/imagine" in card.text


async def test_a_german_finds_their_jobs_in_german(server: SimulatedServer) -> None:
    server.languages[server.alice.id] = "de"
    await made(server, "ein Fuchs")
    card = await history(server)
    assert card.texts[0] == "**Deine Aufträge**"
    assert "**#1** · fertig · " in card.text
    await card.press("#1")
    assert {"Zurück", "Löschen", "Nochmal"} <= set(card.buttons)
