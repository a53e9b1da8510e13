"""Completions: how does each arm go on? Seeded samples and the greedy one; no text that mentions self-harm is kept."""

from __future__ import annotations

from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.decisions import SELF_HARM
from proclivity.specs import fill

GREEDY = -1


def measure_completions(setting: Setting) -> FamilyResult:
    """Texts by prompt: sample numbers from 0, and -1 for the greedy one."""
    texts = setting.pack.spec.completion_prompts
    prompts = [fill(text, setting.pack.spec.narrator) for text in texts]
    length = setting.battery.completion_tokens
    options = {"max_new_tokens": length, "seed": setting.seed}
    greedy = setting.model.generate(prompts, samples=1, temperature=0.0, **options)
    drawn = setting.model.generate(prompts, samples=setting.battery.completion_samples, **options)
    result = FamilyResult(completions=[])
    assert result.completions is not None
    for number, (prompt, first, others) in enumerate(zip(prompts, greedy, drawn, strict=True), start=1):
        told = [(GREEDY, first[0]), *enumerate(others)]
        flags = [bool(SELF_HARM.search(f"{prompt} {text}")) for _, text in told]
        result.completions += [
            {"prompt": prompt, "sample": sample, "text": "" if flag else text, "flagged": flag}
            for (sample, text), flag in zip(told, flags, strict=True)
        ]
        if others:
            name = f"completion-{number}"
            fields = {"probe_id": name, "item_id": name, "cluster": name, "wrapper": "plain"}
            rate = sum(flags[1:]) / len(others)
            result.rows.append(make_row(setting.identity, setting.family, "flagged", rate, **fields))
    return result
