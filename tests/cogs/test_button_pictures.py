"""Each button of an old card, pressed after a restart: the embedded model draws, and the picture is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from bot.jobs import JobStatus
from bot.model_info import ModelInfo
from bot.ui.cards import OVER, WORKING
from tests.cogs.studio import button_of, drawing_server, drawn, drawn_alone, restart
from tests.diffusion.engine import OTHER_PROMPT, PROMPT, Pixels, border, difference, resized
from tests.simcord_app import SimulatedServer
from tests.simcord_card import Card
from tests.simcord_modal import Form

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEED = 7
#: As many as a draft takes of the embedded model's thirty.
STEPS = 8
BLUE = 2
#: Its stars have the colour that comes by chance: the third is black beside yellow ones.
STARS = "a star on a blue background"


@dataclass(frozen=True)
class Studio:
    """A bot that was restarted, and the cards that Alice had before.

    One has a circle and is a draft, two have four pictures each, one is a sheet, and two are there to be deleted.
    """

    server: SimulatedServer
    draft: Card
    circles: Card
    stars: Card
    spare: list[Card]
    sheet: Card

    async def circle(self) -> Pixels:
        [picture] = await drawn(self.server, self.draft)
        return picture


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory, tiny: ModelInfo) -> AsyncIterator[Studio]:
    async with drawing_server(tmp_path_factory.mktemp("studio"), tiny) as server:
        cards = []
        for options in (
            {"prompt": PROMPT, "draft": True},
            {"prompt": PROMPT, "steps": STEPS, "images": 4},
            {"prompt": STARS, "steps": STEPS, "images": 4},
            {"prompt": PROMPT, "steps": 2},
            {"prompt": PROMPT, "steps": 2},
        ):
            cards.append(await server.imagine(seed=SEED, refiner="off", **options))
            await drawn(server, cards[-1])
            await server.until_recorded(JobStatus.SUCCEEDED, len(cards))
        words = f"{PROMPT} --steps {STEPS} --refiner off"
        options = {"prompt": words, "axis": "guidance", "values": "1, 3", "seed": SEED}
        sheet = server.answer(await server.alice.slash(server.channel, "compare", **options))
        await drawn(server, sheet)
        await server.until_recorded(JobStatus.SUCCEEDED, len(cards) + 1)
        await restart(server, tiny)
        draft, circles, stars, *spare = cards
        yield Studio(server, draft, circles, stars, spare, sheet)


def nearest(picture: Pixels, others: list[Pixels]) -> int:
    return min(range(len(others)), key=lambda each: difference(picture, others[each]))


async def test_again_draws_the_same_words_with_another_seed(studio: Studio) -> None:
    for card, number in ((studio.draft, 1), (studio.circles, 4)):
        [again] = await card.press("Again", studio.server.bob)
        before, after = await drawn(studio.server, card), await drawn(studio.server, again)
        assert len(after) == number
        assert again.texts[0] == f"**{PROMPT}** · {studio.server.bob.mention}"
        assert all(difference(one, other) > 0 for one, other in combinations([*before, *after], 2))
        assert all(border(picture).argmax() == BLUE for picture in after)


async def test_a_sheet_is_drawn_again_with_another_seed(studio: Studio) -> None:
    [before] = await drawn(studio.server, studio.sheet)
    after = await drawn_alone(studio.server, await studio.sheet.press("Again"))
    assert after.shape == before.shape
    assert difference(before, after) > 0


async def test_cancel_stops_it_in_the_middle_and_a_shorter_one_is_drawn_by_edit(studio: Studio) -> None:
    card = await studio.server.imagine(PROMPT, steps=150, images=4, seed=SEED, refiner="off")
    await studio.server.until(lambda: card.colour == WORKING)
    assert await card.press("Cancel") == []
    await studio.server.until(lambda: card.colour == OVER)
    assert card.files == {}
    form = await Form.opened_by(studio.server, card, "Edit…")
    form.settings = form.settings.replace("steps: 150", f"steps: {STEPS}")
    [edited] = await form.send()
    both = zip(await drawn(studio.server, edited), await drawn(studio.server, studio.circles), strict=True)
    assert all((one == other).all() for one, other in both)


async def test_a_subtle_variation_is_nearer_than_a_strong_one_and_that_nearer_than_another_seed(studio: Studio) -> None:
    originals = await drawn(studio.server, studio.circles)
    third = originals[2]
    far: dict[str, float] = {}
    for label in ("Subtle", "Strong"):
        [choice] = await studio.circles.press("V3")
        [card] = await choice.press(label)
        varied = await drawn(studio.server, card)
        assert [nearest(each, originals) for each in varied] == [2] * 4
        far[label] = float(np.mean([difference(third, each) for each in varied]))
    others = float(np.mean([difference(third, other) for other in originals if other is not third]))
    assert 0 < far["Subtle"] < far["Strong"] < others


async def test_the_one_picture_of_a_card_is_varied_alone(studio: Studio) -> None:
    [choice] = await studio.draft.press("Vary")
    varied = await drawn_alone(studio.server, await choice.press("Subtle"))
    [again] = await studio.draft.press("Again")
    another = await drawn_alone(studio.server, [again])
    assert 0 < difference(await studio.circle(), varied) < difference(await studio.circle(), another)


async def test_an_upscale_shows_that_picture_at_twice_its_size(studio: Studio) -> None:
    circle, stars = await studio.circle(), await drawn(studio.server, studio.stars)
    side = len(circle)
    larger = await drawn_alone(studio.server, await studio.draft.press("Upscale"))
    assert larger.shape == (2 * side, 2 * side, 3)
    otherwise = await studio.server.imagine(OTHER_PROMPT, seed=SEED, steps=STEPS, refiner="off")
    far = difference(await drawn_alone(studio.server, [otherwise]), circle)
    assert 0 < difference(resized(larger, side), circle) < far / 3

    third = await drawn_alone(studio.server, await studio.stars.press("U3"))
    assert third.shape == (2 * side, 2 * side, 3)
    assert nearest(resized(third, side), stars) == 2


async def test_edit_makes_the_same_when_nothing_is_changed_and_another_when_something_is(studio: Studio) -> None:
    for card, steps in ((studio.draft, "draft: on"), (studio.circles, f"steps: {STEPS}")):
        form = await Form.opened_by(studio.server, card, "Edit…")
        assert form.values["prompt"] == PROMPT
        assert f"{steps}\nguidance: 3\nscheduler: Euler\nseed: {SEED}\n" in form.settings
        [same] = await form.send()
        for one, other in zip(await drawn(studio.server, card), await drawn(studio.server, same), strict=True):
            assert (one == other).all()

    form = await Form.opened_by(studio.server, studio.draft, "Edit…")
    form.settings = form.settings.replace("guidance: 3", "guidance: 9")
    guided = await drawn_alone(studio.server, await form.send())
    form = await Form.opened_by(studio.server, studio.draft, "Edit…")
    form.values["prompt"] = OTHER_PROMPT
    otherwise = await drawn_alone(studio.server, await form.send())
    assert 0 < difference(await studio.circle(), guided) < difference(await studio.circle(), otherwise)


@pytest.mark.parametrize(
    ("label", "number"), [("Out", 0), ("Left", 0), ("Right", 0), ("Up", 0), ("Down", 0), ("Out", 3), ("Left", 3)]
)
async def test_an_extension_keeps_the_picture_where_it_belongs_and_goes_on_around_it(
    studio: Studio, label: str, number: int
) -> None:
    if number:
        picture = (await drawn(studio.server, studio.stars))[number - 1]
        [more] = await studio.stars.press("More")
        [choice] = await studio.server.press(more, button_of(more, "Extend", number))
    else:
        picture = await studio.circle()
        [choice] = await studio.draft.press_more("Extend")
    wider = await drawn_alone(studio.server, await choice.press(label))
    side, seam = len(picture), 8
    half, inner, whole = side // 2, slice(seam, -seam), slice(None)
    # Where the picture is on the larger one, but for the seam with what is new.
    rows, columns, kept = {
        "Out": (slice(20 + seam, -20 - seam), slice(20 + seam, -20 - seam), shrunk(picture, side - 40)[inner, inner]),
        "Left": (whole, slice(half + seam, None), picture[:, seam:]),
        "Right": (whole, slice(side - seam), picture[:, :-seam]),
        "Up": (slice(half + seam, None), whole, picture[seam:]),
        "Down": (slice(side - seam), whole, picture[:-seam]),
    }[label]
    assert wider.shape == (side + half * (label in ("Up", "Down")), side + half * (label in ("Left", "Right")), 3)
    assert (wider[rows, columns] == kept).all()
    new = np.ones(wider.shape[:2], bool)
    new[rows, columns] = False
    assert wider[new].mean(axis=0).argmax() == BLUE


def shrunk(picture: Pixels, side: int) -> Pixels:
    image = Image.fromarray(picture.astype(np.uint8)).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image, dtype=np.int16)


async def test_finish_takes_all_steps_with_the_seed_of_that_picture(studio: Studio) -> None:
    whole = await drawn(studio.server, await studio.server.imagine(PROMPT, seed=SEED, images=2, refiner="off"))
    finished = await drawn_alone(studio.server, await studio.draft.press_more("Finish"))
    # A draft's steps are spaced otherwise, and stay so: this is not the same to the last bit.
    assert nearest(finished, whole) == 0

    drafts = await studio.server.imagine(PROMPT, seed=SEED, images=2, refiner="off", draft=True)
    await drawn(studio.server, drafts)
    [more] = await drafts.press("More")
    [card] = await studio.server.press(more, button_of(more, "Finish", 2))
    assert nearest(await drawn_alone(studio.server, [card]), whole) == 1
    assert f"seed {SEED + 1}" in card.text


async def test_redraw_draws_other_words_over_that_picture_and_more_of_them_the_stronger(studio: Studio) -> None:
    [more] = await studio.stars.press("More")
    stars = await drawn(studio.server, studio.stars)
    changed = []
    for strength in (0.15, 0.9):
        opened = await studio.server.pressed(more, button_of(more, "Redraw", 3))
        form = Form(studio.server, opened, studio.server.alice)
        assert form.values["prompt"] == STARS
        changed.append(await redrawn(studio, form, strength))
    assert nearest(changed[0], stars) == 2
    assert difference(changed[0], stars[2]) < difference(changed[1], stars[2]) / 2

    [more] = await studio.draft.press("More")
    forms = [await Form.opened_by(studio.server, more, "Redraw") for _ in range(2)]
    little, much = [await redrawn(studio, form, strength) for form, strength in zip(forms, (0.15, 0.9), strict=True)]
    assert 0 < difference(little, await studio.circle()) < difference(much, await studio.circle())


async def redrawn(studio: Studio, form: Form, strength: float) -> Pixels:
    form.values["prompt"] = OTHER_PROMPT
    assert "strength: 0.6" in form.settings
    # Without its line it would be another one each time.
    form.settings = form.settings.replace("strength: 0.6", f"strength: {strength}\nseed: {SEED}")
    return await drawn_alone(studio.server, await form.send())


async def test_info_names_everything_and_its_command_makes_that_picture_again(studio: Studio) -> None:
    [more] = await studio.stars.press("More")
    [info] = await studio.server.press(more, button_of(more, "Info", 3))
    lines = info.text.splitlines()
    assert lines[:9] == [
        r"**Made by imagine-bot** · \#3, picture 3",
        f"**prompt** {STARS}",
        "**width** 128",
        "**height** 128",
        f"**steps** {STEPS}",
        "**scheduler** Euler",
        "**guidance** 3",
        f"**seed** {SEED + 2}",
        "**model** tiny-sdxl-base",
    ]
    assert "Made here with the same model: on the same kind of device its pixels come out the same." in lines
    again = await drawn_alone(studio.server, [await copied(studio, info)])
    assert np.abs(again - (await drawn(studio.server, studio.stars))[2]).max() <= 1

    [info] = await studio.draft.press_more("Info")
    assert "**spacing** trailing" in info.text
    assert (await drawn_alone(studio.server, [await copied(studio, info)]) == await studio.circle()).all()


async def copied(studio: Studio, info: Card) -> Card:
    """The command that it gives to copy, typed."""
    [command] = [line for line in info.text.splitlines() if line.startswith("/imagine ")]
    return await studio.server.imagine(command.removeprefix("/imagine prompt:"))


async def test_delete_is_for_its_author_and_moderators_and_leaves_no_file(studio: Studio) -> None:
    folder, (card, other) = studio.server.folder / "pictures", studio.spare
    kept = len(list(folder.iterdir()))
    [answer] = await card.press_more("Delete", studio.server.bob)
    refusal = "Only the person who asked for job #4, or a moderator, can delete it."
    assert (answer.text, answer.is_private) == (refusal, True)
    assert (card.is_gone, len(list(folder.iterdir()))) == (False, kept)
    assert await card.press_more("Delete") == []
    assert await other.press_more("Delete", studio.server.mira) == []
    assert (card.is_gone, other.is_gone, len(list(folder.iterdir()))) == (True, True, kept - 2)
