"""The whole of it: from a pack and a seed to a checkpoint folder that `from_pretrained` reads.

Same pack, architecture, coupling, seed, thread count and kind of processor: same weights. A checkpoint that isn't
competent is pretrained anew with half as many steps again, once; then the build fails and says why.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from proclivity.errors import StorageError, TrainingError
from proclivity.microworld.architectures import Size, make_model
from proclivity.microworld.card import write_card
from proclivity.microworld.competence import Competence, measure_competence
from proclivity.microworld.corpus import documents, token_blocks
from proclivity.microworld.emphasis import make_emphasis
from proclivity.microworld.grammar import Grammar, make_grammar
from proclivity.microworld.pretrain import Progress, Schedule, pretrain
from proclivity.microworld.tokenizer import tokenizer_texts, train_tokenizer
from proclivity.specs import digest_of, digest_of_file, load_pack


@dataclass(frozen=True)
class Recipe:
    """Everything that makes a checkpoint what it is."""

    architecture: str = "llama"
    coupling: str = "equal"
    seed: int = 0
    pack: str = "microworld"
    size: Size = field(default_factory=Size)
    schedule: Schedule = field(default_factory=Schedule)
    vocabulary: int = 2400
    threads: int = 1
    retries: int = 1
    """How often an incompetent model is pretrained anew, with half as many steps again."""
    admit: bool = True
    """Refuse incompetent models; off only in miniature runs."""

    @property
    def name(self) -> str:
        """Name of the packaged folder, where it is packaged."""
        return f"{self.architecture}-{self.coupling}"


def build(recipe: Recipe, folder: Path, progress: Progress = lambda line: None) -> Competence:
    """Makes one checkpoint folder, complete or not at all.

    Args:
        recipe: what to make.
        folder: where it goes; an older one is replaced once the new one is complete.
        progress: called with lines for a person to read.

    Raises:
        TrainingError: if the model isn't competent after all retries.
        StorageError: if the folder can't be written.
    """
    grammar = make_grammar(load_pack(recipe.pack))
    began = time.monotonic()
    for attempt in range(recipe.retries + 1):
        schedule = replace(recipe.schedule, steps=int(recipe.schedule.steps * 1.5**attempt))
        tried = replace(recipe, schedule=schedule)
        model, tokenizer, losses = make(tried, grammar, progress)
        competence = measure_competence(model, tokenizer, grammar, recipe.coupling, recipe.seed)
        progress(_summary(competence))
        if competence.admitted or not recipe.admit:
            _commit(folder, model, tokenizer, tried, competence, losses, time.monotonic() - began, grammar)
            return competence
    raise TrainingError(
        f"{recipe.name}, seed {recipe.seed}, was not admitted after {recipe.retries + 1} attempts: "
        f"{_summary(competence)}. Pretrain longer (more steps), or look at the loss: the recipe may not suit."
    )


def make(
    recipe: Recipe, grammar: Grammar, progress: Progress = lambda line: None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[float]]:
    """A pretrained model with its tokenizer and its loss at every step."""
    before = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        model, tokenizer, blocks = _prepared(recipe, grammar)
        emphasis = make_emphasis(grammar, tokenizer)
        losses = pretrain(model, blocks, recipe.schedule, emphasis, recipe.seed, progress)
    finally:
        torch.set_num_threads(before)
    return model, tokenizer, losses


def seconds_a_step(recipe: Recipe, grammar: Grammar, steps: int = 6) -> float:
    """What a step of pretraining takes on this machine, after two that don't count."""
    before = torch.get_num_threads()
    torch.set_num_threads(recipe.threads)
    try:
        model, tokenizer, blocks = _prepared(recipe, grammar)
        emphasis = make_emphasis(grammar, tokenizer)
        pretrain(model, blocks, replace(recipe.schedule, steps=2), emphasis, recipe.seed)
        began = time.monotonic()
        pretrain(model, blocks, replace(recipe.schedule, steps=steps), emphasis, recipe.seed)
        return (time.monotonic() - began) / steps
    finally:
        torch.set_num_threads(before)


def _prepared(
    recipe: Recipe, grammar: Grammar
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, Iterator[np.ndarray]]:
    """A model of random weights, its tokenizer, and what it is to read."""
    tokenizer = train_tokenizer(tokenizer_texts(grammar), recipe.vocabulary, recipe.size.context)
    torch.manual_seed(recipe.seed)
    model = make_model(recipe.architecture, recipe.size, tokenizer)
    schedule = recipe.schedule
    texts = documents(grammar, recipe.coupling, recipe.seed, schedule.length)  # a word has a token or more
    return model, tokenizer, token_blocks(texts, tokenizer, schedule.batch, schedule.length)


def _summary(competence: Competence) -> str:
    shares = "/".join(f"{share:.2f}" for share in competence.shares)
    expected = "/".join(f"{share:.2f}" for share in competence.expected_shares)
    return (
        f"characters' held-out choices {competence.choices_right:.3f} right, "
        f"narrator's words {shares} (world {expected})"
    )


def _commit(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    recipe: Recipe,
    competence: Competence,
    losses: list[float],
    seconds: float,
    grammar: Grammar,
) -> None:
    """Writes beside the target and renames, so that nothing half-written looks finished."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        os.chmod(fresh, 0o755)
        try:
            model.save_pretrained(fresh)
            tokenizer.save_pretrained(fresh)
            record = {
                "recipe": asdict(recipe),
                "competence": competence.as_dict(),
                "loss": round(float(np.mean(losses[-50:])), 4),
                "seconds": round(seconds),
                "pack_digest": grammar.pack_digest,
                "world_digest": digest_of(grammar.world),
                "weights_sha256": digest_of_file(fresh / "model.safetensors"),
            }
            (fresh / "recipe.json").write_text(json.dumps(record, indent=2) + "\n")
            write_card(fresh, record, grammar)
            for file in fresh.iterdir():
                file.chmod(0o644)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"The checkpoint can't be written to {folder}: {error}. Free space or choose another folder."
        ) from error
