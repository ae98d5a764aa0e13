"""The figures of one benchmark: a table for people, and one line of JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` of all samples (0..1) do not exceed."""
    if not samples:
        raise ValueError("nothing was measured")
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum in milliseconds, as `NAME_p50_ms` and so on."""
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {f"{name}_{label}_ms": round(percentile(seconds, share) * 1000, 2) for label, share in shares.items()}


def ratio(figure: float, baseline: float) -> float | None:
    """How many times the baseline; None where that says nothing."""
    return round(figure / baseline, 3) if baseline else None


def show(title: str, columns: Mapping[str, Mapping[str, Any]], notes: Sequence[str] = ()) -> None:
    """One column a case, one row a figure, in the order in which they first appear."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for figure in dict.fromkeys(figure for column in columns.values() for figure in column):
        table.add_row(figure, *(_cell(column.get(figure)) for column in columns.values()))
    console = Console(width=None if Console().is_terminal else 120)
    console.print(table)
    for note in notes:
        console.print(note, style="dim", highlight=False)


def print_json(figures: Mapping[str, Any]) -> None:
    """The figures as the last line of the output."""
    print(json.dumps(figures), flush=True)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
