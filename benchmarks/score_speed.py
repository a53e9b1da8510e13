"""How fast is scoring, beside reading every text whole, and beside reading them one by one?

One run on a random Llama-style model: 60 prompts of about 120 tokens with 24 continuations of 4 to 8 tokens each, read
(a) as the scorer plans it, (b) with every distinct text read whole in batches, (c) one text at a time through the
model's own forward. Rounds are interleaved, so that other load on the machine falls on all three; the fastest of each
counts. The arithmetic limit is the work of the matrix products that no exact reading can leave out, at the speed that
torch.mm reaches here.

    python benchmarks/score_speed.py --rounds 3 --threads 1
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
import transformers as hf

from proclivity.models.boundary import Encoded
from proclivity.models.prefix import plan_rows
from proclivity.models.scorer import Scorer

LAYERS, WIDTH, INNER, HEADS, VOCABULARY = 6, 256, 1024, 8, 4096
PROMPTS, PROMPT, CONTINUATIONS, BATCH = 60, 120, 24, 64


def network() -> hf.LlamaForCausalLM:
    torch.manual_seed(0)
    shape = {"hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": LAYERS}
    config = hf.LlamaConfig(vocab_size=VOCABULARY, num_attention_heads=HEADS, max_position_embeddings=2048, **shape)
    return hf.LlamaForCausalLM(config).eval().requires_grad_(False)


def texts(rng: np.random.Generator) -> list[Encoded]:
    found = []
    for _ in range(PROMPTS):
        prompt = rng.integers(0, VOCABULARY, PROMPT + rng.integers(-8, 9)).tolist()
        for _ in range(CONTINUATIONS):
            continuation = rng.integers(0, VOCABULARY, rng.integers(4, 9)).tolist()
            found.append(Encoded((*prompt, *continuation), len(prompt), False))
    return found


@torch.no_grad()
def one_by_one(model: hf.LlamaForCausalLM, encoded: list[Encoded]) -> list[float]:
    scores = []
    for ids, boundary, _ in encoded:
        log_probs = model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
        at = torch.arange(boundary - 1, len(ids) - 1)
        scores.append(float(log_probs[at, torch.tensor(ids[boundary:])].sum()))
    return scores


def work(encoded: list[Encoded], widest: int) -> float:
    """Floating-point operations of matrix products: every token that is read once, attention, wanted logits."""
    rows, paths = plan_rows(encoded, BATCH, widest)
    read = sum(len(row.ids) for row in rows)
    seen = sum(sum(depth + 1 for depth in row.depths) for row in rows)
    wanted = len({(row, column) for row, columns in paths for column in columns})
    layer = 4 * WIDTH * WIDTH + 3 * WIDTH * INNER
    return 2.0 * (read * LAYERS * layer + seen * LAYERS * 2 * WIDTH + wanted * WIDTH * VOCABULARY)


def peak() -> float:
    """Best speed of torch.mm, operations a second."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return max(2 * 1024**3 / seconds(lambda: torch.mm(a, b))[0] for _ in range(10))


def seconds(run: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of scoring as ratios.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, encoded = network(), texts(np.random.default_rng(0))
    shared, whole = Scorer(model), Scorer(model)
    widest, whole.widest = shared.widest, 0
    ways: dict[str, Callable[[], object]] = {
        "shared": lambda: [x.sum() for x in shared.token_log_probs(encoded, BATCH)],
        "whole": lambda: [x.sum() for x in whole.token_log_probs(encoded, BATCH)],
        "one by one": lambda: one_by_one(model, encoded),
    }
    best: dict[str, float] = dict.fromkeys(ways, float("inf"))
    scores: dict[str, np.ndarray] = {}
    speed = 0.0
    for _ in range(options.rounds):
        speed = max(speed, peak())
        for name, run in ways.items():
            taken, found = seconds(run)
            best[name], scores[name] = min(best[name], taken), np.array(found)
    needed = work(encoded, widest)
    print(f"torch.mm: {speed / 1e9:.1f} GFLOP/s on {options.threads} thread(s); needed: {needed / 1e9:.1f} GFLOP")
    for name, taken in best.items():
        gap = np.abs(scores[name] - scores["one by one"]).max()
        print(
            f"{name:>10}: {taken:7.2f} s, shared / this {best['shared'] / taken:5.3f}, "
            f"{needed / taken / speed:6.1%} of the arithmetic limit, largest difference {gap:.1e} nats"
        )


if __name__ == "__main__":
    main()
