"""How does lm-evaluation-harness ask a pack's questions, so that its log probabilities are ours?

Each family becomes one task of requests (prompt, choice). The harness cuts at its own boundary, which is ours wherever
the tokenizer doesn't join across it and the prompt ends with no line break; each question is tried with the model's
tokenizer, and one that the harness would cut elsewhere is left out and named.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from proclivity.errors import UserError
from proclivity.interop import harness_scores
from proclivity.interop.questions import Question, askable, questions_of
from proclivity.models.hf import HFModel
from proclivity.runs.storage import replace_bytes, writing
from proclivity.specs import LoadedPack

ELSEWHERE = "the harness would cut prompt and continuation elsewhere"
SCORES = "proclivity_scores"
LEFT_OUT = "left_out.jsonl"


def write_tasks(
    model: HFModel, pack: LoadedPack, out: Path, *, families: Sequence[str] = (), choice_items: int = 0
) -> list[dict[str, Any]]:
    """Writes a task file and its questions for each family, and what they all share, into a folder.

    Args:
        model: for whom the questions are written; others with the same tokenizer can be asked them too.
        pack: the content.
        out: folder to write to.
        families: names of `questions.askable`; all where there are none.
        choice_items: decisions of each held-out split, in whole blocks; 0 means all.

    Returns:
        One row a task: task, family, questions, choices, left_out; none for a family of which nothing can be asked.

    Raises:
        UserError: for a family that can't be exported, or where nothing can be asked of this model.
    """
    asked = {family: questions_of(model, pack, family, choice_items) for family in families or askable(pack)}
    rows, left_out = [], []
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    for family, found in asked.items():
        sound, gone = _sound(model, found)
        left_out += [{"family": family, **row} for row in gone]
        if not sound:
            continue
        name = task_name(pack, family)
        replace_bytes(out / f"{name}.jsonl", _lines(_row(one) for one in sound))
        replace_bytes(out / f"{name}.yaml", _task(name, pack, family, sound).encode())
        choices = sum(len(one.choices) for one in sound)
        rows.append(
            {"task": name, "family": family, "questions": len(sound), "choices": choices, "left_out": len(gone)}
        )
    if not rows:
        raise UserError(
            f"No question can be asked of '{model.name}' by the harness as it is asked here: {left_out[0]['reason']}. "
            f"Name other families with --family ({', '.join(askable(pack))}), or export for another model."
        )
    replace_bytes(out / f"{SCORES}.py", Path(harness_scores.__file__).read_bytes())
    replace_bytes(out / LEFT_OUT, _lines(left_out))
    replace_bytes(out / "README.md", _card(model.name, pack, rows).encode())
    return rows


def task_name(pack: LoadedPack, family: str) -> str:
    """The task's name in the harness."""
    return f"proclivity_{pack.spec.id}_{family}"


def _sound(model: HFModel, asked: Sequence[Question]) -> tuple[list[Question], list[dict[str, str]]]:
    """Questions that the harness asks as we do, and the others with the reason."""
    sound, gone = [], []
    for one, elsewhere in zip(asked, _cut_elsewhere(model, asked), strict=True):
        reason = one.reason or (ELSEWHERE if elsewhere else "")
        if reason:
            gone.append({"id": one.id, "reason": reason})
        else:
            sound.append(one)
    return sound, gone


def _cut_elsewhere(model: HFModel, asked: Sequence[Question]) -> list[bool]:
    """Whether the harness's rule gives any pair of a question other tokens or another boundary than ours, [N].

    Its rule: white space at the prompt's end goes to the continuation; prompt and whole are encoded with the
    tokenizer's special tokens; the whole is cut after as many tokens as the prompt has.
    """
    pairs = [(one.prompt, choice) for one in asked for choice in one.choices]
    ours = iter(model.encode_all(pairs))
    bare = [one.prompt.rstrip() for one in asked]
    lengths = [len(ids) for ids in _encoded(model.tokenizer, bare)]
    wholes = iter(_encoded(model.tokenizer, [prompt + choice for prompt, choice in pairs]))
    found = []
    for one, length in zip(asked, lengths, strict=True):
        cuts = [(next(ours), next(wholes)) for _ in one.choices]
        found.append(any((list(own.ids), own.boundary) != (whole, length) for own, whole in cuts))
    return found


def _encoded(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Tokens with the tokenizer's own special tokens."""
    ids: list[list[int]] = tokenizer(texts)["input_ids"] if texts else []
    return ids


def _row(one: Question) -> dict[str, Any]:
    return {
        "id": one.id,
        **one.fields,
        "prompt": one.prompt,
        "choices": one.choices,
        "classes": one.classes,
        "least_mass": one.least_mass,
    }


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _task(name: str, pack: LoadedPack, family: str, asked: Sequence[Question]) -> str:
    """The task's YAML. No answer is right, so the target is a formality: scores come from the log probabilities."""
    classes = sorted({group for one in asked for group in one.classes})
    metrics = [f"score_{group}" for group in classes] + ["candidate_mass"]
    functions = {
        "custom_dataset": "read",
        "process_results": "scores",
    }
    settings = {
        "task": name,
        "tag": [f"proclivity_{pack.spec.id}"],
        "dataset_path": "json",
        "dataset_kwargs": {"file": f"{name}.jsonl"},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "prompt",
        "doc_to_choice": "choices",
        "doc_to_target": 0,
        "target_delimiter": "",
        "num_fewshot": 0,
        "metric_list": [{"metric": metric, "aggregation": "mean", "higher_is_better": True} for metric in metrics],
        "metadata": {"version": pack.spec.version, "pack": pack.spec.id, "family": family},
    }
    head = f"# {family} of pack {pack.spec.id} {pack.spec.version}. Scores are described in {SCORES}.py.\n"
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100)
    return head + text + "".join(f"{key}: !function {SCORES}.{value}\n" for key, value in functions.items())


def _card(model: str, pack: LoadedPack, rows: Sequence[Mapping[str, Any]]) -> str:
    listed = "\n".join(f"| {row['task']} | {row['questions']} | {row['choices']} | {row['left_out']} |" for row in rows)
    return f"""# Tasks for lm-evaluation-harness: pack {pack.spec.id} {pack.spec.version}

Written by proclivity as it asks `{model}`: the same prompts, continuations and boundary. A model with another tokenizer
needs an export of its own, since the tokenizer says which spellings count and how long candidates are.

| task | questions | choices | left out |
|---|---|---|---|
{listed}

    lm_eval --model hf --model_args pretrained=MODEL --include_path . --tasks proclivity_{pack.spec.id} \\
      --output_path results --log_samples

`score_<class>` is class against all others, in nats; 0 where the class has half of the choices' probability. No answer
is right, and higher isn't better. What was left out stands in `{LEFT_OUT}` with the reason. A tendency to choose or to
read, no diagnosis and no person. Licence of the texts: {pack.spec.licence}.
"""
