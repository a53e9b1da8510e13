"""Muon: the orthogonalized update by hand, its invariances, and agreement with torch's own in its coarser digits."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.microworld.muon import Muon, orthogonalize


def test_one_step_by_hand():
    """Equal singular values stay equal: from 1/√2 each, five rounds of 3.4445s − 4.775s³ + 2.0315s⁵."""
    s = 2**-0.5
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    matrix = torch.nn.Parameter(torch.zeros(2, 2))
    matrix.grad = torch.eye(2)
    Muon([matrix], lr=1.0, weight_decay=0.0).step()
    assert matrix.detach().numpy() == pytest.approx((-0.2 * 2**0.5 * s * torch.eye(2)).numpy(), abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 1000))
def test_singular_vectors_stay_and_values_come_near_one(rows, columns, seed):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    made = orthogonalize(matrix[None])[0]
    inner = left.T @ made @ right.T
    off = inner - torch.diag(inner.diagonal())
    assert off.abs().max() < 1e-2
    kept = inner.diagonal()[values > 0.05 * values.norm()]
    assert ((kept > 0.6) & (kept < 1.25)).all()


def test_tall_and_wide_matrices_are_treated_alike():
    matrix = torch.randn(3, 5, 9, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(orthogonalize(matrix).mT, orthogonalize(matrix.mT), atol=1e-5)


def test_agrees_with_torch_up_to_its_rounding_to_bfloat16():
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(16, 64, generator=generator)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    first = Muon([ours], lr=6e-3, weight_decay=0.1)
    second = torch.optim.Muon([theirs], lr=6e-3, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(4):
        gradient = torch.randn(16, 64, generator=generator)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        first.step()
        second.step()
    moved = (ours - start).abs().max()
    assert (ours - theirs).abs().max() < 0.02 * moved
