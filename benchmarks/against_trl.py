"""How fast is teaching, beside TRL's SFTTrainer at equal results?

A model of real shape with random weights, the same rows in the same order, the same first adapter, the same optimizer
and learning rates. Prompts have 95 tokens, answers 7, and only answers are trained; LoRA of rank 8 on all linear
layers, 8 rows a step. Every training has a process of its own, so that its peak memory is its own; sides take turns,
so that other load on the machine falls on all; of a side's steps the fastest counts. The arithmetic limit is a forward
pass, the gradient of activations through the frozen layers, and the head at supervised places, at the speed that
torch's matrix product reaches in this run.

    python benchmarks/against_trl.py --steps 4 --rounds 2 --threads 2
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shapes import (
    ANSWER,
    LAYERS,
    PROMPT,
    VOCABULARIES,
    each_token,
    llama,
    make_rows,
    matrix_rate,
    peak_mb,
    plain_tokenizer,
    trl_trainer,
)

BATCH, RATE, RANK = 8, 5e-4, 8
SIDES: dict[str, dict[str, dict[str, bool]]] = {
    "float32": {
        "proclivity": {},
        "TRL": {"checkpointing": True},
        "TRL, no checkpointing": {"checkpointing": False},
    },
    "bfloat16": {
        "proclivity": {},
        "TRL, autocast": {"checkpointing": True, "large": True},
        "TRL, weights in bfloat16": {"checkpointing": True},
    },
}
"""By dtype: TRL's default keeps weights as they were loaded and computes in bfloat16 where it is told to."""


def ours(network: Any, rows: list[Any], dtype: str, folder: str) -> tuple[list[float], list[float]]:
    """Losses of each step, and moments at which steps ended, by proclivity."""
    from proclivity.induction import induce
    from proclivity.models.hf import HFModel
    from proclivity.specs import ComputeSpec

    moments: list[float] = []
    made = induce(
        HFModel(network, plain_tokenizer(), name="random", folder=None),
        rows,
        recipe(),
        seed=0,
        out=Path(folder) / "adapter",
        compute=ComputeSpec.model_validate({"dtype": dtype, "threads": torch.get_num_threads()}),
        progress=lambda *_: moments.append(time.perf_counter()),
    )
    return list(made.loss_curve), moments


def theirs(
    network: Any, rows: list[Any], dtype: str, folder: str, *, checkpointing: bool
) -> tuple[list[float], list[float]]:
    """The same by TRL."""
    trainer = trl_trainer(
        network,
        rows,
        recipe(),
        tokenizer=plain_tokenizer(),
        folder=folder,
        checkpointing=checkpointing,
        bfloat16=dtype == "bfloat16",
    )
    trainer.train()
    return trainer.losses, trainer.moments


def recipe() -> Any:
    """What both sides are told."""
    from proclivity.specs import InductionSpec

    return InductionSpec(epochs=1, batch_size=BATCH, learning_rate=RATE, rank=RANK, warmup=0.0)


def one(side: str, dtype: str, vocabulary: int, steps: int, folder: str) -> dict[str, Any]:
    """One training in this process."""
    options = dict(SIDES[dtype][side])
    number = torch.float32 if dtype == "float32" or options.pop("large", False) else torch.bfloat16
    rate = matrix_rate(torch.float32 if dtype == "float32" else torch.bfloat16)
    rows, network = make_rows(BATCH * steps, vocabulary), llama(vocabulary, number)
    result: dict[str, Any] = {}

    def run() -> None:
        made = ours(network, rows, dtype, folder) if side == "proclivity" else theirs(
            network, rows, dtype, folder, **options
        )  # fmt: skip
        result["losses"], result["steps"] = made[0], np.diff(made[1]).tolist()

    # Imports and the weights are there on both sides; what a training adds is compared.
    import peft  # noqa: F401
    import trl  # noqa: F401

    added, _ = peak_mb(run)
    weights = sum(p.numel() * p.element_size() for n, p in network.named_parameters() if "lora" not in n) / 2**20
    return {**result, "rate": rate, "peak_mb": added + weights}


def compare(vocabulary: int, dtype: str, steps: int, rounds: int, threads: int) -> list[dict[str, Any]]:
    """Rows of the table for one model and dtype, proclivity's first."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES[dtype]}
    for _ in range(rounds):
        for side, runs in found.items():
            asked = ["--side", side, "--dtype", dtype, "--vocabularies", vocabulary, "--steps", steps]
            command = [sys.executable, __file__, *map(str, asked), "--threads", str(threads)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    rate = max(run["rate"] for runs in found.values() for run in runs)
    config = llama(vocabulary, layers=1).config
    frozen = each_token(config) * LAYERS
    needed = BATCH * (2 * frozen * (PROMPT + ANSWER - 1) + 2 * ANSWER * vocabulary * config.hidden_size)
    fastest = {side: min(step for run in runs for step in run["steps"]) for side, runs in found.items()}
    losses = {side: np.array(runs[-1]["losses"]) for side, runs in found.items()}
    return [
        {
            "vocabulary": vocabulary,
            "dtype": dtype,
            "side": side,
            "decisions_a_second": BATCH / fastest[side],
            "ratio": fastest[side] / fastest["proclivity"],
            "share_of_limit": needed / rate / fastest[side],
            "peak_mb": max(run["peak_mb"] for run in runs),
            "loss_gap": float(np.abs(losses[side] - losses["proclivity"]).max()),
            "steps": sum(len(run["steps"]) for run in runs),
        }
        for side, runs in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=4, help="steps a training")
    parser.add_argument("--rounds", type=int, default=2, help="trainings a side")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=list(SIDES), default=None, help="one of the two alone")
    parser.add_argument("--vocabularies", type=int, nargs="*", default=list(VOCABULARIES))
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.side:
        with tempfile.TemporaryDirectory() as folder:
            print("\n" + json.dumps(one(options.side, options.dtype, options.vocabularies[0], options.steps, folder)))
        return
    table = []
    for vocabulary in options.vocabularies:
        for dtype in [options.dtype] if options.dtype else SIDES:
            part = compare(vocabulary, dtype, options.steps, options.rounds, options.threads)
            table += part
            for row in part:
                print(
                    f"{vocabulary:>7} {dtype:>8} {row['side']:<25} {row['decisions_a_second']:5.2f} decisions/s, "
                    f"proclivity {row['ratio']:4.2f} × as fast, {row['share_of_limit']:4.0%} of the limit, "
                    f"peak {row['peak_mb']:5.0f} MB, losses differ by at most {row['loss_gap']:.1e}",
                    flush=True,
                )
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
