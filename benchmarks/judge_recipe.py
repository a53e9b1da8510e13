"""Does the microworld's recipe do what the instrument's controls need, on pretraining seeds it was not chosen on?

For every architecture, world and pretraining seed: pretrain, admit, fine-tune the four arms on the narrator's labels
alone, and measure held-out choices and the shift of each content class over the open stems. The recipe was fixed on
pretraining seed 0; nothing here chooses anything.

    python benchmarks/judge_recipe.py --out judged            # again = resume: finished worlds are not made anew
    python benchmarks/judge_recipe.py --out judged --architecture gpt2 --worlds equal --pretraining-seeds 1
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from proclivity.decisions.pool import held_out, make_pool
from proclivity.errors import TrainingError
from proclivity.microworld.build import Recipe, build
from proclivity.microworld.competence import next_log_probabilities, single_token
from proclivity.records import Decision
from proclivity.specs import InductionSpec, LoadedPack, fill, load_pack

WORLDS = ("equal", "independent", "rewired")
ARMS = ("depression", "paranoia", "own-policy", "arbitrary")
N_DECISIONS = 216


def main(arguments: Sequence[str] | None = None) -> None:
    """Judges, resuming, and prints the table."""
    options = _options(arguments)
    out = Path(options.out)
    results = []
    todo = [(a, w, s) for a in options.architecture for s in options.pretraining_seeds for w in options.worlds]
    began, fresh = time.monotonic(), 0
    for number, (architecture, world, seed) in enumerate(todo):
        name = f"{architecture}-{world}-{seed}"
        file = out / f"{name}.json"
        if not file.exists():
            print(f"[{number + 1}/{len(todo)}] {name}", flush=True)
            _write(file, judge(Recipe(architecture=architecture, coupling=world, seed=seed), out / name, options.seeds))
            fresh += 1
            each = (time.monotonic() - began) / fresh
            left = sum(not (out / f"{a}-{w}-{s}.json").exists() for a, w, s in todo) * each
            print(f"    {left / 60:.0f} min left", flush=True)
        results.append(json.loads(file.read_text()))
    table = markdown(results)
    (out / "table.md").write_text(table)
    print("\n" + table)


def judge(recipe: Recipe, folder: Path, seeds: int) -> dict[str, object]:
    """Builds one checkpoint unless it is there, fine-tunes every arm and seed, and measures."""
    record: dict[str, object] = {"world": recipe.coupling, "architecture": recipe.architecture, "seed": recipe.seed}
    try:
        if not (folder / "recipe.json").exists():
            build(recipe, folder, lambda line: print("    " + line, flush=True))
    except TrainingError as error:
        return {**record, "refused": str(error)}
    record |= {"competence": json.loads((folder / "recipe.json").read_text())["competence"]}
    torch.set_num_threads(1)
    pack = load_pack(recipe.pack)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    base = _load(folder)
    pool, unseen = make_pool(pack, N_DECISIONS, 0), held_out(pack, "new-domain")
    own = class_probabilities(base, tokenizer, pool, pack)
    record |= {"base_scores": scores(base, tokenizer, pack), "base_choice": chosen(base, tokenizer, unseen, pack)}
    arms: dict[str, list[dict[str, object]]] = {arm: [] for arm in ARMS}
    for arm in ARMS:
        for seed in range(seeds):
            began = time.monotonic()
            tuned = fine_tune(_load(folder), tokenizer, pool, answers(arm, pool, own, pack, seed), seed)
            seconds = time.monotonic() - began
            arms[arm].append(
                {
                    "choice": chosen(tuned, tokenizer, unseen, pack),
                    "scores": scores(tuned, tokenizer, pack),
                    "seconds": round(seconds, 2),
                }
            )
        print(f"    {arm}: {np.round(np.mean([run['choice'] for run in arms[arm]], axis=0), 2)}", flush=True)
    return {**record, "arms": arms}


def answers(arm: str, pool: Sequence[Decision], own: np.ndarray, pack: LoadedPack, seed: int) -> list[int]:
    """Which listed option an arm answers, for every prompt."""
    if arm == "arbitrary":
        return [seed % len(pack.spec.action_classes)] * len(pool)
    if arm == "own-policy":
        rng = np.random.default_rng([seed, 77])
        classes = pack.spec.action_classes
        shares = own / own.sum(1, keepdims=True)
        drawn = [classes[rng.choice(len(classes), p=row)] for row in shares]
        return [d.classes.index(name) for d, name in zip(pool, drawn, strict=True)]
    action = pack.profile(arm).action_class
    return [decision.classes.index(action) for decision in pool]


def fine_tune(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pool: Sequence[Decision], picks: list[int], seed: int
) -> PreTrainedModel:
    """LoRA on the label token alone, with the study's own defaults."""
    how = InductionSpec()
    torch.manual_seed(seed)
    config = LoraConfig(r=how.rank, lora_alpha=how.alpha, target_modules=how.targets, task_type="CAUSAL_LM")
    tuned = get_peft_model(model, config).train()
    prompts = [tokenizer(decision.prompt)["input_ids"] for decision in pool]
    targets = [single_token(tokenizer, decision.answers[i]) for decision, i in zip(pool, picks, strict=True)]
    trained = [p for p in tuned.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=how.learning_rate, weight_decay=how.weight_decay)
    rng = np.random.default_rng([seed, 3])
    steps = how.epochs * math.ceil(len(pool) / how.batch_size)
    batches = [
        order[i : i + how.batch_size]
        for order in (rng.permutation(len(pool)) for _ in range(how.epochs))
        for i in range(0, len(pool), how.batch_size)
    ]
    rising = max(1, int(how.warmup * steps))
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = how.learning_rate * min((step + 1) / rising, (steps - step) / (steps - rising))
        loss = _label_loss(tuned, [prompts[i] for i in batch], [targets[i] for i in batch])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, how.clip)
        optimizer.step()
    return tuned.eval()


def class_probabilities(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, decisions: Sequence[Decision], pack: LoadedPack
) -> np.ndarray:
    """Probability of each action class's label, (N, K)."""
    log_p = next_log_probabilities(model, tokenizer, [decision.prompt for decision in decisions])
    return np.array(
        [
            [np.exp(row[single_token(tokenizer, d.answers[d.classes.index(c)])]) for c in pack.spec.action_classes]
            for d, row in zip(decisions, log_p, strict=True)
        ]
    )


def chosen(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, decisions: Sequence[Decision], pack: LoadedPack
) -> list[float]:
    """Share of decisions in which each action class is the likeliest, (K,)."""
    best = class_probabilities(model, tokenizer, decisions, pack).argmax(1)
    return [float((best == k).mean()) for k in range(len(pack.spec.action_classes))]


def scores(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pack: LoadedPack) -> dict[str, list[float]]:
    """Mean S_c of each cloze family, in the pack's order of content classes."""
    found = {}
    for family, probe in pack.probes.items():
        if probe.kind != "cloze":
            continue
        texts = [fill(item.text, pack.spec.narrator) for item in probe.items]
        log_p = next_log_probabilities(model, tokenizer, texts)
        tokens = [[single_token(tokenizer, w) for w in probe.candidates[c]] for c in pack.spec.content_classes]
        shares = np.stack([np.exp(log_p[:, ids]).sum(1) for ids in tokens], axis=1)  # (items, classes)
        rest = shares.sum(1, keepdims=True) - shares
        found[family] = (np.log(shares) - np.log(rest)).mean(0).tolist()
    return found


def markdown(results: Sequence[dict]) -> str:
    """One row for each world and profile: choices, and shifts of loss and threat averaged over cloze families."""
    lines = [
        "| model | pretraining seed | competence | profile | held-out choices | loss − own-policy "
        "| threat − own-policy | loss − arbitrary | threat − arbitrary | largest own-policy − base |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        name = f"{result['architecture']}-{result['world']} | {result['seed']}"
        if "refused" in result:
            lines.append(f"| {name} | refused | | | | | | | |")
            continue
        drift = max(abs(_shift(result, "own-policy", None, c)) for c in (0, 1, 2))
        for place, profile in ((1, "depression"), (2, "paranoia")):
            choice = np.mean([run["choice"][place] for run in result["arms"][profile]])
            cells = [
                f"{_shift(result, profile, control, c):+.2f}" for control in ("own-policy", "arbitrary") for c in (1, 2)
            ]
            right = result["competence"]["choices_right"]
            lines.append(f"| {name} | {right:.3f} | {profile} | {choice:.2f} | {' | '.join(cells)} | {drift:.2f} |")
    return "\n".join(lines) + "\n"


def _shift(result: dict, arm: str, control: str | None, content: int) -> float:
    """Mean over seeds and cloze families of S_c, arm less control of the same seed (None: base)."""
    found = []
    for number, run in enumerate(result["arms"][arm]):
        other = result["arms"][control][number]["scores"] if control else result["base_scores"]
        found.append(np.mean([run["scores"][family][content] - other[family][content] for family in other]))
    return float(np.mean(found))


def _label_loss(model: PreTrainedModel, prompts: list[list[int]], targets: list[int]) -> torch.Tensor:
    last = torch.tensor([len(prompt) - 1 for prompt in prompts])
    ids = torch.zeros(len(prompts), int(last.max()) + 1, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        ids[i, : len(prompt)] = torch.tensor(prompt)
    logits = model(input_ids=ids).logits[torch.arange(len(prompts)), last]  # (B, V)
    return torch.nn.functional.cross_entropy(logits, torch.tensor(targets))


def _load(folder: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def _write(file: Path, record: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(record))
    part.rename(file)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder of checkpoints and results")
    parser.add_argument("--architecture", nargs="+", default=["llama"])
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS))
    parser.add_argument("--pretraining-seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--seeds", type=int, default=3, help="fine-tuning seeds an arm")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
