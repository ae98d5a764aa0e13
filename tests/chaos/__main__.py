"""`python -m tests.chaos`: many seeds of chaos, one after the other, and a row for each."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.oracle import Verdict, judge
from tests.chaos.play import play

ENDS = ("succeeded", "failed", "cancelled", "rejected")
HEADS = ("seed", "jobs", *ENDS, "refused", "faults", "seconds", "lost", "double", "stuck", "wrong")


def row(verdict: Verdict) -> list[str]:
    """The figures of one seed."""
    figures = [verdict.seed, verdict.jobs, *(verdict.ends[end] for end in ENDS), verdict.refused]
    figures += [verdict.faults.total(), round(verdict.seconds)]
    figures += [len(verdict.lost), len(verdict.double), len(verdict.stuck), len(verdict.wrong)]
    return [str(figure) for figure in figures]


def line(cells: Sequence[str]) -> str:
    """One row of the table."""
    return "  ".join(f"{cell:>{max(5, len(head))}}" for cell, head in zip(cells, HEADS, strict=True))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="jobs of each seed")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds")
    parser.add_argument("--first-seed", type=int, default=1, help="the first of them")
    parser.add_argument("--contract", action="store_true", help="hold every request against Discord's API description")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    print_line(line(HEADS))
    verdicts = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
        checks = None if options.contract else False
        try:
            verdict = judge(asyncio.run(play(seed, options.jobs, folder, checks_contract=checks)))
        except Exception:
            print_line(f"seed {seed} came to no end; its log: {folder}")
            raise
        verdicts.append(verdict)
        print_line(line(row(verdict)))
        if verdict.is_good:
            shutil.rmtree(folder)
            continue
        for complaint in verdict.complaints():
            print_line(f"  {complaint}")
        print_line(
            f"  again: python -m tests.chaos --jobs {options.jobs} --seeds 1 --first-seed {seed}; its log: {folder}"
        )
    if options.json:
        print_line(json.dumps(totals(verdicts)))
    return 0 if all(verdict.is_good for verdict in verdicts) else 1


def totals(verdicts: Sequence[Verdict]) -> dict[str, object]:
    """All seeds together."""
    counted = {name: sum(len(getattr(verdict, name)) for verdict in verdicts) for name in ("lost", "double", "stuck")}
    return {
        **counted,
        "wrong": sum(len(verdict.wrong) for verdict in verdicts),
        "jobs": sum(verdict.jobs for verdict in verdicts),
        "seconds": round(sum(verdict.seconds for verdict in verdicts), 1),
        "faults": dict(sum((verdict.faults for verdict in verdicts), start=type(verdicts[0].faults)())),
        "failing_seeds": [verdict.seed for verdict in verdicts if not verdict.is_good],
    }


def print_line(text: str) -> None:
    """To stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
