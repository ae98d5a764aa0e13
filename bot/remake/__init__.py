"""Pictures made again: from what they say about themselves to parameters, to a command, and whether it is the same."""

from __future__ import annotations

from bot.remake.command import as_typed, imagine_command
from bot.remake.pixels import compare_pixels, same_pixels
from bot.remake.remake import NOT_ALL, Remake, remake

__all__ = ["NOT_ALL", "Remake", "as_typed", "compare_pixels", "imagine_command", "remake", "same_pixels"]
