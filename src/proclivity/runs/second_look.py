"""A second look at a finished study: the same measurements, analysed with other settings."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proclivity.errors import UserError
from proclivity.runs.collect import OUTPUTS, analyze_study
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.manifest import read_manifest, write_manifest
from proclivity.runs.messages import Context
from proclivity.runs.publish import study_text
from proclivity.runs.registration import copy_registration
from proclivity.runs.storage import replace_bytes, replace_with_copy, require_writable
from proclivity.runs.study import plan_study, study_file
from proclivity.specs import load_study


def analyze_again(folder: Path, out: Path, overrides: Sequence[str]) -> list[dict[str, Any]]:
    """Analyses a finished study's measurements with other settings, into another folder.

    Args:
        folder: the study's folder.
        out: where the new effects, verdicts and report go; never the study's own folder.
        overrides: values of the study's `analysis`, for example 'delta=0.1'.

    Raises:
        UserError: if the study isn't finished, its files have changed since, or `out` is its folder.
    """
    from proclivity.report import write_report

    file = study_file(folder)
    if out.resolve() == folder.resolve():
        raise UserError("A second look needs a folder of its own; choose another with --out.")
    named = [text if text.startswith("analysis.") else f"analysis.{text}" for text in overrides]
    plan = plan_study(load_study(file, named))
    analysis = plan.stage("analyze")[0]
    ledger, needed = Ledger(folder, _recorded(folder, analysis)), analysis.inputs.values()
    left = [plan.by_digest[digest] for digest in needed if not ledger.done(digest)]
    if left:
        raise UserError(
            f"{folder} isn't finished: {len(left)} jobs are left, the first {left[0].title}. Run "
            f"`proclivity run {folder / 'study.yml'} --out {folder}` first."
        )
    if fault := next(filter(None, map(ledger.fault, needed)), ""):
        raise UserError(f"{fault}. Run `proclivity run {folder / 'study.yml'} --out {folder}`: it does that job again.")
    require_writable(out)
    context = Context(str(folder.resolve()), plan.study, plan.pack, plan.models, plan.by_digest, plan.judge)
    draft = out / f".tmp-analysis-{os.getpid()}"
    draft.mkdir()
    try:
        analyze_study(analysis, draft, context, ledger)
        for name in OUTPUTS:
            replace_with_copy(draft / name, out / name)
    finally:
        for path in draft.iterdir():
            path.unlink()
        draft.rmdir()
    replace_bytes(out / "study.yml", study_text(plan.study))
    write_manifest(out, read_manifest(folder) | {"analysed_again": True})
    copy_registration(folder, out)
    write_report(out)
    verdicts: list[dict[str, Any]] = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    return verdicts


def _recorded(folder: Path, analysis: Job) -> dict[str, str]:
    """Digests under which a finished run holds what the analysis reads, by those that they would have here.

    They differ where the run was made with other versions of libraries or of proclivity, which doesn't matter to one
    who only reads its tables: a study that ran on a cluster is analysed again on a laptop.
    """
    jobs = folder / "jobs"
    try:
        report = json.loads((jobs / str(read_manifest(folder)["jobs_digest"]) / "spec.json").read_text("utf-8"))
        made = json.loads((jobs / report["inputs"]["analyze"] / "spec.json").read_text(encoding="utf-8"))
        inputs: dict[str, str] = made["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if set(inputs) != set(analysis.inputs):
        return {}  # another study
    return {digest: inputs[role] for role, digest in analysis.inputs.items() if inputs[role] != digest}
