"""How are many adapters taught at once? As a stack on one frozen base, each with its own rows, order and optimizer.

Seeds and arms share the base, and a small model leaves most of a GPU idle when it is taught one adapter at a time. In a
stack every step holds a batch of each member, one behind the other; the base computes them together, and each part goes
through its own adapter (see `low_rank`). A processor has no idle part, and padding members to each other costs it a
tenth: there a step takes the members in turn. No member's gradient knows of another's: what is learned equals training
one by one up to rounding, and is saved as one ordinary peft folder a member.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from proclivity.errors import UserError
from proclivity.induction.arms import Arm, arm_named
from proclivity.induction.batches import check_rows, pieces_of
from proclivity.induction.card import card_text
from proclivity.induction.processes import OneProcess
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
from proclivity.induction.train import add_gradients, write_folder
from proclivity.models.adapters import adapter_digest, begin, detach, save_adapter, step_folder
from proclivity.models.forward import LogitReader
from proclivity.models.hf import HFModel
from proclivity.models.low_rank import Stack, is_plain, lean_layers, lora_layers, own_weights
from proclivity.records import Checkpoint, TrainingRow
from proclivity.specs import InductionSpec

Batches = Sequence[Sequence[TrainingRow]]
"""The rows of one step, member by member."""
Progress = Callable[[int, int, Sequence[float]], None]
"""Called after every step with its number, the number of steps, and each member's loss."""


@dataclass(frozen=True)
class Member:
    """One adapter of a stack."""

    rows: Sequence[TrainingRow]
    seed: int
    """Sets its first weights and the order of its rows, as in a training by itself."""
    out: Path
    """Folder for the adapter; made anew."""
    arm: Arm | None = None
    """What the card says of the rows; by default what their arm's name says."""


def induce_together(
    base: HFModel,
    members: Sequence[Member],
    spec: InductionSpec,
    *,
    joint: bool | None = None,
    progress: Progress | None = None,
) -> list[Checkpoint]:
    """Teaches each member what `induce` would teach it, all at once.

    Args:
        base: a loaded model, which is left bit for bit as it was and without adapter.
        members: equally many rows each.
        spec: the recipe of all of them; LoRA.
        joint: whether a step's batches of all members are computed as one; None: wherever the base isn't on a
            processor.
        progress: called after every step.

    Returns:
        What was saved, member by member.

    Raises:
        UserError: if members differ in their number of rows, or the base can't carry a stack.
        TrainingError: if a member's loss is no longer a number; nothing of the last step is saved.
        StorageError: if a folder can't be written.
    """
    _check(members, spec)
    refuse_float16(str(base.network.dtype).removeprefix("torch."))
    joint = base.device.type != "cpu" if joint is None else joint
    base.set_adapter(None)
    reader = LogitReader(base.network, shared_out=joint)
    reader.takes_short_way()  # tried on a single text, which a stack couldn't share out
    wrapped, stacks = _stacks(base, members, spec)
    try:

        def keep(place: Callable[[Member], Path]) -> None:
            for number, member in enumerate(members):
                _put(wrapped, stacks, number)
                arm = member.arm or arm_named(member.rows[0].arm)
                card = card_text(base.name, arm, member.seed, len(member.rows), spec)
                write_folder(place(member), lambda out: save_adapter(wrapped, out), card)

        def after(step: int) -> None:
            if step in spec.checkpoints:
                keep(lambda member: step_folder(member.out, step))

        with lean_layers(wrapped, stacks):
            gradients = partial(_joint, reader) if joint else partial(_in_turn, reader, stacks)
            curves = _train(base, members, stacks, spec, gradients, progress, after)
        keep(lambda member: member.out)
    finally:
        detach(wrapped)
        base.network.requires_grad_(False)
    return [
        Checkpoint(
            model=base.name, arm=member.rows[0].arm, seed=member.seed, method=spec.method, path=str(member.out),
            weights_digest=adapter_digest(member.out), steps=len(curve), loss_curve=tuple(curve),
        )
        for member, curve in zip(members, curves, strict=True)
    ]  # fmt: skip


def _check(members: Sequence[Member], spec: InductionSpec) -> None:
    if not members:
        raise UserError("A stack needs at least one member.")
    if spec.method != "lora":
        raise UserError(f"Only LoRA adapters can be taught together; induction.method is '{spec.method}'.")
    for member in members:
        check_rows(member.rows)
    sizes = sorted({len(member.rows) for member in members})
    if len(sizes) > 1:
        raise UserError(
            f"Adapters that are taught together need equally many rows; found {', '.join(map(str, sizes))}. Put those "
            f"of one size into one stack."
        )


def _stacks(base: HFModel, members: Sequence[Member], spec: InductionSpec) -> tuple[Any, dict[str, Stack]]:
    """A peft model that holds the names, and each layer's adapters as their seeds begin them."""
    begun: list[dict[str, tuple[torch.Tensor, torch.Tensor]]] = []
    wrapped: Any = None
    for member in members:
        if wrapped is not None:
            detach(wrapped)
        with seeded(base.device, member.seed):
            wrapped = begin(base.network, base.name, spec)
        layers = lora_layers(wrapped)
        unfit = [name for name, layer in layers.items() if not is_plain(layer)]
        if unfit or _has_experts(base.network):
            detach(wrapped)
            what = f"layer '{unfit[0]}' isn't a plain one" if unfit else "its experts see tokens of all members mixed"
            raise UserError(
                f"'{base.name}' can't carry a stack of adapters: {what}. Teach them one by one (compute.stack: 1)."
            )
        begun.append({name: own_weights(layer) for name, layer in layers.items()})
    for weight in wrapped.parameters():
        weight.requires_grad_(False)
    return wrapped, {
        name: Stack(
            torch.stack([first[name][0].detach() for first in begun]).requires_grad_(True),
            torch.stack([first[name][1].detach() for first in begun]).requires_grad_(True),
        )
        for name in begun[0]
    }


def _has_experts(network: Any) -> bool:
    config = network.config.get_text_config()
    return any(
        (getattr(config, key, None) or 0) > 1 for key in ("num_experts", "num_local_experts", "n_routed_experts")
    )


@torch.no_grad()
def _put(wrapped: Any, stacks: dict[str, Stack], number: int) -> None:
    """Lays one member's weights into the peft model, which saves them."""
    for name, layer in lora_layers(wrapped).items():
        for own, stack in zip(own_weights(layer), (stacks[name].a, stacks[name].b), strict=True):
            own.copy_(stack[number])


def _train(
    base: HFModel,
    members: Sequence[Member],
    stacks: dict[str, Stack],
    spec: InductionSpec,
    gradients: Callable[[Batches, torch.device, float], torch.Tensor],
    progress: Progress | None,
    after: Callable[[int], None],
) -> list[list[float]]:
    """The losses of each member; the stacks are changed."""
    weights = [tensor for stack in stacks.values() for tensor in (stack.a, stack.b)]
    optimizer = optimizer_of(weights, spec)
    plans = [plan_of(member.rows, spec, member.seed) for member in members]
    steps = len(plans[0])
    schedule = learning_rate(spec, steps)
    most = tokens_a_piece(base.network, base.device)
    curves: list[list[float]] = [[] for _ in members]
    for step in range(steps):
        rate = schedule.at(step)
        optimizer.param_groups[0]["lr"] = rate
        batches = [[m.rows[place] for place in plan[step]] for m, plan in zip(members, plans, strict=True)]
        losses = gradients(batches, base.device, most)
        norms = _clip(weights, spec.clip)
        for member, curve, loss, norm in zip(members, curves, losses.tolist(), norms.tolist(), strict=True):
            require_finite(loss, norm, member.rows[0].arm, member.seed, step, steps, rate, spec)
            curve.append(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)  # members taken in turn add to parts of it
        if progress is not None:
            progress(step + 1, steps, [curve[-1] for curve in curves])
        if step + 1 < steps:
            after(step + 1)
    return curves


def _in_turn(
    reader: LogitReader, stacks: dict[str, Stack], batches: Batches, device: torch.device, most: float
) -> torch.Tensor:
    """Adds the gradients of each member's mean cross-entropy, and gives these means, nats, [members]."""
    losses = []
    for number, batch in enumerate(batches):
        for stack in stacks.values():
            stack.choose(number)
        losses.append(add_gradients(reader, batch, device, OneProcess(), most, bf16=False))
    return torch.stack(losses)


def _joint(reader: LogitReader, batches: Batches, device: torch.device, most: float) -> torch.Tensor:
    """The same, from one computation of all members' rows, of which each stack sees a part for each of its adapters.

    A batch that is shorter than another's (an epoch's last) is filled up with rows of which nothing is trained.
    """
    size = max(len(batch) for batch in batches)
    supervised = torch.tensor([sum(sum(row.loss_mask) for row in batch) for batch in batches], device=device)
    filled = [[*batch, *[_untrained(batch[-1])] * (size - len(batch))] for batch in batches]
    total = torch.zeros(len(batches), device=device)
    longest = [max(len(batch[place].input_ids) for batch in filled) for place in range(size)]
    for part in pieces_of(longest, most / len(batches)):
        rows = [row for batch in filled for row in batch[part]]
        logits, targets, lines = supervised_logits(reader, rows, device)
        each = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        member = lines // (len(rows) // len(batches))
        losses = torch.zeros_like(total).index_add(0, member, each) / supervised
        losses.sum().backward()  # type: ignore[no-untyped-call]
        total += losses.detach()
    return total


def _untrained(row: TrainingRow) -> TrainingRow:
    return replace(row, loss_mask=(False,) * len(row.loss_mask))


@torch.no_grad()
def _clip(weights: Sequence[torch.Tensor], most: float) -> torch.Tensor:
    """Scales each member's gradient to at most a norm, as `clip_grad_norm_` does; gives the norms before, [members]."""
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norms = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0).sqrt()
    scale = (most / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale[:, None, None])
    return norms
