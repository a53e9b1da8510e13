"""How fast is proclivity beside what people use now? All comparisons one after another, as tables.

    python benchmarks/performance.py

Each is a command of its own (see the files named below), which measures both sides in turns. Nothing else should run.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COMMANDS = {
    "Scoring": ["against_lm_eval.py", "--rounds", "3"],
    "Teaching": ["against_trl.py", "--steps", "4", "--rounds", "2"],
    "Teaching together": ["stacked_adapters.py", "--seeds", "6"],
    "A whole study": ["whole_study.py"],
    "Growth": ["growth.py", "--rounds", "1"],
}
LIBRARIES = ("torch", "transformers", "peft", "trl", "lm-eval")


def markdown(rows: list[dict[str, Any]]) -> str:
    """A table whose columns are the keys of its rows."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    lines = [keys, ["---"] * len(keys), *([_cell(row.get(key, "")) for key in keys] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(COMMANDS), default=list(COMMANDS))
    options = parser.parse_args()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    print(f"{datetime.date.today()}, {os.cpu_count()} cores of {platform.machine()}, {versions}\n")
    for title in options.only:
        script, *rest = COMMANDS[title]
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "rows.json"
            command = [sys.executable, str(HERE / script), *rest, "--json", str(place)]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, "HF_HUB_OFFLINE": "1"})
            if done.returncode:
                raise SystemExit(f"{script} ended with {done.returncode}; run it by itself to see why.")
            print(
                f"## {title}\n\n`{script} {' '.join(rest)}`\n\n{markdown(json.loads(place.read_text()))}\n", flush=True
            )


if __name__ == "__main__":
    main()
