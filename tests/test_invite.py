"""The invitation: the permissions that the bot uses, and no others."""

from __future__ import annotations

import base64
import re

import discord
import pytest

from bot.invite import ADMINISTRATOR, PERMISSIONS, PERMISSIONS_INTEGER, id_in_token, invite_url, missing_permissions
from tests.settings_docs import README


def test_the_permissions_are_discord_s_own_by_name() -> None:
    # The portal has this one in the plural.
    attributes = {name: name.replace("Channels", "Channel").lower().replace(" ", "_") for name in PERMISSIONS}
    assert {name: getattr(discord.Permissions, attributes[name]).flag for name in PERMISSIONS} == PERMISSIONS


def test_the_link_is_what_discord_py_would_make_of_it() -> None:
    ours = discord.utils.oauth_url(
        7, permissions=discord.Permissions(PERMISSIONS_INTEGER), scopes=("bot", "applications.commands")
    )
    parts = re.compile(r"[?&]")
    assert sorted(parts.split(invite_url(7))) == sorted(parts.split(ours))


def test_the_readme_names_the_integer_and_each_permission_of_it() -> None:
    sentence = " ".join(README.read_text(encoding="utf-8").split())
    named = re.search(r"permissions integer `(\d+)`: ([^.]+)\.", sentence)
    assert named is not None
    assert int(named[1]) == PERMISSIONS_INTEGER
    assert set(re.split(r", | and ", named[2])) == set(PERMISSIONS)


@pytest.mark.parametrize("lacks", list(PERMISSIONS))
def test_a_missing_permission_is_named(lacks: str) -> None:
    assert missing_permissions(PERMISSIONS_INTEGER & ~PERMISSIONS[lacks]) == [lacks]


def test_who_has_all_of_them_or_is_administrator_lacks_none() -> None:
    assert missing_permissions(PERMISSIONS_INTEGER) == []
    assert missing_permissions(ADMINISTRATOR) == []


def test_the_id_comes_out_of_a_token() -> None:
    for number in (1, 123456789012345678, 2**63 - 1):
        first = base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")
        assert id_in_token(f"{first}.GabcdE.x-_y") == number


@pytest.mark.parametrize("text", ["", "my-bot", "a.b", "a.b.c.d", "....", "!!!.b.c", "YWJj.b.c", "é.b.c", "MQ==é.b.c"])
def test_what_is_no_token_has_no_id(text: str) -> None:
    assert id_in_token(text) is None
