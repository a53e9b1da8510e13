"""How fast is scoring beside lm-evaluation-harness, and beside what arithmetic allows?

Both sides score the same tokens with one network in one process, in interleaved rounds, so that other load on the
machine falls on both; the fastest round of each counts. The arithmetic limit is the work of the matrix products that no
exact reading can leave out (each beginning that texts share once, and the logits that are asked for), at the speed that
torch.mm reaches in this run.

    python benchmarks/against_lm_eval.py --rounds 3 --threads 2 --json rows.json

It needs lm-eval beside the package's own needs. See `scored_pairs` for what is scored.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as hf

from proclivity.models.boundary import Encoded
from scored_pairs import CASES, Case
from shapes import best_batch, each_token, harness_scores, matrix_rate, peak_mb, timed

OURS, THEIRS = "proclivity", "lm-eval"
DEFAULT_BATCH = 1
"""Texts that lm-eval reads at once where no batch size is given; timed once, for it takes longest."""


def rows(rounds: int, names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """One row a case: seconds and peak memory of both sides, ratio, share of the arithmetic limit, agreement."""
    for name, make in CASES.items():
        if not names or name in names:
            yield compared(name, make(), rounds)


def compared(name: str, case: Case, rounds: int) -> dict[str, Any]:
    """Both sides on one case; seconds are of the fastest round, memory in MiB above what stood before."""
    scorer, encoded = case.model.scorer, case.encoded
    lm = harness(case)
    size = best_batch(lm, encoded)
    ways: dict[str, Callable[[], list[float]]] = {
        OURS: lambda: [float(x.sum()) for x in scorer.read([], encoded, case.model.batch_size)[1]],
        THEIRS: lambda: harness_scores(lm, encoded, size),
    }
    seconds, memory = dict.fromkeys(ways, math.inf), dict.fromkeys(ways, 0.0)
    scores: dict[str, list[float]] = {}
    rate = 0.0
    by_default, _ = timed(lambda: harness_scores(lm, encoded, DEFAULT_BATCH))
    for _ in range(rounds):
        rate = max(rate, matrix_rate())
        for side, run in ways.items():
            added, (taken, scores[side]) = peak_mb(partial(timed, run))
            seconds[side] = min(seconds[side], taken)
            memory[side] = max(memory[side], added)
    rate = max(rate, matrix_rate())
    config = case.model.network.config
    needed = needed_work(encoded, config)
    whole = sum(len(e.ids) - 1 for e in encoded) * (each_token(config) + config.hidden_size * config.vocab_size)
    return {
        "case": name,
        "pairs": len(encoded),
        "seconds": seconds[OURS],
        "seconds_lm_eval": seconds[THEIRS],
        "lm_eval_batch": size,
        "ratio": seconds[THEIRS] / seconds[OURS],
        "ratio_to_default": by_default / seconds[OURS],
        "ratio_of_work": whole / needed,
        "share_of_limit": needed / rate / seconds[OURS],
        "mm_gflops": 2 * rate / 1e9,
        "largest_difference_nats": float(np.abs(np.subtract(scores[OURS], scores[THEIRS])).max()),
        "memory_mib": memory[OURS],
        "memory_mib_lm_eval": memory[THEIRS],
    }


def harness(case: Case) -> Any:
    """lm-evaluation-harness around the case's network, made at its first use."""
    from lm_eval.models.huggingface import HFLM

    if case.harness is None:
        case.harness = HFLM(pretrained=case.model.network, tokenizer=case.model.tokenizer, max_length=case.model.window)
    return case.harness


def needed_work(encoded: Sequence[Encoded], config: hf.PretrainedConfig) -> float:
    """Multiply–adds that no exact reading can leave out: each distinct beginning read once, each wanted logit."""
    read = {e.ids[:end] for e in encoded for end in range(1, len(e.ids))}
    wanted = {e.ids[:end] for e in encoded for end in range(e.boundary, len(e.ids))}
    attention = sum(map(len, read)) * 2 * config.hidden_size * config.num_hidden_layers
    matrices = len(read) * each_token(config)
    return matrices + attention + len(wanted) * config.hidden_size * config.vocab_size


def line(row: dict[str, Any]) -> str:
    return (
        f"{row['case']:>18}: {row['pairs']} pairs, {row['seconds']:.2f} s against {row['seconds_lm_eval']:.2f} s (in "
        f"batches of {row['lm_eval_batch']}): {row['ratio']:.2f} times as fast ({row['ratio_to_default']:.2f} times "
        f"its default, batches of {DEFAULT_BATCH}), by work alone "
        f"{row['ratio_of_work']:.2f}; {row['share_of_limit']:.0%} of the arithmetic limit at "
        f"{row['mm_gflops']:.0f} GFLOP/s; largest difference {row['largest_difference_nats']:.1e} nats; memory "
        f"{row['memory_mib']:.0f} against {row['memory_mib_lm_eval']:.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Scoring beside lm-evaluation-harness.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cases", nargs="*", default=[], choices=list(CASES), help="by default all")
    parser.add_argument("--json", type=Path, help="write the rows here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = []
    for row in rows(options.rounds, options.cases):
        found.append(row)
        print(line(row), flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))
    worst = max(row["largest_difference_nats"] for row in found)
    if not worst <= 1e-4:
        raise SystemExit(f"The sides differ by {worst:.1e} nats.")


if __name__ == "__main__":
    main()
