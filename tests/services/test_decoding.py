"""Pictures are unpacked one at a time, and people take turns."""

from __future__ import annotations

import asyncio

from PIL import Image

from bot.services.decoding import TURNS, Decoding
from bot.uploads import decode_input
from tests.pictures import PNG
from tests.services.room import ALICE, BOB


async def test_one_picture_is_unpacked_at_a_time() -> None:
    told: list[str] = []

    def decode(content: bytes) -> Image.Image:
        told.append("begins")
        image = decode_input(content)
        told.append("ends")
        return image

    decoding = Decoding()
    images = await asyncio.gather(*(decoding.run(decode, PNG) for _ in range(8)))
    assert {image.size for image in images} == {(64, 64)}
    assert told == ["begins", "ends"] * 8


async def test_of_one_person_one_request_has_a_turn_and_others_are_not_held_up() -> None:
    decoding, told = Decoding(), []

    async def second() -> None:
        async with decoding.turn(ALICE):
            told.append("alice again")

    async with decoding.turn(ALICE):
        waiting = asyncio.create_task(second())
        async with decoding.turn(BOB):
            told.append("bob")
        told.append("alice")
    await waiting
    assert told == ["bob", "alice", "alice again"]


async def test_so_many_people_have_a_turn_at_once_and_no_more() -> None:
    decoding, present, most = Decoding(), set(), 0
    all_here = asyncio.Event()

    async def ask(user_id: int) -> None:
        nonlocal most
        async with decoding.turn(user_id):
            present.add(user_id)
            most = max(most, len(present))
            if len(present) == TURNS:
                all_here.set()
            await all_here.wait()
            present.discard(user_id)

    await asyncio.gather(*(ask(user_id) for user_id in range(3 * TURNS)))
    assert most == TURNS
