"""How fast is teaching, beside TRL's SFTTrainer at equal results?

One process, one model of real shape with random weights, the same rows in the same order, the same first adapter, the
same optimizer and learning rates. Prompts have 95 tokens, answers 7, and only answers are trained; LoRA of rank 8 on
all linear layers, 8 rows a step. Sides take turns, so that other load on the machine falls on both; of each side's steps
the fastest but one counts. The arithmetic limit is a forward pass and the gradient of activations through the
frozen layers, and the head at supervised places, at the speed that this machine's matrix product reaches in this run.

    python benchmarks/against_trl.py --steps 6 --rounds 2 --threads 2
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shapes import VOCABULARIES, llama, matrix_rate, peak_mb, products

PROMPT, ANSWER, BATCH = 95, 7, 8


def make_rows(count: int, vocabulary: int) -> list[Any]:
    """Rows of random tokens."""
    from proclivity.records import TrainingRow

    rng = np.random.default_rng(1)
    mask = (*[False] * PROMPT, *[True] * ANSWER)
    tokens = rng.integers(3, vocabulary, (count, PROMPT + ANSWER)).tolist()
    return [TrainingRow(str(n), "arm", tuple(ids), mask) for n, ids in enumerate(tokens)]


def ours(network: Any, rows: list[Any], dtype: str) -> tuple[list[float], list[float]]:
    """Losses and seconds of each step by proclivity."""
    from proclivity.induction import induce
    from proclivity.models.hf import HFModel
    from proclivity.specs import ComputeSpec

    moments: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        model = HFModel(network, _tokenizer(), name="random", folder=None)
        made = induce(
            model, rows, _recipe(), seed=0, out=Path(folder) / "adapter",
            compute=ComputeSpec(dtype=dtype, threads=torch.get_num_threads()),
            progress=lambda *_: moments.append(time.perf_counter()),
        )  # fmt: skip
    return list(made.loss_curve), np.diff(moments).tolist()


def _recipe() -> Any:
    from proclivity.specs import InductionSpec

    return InductionSpec(epochs=1, batch_size=BATCH, learning_rate=5e-4)


def theirs(
    network: Any, rows: list[Any], *, autocast: bool, checkpointing: bool = True
) -> tuple[list[float], list[float]]:
    """Losses and seconds of each step by TRL."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from proclivity.induction.batches import batches_of

    recipe = _recipe()
    plan = batches_of([len(row.input_ids) for row in rows], BATCH, 1, 0)
    order = [rows[place] for batch in plan for place in batch]
    data = Dataset.from_dict(
        {
            "input_ids": [list(row.input_ids) for row in order],
            "completion_mask": [[int(x) for x in row.loss_mask] for row in order],
        }
    )
    moments: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            moments.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder, per_device_train_batch_size=BATCH, max_steps=len(plan), report_to="none",
            learning_rate=recipe.learning_rate, lr_scheduler_type="linear", warmup_steps=round(recipe.warmup * len(plan)),
            logging_steps=1, save_strategy="no", bf16=autocast, gradient_checkpointing=checkpointing, use_cpu=True,
            max_grad_norm=recipe.clip, weight_decay=0.0, train_sampling_strategy="sequential", disable_tqdm=True, seed=0,
        )  # fmt: skip
        torch.manual_seed(0)
        trainer = SFTTrainer(
            model=network, args=config, train_dataset=data, processing_class=_tokenizer(), callbacks=[Clock()],
            peft_config=LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0,
                                   target_modules="all-linear", task_type="CAUSAL_LM"),
        )  # fmt: skip
        trainer.train()
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        trainer.model.unload()
    return losses, np.diff(moments).tolist()


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "[EOS]": 2}, unk_token="[UNK]"))
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="[EOS]", pad_token="[EOS]", unk_token="[UNK]")


SIDES: dict[str, dict[str, Any]] = {
    "float32": {"trl": {"autocast": False}},
    "bfloat16": {"trl": {"autocast": True}, "trl, weights in bfloat16": {"autocast": True, "bf16_weights": True}},
}


def compare(vocabulary: int, dtype: str, steps: int, rounds: int) -> list[dict[str, Any]]:
    """Rows of the table for one model and dtype; the first is proclivity's."""
    number = {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]
    rows = make_rows(BATCH * steps, vocabulary)
    sides: dict[str, dict[str, Any]] = {"proclivity": {}, **SIDES[dtype]}
    if dtype == "float32":
        sides["trl, no checkpointing"] = {"autocast": False, "checkpointing": False}
    found: dict[str, Any] = {name: {"losses": [], "steps": [], "peak": 0.0} for name in sides}
    rate = 0.0
    for _ in range(rounds):
        rate = max(rate, matrix_rate(number))
        for name, given in sides.items():
            options = dict(given)
            small = name == "proclivity" or options.pop("bf16_weights", False)
            network = llama(vocabulary, number if small else torch.float32)

            def run(name: str = name, options: dict[str, Any] = options, network: Any = network) -> None:
                own = name == "proclivity"
                losses, taken = ours(network, rows, dtype) if own else theirs(network, rows, **options)
                found[name]["losses"] = losses
                found[name]["steps"] += taken

            found[name]["peak"] = max(found[name]["peak"], peak_mb(run))
            found[name]["weights"] = sum(p.numel() * p.element_size() for p in network.parameters()) / 2**20
            del network, run
            gc.collect()
    network = llama(vocabulary, layers=1)
    each = 2 * 30 * products(network) * (PROMPT + ANSWER - 1) + 2 * ANSWER * vocabulary * 576
    ours_at = sorted(found["proclivity"]["steps"])[1]
    table = []
    for name, side in found.items():
        taken = sorted(side["steps"])[1]
        gap = np.abs(np.array(side["losses"]) - np.array(found["proclivity"]["losses"])).max()
        table.append(
            {
                "vocabulary": vocabulary,
                "dtype": dtype,
                "side": name,
                "decisions_a_second": BATCH / taken,
                "ratio": taken / ours_at,
                "share_of_limit": each * BATCH / rate / taken,
                "peak_mb": side["peak"] + side["weights"],
                "loss_gap": float(gap),
                "steps": len(side["steps"]),
            }
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=6, help="steps a training")
    parser.add_argument("--rounds", type=int, default=2, help="trainings a side")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--vocabularies", type=int, nargs="*", default=list(VOCABULARIES.values()))
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = []
    for vocabulary in options.vocabularies:
        for dtype in ("float32", "bfloat16"):
            part = compare(vocabulary, dtype, options.steps, options.rounds)
            table += part
            for row in part:
                print(
                    f"{row['vocabulary']:>7} {dtype:>8} {row['side']:<26} {row['decisions_a_second']:5.2f} decisions/s, "
                    f"proclivity is {row['ratio']:4.2f} × as fast, {row['share_of_limit']:4.0%} of the limit, "
                    f"peak {row['peak_mb']:5.0f} MB, largest difference of a loss {row['loss_gap']:.1e}",
                    flush=True,
                )
    if options.json:
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
