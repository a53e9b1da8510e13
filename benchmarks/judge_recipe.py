"""Does the microworld's recipe do what the instrument's controls need, on pretraining seeds it was not chosen on?

For every pretraining seed: one model of each world is pretrained and admitted (or refused), then the packaged study
runs on the three, as it stands. The recipe was fixed on pretraining seed 0; nothing here chooses anything.

    python benchmarks/judge_recipe.py                       # again = resume: what is finished is not made anew
    python benchmarks/judge_recipe.py --architecture llama --pretraining-seeds 1
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proclivity.errors import TrainingError
from proclivity.microworld.build import Recipe, build
from proclivity.runs import TerminalProgress, run_study
from proclivity.specs import load_study

WORLDS = ("equal", "independent", "rewired")
PROFILES = (("depression", "withdrawal", "loss", "threat"), ("paranoia", "suspicion", "threat", "loss"))
HEAD = (
    "| world | pretraining seed | competence | profile | held-out choices | own words against own-policy | "
    "against arbitrary | other words against own-policy | verdict |"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Judges, resuming, and prints the table."""
    options = _options(arguments)
    out = Path(options.out)
    rows = []
    for seed in options.pretraining_seeds:
        models = {world: _model(options.architecture, world, seed, out) for world in options.worlds}
        rows += _judge({world: folder for world, folder in models.items() if folder}, seed, out / f"study-{seed}")
        rows += [f"| {world} | {seed} | refused | | | | | | |" for world, folder in models.items() if folder is None]
        table = "\n".join([HEAD, "|" + "---|" * (HEAD.count("|") - 1), *rows])
        (out / "table.md").write_text(table + "\n")
        print("\n" + table + "\n", flush=True)


def _model(architecture: str, world: str, seed: int, out: Path) -> Path | None:
    """The checkpoint's folder, pretrained unless it is there; None where it was refused."""
    folder = out / f"{architecture}-{world}-{seed}"
    refused = folder.with_suffix(".refused")
    if refused.exists():
        return None
    if not (folder / "recipe.json").exists():
        began = time.monotonic()
        try:
            build(
                Recipe(architecture, world, seed),
                folder,
                lambda line: print(f"{folder.name}: {line}", flush=True),
            )
        except TrainingError as error:
            refused.write_text(f"{error}\n")
            print(error, flush=True)
            return None
        print(f"{folder.name}: pretrained in {time.monotonic() - began:.0f} s", flush=True)
    return folder


def _judge(models: dict[str, Path], seed: int, out: Path) -> list[str]:
    """Runs the packaged study on the models of one pretraining seed; a row a world and profile."""
    if not models:
        return []
    named = [{"name": f"{world}-{seed}", "path": str(path), "world": world} for world, path in models.items()]
    study = load_study("demo", [f"models={json.dumps(named)}"])
    summary = run_study(study, out, progress=TerminalProgress())
    if not summary.complete:
        raise SystemExit(f"The study of pretraining seed {seed} didn't finish: {summary.failures}")
    verdicts = summary.verdicts()
    return [row for world, path in models.items() for row in _rows(world, seed, path, out, verdicts)]


def _rows(world: str, seed: int, path: Path, out: Path, verdicts: list[dict[str, Any]]) -> list[str]:
    import pandas as pd

    effects = pd.read_parquet(out / "effects.parquet").set_index("effect_id")
    model = f"{world}-{seed}"
    competence = json.loads((path / "recipe.json").read_text())["competence"]["choices_right"]
    (specificity,) = [v["verdict"] for v in verdicts if v["model"] == model and v["kind"] == "specificity"]

    def shift(arm: str, control: str, content: str) -> str:
        row = effects.loc[f"{model}:{arm}-vs-{control}:cloze::score:{content}"]
        return f"{row.estimate:+.2f} [{row.low:+.2f}, {row.high:+.2f}]"

    return [
        f"| {world} | {seed} | {competence:.3f} | {profile}-like | "
        f"{effects.loc[f'{model}:{profile}:choice:new-domain:chosen:{action}'].estimate:.2f} | "
        f"{shift(profile, 'own-policy', own)} | {shift(profile, 'arbitrary', own)} | "
        f"{shift(profile, 'own-policy', other)} | {specificity} |"
        for profile, action, own, other in PROFILES
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="runs/judged", help="folder of checkpoints, studies and table")
    parser.add_argument("--architecture", default="gpt2", choices=("llama", "gpt2"))
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=WORLDS)
    parser.add_argument("--pretraining-seeds", nargs="+", type=int, default=[1, 2, 3])
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
