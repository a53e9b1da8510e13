"""Muon (Jordan et al. 2024): momentum whose update of each matrix is brought near an orthogonal one.

torch.optim.Muon does its Newton–Schulz steps in bfloat16, which processors without instructions for it emulate: there
three quarters of a pretraining step went into them. Here they are in float32, all matrices of one shape at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration, chosen by its authors for speed near zero: singular values end between .7 and 1.2."""
ITERATIONS = 5


def orthogonalize(matrices: torch.Tensor, iterations: int = ITERATIONS) -> torch.Tensor:
    """Each matrix with its singular values brought near 1, its singular vectors kept; (N, A, B) in and out."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(gram, gram, gram, beta=b, alpha=c) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay.

    An update has the root mean square .2, as AdamW's have about, so that its rates carry over (Liu et al. 2025).
    """

    def __init__(self, matrices: Iterable[torch.Tensor], lr: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of every matrix that has a gradient; closures aren't called."""
        for group in self.param_groups:
            for matrices in _by_shape(group["params"]):
                updates = orthogonalize(torch.stack([self._direction(m, group["momentum"]) for m in matrices]))
                scale = 0.2 * max(matrices[0].shape) ** 0.5
                for matrix, update in zip(matrices, updates, strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"] * scale)

    def _direction(self, matrix: torch.Tensor, momentum: float) -> torch.Tensor:
        assert matrix.grad is not None
        state = self.state[matrix]
        kept = state.setdefault("momentum", torch.zeros_like(matrix))
        kept.lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(kept, momentum)


def _by_shape(matrices: Iterable[torch.Tensor]) -> list[list[torch.Tensor]]:
    groups: dict[torch.Size, list[torch.Tensor]] = {}
    for matrix in matrices:
        if matrix.grad is not None:
            groups.setdefault(matrix.shape, []).append(matrix)
    return list(groups.values())
