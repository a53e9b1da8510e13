"""Runs every packaged study on the packaged models and prints how long each took and what it found, as Markdown.

    make studies                                        # all, about an hour on two cores
    .venv/bin/python benchmarks/packaged_studies.py --out runs/studies dose trajectory

A finished study isn't run again: its time is then that of looking.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

STUDIES = ("demo", "dose", "trajectory", "reversal", "formats", "persona", "priors", "carriers", "paper-microworld")
LIMIT = 15.0
"""Minutes that a packaged study may take on two cores."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=STUDIES)
    parser.add_argument("--out", type=Path, default=Path("runs/studies"))
    wanted = parser.parse_args()
    late = []
    for name in wanted.studies:
        minutes = run(name, wanted.out / name)
        print(f"\n## {name}\n\n{minutes:.1f} minutes\n\n{verdict_table(wanted.out / name)}", flush=True)
        late += [name] if minutes > LIMIT else []
    if late:
        print(f"\nLonger than {LIMIT:.0f} minutes: {', '.join(late)}")
    return len(late)


def run(name: str, out: Path) -> float:
    """Minutes of wall time, process start and report included."""
    started = time.monotonic()
    command = [sys.executable, "-m", "proclivity", "run", name, "--out", str(out), "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.monotonic() - started) / 60


def verdict_table(out: Path) -> str:
    """A row a question and profile, a column a model."""
    verdicts = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    models = list(dict.fromkeys(v["model"] for v in verdicts if v["model"]))
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for verdict in filter(lambda v: v["model"], verdicts):
        cells.setdefault((verdict["kind"], verdict["profile"]), {})[verdict["model"]] = verdict["verdict"]
    lines = ["| question | profile | " + " | ".join(models) + " |", "|---" * (len(models) + 2) + "|"]
    for (kind, profile), found in cells.items():
        told = [found.get(model, "–") for model in models]
        lines.append(f"| {kind} | {profile} | " + " | ".join(told) + " |")
    overall = "; ".join(f"{v['kind']}: {v['verdict']}" for v in verdicts if not v["model"])
    return "\n".join([*lines, "", f"Over all models: {overall}."])


if __name__ == "__main__":
    raise SystemExit(main())
