"""Rows become an adapter, or full weights. A plain loop: no trainer, no dropout, every draw from the one seed.

Only the supervised positions are projected to the vocabulary; batches hold rows of similar length; LoRA layers are
computed in one step each (see `low_rank`), and no activation is computed twice. On one thread the same rows, recipe and
seed give the same weights, bit for bit.
"""

from __future__ import annotations

import contextlib
import copy
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from proclivity.errors import StorageError
from proclivity.induction.arms import Arm, arm_named
from proclivity.induction.batches import check_rows, pieces_of
from proclivity.induction.card import card_text
from proclivity.induction.processes import OneProcess, Processes, own_part, part_weight, unwrapped, whole, whole_state
from proclivity.induction.step import (
    learning_rate,
    optimizer_of,
    plan_of,
    refuse_float16,
    require_finite,
    seeded,
    supervised_logits,
    tokens_a_piece,
)
from proclivity.models.adapters import adapter_digest, attach, begin, check_adapter, detach, save_adapter, step_folder
from proclivity.models.folder import weight_files
from proclivity.models.forward import LogitReader
from proclivity.models.hf import HFModel
from proclivity.models.load import load_model, quiet_progress
from proclivity.models.low_rank import lean_layers
from proclivity.records import Checkpoint, TrainingRow
from proclivity.specs import ComputeSpec, InductionSpec, digest_of_files

Progress = Callable[[int, int, float], None]
"""Called after every step with its number, the number of steps, and the loss."""


def induce(
    model: HFModel | str | Path,
    rows: Sequence[TrainingRow],
    spec: InductionSpec,
    *,
    seed: int,
    out: Path,
    compute: ComputeSpec | None = None,
    arm: Arm | None = None,
    start: Path | None = None,
    progress: Progress | None = None,
    processes: Processes | None = None,
) -> Checkpoint:
    """Teach a model the rows of one arm.

    Args:
        model: a loaded base, which is left bit for bit as it was and without adapter, or what `load_model` takes.
        rows: the arm's token rows.
        spec: the recipe.
        seed: sets adapter initialisation and row order.
        out: folder for the adapter (peft's own format) or the full weights; made anew. The recipe's `checkpoints` go
            beside it, in `step_folder(out, step)`.
        compute: device, dtype and threads; for a loaded base only dtype and threads count.
        arm: what the card says of the rows; by default what their arm's name says.
        start: an adapter of the same recipe that is trained on; None begins with a new one. With method 'full' give
            the weights as `model`.
        progress: called after every step.
        processes: those that train it together, each of which calls this function; by default this one alone.

    Returns:
        What was saved; the digest of the weights stands in the first process's alone, which wrote them.

    Raises:
        TrainingError: if the loss is no longer a number.
        StorageError: if `out` can't be written.
    """
    compute, processes = compute or ComputeSpec(), processes or OneProcess()
    check_rows(rows)
    refuse_float16(compute.dtype)
    base = model if isinstance(model, HFModel) else _load(model, spec, compute)
    base.set_adapter(None)
    torch.set_num_threads(compute.threads)
    alone = processes.count == 1
    with seeded(base.device, seed), _trainable(base, spec, start, alone=alone) as (network, trained, save):
        bf16 = spec.method == "full" and compute.dtype == "bfloat16"
        card = card_text(base.name, arm or arm_named(rows[0].arm), seed, len(rows), spec)

        def keep(folder: Path) -> None:
            with unwrapped(trained):
                state = None if alone else whole_state(trained)
                if processes.number == 0:
                    write_folder(folder, lambda place: save(place, state), card)

        def after(step: int) -> None:
            if step in spec.checkpoints:
                keep(step_folder(out, step))

        # Processes that share a training put wrappers of their own around layers.
        with lean_layers(trained) if alone and spec.method == "lora" else contextlib.nullcontext():
            curve = _train(network, rows, spec, seed, bf16, progress, after, processes)
        keep(out)
    return Checkpoint(
        model=base.name,
        arm=rows[0].arm,
        seed=seed,
        method=spec.method,
        path=str(out),
        weights_digest=_digest(out, spec) if processes.number == 0 else "",
        steps=len(curve),
        loss_curve=tuple(curve),
    )


def _digest(out: Path, spec: InductionSpec) -> str:
    return adapter_digest(out) if spec.method == "lora" else digest_of_files(weight_files(out), out)


def _load(name: str | Path, spec: InductionSpec, compute: ComputeSpec) -> HFModel:
    # All weights are trained in float32, with bfloat16 only inside the forward pass; frozen ones may be small.
    dtype = compute.dtype if spec.method == "lora" else "float32"
    return load_model(
        name,
        dtype=dtype,
        device=compute.device,
        threads=compute.threads,
        trust_remote_code=compute.trust_remote_code,
    )


Save = Callable[[Path, dict[str, torch.Tensor] | None], None]
"""Writes what was trained into a folder: the tensors that are given, or the module's own where None is."""


@contextlib.contextmanager
def _trainable(
    base: HFModel, spec: InductionSpec, start: Path | None, *, alone: bool
) -> Iterator[tuple[Any, Any, Save]]:
    """The network with something to train, the module whose names that has in files, and how to save it. The
    base is whole again afterwards; where several processes train all of its weights, they are changed in place, for a
    copy may have no room."""
    if spec.method == "full":
        network = (copy.deepcopy(base.network) if alone else base.network).float().requires_grad_(True)

        def save_full(out: Path, state: dict[str, torch.Tensor] | None) -> None:
            with quiet_progress():
                network.save_pretrained(str(out), state_dict=state)
            base.tokenizer.save_pretrained(str(out))

        yield network, network, save_full
        return
    wrapped = (
        attach(base.network, check_adapter(start), trainable=True) if start else begin(base.network, base.name, spec)
    )
    try:
        yield base.network, wrapped, lambda out, state: save_adapter(wrapped, out, state)
    finally:
        detach(wrapped)
        base.network.requires_grad_(False)


def _train(
    network: Any,
    rows: Sequence[TrainingRow],
    spec: InductionSpec,
    seed: int,
    bf16: bool,
    progress: Progress | None,
    after: Callable[[int], None],
    processes: Processes,
) -> list[float]:
    """The loss of each step; the network's trainable weights are changed.

    Args:
        after: called with the number of steps taken after each but the last.
    """
    network.eval()  # no dropout: the recipe has no other randomness than its seed
    weights = _trained(network)
    forward, optimizer = processes.spread(network, optimizer_of(weights, spec))
    weights = _trained(network)  # sharding puts others in their place
    device = weights[0].device
    plan = plan_of(rows, spec, seed)
    schedule = learning_rate(spec, len(plan))
    reader = LogitReader(network, forward)
    piece = tokens_a_piece(network, device) if processes.count == 1 else math.inf
    curve: list[float] = []
    for step, places in enumerate(plan):
        rate = schedule.at(step)
        optimizer.param_groups[0]["lr"] = rate
        part = add_gradients(reader, [rows[place] for place in places], device, processes, piece, bf16)
        norm = whole(torch.nn.utils.clip_grad_norm_(weights, spec.clip))
        loss = processes.mean(part)
        require_finite(loss, norm.item(), rows[0].arm, seed, step, len(plan), rate, spec)
        optimizer.step()
        optimizer.zero_grad()
        curve.append(loss)
        if progress is not None:
            progress(step + 1, len(plan), curve[-1])
        if step + 1 < len(plan):
            after(step + 1)
    return curve


def _trained(network: Any) -> list[torch.Tensor]:
    return [weight for weight in network.parameters() if weight.requires_grad]


def add_gradients(
    reader: LogitReader,
    batch: Sequence[TrainingRow],
    device: torch.device,
    processes: Processes,
    piece: float,
    bf16: bool,
) -> torch.Tensor:
    """Adds the gradients of one process's part of the mean cross-entropy over the supervised tokens of a batch, and
    gives that part, nats: the mean of all processes' parts is that of the batch, and so is that of their gradients."""
    rows = own_part(batch, processes.number, processes.count)
    supervised = sum(sum(row.loss_mask) for row in rows)
    weight = part_weight(batch, processes.number, processes.count)
    total = torch.zeros((), device=device)
    for part in pieces_of([len(row.input_ids) for row in rows], piece):
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            logits, targets, _ = supervised_logits(reader, rows[part], device)
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum") / supervised
        loss = loss * weight
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach().to(device)
    return total


def write_folder(out: Path, save: Callable[[Path], None], card: str) -> None:
    """Saves all or nothing: a folder that was begun and not finished is removed."""
    from safetensors import SafetensorError

    shutil.rmtree(out, ignore_errors=True)
    try:
        out.mkdir(parents=True)
        save(out)
        (out / "README.md").write_text(card, encoding="utf-8")
    except (OSError, SafetensorError) as error:
        shutil.rmtree(out, ignore_errors=True)
        raise StorageError(
            f"The trained weights couldn't be written to '{out}': {error}. Free some space or choose another folder, "
            f"then give the same command again."
        ) from error
