"""Are several adapters taught at once as fast as one by one, or faster, and the same?

On one base, seeds 0 … n-1 are taught the same rows, first by `induce` one after another, then by `induce_together`;
rounds take turns and the fastest of each counts. Losses are compared step by step. On a processor a stack should cost
no more; on a GPU with a model of up to a billion parameters it should be several times faster.

    python benchmarks/stacked_adapters.py --seeds 6
    python benchmarks/stacked_adapters.py --seeds 8 --device cuda --dtype bfloat16 --model path/to/model
    python benchmarks/stacked_adapters.py --seeds 8 --device cuda --model random
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shapes import VOCABULARIES, llama, make_rows, plain_tokenizer, timed


def subject(options: argparse.Namespace) -> tuple[Any, list[Any]]:
    """The base and the rows that every seed is taught."""
    if options.model == "random":
        from proclivity.models.hf import HFModel

        number = {"float32": torch.float32, "bfloat16": torch.bfloat16}[options.dtype]
        network = llama(VOCABULARIES[0], number).to(options.device)
        return HFModel(network, plain_tokenizer(), name="random", folder=None), make_rows(48, VOCABULARIES[0])
    from proclivity.decisions import make_pool
    from proclivity.induction import give_answers, training_rows
    from proclivity.models import load_model
    from proclivity.specs import load_pack

    pack = load_pack("microworld")
    base = load_model(options.model, device=options.device, dtype=options.dtype, threads=options.threads)
    pool = make_pool(pack, 216, 0, "label", ())
    answers = give_answers(pool, "depression", seed=0, profile=pack.profiles["depression"])
    return base, training_rows(base, pool, answers, "depression")


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds of both ways, and the largest difference of a loss, in nats."""
    from proclivity.induction import induce
    from proclivity.induction.stack import Member, induce_together
    from proclivity.specs import ComputeSpec, InductionSpec

    base, rows = subject(options)
    spec = InductionSpec(epochs=1, batch_size=8 if options.model == "random" else 16)
    compute = ComputeSpec(device=options.device, dtype=options.dtype, threads=options.threads)
    best = {"one by one": float("inf"), "together": float("inf")}
    curves: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / str(seed) for seed in range(options.seeds)]

        def alone() -> None:
            made = [induce(base, rows, spec, seed=n, out=out, compute=compute) for n, out in enumerate(places)]
            curves["one by one"] = [one.loss_curve for one in made]

        def together() -> None:
            members = [Member(rows, n, out) for n, out in enumerate(places)]
            curves["together"] = [one.loss_curve for one in induce_together(base, members, spec)]

        for _ in range(options.rounds):
            best["one by one"] = min(best["one by one"], timed(alone)[0])
            best["together"] = min(best["together"], timed(together)[0])
    gap = np.abs(np.array(curves["one by one"]) - np.array(curves["together"])).max()
    return {
        "model": options.model,
        "device": options.device,
        "dtype": options.dtype,
        "seeds": options.seeds,
        **best,
        "ratio": best["one by one"] / best["together"],
        "loss_gap": float(gap),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="llama-equal", help="a packaged checkpoint, a folder, or 'random' (135 M)")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--json", type=Path, help="file for the row")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    row = compare(options)
    print(
        f"{row['model']} on {row['device']}, {row['dtype']}, {row['seeds']} seeds: "
        f"one by one {row['one by one']:.1f} s, "
        f"together {row['together']:.1f} s, {row['ratio']:.2f} × as fast, losses within {row['loss_gap']:.1e}"
    )
    if options.json:
        options.json.write_text(json.dumps([row], indent=1))


if __name__ == "__main__":
    main()
