"""Does the microworld's recipe do what the instrument's controls need, on pretraining seeds it was not chosen on?

For every pretraining seed: one model of each world is pretrained and admitted (or refused), then the packaged study
runs on the three, as it stands. The recipe was fixed on pretraining seeds 0 and 1; nothing here chooses anything.

    python benchmarks/judge_recipe.py                       # again = resume: what is finished is not made anew
    python benchmarks/judge_recipe.py --architecture llama --pretraining-seeds 5

Judged rows are kept in benchmarks/judged.json with the digest of the recipe that they judge; a row of another recipe
doesn't count and is judged anew. The table goes to standard output and beside the checkpoints.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from proclivity.errors import TrainingError
from proclivity.microworld.build import Recipe, build
from proclivity.microworld.corpus import documents
from proclivity.microworld.grammar import make_grammar
from proclivity.runs import TerminalProgress, run_study
from proclivity.specs import digest_of, load_pack, load_study

WORLDS = ("equal", "independent", "rewired")
PROFILES = (("depression", "withdrawal", "loss", "threat"), ("paranoia", "suspicion", "threat", "loss"))
KEPT = Path(__file__).with_name("judged.json")
HEAD = (
    "| world | pretraining seed | choices right; narrator's words; steps | profile | held-out choices | "
    "own words against own-policy | against arbitrary | other words against own-policy | specificity |"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Judges, resuming, and prints the table."""
    options = _options(arguments)
    out = Path(options.out)
    digest = _recipe_digest(options.architecture)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else []
    rows = [row for row in kept if row["recipe"] == digest]
    judged = {(row["seed"], row["world"]) for row in rows}
    left = [(s, w) for s in options.pretraining_seeds for w in options.worlds if (s, w) not in judged]
    with ProcessPoolExecutor(options.processes) as pool:
        # All are pretrained in one line; a seed is judged as soon as its own are there.
        made = {(s, w): pool.submit(_model, options.architecture, w, seed=s, out=out) for s, w in left}
        for seed in dict.fromkeys(seed for seed, _ in left):
            models = {world: made[s, world].result() for s, world in left if s == seed}
            admitted = {world: folder for world, folder in models.items() if folder}
            found = _judge(admitted, seed, out / f"study-{seed}")
            for world in models.keys() - admitted.keys():
                why = _refusal(out / f"{options.architecture}-{world}-{seed}")
                found.append({"world": world, "refused": why.read_text().strip()})
            rows += [{"recipe": digest, "architecture": options.architecture, "seed": seed, **row} for row in found]
            rows.sort(key=lambda row: (row["seed"], row["world"], row.get("profile", "")))
            KEPT.write_text(json.dumps(rows, indent=1) + "\n")
    table = "\n".join([HEAD, "|" + "---|" * (HEAD.count("|") - 1), *map(_line, rows)])
    out.mkdir(parents=True, exist_ok=True)
    (out / "table.md").write_text(table + "\n")
    print("\n" + table + "\n", flush=True)


def _recipe_digest(architecture: str) -> str:
    """What is judged: the recipe without world and seed, the content, the world's own file, and what comes of it."""
    recipe = {key: value for key, value in asdict(Recipe(architecture)).items() if key not in ("coupling", "seed")}
    grammar = make_grammar(load_pack(recipe["pack"]))
    sample = list(islice(documents(grammar, "independent", 0, Recipe().schedule.length), 600))
    return digest_of([recipe, grammar.pack.digest, grammar.world, sample])


def _model(architecture: str, world: str, *, seed: int, out: Path) -> Path | None:
    """The checkpoint's folder, pretrained unless it is there; None where it was refused."""
    folder = out / f"{architecture}-{world}-{seed}"
    refused = _refusal(folder)
    if refused.exists():
        return None
    if not (folder / "recipe.json").exists():
        began = time.monotonic()
        try:
            build(Recipe(architecture, world, seed), folder, lambda line: print(f"{folder.name}: {line}", flush=True))
        except TrainingError as error:
            refused.write_text(f"{error}\n")
            print(error, flush=True)
            return None
        print(f"{folder.name}: pretrained in {time.monotonic() - began:.0f} s", flush=True)
    return folder


def _refusal(folder: Path) -> Path:
    """Where it stands why a model wasn't admitted."""
    return folder.with_suffix(".refused")


def _judge(models: dict[str, Path], seed: int, out: Path) -> list[dict[str, Any]]:
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


def _rows(world: str, seed: int, path: Path, out: Path, verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import pandas as pd

    effects = pd.read_parquet(out / "effects.parquet").set_index("effect_id")
    model = f"{world}-{seed}"
    record = json.loads((path / "recipe.json").read_text())
    (specificity,) = [v["verdict"] for v in verdicts if v["model"] == model and v["kind"] == "specificity"]

    def shift(arm: str, control: str, content: str) -> list[float]:
        row = effects.loc[f"{model}:{arm}-vs-{control}:cloze::score:{content}"]
        return [round(float(value), 3) for value in (row.estimate, row.low, row.high)]

    return [
        {
            "world": world,
            "weights": record["weights_sha256"],
            "steps": record["recipe"]["schedule"]["steps"],
            "competence": record["competence"]["choices_right"],
            "shares": [round(share, 3) for share in record["competence"]["shares"]],
            "profile": profile,
            "choices": round(float(effects.loc[f"{model}:{profile}:choice:new-domain:chosen:{action}"].estimate), 3),
            "own": shift(profile, "own-policy", own),
            "own_arbitrary": shift(profile, "arbitrary", own),
            "other": shift(profile, "own-policy", other),
            "specificity": specificity,
        }
        for profile, action, own, other in PROFILES
    ]


def _line(row: dict[str, Any]) -> str:
    if row.get("refused"):
        found = row["refused"].partition("attempts: ")[2].partition(". Pretrain")[0]
        return f"| {row['world']} | {row['seed']} | refused: {found} | | | | | | |"
    shifts = (row["own"], row["own_arbitrary"], row["other"])
    told = " | ".join(f"{estimate:+.2f} [{low:+.2f}, {high:+.2f}]" for estimate, low, high in shifts)
    return (
        f"| {row['world']} | {row['seed']} | {row['competence']:.3f}; {'/'.join(f'{s:.2f}' for s in row['shares'])}; "
        f"{row['steps']} steps | {row['profile']}-like | "
        f"{row['choices']:.2f} | {told} | {row['specificity']} |"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="runs/judged", help="folder of checkpoints, studies and table")
    parser.add_argument("--architecture", default="gpt2", choices=("llama", "gpt2"))
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=WORLDS)
    parser.add_argument("--pretraining-seeds", nargs="+", type=int, default=[2, 3, 4])
    parser.add_argument("--processes", type=int, default=2, help="models pretrained at once, a thread each")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
