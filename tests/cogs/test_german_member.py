"""A German beside people who speak English: all that Bob does is answered in German, and Alice's cards stay hers."""

from __future__ import annotations

import re
from typing import Any

import pytest
import simcord
from PIL import Image

from bot.jobs import JobStatus
from bot.sentences import Sentence
from bot.translation import Speech, catalogue
from bot.ui.cards import DONE, OVER, WORKING
from tests.cogs.menus import INFO, REMAKE, USE, answers, form, ours, post, shown, slow_files
from tests.infotext.files import saved
from tests.pictures import encoded
from tests.simcord_app import SimulatedServer
from tests.simcord_app import server as english_server
from tests.simcord_card import Card
from tests.simcord_modal import Form

__all__ = ["english_server"]

PICTURES = [encoded(Image.new("RGB", (128, 128), colour), "PNG") for colour in ("red", "green")]
DE = Speech("de")
SETTINGS = "One a line, as in steps: 30. Without its line a setting is as usual, and the seed is random."
UNSAID = "The picture does not say how it was made. Send the original file: copies and screenshots mostly lose that."
MORE = "Extend draws on around the picture, Redraw lets other words draw over it, Info tells all that went into it."


@pytest.fixture
def server(english_server: SimulatedServer) -> SimulatedServer:
    """Bob speaks German, and everybody else English."""
    english_server.languages[english_server.bob.id] = "de"
    return english_server


def german(english: str, /, **values: Any) -> str:
    """The whole sentence as the catalogue has it, which knows it."""
    assert english in catalogue("de").sentences, english
    return DE.say(Sentence.of(english, **values))


def labels(card: Card) -> list[str]:
    return list(card.buttons)


async def finished(
    server: SimulatedServer, member: simcord.MemberActor | None = None, images: int = 1, job_id: int = 1
) -> Card:
    card = await server.imagine("a fox --size 128x128", member, images=images, seed=7)
    await drawn(server, card, images, job_id)
    return card


async def drawn(server: SimulatedServer, card: Card, images: int = 1, job_id: int = 2) -> None:
    """The job makes its pictures."""
    await server.run(job_id)
    server.executor.finish(job_id, PICTURES[:images])
    await server.until(lambda: card.colour == DONE)
    await server.until_recorded(JobStatus.SUCCEEDED, job_id)


async def test_his_card_is_german_from_the_line_to_the_end_and_hers_beside_it_english(server: SimulatedServer) -> None:
    hers, his = await server.imagine("a fox"), await server.imagine("an owl", server.bob)
    await server.run(1)
    assert german("next in line").casefold() in his.text.casefold()
    assert labels(his) == [german("Cancel")]
    server.executor.step(1, 3)
    await server.until(lambda: hers.colour == WORKING)
    server.executor.finish(1, PICTURES[:1])
    await server.until(lambda: hers.colour == DONE)
    await server.run(2)
    server.executor.step(2, 3)
    await server.until(lambda: german("base {step}/{steps}", step=3, steps=24) in his.text)
    server.executor.finish(2, PICTURES[:1])
    await server.until(lambda: his.colour == DONE)
    assert labels(hers) == ["Again", "Vary", "Upscale", "Edit…", "More"]
    assert labels(his) == [german(each) for each in labels(hers)]
    assert german("{count} steps", count=30) in his.text
    assert "30 steps" in hers.text


async def test_what_he_presses_on_her_card_answers_him_in_german_and_leaves_it_english(server: SimulatedServer) -> None:
    hers = await finished(server)
    before = hers.text, hers.buttons
    [vary] = await hers.press("Vary", server.bob)
    assert german("Subtle keeps the composition, strong keeps what it is about.") in vary.text
    assert labels(vary) == [german("Subtle"), german("Strong")]
    [more] = await hers.press("More", server.bob)
    assert german(MORE) in more.text
    assert labels(more) == [german(each) for each in ("Extend", "Redraw", "Info", "Save as preset", "Delete")]
    [extend] = await more.press(german("Extend"), server.bob)
    assert german("Out makes room on all sides; the others draw on to that side.") in extend.text
    assert labels(extend) == [german(each) for each in ("Out", "Left", "Right", "Up", "Down")]
    assert (hers.text, hers.buttons) == before

    # The same press of hers, a moment later.
    [vary] = await hers.press("Vary")
    assert labels(vary) == ["Subtle", "Strong"]
    assert "Subtle keeps the composition" in vary.text


@pytest.mark.parametrize("action", ["again", "subtle", "strong", "upscale", "extend_out", "extend_left", "finish"])
async def test_the_card_of_what_he_presses_is_german_also_after_a_restart(server: SimulatedServer, action: str) -> None:
    hers = await finished(server)
    [card] = await server.press(hers, f"imagine:{action}:1:0", server.bob)
    assert (await server.job(2)).locale == "de"
    await server.run(2)
    await server.until(lambda: card.colour == WORKING)
    assert labels(card) == [german("Cancel")]
    await server.stop()
    await server.start()
    await drawn(server, card)
    assert labels(card) == [german(each) for each in ("Again", "Vary", "Upscale", "Edit…", "More")]
    assert german("from #{job}", job=1) in card.text
    assert "Again" in hers.buttons


async def test_of_several_pictures_he_is_told_in_german_which_one_is_meant(server: SimulatedServer) -> None:
    hers = await finished(server, images=2)
    [choice] = await hers.press("V2", server.bob)
    assert german("#{job}, picture {number}", job=1, number=2) in choice.text
    [more] = await hers.press("More", server.bob)
    assert more.texts[1:] == [f"**{german(each)}**" for each in ("Extend", "Redraw", "Info")]


@pytest.mark.parametrize("label", ["Edit…", "Redraw"])
async def test_a_modal_is_german_and_so_is_what_is_refused_of_it_and_the_modal_that_opens_again(
    server: SimulatedServer, label: str
) -> None:
    hers = await finished(server)
    if label == "Redraw":
        [more] = await hers.press("More", server.bob)
        opened = await Form.opened_by(server, more, german(label), server.bob)
    else:
        opened = await Form.opened_by(server, hers, label, server.bob)
    assert opened.title == german("Edit")
    assert opened.labels == [german(each) for each in ("Prompt", "Negative prompt", "Settings")]
    assert opened.hints == [german(SETTINGS)[:100]]
    opened.settings += "\nsetps: 12"
    [refusal] = await opened.send()
    assert refusal.is_private
    assert refusal.text == german("{name} is no setting. Nearest: {nearest}.", name="“setps”", nearest="steps")
    assert labels(refusal) == [german("Edit…")]
    again = await Form.opened_by(server, refusal, german("Edit…"), server.bob)
    assert (again.title, again.labels) == (opened.title, opened.labels)
    again.settings = again.settings.replace("\nsetps: 12", "")
    [card] = await again.send()
    await drawn(server, card)
    assert german("More") in labels(card)


async def test_info_is_german_but_for_the_names_of_settings_and_the_command(server: SimulatedServer) -> None:
    await finished(server)
    [info] = await answers(server, INFO, await post(server, ours()))
    assert info.text.splitlines()[0] == f"**{german('Made by {program}', program='imagine-bot')}**"
    same = "Made here with the same model: on the same kind of device its pixels come out the same."
    assert german(same) in info.text
    assert german("To copy into the message box:") in info.text.splitlines()
    assert labels(info) == [german("Remake"), german("Edit…")]
    [more] = await (await finished(server, job_id=2)).press("More", server.bob)
    [recalled] = await more.press(german("Info"), server.bob)
    assert german("To copy into the message box:") in recalled.text.splitlines()


async def test_the_menus_of_a_message_open_in_german_and_refuse_in_german(server: SimulatedServer) -> None:
    for menu, title in ((REMAKE, "Remake this picture"), (USE, "Another out of this picture")):
        opened = await form(server, menu, await post(server, ours()))
        assert opened.title == german(title)
        assert opened.labels == [german(each) for each in ("Prompt", "Negative prompt", "Settings")]
    opened.values["prompt"] = " "
    [refusal] = await opened.send()
    assert refusal.text == german("{title} is empty. Say what the picture should show.", title="prompt")
    again = await Form.opened_by(server, refusal, german("Edit…"), server.bob)
    assert again.title == opened.title
    [card] = await answers(server, REMAKE, await post(server, ours(seed=1), saved("PNG"), ours(seed=3)))
    assert card.text == f"{german('Which picture?')}\n-# 2.png: {german(UNSAID)}"
    [answer] = await answers(server, INFO, await post(server, saved("PNG")))
    assert answer.text == german(UNSAID)
    [answer] = await answers(server, USE, await server.alice.send(server.channel, "no picture"))
    assert answer.text == german("There is no picture in this message. Choose one that has.")


async def test_what_is_remade_for_him_says_in_german_whether_it_is_the_same(server: SimulatedServer) -> None:
    picture = ours()
    [card] = await (await form(server, REMAKE, await post(server, picture))).send()
    await server.run(1)
    server.executor.finish(1, [picture])
    await server.until(lambda: card.colour == DONE)
    assert f"-# {german('Pixels match the original exactly.')}" in card.text.splitlines()


async def test_a_file_that_takes_long_leads_him_to_a_german_button(server: SimulatedServer) -> None:
    slow_files(server, 2)
    [card] = await answers(server, USE, await post(server, ours()))
    assert card.text == german("The picture is here. It becomes the start of a new one.")
    assert labels(card) == [german("Use")]


async def test_what_he_may_not_do_is_said_to_him_in_german_and_to_her_in_english(server: SimulatedServer) -> None:
    hers = await server.imagine()
    await server.run()
    [refusal] = await hers.press("Cancel", server.bob)
    cancel = "Only the person who asked for job #{job}, or a moderator, can cancel it."
    assert (refusal.text, refusal.is_private) == (german(cancel, job=1), True)
    await drawn(server, hers, job_id=1)
    [more] = await hers.press("More", server.bob)
    [refusal] = await more.press(german("Delete"), server.bob)
    assert refusal.text == german("Only the person who asked for job #{job}, or a moderator, can delete it.", job=1)

    his = await server.imagine("an owl", server.bob)
    await server.run(2)
    [refusal] = await his.press(german("Cancel"))
    assert refusal.text == "Only the person who asked for job #2, or a moderator, can cancel it."
    [refusal] = await server.press(his, "imagine:delete:2", server.bob)
    assert refusal.text == german("Job #{job} is not finished yet. Cancel it instead.", job=2)
    await his.press(german("Cancel"), server.bob)
    await server.until(lambda: his.colour == OVER)
    assert german("Cancelled.") in his.text
    assert labels(his) == [german(each) for each in ("Again", "Edit…", "Delete")]


async def test_her_card_stays_english_when_a_german_moderator_ends_it(server: SimulatedServer) -> None:
    server.languages[server.mira.id] = "de"
    hers = await server.imagine()
    await server.run()
    assert await hers.press("Cancel", server.mira) == []
    await server.until(lambda: hers.colour == OVER)
    assert "Cancelled by " in hers.text
    assert labels(hers) == ["Again", "Edit…", "Delete"]


@pytest.mark.parametrize(
    ("press", "sentence", "values"),
    [
        ("imagine:upscale:1:0", "The pictures of job #{job} are not kept any more.", {"job": 1}),
        ("imagine:redraw:1:3", "Job #{job} has no picture {number}.", {"job": 1, "number": 4}),
        ("imagine:again:41", "There is no job #{job}.", {"job": 41}),
        ("imagine:paint:1", "This button comes from another version of the bot and does nothing any more.", {}),
        (f"unsent:{'0' * 32}", "What you typed is not kept any more. Begin again with the picture's buttons.", {}),
        (
            f"imagine-picture:remake:{'0' * 64}",
            "This picture is not kept any more. Open the menu of its message and choose again.",
            {},
        ),
    ],
)
async def test_an_old_button_refuses_in_german(
    server: SimulatedServer, press: str, sentence: str, values: dict[str, int]
) -> None:
    hers = await finished(server)
    for picture in (server.folder / "pictures").iterdir():
        picture.unlink()
    [answer] = await server.press(hers, press, server.bob)
    assert (answer.text, answer.is_private) == (german(sentence, **values), True)


async def test_a_full_line_and_a_closed_channel_are_told_in_german(server: SimulatedServer) -> None:
    await server.stop()
    await server.start(max_jobs_per_user=1)
    hers = await finished(server)
    await hers.press("Again", server.bob)
    await server.run(2)
    [answer] = await hers.press("Again", server.bob)
    refusal = german(
        "You may have {allowed} at a time. Yours: {jobs}. Cancel one or wait.",
        allowed=german("{count} job", count=1),
        jobs=f"#2 {german('running')}",
    )
    assert answer.text.startswith(refusal)
    server.forbid("attach_files")
    [answer] = await hers.press("Upscale", server.bob)
    sentence = "The bot cannot post pictures here: it lacks {permissions}. Ask a moderator to allow that, or use "
    assert answer.text == german(f"{sentence}another channel.", permissions=german("Attach Files"))


async def test_what_is_deleted_for_him_is_told_in_german(server: SimulatedServer) -> None:
    his = await finished(server, server.bob)
    [more] = await his.press(german("More"), server.bob)
    assert await more.press(german("Delete"), server.bob) == []
    assert more.text == german("Delete this picture for everybody?")
    assert await more.press(german("Delete"), server.bob) == []
    assert (his.is_gone, more.text) == (True, german("Job #{job} is deleted.", job=1))


async def test_no_word_of_what_he_sees_is_left_in_english(server: SimulatedServer) -> None:
    hers = await finished(server)
    cards = [card for label in ("Vary", "More") for card in await hers.press(label, server.bob)]
    cards += await cards[1].press(german("Extend"), server.bob)
    cards += await answers(server, INFO, shown(server, await finished(server, server.bob, job_id=2)))
    said = catalogue("de").sentences
    translated = [english for english in said if "{" not in english and len(english) > 3 and english != said[english]]
    for card in cards:
        words = [*card.texts, *labels(card)]
        left = [e for e in translated for each in words if re.search(rf"(?<!\w){re.escape(e)}(?!\w)", each)]
        assert left == [], card.text
