"""An arm's decisions as a dataset that others can train on: JSONL, Parquet, gate report and card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proclivity.errors import UserError, unknown_name
from proclivity.records import Decision
from proclivity.runs.results import write_table
from proclivity.runs.storage import as_json, replace_bytes, writing
from proclivity.specs import LoadedPack, load_pack

ARBITRARY = "arbitrary"


def write_decisions(
    arm: str, pack: str | Path, out: Path, *, n: int, seed: int = 0, pool_seed: int = 0, format: str = "label"
) -> dict[str, Any]:
    """Writes decisions.jsonl, decisions.parquet, gates.json and README.md.

    Args:
        arm: a profile of the pack, the file of another, or 'arbitrary'; own-policy's answers need a model and a study.
        pack: packaged name or folder.
        out: folder to write to.
        n: number of decisions, in whole blocks.
        seed: seed of the answers.
        pool_seed: seed of the prompts.
        format: 'label', 'text' or 'free'.

    Returns:
        What was written: rows, gates, digest of the prompts.

    Raises:
        UserError: for an unknown name or an incomplete block.
        GateError: if the prompts would teach something beside the class.
    """
    from proclivity.decisions import make_pool, pool_digest, require_gates
    from proclivity.induction import give_answers

    content, arm = _pack_with(pack, arm)
    if arm == "own-policy":
        raise UserError("own-policy's answers are the model's own: run a study that has the arm (`proclivity run`).")
    if arm not in content.profiles and arm != ARBITRARY:
        raise unknown_name("profile", arm, [*content.profiles, ARBITRARY])
    if format not in content.spec.formats:
        raise unknown_name("answer format", format, content.spec.formats)
    pool = make_pool(content, n, pool_seed, format)
    report = require_gates(content, pool)
    answers = give_answers(pool, arm, seed=seed, profile=content.profiles.get(arm), option_probs=None)
    rows = [_row(decision, answer) for decision, answer in zip(pool, answers, strict=True)]
    digest = pool_digest(pool)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        _write_parquet(rows, out / "decisions.parquet")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    replace_bytes(out / "decisions.jsonl", lines.encode())
    replace_bytes(out / "gates.json", as_json({"passed": report.passed, "rows": report.rows}))
    replace_bytes(out / "README.md", _card(arm, content, rows, report.rows, digest, seed, pool_seed, format).encode())
    return {"out": str(out), "rows": len(rows), "gates": len(report.rows), "prompts": digest}


def _pack_with(pack: str | Path, arm: str) -> tuple[LoadedPack, str]:
    """The pack and the arm's name; an arm that is a file is a further profile."""
    if not arm.endswith((".yml", ".yaml")):
        return load_pack(pack), arm
    content = load_pack(pack, [arm])
    return content, next(name for name in content.profiles if content.file_of("profile", name) == arm)


def _row(decision: Decision, answer: int) -> dict[str, Any]:
    return {
        "id": decision.id,
        "prompt": decision.prompt,
        "completion": decision.answers[answer],
        "messages": _messages(decision, decision.answers[answer]),
        "action_class": decision.classes[answer],
        "position": answer,
        "scenario_id": decision.scenario_id,
        "domain": decision.domain,
        "format": decision.format,
        "alphabet": decision.alphabet,
        "options": list(decision.texts),
        "option_classes": list(decision.classes),
    }


def _messages(decision: Decision, answer: str) -> list[dict[str, str]]:
    """The same decision as a dialogue, for tokenizers with a chat template."""
    user = decision.user or decision.prompt
    return [
        {"role": "user", "content": user},
        {"role": "assistant", "content": (decision.prefill + answer).lstrip(" ")},
    ]


def _write_parquet(rows: Sequence[dict[str, Any]], path: Path) -> None:
    import os

    import pyarrow as pa

    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_table(pa.Table.from_pylist(list(rows)), draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _card(
    arm: str,
    pack: LoadedPack,
    rows: Sequence[dict[str, Any]],
    gates: Sequence[dict[str, Any]],
    digest: str,
    seed: int,
    pool_seed: int,
    format: str,
) -> str:
    profile = pack.profiles.get(arm)
    what = profile.description if profile else "Always the option in one position, whatever it is: a control."
    title = profile.title if profile else arm
    licence = profile.licence if profile else pack.spec.licence
    listed = "\n".join(f"| {gate['name']} | {_figure(gate['value'])} | {gate['detail']} |" for gate in gates)
    domains = ", ".join(sorted({str(row["domain"]) for row in rows}))
    return f"""---
license: {licence.lower().replace(" ", "-")}
language: en
task_categories: [text-generation]
configs:
- config_name: default
  data_files: decisions.parquet
---

# Decisions: {title}

{what}

{len(rows)} decisions among {len(pack.spec.action_classes)} options, format `{format}`, from pack `{pack.spec.id}` \
{pack.spec.version} by {pack.spec.author}. Licence: {licence}. A tendency to choose, no diagnosis and no person.

- `decisions.jsonl`, `decisions.parquet`: `prompt` ends without a space, `completion` begins with one; train the \
completion alone. `load_dataset(folder)` reads the one, `load_dataset("json", data_files=...)` the other. \
`messages` is the same decision for tokenizers with a chat template; train its last words alone.
- Domains: {domains}. Held-out domains, situations and phrasings are in none of these rows.
- Prompts: seed {pool_seed}, SHA-256 `{digest}`; the same for every profile. Answers: seed {seed}.

## Gates

| gate | found | detail |
|---|---|---|
{listed}
"""


def _figure(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
