"""A study's held-out decisions as a task that Inspect runs on any model."""

from __future__ import annotations

import json
from pathlib import Path

from proclivity.battery.choice import LABEL, choice_decisions
from proclivity.errors import ProclivityError
from proclivity.interop import inspect_inputs
from proclivity.runs.storage import replace_bytes
from proclivity.runs.study import study_file
from proclivity.specs import load_pack, load_study

TASK, QUESTIONS = "proclivity_task.py", "decisions.jsonl"


def write_task(folder: Path, out: Path) -> int:
    """Writes proclivity_task.py and decisions.jsonl; nothing where the study's pack can't be read here.

    Args:
        folder: the study's folder.
        out: folder to write to.

    Returns:
        Number of decisions.
    """
    study = load_study(study_file(folder))
    try:
        pack = load_pack(study.pack, study.profiles, study.instruments)
        wanted = study.decisions.model_copy(update={"format": LABEL})
        battery = study.battery.model_copy(update={"choice_formats": [LABEL], "choice_items": 0})
        asked = choice_decisions(pack, wanted, battery)
    except ProclivityError:
        return 0
    rows = [
        {
            "id": decision.id,
            "prompt": decision.user or decision.prompt,
            "labels": list(decision.labels),
            "classes": list(decision.classes),
            "domain": decision.domain,
            "split": decision.split,
        }
        for decision in asked
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    source = Path(inspect_inputs.__file__).with_name("inspect_task.py")
    replace_bytes(out / QUESTIONS, lines.encode())
    replace_bytes(out / TASK, source.read_bytes())
    return len(rows)
