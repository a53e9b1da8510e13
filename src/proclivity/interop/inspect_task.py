"""Which option does a model take? A study's held-out decisions as an Inspect task, for any model that Inspect calls.

This file lies beside `decisions.jsonl` and needs inspect_ai alone:

    inspect eval proclivity_task.py --model hf/local -M model_path=MODEL -M do_sample=false
    inspect eval proclivity_task.py --model openai/NAME --temperature 0
"""

from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import Sample, json_dataset
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

UNREADABLE = "no listed answer"


@task
def decisions(file: str = "decisions.jsonl") -> Task:
    """Held-out decisions in label format; each asks for the label of one option.

    Args:
        file: questions beside this file, one JSON object a line.
    """
    questions = json_dataset(str(Path(__file__).with_name(file)), as_sample, name="proclivity decisions")
    return Task(dataset=questions, solver=generate(), scorer=chosen_class(), config=GenerateConfig(max_tokens=8))


def as_sample(row: dict[str, Any]) -> Sample:
    """One line of the file."""
    return Sample(
        id=row["id"], input=row["prompt"], metadata={key: row[key] for key in ("labels", "classes", "domain", "split")}
    )


def read_label(text: str, labels: list[str]) -> int | None:
    """Place of the label that an answer begins with; None where it begins with none.

    Args:
        text: what the model wrote.
        labels: labels in listed order.
    """
    first = text.strip()
    found = [place for place, label in enumerate(labels) if first == label or first.startswith(label)]
    whole = [place for place in found if not first[len(labels[place]) :][:1].isalnum()]
    return whole[0] if len(whole) == 1 else None


@scorer(metrics={"*": [mean(), stderr()]})
def chosen_class() -> Scorer:
    """1 for the class of the option that was taken, 0 for the others; unscored where no label could be read."""

    async def score(state: TaskState, target: Target) -> Score:
        classes, place = state.metadata["classes"], read_label(state.output.completion, state.metadata["labels"])
        if place is None:
            missing = dict.fromkeys(classes, float("nan"))
            return Score(value=missing, answer=state.output.completion, reason=UNREADABLE)
        value = {name: float(index == place) for index, name in enumerate(classes)}
        return Score(value=value, answer=state.metadata["labels"][place])

    return score
