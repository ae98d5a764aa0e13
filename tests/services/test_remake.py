"""Reading pictures for members: what is kept here decides what can be made again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bot.errors import InfotextMissing
from bot.infotext import png_text
from bot.inputs import InputFolder
from bot.layers import merge
from bot.services.remake import RemakeService
from tests.factories import ENSEMBLE, make_parameters
from tests.infotext.files import corpus_texts, png_of, saved


@pytest.fixture
def inputs(tmp_path: Path) -> InputFolder:
    return InputFolder(tmp_path)


@pytest.fixture
def service(inputs: InputFolder) -> RemakeService:
    return RemakeService(ENSEMBLE, inputs, lambda: ["ink"])


async def test_a_foreign_picture_is_read_with_all_that_a_member_wants_to_know(service: RemakeService) -> None:
    read = await service.read(png_of(corpus_texts("a1111_loras.txt")))
    assert read.info.program == "A1111"
    assert ("TI hashes", "soft_focus: aabbccddeeff") in read.settings
    assert read.command == (
        '/imagine prompt:a heron in the reeds --guidance 6 --scheduler "UniPC" --seed 5 --refiner off --lora "ink:0.8"'
    )
    assert not read.remake.is_ours


async def test_a_picture_made_out_of_another_is_made_again_while_that_one_is_kept(
    service: RemakeService, inputs: InputFolder
) -> None:
    parameters = make_parameters(image=await inputs.save(Image.new("RGB", (64, 64), "red")), strength=0.4)
    content = saved("PNG", pnginfo=png_text(parameters, ENSEMBLE))
    read = await service.read(content)
    assert merge(ENSEMBLE, read.remake.changes) == parameters
    assert read.remake.remarks == ()
    assert read.command is None
    for kept in inputs.folder.iterdir():
        kept.unlink()
    gone = (await service.read(content)).remake
    assert [str(remark) for remark in gone.remarks] == [
        "The picture that it was made out of is not kept any more. Add one as image to come near."
    ]
    assert gone.left_out == (("image", parameters.image), ("strength", "0.4"))
    assert str(gone.exactness).startswith("Not all of it can be taken over")
    assert merge(ENSEMBLE, gone.changes).strength is None


async def test_a_picture_without_infotext_is_answered_in_a_sentence(service: RemakeService) -> None:
    with pytest.raises(InfotextMissing, match="does not say how it was made"):
        await service.read(saved("WEBP"))


async def test_what_does_not_go_together_here_is_shown_all_the_same(service: RemakeService) -> None:
    read = await service.read(png_of({"parameters": "\u200b\nSteps: 20, Sampler: Euler, Seed: 5"}))
    assert ("Seed", "5") in read.settings
    assert read.command is None


async def test_a_picture_whose_file_is_gone_is_told_about_from_its_record(service: RemakeService) -> None:
    read = await service.recall(make_parameters(clip_skip=1))
    assert ("clip_skip", "1") in read.settings
    assert read.command == "/imagine prompt:a red fox in the snow --seed 7 --clip-skip 1"
    assert merge(ENSEMBLE, read.remake.changes) == make_parameters(clip_skip=1)
