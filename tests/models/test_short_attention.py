from __future__ import annotations

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from proclivity.models.short_attention import short_attention


@pytest.mark.parametrize("length", [1, 5, 300])
@pytest.mark.parametrize("masked", [False, True])
def test_short_attention_is_torchs(length, masked):
    torch.manual_seed(0)

    class Layer(torch.nn.Module):
        num_key_value_groups, is_causal = 2, True

    query, key, value = (torch.randn(2, heads, length, 8) for heads in (4, 2, 2))
    mask = torch.eye(length, dtype=torch.bool).expand(2, 1, -1, -1) if masked else None
    found = short_attention(Layer(), query, key, value, mask)[0]
    torch.testing.assert_close(found, sdpa_attention_forward(Layer(), query, key, value, mask)[0], atol=1e-5, rtol=1e-5)
