"""What comparisons of speed share: random-weight models of real shape, rows to teach them, and the measures."""

from __future__ import annotations

import ctypes
import gc
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

WIDTH, INNER, LAYERS, HEADS = 576, 1536, 30, 9
VOCABULARIES = (49_152, 151_936)
PROMPT, ANSWER = 95, 7
"""Tokens of a row."""
BATCHES = (8, 16, 32)
"""Batch sizes that lm-evaluation-harness is tried with; the best counts."""
TRIED_ON = 48
"""Pairs on which they are tried."""
HIGH_WATER = "5"
"""What Linux wants written into clear_refs to begin a process's peak anew."""
Found = TypeVar("Found")


def llama(
    vocabulary: int,
    dtype: torch.dtype = torch.float32,
    *,
    width: int = WIDTH,
    inner: int = INNER,
    layers: int = LAYERS,
    heads: int = HEADS,
) -> Any:
    """A Llama whose weights are random; by default of 135 M parameters' shape."""
    import transformers

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads // 3,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )
    return transformers.LlamaForCausalLM(config).to(dtype).eval().requires_grad_(False)


def each_token(config: Any) -> int:
    """Multiply–adds of a token in the matrices of a Llama's layers; attention and head are left out."""
    width, kept = config.hidden_size, config.num_key_value_heads * config.head_dim
    return int(config.num_hidden_layers * (2 * width * (width + kept) + 3 * width * config.intermediate_size))


def make_rows(count: int, vocabulary: int) -> list[Any]:
    """Rows of random tokens, to be taught."""
    from proclivity.records import TrainingRow

    mask = (*[False] * PROMPT, *[True] * ANSWER)
    tokens = np.random.default_rng(1).integers(3, vocabulary, (count, PROMPT + ANSWER)).tolist()
    return [TrainingRow(str(n), "arm", tuple(ids), mask) for n, ids in enumerate(tokens)]


def plain_tokenizer() -> Any:
    """A tokenizer for libraries that ask for one where tokens are given."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "[EOS]": 2}, unk_token="[UNK]"))
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="[EOS]", pad_token="[EOS]", unk_token="[UNK]")


def trl_trainer(
    network: Any,
    rows: Sequence[Any],
    spec: Any,
    *,
    tokenizer: Any,
    folder: str,
    seed: int = 0,
    checkpointing: bool = True,
    bfloat16: bool = False,
) -> Any:
    """TRL's trainer of the recipe that proclivity is given (an InductionSpec without warmup), on rows in the order in
    which proclivity takes them. It keeps `losses` of steps, and the `moments` at which they ended."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from proclivity.induction.batches import batches_of

    plan = batches_of([len(row.input_ids) for row in rows], spec.batch_size, spec.epochs, seed)
    order = [rows[place] for batch in plan for place in batch]
    ids, masks = [list(row.input_ids) for row in order], [[int(x) for x in row.loss_mask] for row in order]

    class Timed(SFTTrainer):  # type: ignore[misc]
        def training_step(self, *given: Any, **named: Any) -> Any:
            loss = super().training_step(*given, **named)
            self.losses.append(float(loss))
            return loss

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            trainer.moments.append(time.perf_counter())

    config = SFTConfig(
        output_dir=folder, per_device_train_batch_size=spec.batch_size, max_steps=len(plan), report_to="none",
        use_cpu=True, learning_rate=spec.learning_rate, lr_scheduler_type="linear", warmup_steps=0, logging_steps=1,
        save_strategy="no", bf16=bfloat16, gradient_checkpointing=checkpointing, completion_only_loss=True,
        max_grad_norm=spec.clip, weight_decay=spec.weight_decay,
        train_sampling_strategy="sequential", disable_tqdm=True, seed=seed,
    )  # fmt: skip
    torch.manual_seed(seed)
    trainer = Timed(
        model=network, args=config, processing_class=tokenizer,
        train_dataset=Dataset.from_dict({"input_ids": ids, "completion_mask": masks}),
        peft_config=LoraConfig(
            r=spec.rank, lora_alpha=spec.alpha, lora_dropout=0.0, target_modules=spec.targets, task_type="CAUSAL_LM"
        ),
    )  # fmt: skip
    trainer.losses, trainer.moments = [], []
    trainer.add_callback(Clock())
    return trainer


def harness_scores(harness: Any, encoded: Sequence[Any], batch_size: int) -> list[float]:
    """Sums of log probabilities (nats) by lm-evaluation-harness's HFLM, of the very same tokens."""
    harness.batch_size_per_gpu = batch_size
    asked = [(("", ""), list(e.ids[: e.boundary]), list(e.ids[e.boundary :])) for e in encoded]
    return [score for score, _ in harness._loglikelihood_tokens(asked, disable_tqdm=True)]


def best_batch(harness: Any, encoded: Sequence[Any]) -> int:
    """The batch size that is quickest for the harness on some of the pairs."""
    some = encoded[:TRIED_ON]
    harness_scores(harness, some[:2], 1)  # what is made at its first use counts for no size
    return min(BATCHES, key=lambda size: timed(lambda: harness_scores(harness, some, size))[0])


def matrix_rate(dtype: torch.dtype = torch.float32, rows: int = 808) -> float:
    """Multiply–adds a second that a matrix product reaches at the network's own sizes, torch's or oneDNN's, the best of
    many."""
    from proclivity.models.products import product

    best = 0.0
    for wide, high in ((WIDTH, INNER), (INNER, WIDTH), (WIDTH, WIDTH), (1024, 1024)):
        left, right = torch.randn(rows, wide).to(dtype), torch.randn(high, wide).to(dtype)
        for way in (lambda a=left, b=right: a @ b.T, lambda a=left, b=right: product(a, b)):  # type: ignore[misc]
            best = max(best, rows * wide * high / min(timed(way)[0] for _ in range(10)))
    return best


def timed(run: Callable[[], Found]) -> tuple[float, Found]:
    """Seconds that something takes, and what it gives."""
    started = time.perf_counter()
    found = run()
    return time.perf_counter() - started, found


def peak_mb(run: Callable[[], Found]) -> tuple[float, Found]:
    """Megabytes by which the process's resident memory rises at its highest while something runs, and what that gives;
    NaN where the system doesn't tell (only Linux does)."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before would hide what is taken now
        Path("/proc/self/clear_refs").write_text(HIGH_WATER)
    except (AttributeError, OSError, TypeError):
        return math.nan, run()
    before = _high_water()
    found = run()
    return _high_water() - before, found


def _high_water() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
