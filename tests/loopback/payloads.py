"""What Discord says of people, places and commands, in its own JSON."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.loopback.state import (
    DISCORD_EPOCH_MS,
    MANAGE_MESSAGES,
    SEND_MESSAGES_AND_THE_LIKE,
    Channel,
    Payload,
    User,
    World,
)

CHAT_INPUT = 1
GUILD_NAME = "Atelier"


def time_of(snowflake: int) -> str:
    """When an id was given."""
    return datetime.fromtimestamp(((snowflake >> 22) + DISCORD_EPOCH_MS) / 1000, UTC).isoformat()


def user(person: User) -> Payload:
    """A user; without a picture, as pictures of people are fetched from another host."""
    return {
        "id": str(person.id),
        "username": person.name,
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": person.is_bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def own_user(person: User) -> Payload:
    """The user that asks."""
    return {**user(person), "mfa_enabled": True, "locale": "en-US", "verified": True}


def member(world: World, person: User) -> Payload:
    """A user as member of the guild; whoever may manage messages has the moderators' role."""
    return {
        "user": user(person),
        "nick": None,
        "avatar": None,
        "roles": [str(world.moderators_id)] if person.permissions & MANAGE_MESSAGES else [],
        "joined_at": time_of(person.id),
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": str(person.permissions),
    }


def channel(world: World, place: Channel) -> Payload:
    """A channel."""
    if place.recipient is not None:
        return {"id": str(place.id), "type": 1, "flags": 0, "recipients": [user(place.recipient)]}
    return {
        "id": str(place.id),
        "type": 0,
        "flags": 0,
        "guild_id": str(world.guild_id),
        "name": place.name,
        "nsfw": place.nsfw,
        "position": 0,
        "permission_overwrites": [],
        "parent_id": None,
        "topic": None,
        "last_message_id": None,
        "rate_limit_per_user": 0,
    }


def guild(world: World) -> Payload:
    """The guild as the gateway sends it."""
    everyone = _role(world.guild_id, "@everyone", 0, SEND_MESSAGES_AND_THE_LIKE)
    moderators = _role(world.moderators_id, "moderators", 1, MANAGE_MESSAGES)
    return {
        "id": str(world.guild_id),
        "name": GUILD_NAME,
        "owner_id": str(world.bot.id),
        "roles": [everyone, moderators],
        "emojis": [],
        "stickers": [],
        "features": [],
        "channels": [channel(world, place) for place in world.channels.values() if place.recipient is None],
        "threads": [],
        "members": [member(world, world.bot)],
        "member_count": len(world.users),
        "voice_states": [],
        "presences": [],
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "verification_level": 0,
        "large": False,
        "unavailable": False,
    }


def _role(role_id: int, name: str, position: int, permissions: int) -> Payload:
    return {
        "id": str(role_id),
        "name": name,
        "color": 0,
        "hoist": False,
        "position": position,
        "permissions": str(permissions),
        "managed": False,
        "mentionable": False,
    }


def own_guild(world: World) -> Payload:
    """The guild in the list of those that the bot is in."""
    return {
        "id": str(world.guild_id),
        "name": GUILD_NAME,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(world.bot_permissions),
        "features": [],
    }


def application(world: World) -> Payload:
    """The application that the token belongs to."""
    return {
        "id": str(world.application_id),
        "name": "imagine",
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.bot),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def command(world: World, registered: Payload) -> Payload:
    """A registered command as Discord gives it back, with what it fills in."""
    permissions = registered.get("default_member_permissions")
    return {
        "type": CHAT_INPUT,
        "description": "",
        **{key: value for key, value in registered.items() if value is not None},
        "application_id": str(world.application_id),
        "version": registered["id"],
        "default_member_permissions": None if permissions is None else str(permissions),
    }
