"""How fast the bot is and how much it needs, measured on the machine at hand; `python -m benchmarks.NAME`."""
