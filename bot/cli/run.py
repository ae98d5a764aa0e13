"""`imagine-bot run`: the bot on Discord."""

from __future__ import annotations

import logging

from bot.cli.process import command_settings, run_until_stopped, set_up_logging
from bot.errors import StartupFailed
from bot.invite import id_in_token, invite_url

log = logging.getLogger(__name__)

NOT_SET = (
    "DISCORD_TOKEN is not set. Make a bot at https://discord.com/developers/applications, reset its token on the page "
    "“Bot”, and write DISCORD_TOKEN=… into the file .env here. To try the bot without a token: imagine-bot playground"
)
MALFORMED = (
    "DISCORD_TOKEN is not a bot's token: that has three parts with dots between them. Reset it on the page “Bot” of "
    "your application at https://discord.com/developers/applications and copy all of it."
)


def run() -> None:
    """Run the bot on Discord until it is stopped."""
    settings = command_settings()
    if settings.discord_token is None:
        raise StartupFailed(NOT_SET)
    application_id = id_in_token(settings.discord_token.get_secret_value())
    if application_id is None:
        raise StartupFailed(MALFORMED)
    from bot.app import run_bot

    set_up_logging(settings.log_level)
    log.info("invite the bot to a server: %s", invite_url(application_id))
    run_until_stopped(run_bot(settings))
