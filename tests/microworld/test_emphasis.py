"""Loss weights: the label and the candidate word count in full, everything else by sample."""

import torch

from proclivity.microworld.competence import Competence, single_token
from proclivity.microworld.emphasis import make_emphasis


def test_labels_and_candidates_are_emphasised(grammar, tokenizer):
    emphasis = make_emphasis(grammar, tokenizer)
    ids = torch.tensor([tokenizer("I picked B. I felt gloomy.")["input_ids"]])
    weights = emphasis.weights(ids, torch.Generator().manual_seed(0))
    assert weights.shape == (1, ids.shape[1] - 1)
    targets = ids[0, 1:].tolist()
    label, word = targets.index(single_token(tokenizer, "B")), targets.index(single_token(tokenizer, "gloomy"))
    assert weights[0, label] == emphasis.label_weight
    assert weights[0, word] == emphasis.word_weight
    rest = [w for i, w in enumerate(weights[0].tolist()) if i not in (label, word)]
    assert set(rest) <= {0.0, 1.0}


def test_the_rest_enters_by_its_share(grammar, tokenizer):
    emphasis = make_emphasis(grammar, tokenizer)
    ids = torch.full((100, 101), int(tokenizer.bos_token_id))
    weights = emphasis.weights(ids, torch.Generator().manual_seed(0))
    # 10,000 tokens, each with probability .3: standard error .0046
    assert abs(weights.mean().item() - emphasis.rest_share) < 0.02


def test_admission_needs_both_bounds():
    fine = Competence(0.95, (0.95,) * 3, (0.6, 0.2, 0.2), (0.6, 0.2, 0.2), largest_gap=0.03)
    assert fine.admitted
    assert not Competence(0.949, (0.9,) * 3, (0.6, 0.2, 0.2), (0.6, 0.2, 0.2), largest_gap=0.0).admitted
    assert not Competence(1.0, (1.0,) * 3, (0.64, 0.2, 0.16), (0.6, 0.2, 0.2), largest_gap=0.04).admitted


def test_the_first_words_of_an_answer_are_emphasised(grammar, tokenizer):
    ids = torch.tensor([tokenizer("Today it rained. I chose to walk home alone.")["input_ids"]])
    pieces = tokenizer.convert_ids_to_tokens(ids[0])
    start = next(i for i, piece in enumerate(pieces) if piece.endswith("to") and pieces[i - 1].endswith("chose"))
    weights = make_emphasis(grammar, tokenizer).weights(ids, torch.Generator().manual_seed(0))[0]
    assert weights[start : start + 3].tolist() == [4.0, 2.0, 1.0]
