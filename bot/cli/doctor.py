"""`imagine-bot doctor`: what is still missing before the bot can run."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.process import command_settings, run_to_its_end

SIGNS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "problem": ("to do", "red")}


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither Discord nor anybody else.")] = False,
) -> None:
    """Check token, permissions, device, model, database and disk; each line is ok or says what to do."""
    from bot.doctor import State, examine

    findings = run_to_its_end(examine(command_settings(), offline=offline))
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        word, colour = SIGNS[finding.state]
        # Text, since a server's name is nobody's markup.
        table.add_row(Text(finding.subject), Text(word, style=colour), Text(finding.says, overflow="fold"))
    Console(highlight=False).print(table)
    if any(finding.state is State.PROBLEM for finding in findings):
        raise typer.Exit(2)
