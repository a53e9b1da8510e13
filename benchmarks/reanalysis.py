"""How long does it take to analyse a finished study again, from its file, in a process that never loads torch?

    python benchmarks/reanalysis.py                     # simulated rows, as many as the demo has
    python benchmarks/reanalysis.py --run runs/demo     # a finished study's own
    python benchmarks/reanalysis.py --profile           # and where the time goes

A fresh process imports the analysis, reads the Parquet file and analyses it with the study's settings. Whole
distributions, from which floors come, are left out: they lie in files of their own.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MODELS = ("first", "second", "third", "fourth")
ARMS, SEEDS = ("depression", "paranoia", "own-policy", "arbitrary"), 6
SLOWEST_ROWS = 30
"""Lines of a profile."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the table where none is given, and starts the process that is timed."""
    options = _options(arguments)
    if options.timed:
        timed(options.timed, options.study, options.profile)
        return
    with tempfile.TemporaryDirectory() as folder:
        table, study = Path(folder) / "measurements.parquet", "demo"
        if options.run:
            table, study = options.run / "measurements.parquet", str(options.run / "study.yml")
        else:
            simulate(table)
        command = [sys.executable, __file__, "--timed", str(table), "--study", study]
        raise SystemExit(subprocess.run(command + ["--profile"] * options.profile, check=False).returncode)


def timed(table: Path, study_file: str, profile: bool) -> None:
    """Imports, reads and analyses, and prints how long each took."""
    started = time.perf_counter()
    from proclivity.analysis import analyze

    imported = time.perf_counter()
    import pandas as pd

    rows = pd.read_parquet(table)
    read = time.perf_counter()
    from proclivity.runs.collect import study_design
    from proclivity.specs import load_pack, load_study

    study = load_study(study_file)
    design = study_design(study, load_pack(study.pack, study.profiles, study.instruments), rows)
    profiler = cProfile.Profile()
    begun = time.perf_counter()
    found = profiler.runcall(analyze, rows, design) if profile else analyze(rows, design)
    ended = time.perf_counter()
    assert "torch" not in sys.modules, "the analysis loaded torch"
    print(f"{len(rows):,} rows, {len(found.effects):,} effects, {len(found.verdicts)} verdicts; torch was never loaded")
    seconds = {"import": imported - started, "read": read - imported, "analyse": ended - begun}
    print(", ".join(f"{name} {value:.2f} s" for name, value in seconds.items()))
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(SLOWEST_ROWS)


def simulate(path: Path) -> None:
    """A study of the demo's size and kinds of rows: 4 models x (base and 4 arms x 6 seeds)."""
    import numpy as np
    import pandas as pd

    from proclivity.records import MEASUREMENT_COLUMNS

    items = one_checkpoint()
    own = {"depression": ("loss", "withdrawal"), "paranoia": ("threat", "suspicion")}
    rng = np.random.default_rng(0)
    hardness = 0.5 * rng.normal(size=len(items))
    parts = []
    for model in MODELS:
        for arm, seed in [("base", -1), *((arm, seed) for arm in ARMS for seed in range(SEEDS))]:
            lift = items["content_class"].isin(own.get(arm, ())) & items["metric"].isin(["score", "p_class", "chosen"])
            value = hardness + lift + 0.3 * rng.normal(size=len(items))
            bounded = items["unit"].isin(["probability", "0/1", "share"])
            value = np.where(bounded, np.clip(value, 0, 1), value)
            parts.append(items.assign(model=model, arm=arm, seed=seed, value=value))
    blank = {"domain": "", "referent": "", "alphabet": "a–d", "order": "", "sample": -1, "missing_reason": ""}
    blank |= {"dose": 1.0, "items": 0, "epochs": 0, "step": -1, "distance": 0}
    pd.concat(parts, ignore_index=True).assign(**blank)[list(MEASUREMENT_COLUMNS)].to_parquet(path)


def one_checkpoint() -> pd.DataFrame:
    """All rows of one checkpoint but their values: 5 cloze families x 2 frames, readings, facts, decisions, texts."""
    import pandas as pd

    content, actions = ("loss", "threat", "positive"), ("adaptive", "withdrawal", "suspicion")
    bits = ("entropy", "jsd_from_base", "jsd_between", "jsd_within", "kl_from_base", "kl_to_base")
    beside = {**dict.fromkeys(bits, "bits"), "tv": "probability", "hellinger": "distance"}
    alone = {**beside, "candidate_mass": "probability", "contrast": "nats", "label_mass_open": "probability"}
    scored = {"score": "nats", "score_per_byte": "nats", "score_pmi": "nats", "p_class": "probability"}
    moved = {"delta_p": "probability", "jsd_class": "bits"}
    rows = []

    def add(
        family: str, metrics: dict[str, str], classes: tuple[str, ...], n_items: int,
        frames: tuple[str, ...] = ("",), split: str = "", per_cluster: int = 1,
    ) -> None:  # fmt: skip
        rows.extend(
            {"family": family, "metric": metric, "unit": unit, "content_class": name, "wrapper": frame, "split": split,
             "probe_id": f"{family}-{item}", "item_id": str(item), "cluster": f"{family}-{item // per_cluster}",
             "format": "label"}
            for metric, unit in metrics.items() for name in classes for frame in frames for item in range(n_items)
        )  # fmt: skip

    for family in ("cloze-self", "cloze-others", "cloze-world", "cloze-future", "cloze-feeling"):
        add(family, alone, ("",), 8, ("plain", "late"))
        add(family, scored, content, 8, ("plain", "late"))
        add(family, moved, (*content, "other-tokens"), 8, ("plain", "late"))
        add(family, {"class_z": "z", "candidate_tokens": "tokens"}, content, 1)
        add(family, {"temperature": "T", "temperature_share": "share"}, ("",), 1)
    add("interpretation", beside, ("",), 24)
    add("interpretation", scored, content, 24)
    add("controls", beside | {"score": "nats", "p_class": "probability"}, ("correct",), 28)
    add("controls", moved, ("correct", "wrong", "other-tokens"), 28)
    add("controls", {"nats_per_token": "nats/token"}, ("",), 24)
    for split in ("new-phrasing", "new-template", "new-domain"):
        add("choice", {"chosen": "0/1", "p_class": "probability", "score": "nats"}, actions, 54, ("",), split, 9)
        add("choice", {"option_mass": "probability"}, ("",), 54, ("",), split, 9)
    add("completions", {"category_share": "share"}, content, 12)
    add("completions", {"reply_rate": "probability"}, ("open", "empty", "refusal", "helpline", "as-an-ai"), 6)
    add("completions", {"vader": "compound", "repetition": "share", "distinct_1": "share"}, ("",), 6)
    return pd.DataFrame(rows)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder of a finished study")
    parser.add_argument("--profile", action="store_true", help="print where the time goes (which slows it)")
    parser.add_argument("--timed", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--study", default="demo", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
