"""The benchmarks run, in a tiny configuration, and end with the figures that they promise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "promised"),
    [
        (
            "gateway",
            {
                "ack_p99_ms",
                "loop_delay_p99_ms",
                "loop_busy",
                "rss_mib",
                "lost",
                "duplicates",
                "idle",
                "naive",
                "ratios",
            },
        ),
        (
            "generation",
            {"seconds_a_picture", "first_preview_s", "cold_start_s", "base_alone", "base_refiner", "ratios"},
        ),
        ("batches", {"one_by_one", "together", "largest_difference", "ratios"}),
        ("fairness", {"jain", "light_p50_s", "light_p95_s", "p95_bound_s", "batch_s", "fifo", "alone", "ratios"}),
        ("eta", {"error_p50", "error_p90", "batch_error_p50", "batch_error_p90", "single_average", "ratios"}),
        ("presets", {"found_p99_ms", "computed_p99_ms", "load_s"}),
        ("queue", {"push_p99_ms", "pop_p99_ms", "position_p99_ms", "recovery_s"}),
    ],
)
def test_a_benchmark_prints_a_table_and_its_figures_as_the_last_line(name: str, promised: set[str]) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    *table, last = run.stdout.splitlines()
    assert ("Ratios" in "\n".join(table)) is ("ratios" in promised)
    figures = json.loads(last)
    assert promised <= figures.keys()
    assert all(figures[key] is not None for key in promised)
    if name == "gateway":
        assert (figures["lost"], figures["duplicates"]) == (0, 0)
        assert figures["rss_mib"] < figures["executor_rss_mib"]
    if name == "batches":
        assert figures["largest_difference"] <= 1
    if name == "fairness":
        # On a virtual clock, so the same on every machine.
        assert figures["jain"] >= 0.98 > figures["fifo"]["jain"]
        assert figures["light_p95_s"] <= figures["p95_bound_s"] < figures["fifo"]["light_p95_s"]
