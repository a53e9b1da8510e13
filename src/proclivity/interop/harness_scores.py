"""What an exported task tells lm-evaluation-harness: where its questions are, and what its scores mean.

This file lies beside the exported tasks and needs nothing of proclivity.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np


def read(file: str, **_: Any) -> dict[str, Any]:
    """The questions of one task, from the file beside this one; by split, as the harness wants them.

    Args:
        file: name of a JSONL file: `prompt`, `choices`, `classes` of the choices, `least_mass`.
        _: what else the harness passes on.
    """
    from datasets import Dataset

    with Path(__file__).with_name(file).open(encoding="utf-8") as lines:
        return {"test": Dataset.from_list([json.loads(line) for line in lines])}


def scores(doc: dict[str, Any], results: list[tuple[float, bool]]) -> dict[str, float]:
    """Score of each content class: class against all others, ln P_c − ln sum of the others' P, nats.

    P_c sums the probabilities of the class's choices. Where all choices together have less than `least_mass` nothing is
    scored, and the question isn't counted in the means.

    Args:
        doc: the question.
        results: (log p of the choice given the prompt, whether it is the greedy text), choice by choice.

    Returns:
        `score_<class>`, nats, and `candidate_mass`, a probability.
    """
    by_class: dict[str, list[float]] = defaultdict(list)
    for name, (log_p, _) in zip(doc["classes"], results, strict=True):
        by_class[name].append(log_p)
    summed = {name: float(np.logaddexp.reduce(found)) for name, found in by_class.items()}
    mass = float(np.exp(np.logaddexp.reduce(list(summed.values()))))
    told = {"candidate_mass": mass}
    if mass >= doc["least_mass"]:
        for name, own in summed.items():
            others = [other for one, other in summed.items() if one != name]
            told[f"score_{name}"] = own - float(np.logaddexp.reduce(others))
    return told
