"""The playground without a browser: its clock, its people, its words, its pictures, and a port that is taken."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import discord
import pytest

from bot.errors import StartupFailed
from bot.model_info import TINY
from bot.playground import WallClock, open_playground
from bot.playground.pictures import PictureDecoder
from bot.playground.server import CHANGES
from bot.settings import Settings
from tests.pictures import PNG
from training.world import COLOURS, NATURAL_COLOUR

#: Seconds that a busy machine may let pass between two looks at a clock.
SLACK = 30


def settings(folder: Path) -> Settings:
    return Settings(_env_file=None, model_base=TINY, model_refiner=TINY, data_dir=folder)


def test_the_clock_goes_with_the_machines_and_can_be_moved_ahead() -> None:
    clock = WallClock()
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < SLACK
    # Estimates compare times of both: SimCord gives commands its own clock, and the queue has the machine's.
    assert abs(clock.elapsed - time.monotonic()) < SLACK
    clock.advance(3600)
    assert abs(clock.elapsed - time.monotonic() - 3600) < SLACK
    assert abs((clock.now() - datetime.now(UTC)).total_seconds() - 3600) < SLACK


async def test_alice_and_bob_draw_and_mira_moderates(tmp_path: Path) -> None:
    async with open_playground(settings(tmp_path)) as preview:
        guild, channel = preview.env.backend.get_channel(preview.channel.id).guild_id, preview.channel.id
        moderating = {}
        for viewer in preview.viewers:
            permissions = preview.env.backend.compute_permissions(guild, viewer.id, channel)
            moderating[viewer.name] = discord.Permissions(permissions).manage_messages
        assert moderating == {"alice": False, "bob": False, "mira": True}


async def test_the_welcome_names_everything_that_the_embedded_model_draws(tmp_path: Path) -> None:
    async with open_playground(settings(tmp_path)) as preview:
        (welcome,) = (await preview.snapshot())["messages"].values()
    words = json.dumps(welcome)
    assert [word for word in (*NATURAL_COLOUR, *COLOURS) if word not in words] == []
    assert "/imagine a red circle on a blue background" in words


async def test_the_page_is_simcords_with_our_changes_in_their_places(tmp_path: Path) -> None:
    async with open_playground(settings(tmp_path)) as preview, aiohttp.ClientSession() as session:
        root = preview.url.partition("/#")[0]
        for path, changes in CHANGES.items():
            async with session.get(root + path) as answer:
                text = await answer.text()
            assert [ours for _, ours in changes if ours not in text] == []
        for path in ("/playground.css", "/playground.js", "/playground.svg"):
            async with session.get(root + path) as answer:
                assert answer.status == 200


async def test_a_port_in_use_is_one_sentence_and_the_next_try_works(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        reason = r"\(Address already in use\)\. Name another one with --port, or none\.$"
        with pytest.raises(StartupFailed, match=rf"^Port {port} of 127\.0\.0\.1 cannot be used {reason}"):
            async with open_playground(settings(tmp_path), port):
                pass
    async with open_playground(settings(tmp_path), port) as preview:
        assert f":{port}/" in preview.url


async def test_a_picture_that_is_replaced_while_it_is_decoded_disturbs_nobody() -> None:
    decoder = PictureDecoder()
    digest = hashlib.sha256(PNG).hexdigest()
    decoding = asyncio.create_task(decoder.validate(digest, PNG))
    await asyncio.sleep(0)
    decoder.release(digest)
    assert (await decoding).width == 64
    assert decoder.knows(digest)
    await decoder.close()
